#include "juncture/adapters/memory_stores.h"

#include <map>
#include <mutex>

namespace juncture {
namespace {

struct Shelf {
  mutable std::mutex mutex;
  std::map<std::string, std::string, std::less<>> values;
  std::string mark;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}

  Result<std::optional<std::string>> get(std::string_view key) const override {
    const std::scoped_lock lock(shelf_->mutex);
    const auto at = shelf_->values.find(key);
    if (at == shelf_->values.end()) return std::nullopt;
    return at->second;
  }
  Status write(std::span<const Change> changes, std::string_view mark) override {
    const std::scoped_lock lock(shelf_->mutex);
    for (const Change& change : changes) {
      if (change.value) {
        shelf_->values.insert_or_assign(std::string(change.key), std::string(*change.value));
      } else if (const auto at = shelf_->values.find(change.key); at != shelf_->values.end()) {
        shelf_->values.erase(at);
      }
    }
    shelf_->mark = mark;
    return {};
  }
  Result<std::string> mark() const override {
    const std::scoped_lock lock(shelf_->mutex);
    return shelf_->mark;
  }
  Status scan(const std::function<void(std::string_view, std::string_view)>& each) const override {
    const std::scoped_lock lock(shelf_->mutex);
    for (const auto& [key, value] : shelf_->values) each(key, value);
    return {};
  }
  Status flush() override { return {}; }

 private:
  std::shared_ptr<Shelf> shelf_;
};

class MemoryStores final : public Stores {
 public:
  Result<std::unique_ptr<Store>> open(std::string_view name) override {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<Shelf>& shelf = shelves_[std::string(name)];
    if (shelf == nullptr) shelf = std::make_shared<Shelf>();
    return std::make_unique<MemoryStore>(shelf);
  }
  Status set_aside(std::string_view name) override {
    const std::scoped_lock lock(mutex_);
    shelves_.erase(std::string(name));
    return {};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Shelf>> shelves_;
};

}  // namespace

std::unique_ptr<Stores> make_memory_stores() {
  return std::make_unique<MemoryStores>();
}

}  // namespace juncture
