// What is verified and made anew: a sub-topology with state, as a plain function of one topic.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "juncture/config/config.h"
#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/pipeline.h"

namespace juncture::apps::verify {

using MakePipeline = std::function<std::unique_ptr<Pipeline>(const Knowledge&, PipelineCounters&)>;

struct Subject {
  std::string name;             // of the sub-topology
  std::string input;            // the topic that its state follows from
  bool from_beginning = false;  // of that topic, whenever the first start was
  MakePipeline make_pipeline;
};

Subject prospects_subject(const Config& config);
Subject accounts_subject(const Config& config);

}  // namespace juncture::apps::verify
