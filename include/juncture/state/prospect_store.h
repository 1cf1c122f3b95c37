// Prospects by id over a task's State, with their expiry kept in step.
#pragma once

#include <optional>
#include <string>

#include "juncture/core/prospect.h"
#include "juncture/core/result.h"
#include "juncture/ports/state.h"
#include "juncture/state/expiry.h"

namespace juncture {

class ProspectStore {
 public:
  explicit ProspectStore(const Lifetimes& lifetimes = {}) : expiry_(lifetimes) {}

  // What load() found; save() wants it back.
  struct Found {
    bool exists = false;  // a value was there, of a prospect or of an erased one
    bool erased = false;
    std::optional<Expiry::Bucket> due;
  };
  // Fills `out`: the prospect, an empty one, or one that refuses everything up to its erasure.
  Result<Found> load(State& state, ProspectId id, Prospect& out);
  Status save(State& state, ProspectId id, const Prospect& prospect, const Found& found);
  // Leaves a tombstone, known prospect or not: signals up to `at`, and up to the newest one held, stay refused.
  Status erase(State& state, ProspectId id, Timestamp at);

  Expiry& expiry() { return expiry_; }

 private:
  Expiry expiry_;
  Prospect scratch_;
  std::string key_;
  std::string value_;
};

}  // namespace juncture
