// One line of the combined log format, taken apart but not yet understood.
#pragma once

#include <optional>
#include <string_view>

#include "juncture/ingest/connector.h"

namespace juncture {

struct LogLine {
  std::string_view address;
  Timestamp at{};
  std::string_view method;
  std::string_view target;
  int status = 0;
  std::string_view referrer;  // empty for "-"
  std::string_view agent;     // empty for "-"
  std::size_t target_position = 0;
};

// host ident user [time] "request" status bytes "referrer" "agent", and whatever a server adds behind it.
std::optional<Rejection> read_log_line(std::string_view text, LogLine& out);

}  // namespace juncture
