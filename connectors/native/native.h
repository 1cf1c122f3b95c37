// Our own JSON, one event a payload: README.md beside this file.
#pragma once

#include "juncture/ingest/connector.h"

namespace juncture {

ParseOutcome parse_native(Scratch& scratch, std::string_view payload, const ParseContext& context,
                          std::vector<Signal>& out);

}  // namespace juncture
