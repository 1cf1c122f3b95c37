// The keyed state of one task, as a pipeline sees it, and the store behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "juncture/core/result.h"

namespace juncture {

// Read and write the task's own keys. Worker's thread only. Writes stay in memory until the engine's next commit.
class State {
 public:
  virtual ~State() = default;
  // The value, or none. The view holds until the next call on this object.
  virtual Result<std::optional<std::string_view>> get(std::string_view key) = 0;
  virtual Status put(std::string_view key, std::string_view value) = 0;
  virtual Status remove(std::string_view key) = 0;
};

// One change of a store; `value` none removes the key.
struct Change {
  std::string_view key;
  std::optional<std::string_view> value;
};

// Where committed values rest: one per task (RocksDB: one directory, one column family, WAL off), or memory in tests.
class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;  // any thread
  // All changes or none; `mark` says up to where of the changelog the store now reaches, in the same batch.
  virtual Status write(std::span<const Change> changes, std::string_view mark) = 0;
  virtual Result<std::string> mark() const = 0;  // empty for a new store
  virtual Status scan(const std::function<void(std::string_view key, std::string_view value)>& each) const = 0;
  virtual Status flush() = 0;
};

// Opens the stores of tasks. `name` is unique per task and used as a folder name.
class Stores {
 public:
  virtual ~Stores() = default;
  virtual Result<std::unique_ptr<Store>> open(std::string_view name) = 0;
  // Moves what is there aside and starts empty: after damage, or when the changelog does not go back far enough.
  virtual Status set_aside(std::string_view name) = 0;
};

}  // namespace juncture
