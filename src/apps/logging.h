// Lines on standard error: text for people, logfmt or JSON for collectors. Never standard output: that is for answers.
#pragma once

#include "juncture/config/config.h"

namespace juncture::apps {

// Sets the process's logger up; what adapters log goes through it, too.
void start_logging(const LoggingConfig& config);

}  // namespace juncture::apps
