// Client time stamps: what is accepted, how a wrong clock is corrected, and what is refused.
#pragma once

#include <optional>
#include <string_view>

#include "juncture/ingest/connector.h"

namespace juncture {

// Milliseconds since 1970; 10 digits are seconds and 16 are microseconds, which is refused rather than guessed.
std::optional<Rejection> read_epoch_ms(std::int64_t number, Timestamp& out);

// ISO 8601 with date, time and zone: 2026-11-22T04:42:59.123Z, +03, +0300, +03:00. Without a zone it is refused.
std::optional<Rejection> read_iso_time(std::string_view text, Timestamp& out);

struct ClientTimes {
  std::optional<Timestamp> created;
  std::optional<Timestamp> sent;
};
struct EventTime {
  Timestamp at{};
  bool clamped = false;
};
// received - (sent - created) where both client stamps exist and the clocks differ by less than a day; never later
// than five minutes after `received`.
EventTime correct_time(const ClientTimes& times, Timestamp received);

}  // namespace juncture
