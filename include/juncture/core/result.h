// Errors as values, sorted by who must act on them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace juncture {

// record: the one record is bad; dead-letter it and go on. environment: a broker or a disk; the engine retries,
// suspends or closes dirty. setup: the configuration; all of them are printed before the first poll.
enum class Domain : std::uint8_t { record, environment, setup };

struct Error {
  Domain domain = Domain::environment;
  std::string_view code;  // a literal, spelled once: also a metric label; documented in docs/operations.md
  std::string detail;     // what failed, where, what to do

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};
using Status = Result<void>;

inline tl::unexpected<Error> fail(Domain domain, std::string_view code, std::string detail = {}) {
  return tl::unexpected<Error>(Error{domain, code, std::move(detail)});
}

// Stops the process on a bug, in release builds too. Never for input, never for the environment.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace juncture

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the expression's text is wanted
#define JUNCTURE_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::juncture::assertion_failed(#expression, __FILE__, __LINE__))
