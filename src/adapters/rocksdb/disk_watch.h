// What is known against an open store's disk, from where RocksDB would go on in silence.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace juncture {

// Any thread asks; what was found damaged is said once and stands.
class DiskWatch final : public rocksdb::EventListener {
 public:
  enum class Refusal : std::uint8_t { none, full, broken, damaged };

  // Without a write-ahead log RocksDB calls a disk that refuses a soft error: it goes on taking writes into memory,
  // without end.
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    refusal_.store(status->IsNoSpace() ? Refusal::full : Refusal::broken, std::memory_order_release);
  }
  // REQUIRES: one caller.
  void found_damaged(std::string what) {
    if (!damage_.empty()) return;
    damage_ = std::move(what);
    refusal_.store(Refusal::damaged, std::memory_order_release);
  }

  Refusal refusal() const { return refusal_.load(std::memory_order_acquire); }
  const std::string& damage() const { return damage_; }  // REQUIRES: refusal() gave `damaged`

 private:
  std::string damage_;
  std::atomic<Refusal> refusal_{Refusal::none};
};

}  // namespace juncture
