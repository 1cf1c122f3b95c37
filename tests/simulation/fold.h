// The pipeline that is simulated, and what it must come to: the plain fold of the input, with its history.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "juncture/ports/pipeline.h"
#include "simulation/cluster.h"
#include "simulation/sim_stores.h"

namespace juncture::simulation {

inline constexpr std::string_view kForget = "forget";
inline constexpr std::string_view kTick = "tick";  // removes its key if that was silent for a while, in stream time

// Sensitive to every lost, doubled or exchanged record of a key. Emits 0 to 2 outputs for each.
class FoldPipeline final : public Pipeline {
 public:
  Status process(const Record& record, bool fresh, State& state, Output& output) override;
};

// Stateless: hands its input on as it is, to the same partition.
class RelayPipeline final : public Pipeline {
 public:
  Status process(const Record& record, bool, State&, Output& output) override {
    return output.emit(0, record.key, record.value, record.partition);
  }
};

// Of one partition.
class Model {
 public:
  // Takes in what readers of the input can see by now.
  void advance(const PartitionLog& input, Partition partition);
  // What the key was when everything below `as_of` had been processed.
  std::optional<std::string> at(std::string_view key, Offset as_of) const;
  const Values& values() const { return state_.values; }
  const std::vector<std::string>& outputs() const { return output_.values; }

 private:
  struct PlainState final : State {
    Values values;
    std::string copy;
    std::string changed;
    Result<std::optional<std::string_view>> get(std::string_view key) override;
    Status put(std::string_view key, std::string_view value) override;
    Status remove(std::string_view key) override;
  };
  struct PlainOutput final : Output {
    std::vector<std::string> values;
    Status emit(std::size_t, std::string_view key, std::string_view value, Partition) override;
    Status tombstone(std::size_t, std::string_view) override { return {}; }
  };
  struct Version {
    Offset offset = 0;  // of the record that made it
    std::optional<std::string> value;
  };

  FoldPipeline pipeline_;
  PlainState state_;
  PlainOutput output_;
  std::map<std::string, std::vector<Version>, std::less<>> history_;
  Offset next_ = 0;
};

std::string output_text(std::string_view key, std::string_view value);

}  // namespace juncture::simulation
