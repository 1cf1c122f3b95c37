// Small types that every module speaks: ids that do not mix, event time, durations.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string_view>

namespace juncture {

// A borrowed id: a view for the length of the call. Explicit in, text() out, no implicit way back.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::string_view text) : text_(text) {}
  constexpr std::string_view text() const { return text_; }
  constexpr bool empty() const { return text_.empty(); }
  friend constexpr bool operator==(const Id&, const Id&) = default;
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string_view text_;
};

using ProspectId = Id<struct ProspectTag>;
using AccountId = Id<struct AccountTag>;
using ContentId = Id<struct ContentTag>;

// UTC. Event time unless the name says otherwise; it comes from records, never from a clock.
using Millis = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Millis>;
using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): 30min reads as the domain does

// What a crash may do. exactly_once: a record's outputs, its effect on state and the position behind it become visible
// together or not at all. at_least_once: some outputs come twice.
enum class Delivery : std::uint8_t { at_least_once, exactly_once };

constexpr std::int64_t to_ms(Timestamp time) {
  return time.time_since_epoch().count();
}
constexpr Timestamp from_ms(std::int64_t ms) {
  return Timestamp{Millis{ms}};
}

}  // namespace juncture
