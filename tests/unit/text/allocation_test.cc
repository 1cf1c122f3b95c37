// Counts what the scorer takes from the heap; the counting operators hold for the whole test binary. Sanitizers bring
// operators of their own, so that there is nothing to count with then.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <atomic>
#include <cstdlib>
#include <new>

#include "juncture/text/scorer.h"
#include "unit/text/given.h"

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace juncture {
namespace {

TEST_CASE("a scorer takes nothing from the heap after it was made", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += "aquaflow vs culligan ";
  const std::size_t before = allocations.load();
  float sum = 0;
  for (const std::string_view text : {std::string_view("best erp for hotels in ghent"), std::string_view(longest),
                                      std::string_view("caf\xC3\xA9 \xFF"), std::string_view()}) {
    sum += scorer.score(text, Device::mobile).none;
  }
  CHECK(allocations.load() == before);
  CHECK(sum > 0);
}

}  // namespace
}  // namespace juncture
#endif
