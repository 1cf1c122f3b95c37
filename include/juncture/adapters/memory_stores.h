// Stores that live in memory: for tests and dry runs. What was written stays while the object lives.
#pragma once

#include <memory>

#include "juncture/ports/state.h"

namespace juncture {

std::unique_ptr<Stores> make_memory_stores();

}  // namespace juncture
