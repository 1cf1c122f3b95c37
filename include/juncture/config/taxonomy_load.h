// Reads config/taxonomy.yaml and config/vocabulary.yaml; every error names file, line and column.
#pragma once

#include <string_view>

#include "juncture/core/result.h"
#include "juncture/core/taxonomy.h"

namespace juncture {

// `file` is only for messages.
Result<Taxonomy> load_taxonomy(std::string_view yaml, std::string_view file);
Result<UserVocabulary> load_user_vocabulary(std::string_view yaml, std::string_view file);

}  // namespace juncture
