// Counters and histograms written by one thread and read by any: plain loads and stores on the hot path.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace juncture {

// One writer. Readers see a recent value.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Upper edges in seconds; the goals 10, 30, 100, 150 and 250 ms are edges.
inline constexpr std::array<double, 16> kSecondsEdges{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.03, 0.05, 0.1,
                                                      0.15,   0.25,  0.5,    1.0,   2.5,  10.0, 60.0, 600.0};

struct HistogramValue {
  std::array<std::uint64_t, kSecondsEdges.size() + 1> buckets{};  // not cumulative; last is above all edges
  double sum = 0;

  void merge(const HistogramValue& other) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
    sum += other.sum;
  }
};

// One writer.
class Histogram {
 public:
  void observe(double seconds) {
    std::size_t i = 0;
    while (i < kSecondsEdges.size() && seconds > kSecondsEdges[i]) ++i;
    buckets_[i].add();
    sum_.store(sum_.load(std::memory_order_relaxed) + seconds, std::memory_order_relaxed);
  }
  HistogramValue value() const {
    HistogramValue out;
    for (std::size_t i = 0; i < buckets_.size(); ++i) out.buckets[i] = buckets_[i].value();
    out.sum = sum_.load(std::memory_order_relaxed);
    return out;
  }

 private:
  std::array<Counter, kSecondsEdges.size() + 1> buckets_;
  std::atomic<double> sum_{0};
};

}  // namespace juncture
