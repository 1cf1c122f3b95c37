#include "text/learn.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "juncture/core/math.h"
#include "text/augment.h"

namespace juncture::text {
namespace {

constexpr double kFirstSquare = 1e-6;

// Rows of one table that any sample uses, packed: most of the buckets are never seen.
class Table {
 public:
  explicit Table(std::size_t buckets) : slot_(buckets, kUnused) {}
  void use(std::size_t bucket) {
    if (slot_[bucket] != kUnused) return;
    slot_[bucket] = static_cast<std::uint32_t>(rows_.size());
    rows_.emplace_back();
    squares_.push_back({kFirstSquare, kFirstSquare});
  }
  bool used(std::size_t bucket) const { return slot_[bucket] != kUnused; }
  Row& row(std::size_t bucket) { return rows_[slot_[bucket]]; }
  const Row& row(std::size_t bucket) const { return rows_[slot_[bucket]]; }
  // Sum of squared gradients of the row, one of each head.
  std::array<double, 2>& squares(std::size_t bucket) { return squares_[slot_[bucket]]; }

 private:
  static constexpr std::uint32_t kUnused = 0xffffffff;
  std::vector<std::uint32_t> slot_;
  std::vector<Row> rows_;
  std::vector<std::array<double, 2>> squares_;
};

// Softmax of columns [from, to) in place, then minus one at the label: the gradient.
void gradient(Row& z, std::size_t from, std::size_t to, std::size_t label, double weight) {
  double top = z[from];
  for (std::size_t c = from; c < to; ++c) top = std::max(top, z[c]);
  double sum = 0;
  for (std::size_t c = from; c < to; ++c) sum += (z[c] = exact_exp(z[c] - top));
  for (std::size_t c = from; c < to; ++c) z[c] = z[c] / sum * weight;
  z[label] -= weight;
}

class Learner {
 public:
  Learner(std::span<const Sample> samples, const TrainOptions& options)
      : options_(options), word_(kBuckets), chars_(kBuckets), dense_(kDense), start_(kDense) {
    for (const Sample& sample : samples) {
      for (const std::uint16_t bucket : sample.word) word_.use(bucket);
      for (const std::uint16_t bucket : sample.chars) chars_.use(bucket);
    }
    for (std::size_t d = 0; d < kDense; ++d) dense_.use(d);
    for (std::size_t y = 0; y < kCueFeatures; ++y) start_[y][y] = options.cue_prior;
    for (std::size_t m = 0; m < 4; ++m) start_[kMomentCues + m][kMomentColumn + m] = options.cue_prior;
    for (std::size_t d = 0; d < kDense; ++d) dense_.row(d) = start_[d];
  }

  void step(const Sample& sample, bool with_cues) {
    const double word = sample.word.empty() ? 0 : 1.0 / std::sqrt(static_cast<double>(sample.word.size()));
    const double chars = sample.chars.empty() ? 0 : 1.0 / std::sqrt(static_cast<double>(sample.chars.size()));
    Row z = bias_;
    for (const std::uint16_t bucket : sample.word) add(z, word_.row(bucket), word);
    for (const std::uint16_t bucket : sample.chars) add(z, chars_.row(bucket), chars);
    for (std::size_t d = 0; d < kDense; ++d) {
      if (on(sample, d, with_cues)) add(z, dense_.row(d), sample.dense[d]);
    }
    const double weight = static_cast<double>(sample.weight);
    gradient(z, 0, kEvidenceClasses, sample.label, weight);
    z[kEvidenceClasses] = 0;
    learns_moment_ = sample.moment != 0xff;
    if (!learns_moment_) {
      std::fill(z.begin() + kMomentColumn, z.end(), 0.0);
    } else {
      gradient(z, kMomentColumn, kMomentColumn + kMoments, kMomentColumn + sample.moment, weight);
      std::fill(z.begin() + kMomentColumn + kMoments, z.end(), 0.0);
    }
    const double decay = options_.l2 * weight;
    for (const std::uint16_t bucket : sample.word) update(word_, bucket, z, word, decay, nullptr);
    for (const std::uint16_t bucket : sample.chars) update(chars_, bucket, z, chars, decay, nullptr);
    for (std::size_t d = 0; d < kDense; ++d) {
      if (on(sample, d, with_cues)) update(dense_, d, z, sample.dense[d], options_.cue_l2 * weight, &start_[d]);
    }
    update_bias(z);
  }

