// Knowledge from the files that ship, trained once per test binary.
#pragma once

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "juncture/config/load.h"
#include "juncture/config/taxonomy_load.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/text/train.h"

namespace juncture::test {

inline std::string shipped(const std::string& name) {
  std::ifstream in(std::string(JUNCTURE_SOURCE_DIR) + "/config/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// One of its own, to be changed.
inline std::shared_ptr<Knowledge> make_shipped_knowledge() {
  const auto taxonomy = load_taxonomy(shipped("taxonomy.yaml"), "taxonomy.yaml");
  const auto vocabulary = load_user_vocabulary(shipped("vocabulary.yaml"), "vocabulary.yaml");
  auto model = train(*taxonomy, *vocabulary, {.epochs = 3});
  auto knowledge = std::make_shared<Knowledge>(std::move(*model));
  const std::string catalog = shipped("catalog.yaml"), policy = shipped("policy.yaml");
  knowledge->catalog = load_catalog({.text = catalog, .filename = "catalog.yaml"}).value;
  knowledge->policy = load_policy({.text = policy, .filename = "policy.yaml"}).value;
  knowledge->token_key = "test";
  knowledge->model_version = knowledge->text.version();
  index_catalog(*knowledge);
  return knowledge;
}

inline std::shared_ptr<const Knowledge> shipped_knowledge() {
  static const std::shared_ptr<const Knowledge> shared = make_shipped_knowledge();
  return shared;
}

}  // namespace juncture::test
