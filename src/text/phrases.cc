#include "text/phrases.h"

#include <hs/hs.h>

#include <utility>

namespace juncture::text {

MatchScratch::~MatchScratch() {
  hs_free_scratch(scratch_);
}

PhraseMatcher::PhraseMatcher(PhraseMatcher&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)), sizes_(std::move(other.sizes_)) {}

PhraseMatcher& PhraseMatcher::operator=(PhraseMatcher&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(sizes_, other.sizes_);
  return *this;
}

PhraseMatcher::~PhraseMatcher() {
  hs_free_database(database_);
}

Result<PhraseMatcher> PhraseMatcher::compile(const std::vector<Phrase>& phrases) {
  PhraseMatcher out;
  if (phrases.empty()) return out;
  std::vector<std::string> padded;
  padded.reserve(phrases.size());
  for (const Phrase& phrase : phrases) padded.push_back(" " + phrase.stems + " ");
  std::vector<const char*> patterns;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> ids;
  for (const std::string& text : padded) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    patterns.push_back(text.data());
    lengths.push_back(text.size());
    out.sizes_.push_back(static_cast<std::uint32_t>(text.size()));
  }
  hs_compile_error_t* problem = nullptr;
  const hs_error_t code =
      hs_compile_lit_multi(patterns.data(), nullptr, ids.data(), lengths.data(), static_cast<unsigned>(patterns.size()),
                           HS_MODE_BLOCK, nullptr, &out.database_, &problem);
  if (code != HS_SUCCESS) {
    std::string detail = problem != nullptr ? problem->message : "hyperscan error " + std::to_string(code);
    hs_free_compile_error(problem);
    return fail(Domain::setup, "phrases", "the phrases do not compile: " + detail);
  }
  return out;
}

void PhraseMatcher::prepare(MatchScratch& scratch) const {
  if (database_ == nullptr) return;
  JUNCTURE_ASSERT(hs_alloc_scratch(database_, &scratch.scratch_) == HS_SUCCESS);
}

namespace {
struct Sink {
  const std::vector<std::uint32_t>& sizes;
  std::vector<Match>& out;
  std::size_t limit;
};
}  // namespace

void PhraseMatcher::find(std::string_view text, const MatchScratch& scratch, std::vector<Match>& out,
                         std::size_t limit) const {
  out.clear();
  if (database_ == nullptr) return;
  Sink sink{sizes_, out, limit};
  const auto take = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) -> int {
    auto& into = *static_cast<Sink*>(context);
    if (into.out.size() >= into.limit) return 1;
    const auto end = static_cast<std::uint32_t>(to);
    into.out.push_back({id, end - into.sizes[id] + 1, end - 1});
    return 0;
  };
  hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(), take, &sink);
}

}  // namespace juncture::text
