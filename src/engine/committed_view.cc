#include "engine/committed_view.h"

#include <mutex>

namespace juncture::engine {

void CommittedView::open(const Store& store) {
  const std::unique_lock lock(mutex_);
  store_ = &store;
  values_.clear();
}

void CommittedView::close() {
  const std::unique_lock lock(mutex_);
  store_ = nullptr;
  values_.clear();
}

void CommittedView::publish(const std::vector<Change>& changes, Offset as_of_offset, Timestamp as_of_time) {
  const std::unique_lock lock(mutex_);
  as_of_offset_ = as_of_offset;
  as_of_time_ = as_of_time;
  if (!keep_values_) return;
  for (const Change& change : changes) {
    auto at = values_.find(change.key);
    if (at == values_.end()) at = values_.emplace(std::string(change.key), std::nullopt).first;
    if (!change.value) {
      at->second.reset();
    } else if (at->second) {
      at->second->assign(*change.value);
    } else {
      at->second.emplace(*change.value);
    }
  }
}

void CommittedView::stored(const std::vector<Change>& changes) {
  if (!keep_values_) return;
  const std::unique_lock lock(mutex_);
  for (const Change& change : changes) {
    if (const auto at = values_.find(change.key); at != values_.end()) values_.erase(at);
  }
}

Result<ReadValue> CommittedView::read(std::string_view key) const {
  const std::shared_lock lock(mutex_);
  if (store_ == nullptr || !keep_values_) return fail(Domain::environment, "not_here", "no running task has that key");
  ReadValue out{.value = std::nullopt, .as_of_offset = as_of_offset_, .as_of_time = as_of_time_};
  if (const auto at = values_.find(key); at != values_.end()) {
    out.value = at->second;
    return out;
  }
  Result<std::optional<std::string>> stored = store_->get(key);
  if (!stored) return tl::unexpected(stored.error());
  out.value = std::move(*stored);
  return out;
}

}  // namespace juncture::engine
