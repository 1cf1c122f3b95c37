// The shipped taxonomy, and one model trained from it for all tests of a binary's run.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "juncture/config/taxonomy_load.h"
#include "juncture/text/train.h"

namespace juncture {

inline std::string file_text(const std::string& name) {
  std::ifstream in(std::string(JUNCTURE_SOURCE_DIR) + "/" + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

inline Taxonomy shipped_taxonomy() {
  Result<Taxonomy> taxonomy = load_taxonomy(file_text("config/taxonomy.yaml"), "config/taxonomy.yaml");
  INFO((taxonomy ? std::string() : taxonomy.error().detail));
  REQUIRE(taxonomy);
  return *taxonomy;
}

inline UserVocabulary shipped_vocabulary() {
  Result<UserVocabulary> words = load_user_vocabulary(file_text("config/vocabulary.yaml"), "config/vocabulary.yaml");
  INFO((words ? std::string() : words.error().detail));
  REQUIRE(words);
  return *words;
}

inline TextModel trained(const TrainOptions& options = {}) {
  Result<TextModel> model = train(shipped_taxonomy(), shipped_vocabulary(), options);
  REQUIRE(model);
  return std::move(*model);
}

// Fewer epochs, for tests that do not look at how good it is.
inline TextModel quickly_trained() {
  TrainOptions options;
  options.epochs = 2;
  return trained(options);
}

}  // namespace juncture
