// What to put before a prospect next, or why nothing: pure, and the same bits on every CPU.
#pragma once

#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/decision.h"
#include "juncture/core/policy.h"
#include "juncture/core/reading.h"

namespace juncture {

// Who acts on the decision: the website by itself, or a person who sees it first.
enum class Audience : std::uint8_t { public_site, analyst };

// Only the items of tier public: what a website's process holds, so that nothing else can slip out.
Catalog public_view(const Catalog& catalog);

// For Audience::public_site, pass a public_view(). Indices in the result are into `catalog`.
Decision decide(const Catalog& catalog, const Policy& policy, const Reading& reading, Audience audience);

// Both of one reading, each as by itself, but with what they share worked out once; `public_catalog` is the
// public_view() of `catalog`.
struct Decisions {
  Decision analyst, site;
};
Decisions decide_for_both(const Catalog& catalog, const Catalog& public_catalog, const Policy& policy,
                          const Reading& reading);

// For a prospect nothing is known about: public items that are harmless whatever the stage. Offers nothing, rather
// than something unsafe. Items with a validity window count only within it.
Decision safe_default(const Catalog& public_catalog, const Policy& policy, Timestamp as_of = {});

struct Cell {
  Moment moment = Moment::know;
  Stage stage = Stage::problem_realization;
  friend bool operator==(const Cell&, const Cell&) = default;
};

// The cells of 4 moments x 14 conditions for which no harmless item is left at all. On the public site nothing is
// offered to somebody who has rejected us; that cell is then no gap.
std::vector<Cell> uncovered_cells(const Catalog& catalog, const Policy& policy, Timestamp as_of,
                                  Audience audience = Audience::analyst);

}  // namespace juncture
