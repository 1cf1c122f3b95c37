// A store opened for reading, with the note of how far it reaches.
#pragma once

#include <memory>
#include <optional>

#include "apps/verify/format.h"
#include "juncture/ports/state.h"

namespace juncture::apps::verify {

struct OpenedStore {
  std::unique_ptr<Store> open;  // null: there is none, or nothing was ever written to it
  std::optional<Mark> mark;
};

// Errors: what the store says, or `store_damaged` when its mark cannot be read.
Result<OpenedStore> look_into(Result<std::unique_ptr<Store>> store);

}  // namespace juncture::apps::verify
