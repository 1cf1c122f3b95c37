// A task's State and Store over a plain map, for tests.
#pragma once

#include <map>
#include <string>

#include "juncture/ports/state.h"

namespace juncture::test {

class MemoryState : public State {
 public:
  Result<std::optional<std::string_view>> get(std::string_view key) override {
    const auto found = values.find(key);
    if (found == values.end()) return std::optional<std::string_view>();
    held_ = found->second;
    return std::optional<std::string_view>(held_);
  }
  Status put(std::string_view key, std::string_view value) override {
    values.insert_or_assign(std::string(key), std::string(value));
    held_.assign(held_.size(), '#');
    return {};
  }
  Status remove(std::string_view key) override {
    const auto found = values.find(key);
    if (found != values.end()) values.erase(found);
    held_.assign(held_.size(), '#');  // views do not outlive the next call
    return {};
  }

  std::map<std::string, std::string, std::less<>> values;

 private:
  std::string held_;
};

class MapStore : public Store {
 public:
  explicit MapStore(const std::map<std::string, std::string, std::less<>>& values, bool backwards = false)
      : values_(values), backwards_(backwards) {}
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = values_.find(key);
    return found == values_.end() ? std::optional<std::string>() : std::optional(found->second);
  }
  Status write(std::span<const Change>, std::string_view) override { return {}; }
  Result<std::string> mark() const override { return std::string(); }
  Status scan(const std::function<void(std::string_view, std::string_view)>& each) const override {
    if (backwards_) {
      for (auto it = values_.rbegin(); it != values_.rend(); ++it) each(it->first, it->second);
    } else {
      for (const auto& [key, value] : values_) each(key, value);
    }
    return {};
  }
  Status flush() override { return {}; }

 private:
  const std::map<std::string, std::string, std::less<>>& values_;
  bool backwards_;
};

}  // namespace juncture::test
