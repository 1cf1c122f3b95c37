#include "apps/verify/subject.h"

#include <algorithm>

#include "apps/node.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/state/account_codec.h"

namespace juncture::apps::verify {
namespace {

constexpr std::string_view kOfAccount = "account/";

}  // namespace

bool Subject::wrote(const OutputTopic& output, std::string_view key) const {
  return output.kind != OutputKind::conditions || key.starts_with(kOfAccount) == (name == kAccounts);
}

Subject prospects_subject(const Config& config) {
  const Topics topics(config.log.topics.prefix);
  return {.name = std::string(kProspects),
          .input = topics.signals,
          .from_beginning = config.engine.start == "earliest",
          .outputs = {{.name = topics.sales},
                      {.name = topics.public_},
                      {.name = topics.dead_letters, .kind = OutputKind::dead_letters},
                      {.name = topics.evidence, .kind = OutputKind::evidence},
                      {.name = topics.conditions, .kind = OutputKind::conditions}},
          .connector = "canonical",
          .make_pipeline = make_prospect_pipeline,
          .gate = [](const Record&) { return Gate::head; }};
}

// How old is too old for a row is a setting, which may have been another one when the row was due: all rows are made,
// and those of old signals may be missing.
Subject accounts_subject(const Config& config) {
  const Topics topics(config.log.topics.prefix);
  return {.name = std::string(kAccounts),
          .input = topics.evidence,
          .from_beginning = true,
          .outputs = {{.name = topics.accounts, .compacted = true},
                      {.name = topics.dead_letters, .kind = OutputKind::dead_letters},
                      {.name = topics.conditions, .kind = OutputKind::conditions}},
          .connector = "accounts",
          .make_pipeline =
              [](const Knowledge& knowledge, PipelineCounters& counters) {
                return make_account_pipeline(knowledge, Millis::max(), counters);
              },
          .gate =
              [fresh_within = config.engine.fresh_within](const Record& record) {
                AccountEvidence evidence;
                if (!decode(record.value, evidence) || evidence.kind == AccountEvidence::Kind::tick) return Gate::head;
                if (evidence.kind == AccountEvidence::Kind::left) return Gate::open;
                const Millis age = record.timestamp - from_ms(evidence.recorded_ms);
                return age > fresh_within ? Gate::late : Gate::head;
              }};
}

std::string name_in(const OutputTopic& output, std::string_view key, std::string_view value) {
  AccountEvidence evidence;
  if (output.kind != OutputKind::evidence || !decode(value, evidence)) return std::string(key);
  return std::string(evidence.prospect.text()).append("\t").append(key);
}

std::string_view id_of(const OutputTopic& output, std::string_view name) {
  if (output.kind == OutputKind::conditions) name.remove_prefix(std::min(name.find('/') + 1, name.size()));
  return output.kind == OutputKind::evidence ? name.substr(0, name.find('\t')) : name;
}

}  // namespace juncture::apps::verify
