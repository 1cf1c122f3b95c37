// The plain way from an input log to state and outputs: one thread, a map, a list. Nothing that could fail half-way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/verify/subject.h"
#include "juncture/core/result.h"
#include "juncture/ports/state.h"

namespace juncture::apps::verify {

// Keys of outputs, each kept once.
class KeyNames {
 public:
  std::uint32_t id(std::string_view key);
  const std::string& text(std::uint32_t id) const { return *names_[id]; }

 private:
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> ids_;
  std::vector<const std::string*> names_;
};

// 128 bits of a record's key and value.
struct Print {
  std::uint64_t a = 0, b = 0;
  friend bool operator==(const Print&, const Print&) = default;
};
Print print_of(std::string_view key, std::string_view value, bool tombstone);

// Values of outputs by the first half of their prints: of those that are wanted, once they have come.
using Values = std::unordered_map<std::uint64_t, std::optional<std::string>>;

// An output as it has to be.
struct Expected {
  std::uint32_t key = 0;
  std::uint8_t topic = 0;  // index of the subject's outputs
  Gate gate = Gate::open;
  bool tombstone = false;
  Partition partition = 0;
  Offset source = 0;       // offset of the input record
  std::int64_t at_ms = 0;  // its time
  Print print;
};

using Ids = std::set<std::string, std::less<>>;

class MapState final : public State {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;
  Result<std::optional<std::string_view>> get(std::string_view key) override;
  Status put(std::string_view key, std::string_view value) override;
  Status remove(std::string_view key) override;
  const Map& map() const { return map_; }
  Map take() { return std::move(map_); }
  // Collects the prospects and accounts whose values are written from now on; null: no longer.
  void watch(Ids* written) { written_ = written; }

 private:
  void note(std::string_view key);

  Map map_;
  Ids* written_ = nullptr;
};

// One partition's fold over the real pipeline. `subject`, `keys` and `partitions` (of each output; none: only the state
// is of interest, and nothing is said) outlive it, as all knowledge does.
class Fold final : private Output {
 public:
  Fold(const Subject& subject, const Knowledge& knowledge, KeyNames& keys, const std::vector<Partition>& partitions);
  // From the next record on.
  void use(const Knowledge& knowledge);
  Status take(const Record& record);
  void watch(Ids* written) { state_.watch(written); }
  void want(Values* values) { wanted_ = values; }
  const MapState::Map& state() const { return state_.map(); }
  MapState::Map take_state() { return state_.take(); }
  std::vector<Expected> take_outputs() { return std::move(outputs_); }

 private:
  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) override;
  Status tombstone(std::size_t topic, std::string_view key) override;
  void add(std::size_t topic, std::string_view key, std::string_view value, Partition partition, bool tombstone);

  const Subject& subject_;
  KeyNames& keys_;
  const std::vector<Partition>& partitions_;
  PipelineCounters counters_;
  std::unique_ptr<Pipeline> pipeline_;
  MapState state_;
  std::vector<Expected> outputs_;
  Values* wanted_ = nullptr;
  Offset source_ = 0;
  std::int64_t at_ms_ = 0;
  Gate gate_ = Gate::open;
};

}  // namespace juncture::apps::verify
