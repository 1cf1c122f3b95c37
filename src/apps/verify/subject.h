// What is verified and made anew: a sub-topology with state, as a plain function of one topic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/config/config.h"
#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/pipeline.h"

namespace juncture::apps::verify {

using MakePipeline = std::function<std::unique_ptr<Pipeline>(const Knowledge&, PipelineCounters&)>;

// What an output holds, which settles who writes it and how its records are told apart.
enum class OutputKind : std::uint8_t {
  rows,          // one task writes to a partition of it
  dead_letters,  // everybody's; they say which record they are of
  evidence,      // many tasks write of one account, but only one of a prospect, in the order of its signals
  conditions     // many tasks write to a partition, but only one of a subject
};

struct OutputTopic {
  std::string name;
  OutputKind kind = OutputKind::rows;
  bool compacted = false;

  bool gated() const { return kind == OutputKind::rows || kind == OutputKind::conditions; }
  // Only the order within a key is certain.
  bool shared() const { return kind == OutputKind::evidence || kind == OutputKind::conditions; }
};

// When the gated outputs of a record may be missing.
enum class Gate : std::uint8_t {
  open,  // never
  head,  // when it was read far behind the newest record
  late   // always: what it tells of was old when it was written
};

struct Subject {
  std::string name;                  // of the sub-topology
  std::string input;                 // the topic that its state follows from
  bool from_beginning = false;       // of that topic, whenever the first start was
  std::vector<OutputTopic> outputs;  // in the order of the pipeline's; those behind them are not compared
  std::string connector;             // as its dead letters have it
  MakePipeline make_pipeline;        // that never holds back what it has to say
  std::function<Gate(const Record&)> gate;

  // Whether a record of `output`, which others may write to as well, is of this sub-topology. Dead letters say so
  // themselves.
  bool wrote(const OutputTopic& output, std::string_view key) const;
};

Subject prospects_subject(const Config& config);
Subject accounts_subject(const Config& config);

// Under which name a record is compared: its key, but of evidence the prospect, a tab, the account.
std::string name_in(const OutputTopic& output, std::string_view key, std::string_view value);
// The prospect or account that a name of such an output is about.
std::string_view id_of(const OutputTopic& output, std::string_view name);

}  // namespace juncture::apps::verify
