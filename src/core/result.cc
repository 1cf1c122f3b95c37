#include "juncture/core/result.h"

#include <cstdio>
#include <cstdlib>

namespace juncture {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "juncture: bug: %s is false at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace juncture
