// What simulated buyers type: phrases by the stage that they are at home in. Never the words that training saw.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/chance.h"
#include "juncture/core/result.h"
#include "juncture/core/vocabulary.h"

namespace juncture::journeys {

inline constexpr std::size_t kSubjects = kEvidenceClasses;  // fourteen conditions, then what no buyer would ask

class TextBank {
 public:
  // A phrase at home in `subject`; the shorter of two on a mobile device. `{p}` in it stands for a product.
  const std::string& phrase(Chance& chance, std::size_t subject, bool mobile) const;
  // Any phrase, whatever its subject.
  const std::string& any(Chance& chance) const;
  std::size_t size() const;

  friend Result<TextBank> parse_text_bank(std::string_view tsv, std::string_view file);

 private:
  std::array<std::vector<std::string>, kSubjects> phrases_;
};

// Tab separated, a header first: needs query and stage (a name of kStageNames, stalled_no_decision, silently_rejected
// or none); other columns and lines that begin with # are passed over. Each subject needs a phrase. `file`: for
// messages.
Result<TextBank> parse_text_bank(std::string_view tsv, std::string_view file);

}  // namespace juncture::journeys
