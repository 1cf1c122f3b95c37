// What other threads may read of a task: committed values that the store does not hold yet, then the store.
#pragma once

#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "juncture/engine/engine.h"
#include "juncture/ports/state.h"

namespace juncture::engine {

// Opened and closed by its task: after close() no reader touches the store any more.
class CommittedView {
 public:
  explicit CommittedView(bool keep_values) : keep_values_(keep_values) {}

  void open(const Store& store);
  void close();
  // The worker, after a commit and after values went to the store.
  void publish(const std::vector<Change>& changes, Offset as_of_offset, Timestamp as_of_time);
  void stored(const std::vector<Change>& changes);
  // Any thread.
  Result<ReadValue> read(std::string_view key) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  const bool keep_values_;
  mutable std::shared_mutex mutex_;
  const Store* store_ = nullptr;
  std::unordered_map<std::string, std::optional<std::string>, Hash, std::equal_to<>> values_;
  Offset as_of_offset_ = 0;
  Timestamp as_of_time_{};
};

}  // namespace juncture::engine
