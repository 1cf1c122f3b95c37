// The trained text scorer: phrases, hashed n-gram weights and temperatures. Immutable, shared by all threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"

namespace juncture {

namespace text {
struct ModelParts;
}

class TextModel {
 public:
  explicit TextModel(std::unique_ptr<const text::ModelParts> parts);
  TextModel(TextModel&&) noexcept;
  TextModel& operator=(TextModel&&) noexcept;
  TextModel(const TextModel&) = delete;
  TextModel& operator=(const TextModel&) = delete;
  ~TextModel();

  const std::string& version() const;  // "m-" and 8 hex digits of the content
  const std::string& meta() const;     // JSON for people and tools: what it was trained from and how
  const std::string& chain() const;    // bytes of the fitted stage chain, for whom they concern; empty if there is none
  const text::ModelParts& parts() const { return *parts_; }

 private:
  std::unique_ptr<const text::ModelParts> parts_;
};

// The bytes of a .jmodel file (docs/formats/model.md). The same model gives the same bytes.
std::string serialize(const TextModel& model);
// Refuses another layout, a damaged section, another feature schema, and weights that fail the golden queries.
Result<TextModel> load_model(std::string_view bytes);
// The same model with another fitted chain, or with none; its version is another one too.
Result<TextModel> with_chain(const TextModel& model, std::string chain);

// One thing that a model file says, for people and for telling two files apart.
struct ModelFact {
  std::string name, value;
};
// Version, making, each section's size and hash, calibration and priors. Equal models have equal facts but for
// `created`.
std::vector<ModelFact> describe(const TextModel& model);

}  // namespace juncture
