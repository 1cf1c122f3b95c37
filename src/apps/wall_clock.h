// The only place that asks what time it is, and the text forms of a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/types.h"

namespace juncture::apps {

Timestamp wall_now();
// "2026-01-31T09:05:00Z", date alone allowed. UTC.
std::optional<Timestamp> parse_utc(std::string_view text);
std::string utc_text(Timestamp time);
// "15s", "500ms", "2m", "1h".
std::optional<Millis> parse_duration(std::string_view text);

}  // namespace juncture::apps