  Weights quantised() const;

 private:
  static bool on(const Sample& sample, std::size_t d, bool with_cues) {
    return sample.dense[d] != 0 && (with_cues || d >= kFormFeatures);
  }
  static void add(Row& z, const Row& row, double value) {
    for (std::size_t c = 0; c < kColumns; ++c) z[c] += row[c] * value;
  }

  void update(Table& table, std::size_t bucket, const Row& error, double value, double decay, const Row* centre) {
    Row& row = table.row(bucket);
    std::array<double, 2>& squares = table.squares(bucket);
    update_head<0, kMomentColumn>(row, squares[0], error, value, decay, centre);
    if (learns_moment_) update_head<kMomentColumn, kColumns>(row, squares[1], error, value, decay, centre);
  }

  template <std::size_t kFrom, std::size_t kTo>
  void update_head(Row& row, double& squares, const Row& error, double value, double decay, const Row* centre) const {
    std::array<double, kTo - kFrom> step{};
    for (std::size_t c = kFrom; c < kTo; ++c) step[c - kFrom] = error[c] * value + decay * row[c];
    if (centre != nullptr) {
      for (std::size_t c = kFrom; c < kTo; ++c) step[c - kFrom] -= decay * (*centre)[c];
    }
    // Two sums side by side: one would wait for itself.
    double even = 0, odd = 0;
    for (std::size_t c = 0; c < kTo - kFrom; c += 2) {
      even += step[c] * step[c];
      odd += step[c + 1] * step[c + 1];
    }
    squares += even + odd;
    const double rate = options_.rate / std::sqrt(squares);
    for (std::size_t c = kFrom; c < kTo; ++c) row[c] -= rate * step[c - kFrom];
  }

  void update_bias(const Row& error) {
    for (std::size_t c = 0; c < kColumns; ++c) {
      bias_squares_[c] += error[c] * error[c];
      bias_[c] -= 0.3 * options_.rate * error[c] / std::sqrt(bias_squares_[c] + kFirstSquare);
    }
  }

  const TrainOptions& options_;
  Table word_, chars_, dense_;
  std::vector<Row> start_;
  Row bias_{}, bias_squares_{};
  bool learns_moment_ = true;
};

template <class Int>
float quantise(const Table& table, std::size_t buckets, double largest_int, std::vector<Int>& out) {
  double largest = 1e-9;
  for (std::size_t b = 0; b < buckets; ++b) {
    if (!table.used(b)) continue;
    for (const double w : table.row(b)) largest = std::max(largest, w < 0 ? -w : w);
  }
  const auto scale = static_cast<float>(largest / largest_int);
  out.assign(buckets * kColumns, 0);
  for (std::size_t b = 0; b < buckets; ++b) {
    if (!table.used(b)) continue;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const double q = table.row(b)[c] / static_cast<double>(scale);
      const double clipped = std::clamp(q, -largest_int, largest_int);
      out[b * kColumns + c] = static_cast<Int>(clipped < 0 ? clipped - 0.5 : clipped + 0.5);
    }
  }
  return scale;
}

Weights Learner::quantised() const {
  Weights out;
  out.word_scale = quantise(word_, kBuckets, 127.0, out.word);
  out.char_scale = quantise(chars_, kBuckets, 127.0, out.chars);
  out.dense_scale = quantise(dense_, kDense, 32'767.0, out.dense);
  for (std::size_t c = 0; c < kColumns; ++c) out.bias[c] = static_cast<float>(bias_[c]);
  return out;
}

}  // namespace

Sample sample_of(const Features& features) {
  Sample out;
  out.word.assign(features.word.begin(), features.word.begin() + static_cast<std::ptrdiff_t>(features.word_count));
  out.chars.assign(features.chars.begin(), features.chars.begin() + static_cast<std::ptrdiff_t>(features.char_count));
  out.dense = features.dense;
  return out;
}

Weights learn(std::span<const Sample> samples, const TrainOptions& options, bool hold_out) {
  Learner learner(samples, options);
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    if (!hold_out || !is_held_out(samples[i])) order.push_back(i);
  }
  Chance chance(options.seed);
  const auto dropped = static_cast<std::uint64_t>(options.cue_dropout * 1000.0);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(i)]);
    for (const std::uint32_t i : order) learner.step(samples[i], chance.next() % 1000 >= dropped);
  }
  return learner.quantised();
}

}  // namespace juncture::text
