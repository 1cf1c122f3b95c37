// Replaces ${NAME} and its kin in scalars, after the YAML is parsed: a value can never bring structure in.
#pragma once

#include <map>
#include <string>

#include "config/tree.h"

namespace juncture::config {

// ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:/path}; $${ stands for ${. An unset name is a problem.
void substitute(Tree& tree, const std::map<std::string, std::string>& env, Problems& problems);

}  // namespace juncture::config
