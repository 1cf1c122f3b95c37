// What a folder of state belongs to: `juncture.id`, so that state never meets another cluster, application or topic.
#pragma once

#include <string>
#include <string_view>

#include "apps/node.h"
#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::apps {

struct Identity {
  std::string log;          // kind and id of the log, "kafka:4L6g3nShT-eMCtK--X86sw"
  std::string application;  // the consumer group
  std::string signals;      // the topic that the state follows from
  Partition partitions = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

std::string identity_file(const std::string& folder);
// Text, one fact a line, with a checksum: docs/formats/state.md.
std::string to_text(const Identity& identity);
// Errors: `identity_format` for a newer format, `identity_damaged`.
Result<Identity> parse_identity(std::string_view text);

// Before anything is made in the log: is it the one that the state in `folder` belongs to? No state or no readable
// identity is no objection: each store names its changelog, too. Errors: `wrong_log`, `wrong_application`,
// `topic_gone`, `partition_count`, `topic_made_anew`, `identity_format`; all of setup, with the way out.
Status check_identity(Log& log, const Config& config, const std::string& folder);
// Writes the file if it says something else: whole or not at all, whatever happens meanwhile.
Status claim_folder(Log& log, const Config& config, const std::string& folder);

}  // namespace juncture::apps
