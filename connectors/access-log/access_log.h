// Lines of a web server's combined log: README.md beside this file.
#pragma once

#include "juncture/ingest/connector.h"

namespace juncture {

ParseOutcome parse_access_log(Scratch& scratch, std::string_view payload, const ParseContext& context,
                              std::vector<Signal>& out);

}  // namespace juncture
