// Durations and sizes with their units, times, and the nearest known word to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "juncture/config/config.h"

namespace juncture::config {

// "250ms", "30s", "15m", "36h", "14d". None for a bare number or anything else.
std::optional<Millis> parse_duration(std::string_view text);
std::string format_duration(Millis duration);  // in the largest unit that divides it

// "512B", "64KiB", "64MiB", "2GiB".
std::optional<Bytes> parse_size(std::string_view text);
std::string format_size(Bytes size);

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);  // finite, plain decimal or with an exponent

// "2026-01-31" or "2026-01-31T08:30:00Z".
std::optional<Timestamp> parse_time(std::string_view text);

// " (did you mean `x`?)" with the nearest of `known`, or nothing when none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace juncture::config
