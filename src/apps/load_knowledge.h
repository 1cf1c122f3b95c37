// Everything that records are judged by, from the configured files or from what is compiled in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "juncture/config/config.h"
#include "juncture/core/result.h"
#include "juncture/core/taxonomy.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture::apps {

struct Lessons {
  Taxonomy taxonomy;
  UserVocabulary vocabulary;
  std::string content;  // both files, as read
};

struct KnowledgeLoad {
  std::shared_ptr<Knowledge> knowledge;  // null when there are errors
  Lessons lessons;                       // what it was made from
  std::vector<Error> errors, warnings;
  bool trained = false;  // the model was learnt just now, from the taxonomy
  double train_seconds = 0;
};

// Without `files.model` the text model is learnt from taxonomy and vocabulary, once per content: it is kept in
// `log.data`. All errors, not the first.
KnowledgeLoad load_knowledge(const Config& config);

// The file of the key that signs tokens.
std::string token_key_file(const Config& config);

// The configured file's text, or the one compiled in as `embedded_name` when none is configured.
Result<std::string> read_source(const std::string& path, std::string_view embedded_name);
Result<std::string> read_file(const std::string& path);
Status write_file(const std::string& path, std::string_view bytes);

Result<Lessons> load_lessons(const Config& config);

// What the taxonomy says of stages, and with a model what was fitted to histories where it holds such.
StageChainParameters chain_parameters(const Taxonomy& taxonomy);
Result<StageChainParameters> chain_parameters(const Taxonomy& taxonomy, const TextModel& model);

}  // namespace juncture::apps
