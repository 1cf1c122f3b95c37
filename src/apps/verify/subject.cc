#include "apps/verify/subject.h"

#include "apps/node.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"

namespace juncture::apps::verify {

Subject prospects_subject(const Config& config) {
  return {.name = std::string(kProspects),
          .input = Topics(config.log.topics.prefix).signals,
          .from_beginning = config.engine.start == "earliest",
          .make_pipeline = make_prospect_pipeline};
}

Subject accounts_subject(const Config& config) {
  const Millis fresh_within = config.engine.fresh_within;  // decides on rows alone, never on state
  return {.name = std::string(kAccounts),
          .input = Topics(config.log.topics.prefix).evidence,
          .from_beginning = true,
          .make_pipeline = [fresh_within](const Knowledge& knowledge, PipelineCounters& counters) {
            return make_account_pipeline(knowledge, fresh_within, counters);
          }};
}

}  // namespace juncture::apps::verify
