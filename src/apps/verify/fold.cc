#include "apps/verify/fold.h"

#include "juncture/core/hash.h"
#include "juncture/state/keys.h"

namespace juncture::apps::verify {

std::uint32_t KeyNames::id(std::string_view key) {
  if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
  const auto added = ids_.emplace(key, static_cast<std::uint32_t>(names_.size())).first;
  names_.push_back(&added->first);
  return added->second;
}

Print print_of(std::string_view key, std::string_view value, bool tombstone) {
  const std::uint64_t seed = tombstone ? 1 : 0;
  return {hash64(value, hash64(key, seed)), hash64(value, hash64(key, seed + 2))};
}

Result<std::optional<std::string_view>> MapState::get(std::string_view key) {
  const auto found = map_.find(key);
  if (found == map_.end()) return std::nullopt;
  return std::string_view(found->second);
}

void MapState::note(std::string_view key) {
  if (written_ == nullptr) return;
  if (const auto prospect = keys::prospect_of(key)) written_->emplace(prospect->text());
  if (const auto account = keys::account_of(key)) written_->emplace(account->text());
}

Status MapState::put(std::string_view key, std::string_view value) {
  note(key);
  const auto found = map_.find(key);
  if (found == map_.end()) {
    map_.emplace(key, value);
  } else {
    found->second = value;
  }
  return {};
}

Status MapState::remove(std::string_view key) {
  note(key);
  if (const auto found = map_.find(key); found != map_.end()) map_.erase(found);
  return {};
}

Fold::Fold(const Subject& subject, const Knowledge& knowledge, KeyNames& keys, const std::vector<Partition>& partitions)
    : subject_(subject), keys_(keys), partitions_(partitions), pipeline_(subject.make_pipeline(knowledge, counters_)) {}

void Fold::use(const Knowledge& knowledge) {
  pipeline_ = subject_.make_pipeline(knowledge, counters_);
}

Status Fold::take(const Record& record) {
  source_ = record.offset;
  at_ms_ = to_ms(record.timestamp);
  const bool speaks = !partitions_.empty();
  gate_ = speaks ? subject_.gate(record) : Gate::open;
  return pipeline_->process(record, speaks, state_, *this);
}

Status Fold::emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) {
  add(topic, key, value, partition, false);
  return {};
}

Status Fold::tombstone(std::size_t topic, std::string_view key) {
  add(topic, key, {}, -1, true);
  return {};
}

void Fold::add(std::size_t topic, std::string_view key, std::string_view value, Partition partition, bool tombstone) {
  if (topic >= partitions_.size()) return;
  const OutputTopic& output = subject_.outputs[topic];
  Expected out;
  out.key = keys_.id(name_in(output, key, value));
  out.topic = static_cast<std::uint8_t>(topic);
  out.gate = output.gated() && !tombstone ? gate_ : Gate::open;
  out.tombstone = tombstone;
  out.partition = partition >= 0 ? partition : partition_of(key, partitions_[topic]);
  out.source = source_;
  out.at_ms = at_ms_;
  out.print = print_of(key, value, tombstone);
  if (wanted_ != nullptr && !tombstone) {
    if (const auto wanted = wanted_->find(out.print.a); wanted != wanted_->end()) wanted->second = value;
  }
  outputs_.push_back(out);
}

}  // namespace juncture::apps::verify
