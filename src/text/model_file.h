// The content hash that names a model, and the bytes of a .jmodel file.
#pragma once

#include <string>

#include "text/parts.h"

namespace juncture::text {

// "m-" and 8 hex digits of everything that scores depend on.
std::string version_of(const ModelParts& parts);

}  // namespace juncture::text
