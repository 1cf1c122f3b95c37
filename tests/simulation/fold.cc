#include "simulation/fold.h"

#include <algorithm>
#include <cstring>

#include "juncture/core/hash.h"

namespace juncture::simulation {
namespace {

struct Folded {
  std::uint64_t hash = 0;
  std::int64_t last_ms = 0;
  std::uint64_t count = 0;
};
struct Emitted {
  std::uint64_t hash = 0;
  Offset offset = 0;
  std::int64_t number = 0;
};
constexpr std::int64_t kSilence = 400;

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

}  // namespace

Status FoldPipeline::process(const Record& record, bool, State& state, Output& output) {
  if (record.value == kForget) return state.remove(record.key);
  const auto before = state.get(record.key);
  if (!before) return tl::unexpected(before.error());
  Folded folded;
  if (*before) std::memcpy(&folded, (*before)->data(), sizeof folded);
  if (record.value == kTick) {
    const bool silent = *before && folded.last_ms + kSilence <= to_ms(record.timestamp);
    return silent ? state.remove(record.key) : Status();
  }
  folded.hash = hash64(record.value, folded.hash);
  folded.last_ms = to_ms(record.timestamp);
  ++folded.count;
  if (Status saved = state.put(record.key, bytes_of(folded)); !saved) return saved;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(folded.hash % 3); ++i) {
    const Emitted emitted{folded.hash, record.offset, i};
    if (Status sent = output.emit(0, record.key, bytes_of(emitted), record.partition); !sent) return sent;
  }
  return {};
}

std::string output_text(std::string_view key, std::string_view value) {
  return std::string(key) + "=" + std::string(value);
}

Result<std::optional<std::string_view>> Model::PlainState::get(std::string_view key) {
  const auto found = values.find(key);
  if (found == values.end()) return std::nullopt;
  copy = found->second;
  return std::optional<std::string_view>(copy);
}
Status Model::PlainState::put(std::string_view key, std::string_view value) {
  values.insert_or_assign(std::string(key), std::string(value));
  changed = key;
  return {};
}
Status Model::PlainState::remove(std::string_view key) {
  if (const auto found = values.find(key); found != values.end()) values.erase(found);
  changed = key;
  return {};
}
Status Model::PlainOutput::emit(std::size_t, std::string_view key, std::string_view value, Partition) {
  values.push_back(output_text(key, value));
  return {};
}

void Model::advance(const PartitionLog& input, Partition partition) {
  for (const Offset stable = input.stable(); next_ < stable; ++next_) {
    const Entry& entry = input.at(next_);
    if (entry.kind != Entry::Kind::committed) continue;
    state_.changed.clear();
    const Record record{{}, partition, next_, entry.time, entry.key, entry.value, entry.tombstone};
    static_cast<void>(pipeline_.process(record, true, state_, output_));
    if (state_.changed.empty()) continue;
    const auto value = state_.values.find(state_.changed);
    history_[state_.changed].push_back(
        {next_, value == state_.values.end() ? std::nullopt : std::optional<std::string>(value->second)});
  }
}

std::optional<std::string> Model::at(std::string_view key, Offset as_of) const {
  const auto found = history_.find(key);
  if (found == history_.end()) return std::nullopt;
  const auto& versions = found->second;
  const auto after = std::partition_point(versions.begin(), versions.end(),
                                          [&](const Version& version) { return version.offset < as_of; });
  return after == versions.begin() ? std::nullopt : std::prev(after)->value;
}

}  // namespace juncture::simulation
