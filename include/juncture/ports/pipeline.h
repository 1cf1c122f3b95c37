// What the engine runs: one record's way, blind to threads, commits and partitions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ports/log.h"
#include "juncture/ports/state.h"

namespace juncture {

// Where a pipeline's results go; held until the commit that covers the record.
class Output {
 public:
  virtual ~Output() = default;
  // `topic` is an index into SubTopology::outputs. partition < 0: by key.
  virtual Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition = -1) = 0;
  virtual Status tombstone(std::size_t topic, std::string_view key) = 0;
};

// One per task. Called on its worker's thread only.
class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // `fresh` is false far behind the stream's head (the freshness gate): build state, emit nothing that someone would
  // act on. An error of Domain::record would be a bug here: bad records are an outcome, dead-lettered by the pipeline.
  virtual Status process(const Record& record, bool fresh, State& state, Output& output) = 0;
  // Records ahead of the one being processed, so that a pipeline may warm caches. Optional.
  virtual void prefetch(const Record& record) { static_cast<void>(record); }
};

// One kind of task: topics in, state, topics out.
struct SubTopology {
  std::string name;                  // "intake", "prospects", "accounts"
  std::vector<std::string> inputs;   // co-partitioned; partition p of each goes to task p
  std::vector<std::string> outputs;  // what Output::emit's index means
  bool stateful = false;             // then its changelog is `<application>.<name>.changelog`
  bool freshness_gate = true;
  bool from_beginning = false;  // first start: whatever the engine's says; for inputs that another sub-topology makes
  std::function<std::unique_ptr<Pipeline>(Partition)> make_pipeline;
};

}  // namespace juncture
