// Refuses or reports settings of the log that the promise cannot be kept with.
#pragma once

#include <vector>

#include "apps/node.h"
#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::apps {

// Every topic that the application reads or writes.
std::vector<UsedTopic> used_topics(const Config& config);

// Logs each finding. An error `log_settings` of setup if one of them breaks the promise, or in `profile: production` if
// there is any; `unsafe` makes it a warning.
Status check_log_settings(Log& log, const Config& config, bool unsafe);

}  // namespace juncture::apps
