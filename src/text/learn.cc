#include "text/learn.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "juncture/core/math.h"
#include "juncture/core/result.h"

namespace juncture::text {
namespace {

constexpr double kFirstSquare = 1e-6;
constexpr double kBiasRate = 0.3;  // of the rate of the weights
constexpr std::uint32_t kUnused = 0xffffffff;
constexpr std::size_t kLanes = 8;  // loops of a known length are what the compiler turns into vectors

std::size_t whole_lanes(std::size_t columns) {
  return (columns + kLanes - 1) / kLanes * kLanes;
}

void add(double* __restrict to, const double* __restrict from, double value, std::size_t columns) {
  for (std::size_t c = 0; c < columns; c += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) to[c + i] += from[c + i] * value;
  }
}

// Softmax of `classes` values in place, then minus one at the label: the gradient.
void gradient(double* z, std::size_t classes, std::size_t label, double weight) {
  const double top = *std::max_element(z, z + classes);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += (z[c] = exact_exp(z[c] - top));
  for (std::size_t c = 0; c < classes; ++c) z[c] = z[c] / sum * weight;
  z[label] -= weight;
}

double inverse_root(std::size_t n) {
  return n == 0 ? 0 : 1.0 / std::sqrt(static_cast<double>(n));
}

bool is_on(const Sample& sample, std::size_t d, bool with_cues) {
  return sample.dense[d] != 0 && (with_cues || d >= kFormFeatures);
}

}  // namespace

Sample sample_of(const Features& features) {
  Sample out;
  out.word.assign(features.word.begin(), features.word.begin() + static_cast<std::ptrdiff_t>(features.word_count));
  out.chars.assign(features.chars.begin(), features.chars.begin() + static_cast<std::ptrdiff_t>(features.char_count));
  out.dense = features.dense;
  return out;
}

LinearLearner::Table::Table(std::size_t buckets, std::size_t columns, std::size_t heads)
    : columns_(columns), heads_(heads), slot_(buckets, kUnused) {}

void LinearLearner::Table::use(std::size_t bucket) {
  if (slot_[bucket] != kUnused) return;
  slot_[bucket] = static_cast<std::uint32_t>(squares_.size() / heads_);
  rows_.resize(rows_.size() + columns_);
  squares_.resize(squares_.size() + heads_, kFirstSquare);
}

const double* LinearLearner::Table::find(std::size_t bucket) const {
  return slot_[bucket] == kUnused ? nullptr : rows_.data() + std::size_t{slot_[bucket]} * columns_;
}

LinearLearner::LinearLearner(std::size_t columns, std::vector<Head> heads, const LearnOptions& options)
    : columns_(whole_lanes(columns)),
      heads_(std::move(heads)),
      options_(options),
      word_(kBuckets, columns_, heads_.size()),
      chars_(kBuckets, columns_, heads_.size()),
      dense_(kDense, columns_, heads_.size()),
      start_(kDense * columns_),
      bias_(columns_),
      bias_squares_(columns_),
      error_(columns_),
      learns_(heads_.size()) {
  for (const Head& head : heads_) JUNCTURE_ASSERT(head.from % kLanes == 0 && head.from + head.classes <= columns_);
  for (std::size_t d = 0; d < kDense; ++d) dense_.use(d);
}

void LinearLearner::start(std::size_t dense, std::size_t column, double weight) {
  start_[dense * columns_ + column] = weight;
  dense_.row(dense)[column] = weight;
}

void LinearLearner::add_scores(const Sample& sample, bool with_cues, std::vector<double>& z) const {
  const double word = inverse_root(sample.word.size()), chars = inverse_root(sample.chars.size());
  z = bias_;
  for (const std::uint16_t bucket : sample.word) {
    if (const double* row = word_.find(bucket)) add(z.data(), row, word, columns_);
  }
  for (const std::uint16_t bucket : sample.chars) {
    if (const double* row = chars_.find(bucket)) add(z.data(), row, chars, columns_);
  }
  for (std::size_t d = 0; d < kDense; ++d) {
    if (is_on(sample, d, with_cues)) add(z.data(), dense_.find(d), sample.dense[d], columns_);
  }
}

void LinearLearner::score(const Sample& sample, std::vector<double>& z) const {
  add_scores(sample, true, z);
}

void LinearLearner::step(const Sample& sample, bool with_cues) {
  add_scores(sample, with_cues, error_);
  const double weight = static_cast<double>(sample.weight);
  for (std::size_t h = 0; h < heads_.size(); ++h) {
    double* z = error_.data() + heads_[h].from;
    learns_[h] = sample.labels[h] != kNoLabel;
    const std::size_t classes = learns_[h] ? heads_[h].classes : 0;
    if (learns_[h]) gradient(z, classes, sample.labels[h], weight);
    std::fill(z + classes, z + whole_lanes(heads_[h].classes), 0.0);
  }
  const double word = inverse_root(sample.word.size()), chars = inverse_root(sample.chars.size());
  const double decay = options_.l2 * weight, dense_decay = options_.dense_l2 * weight;
  for (const std::uint16_t bucket : sample.word) update(word_, bucket, word, decay, nullptr);
  for (const std::uint16_t bucket : sample.chars) update(chars_, bucket, chars, decay, nullptr);
  for (std::size_t d = 0; d < kDense; ++d) {
    if (is_on(sample, d, with_cues)) update(dense_, d, sample.dense[d], dense_decay, &start_[d * columns_]);
  }
  update_bias();
}

void LinearLearner::update(Table& table, std::size_t bucket, double value, double decay, const double* centre) {
  for (std::size_t h = 0; h < heads_.size(); ++h) {
    if (!learns_[h]) continue;
    const std::size_t from = heads_[h].from, width = whole_lanes(heads_[h].classes);
    double* __restrict row = table.row(bucket) + from;
    const double* __restrict error = error_.data() + from;
    std::array<double, kLanes> sums{};
    for (std::size_t c = 0; c < width; c += kLanes) {
      for (std::size_t i = 0; i < kLanes; ++i) {
        const double off = centre == nullptr ? row[c + i] : row[c + i] - centre[from + c + i];
        const double slope = error[c + i] * value + decay * off;
        sums[i] += slope * slope;
      }
    }
    double& squares = table.squares(bucket)[h];
    for (const double sum : sums) squares += sum;
    const double rate = options_.rate / std::sqrt(squares);
    for (std::size_t c = 0; c < width; c += kLanes) {
      for (std::size_t i = 0; i < kLanes; ++i) {
        const double off = centre == nullptr ? row[c + i] : row[c + i] - centre[from + c + i];
        row[c + i] -= rate * (error[c + i] * value + decay * off);
      }
    }
  }
}

void LinearLearner::update_bias() {
  for (std::size_t c = 0; c < columns_; ++c) {
    bias_squares_[c] += error_[c] * error_[c];
    bias_[c] -= kBiasRate * options_.rate * error_[c] / std::sqrt(bias_squares_[c] + kFirstSquare);
  }
}

void LinearLearner::learn(std::span<const Sample> samples) {
  if (options_.epochs < 1) return;
  for (const Sample& sample : samples) {
    for (const std::uint16_t bucket : sample.word) word_.use(bucket);
    for (const std::uint16_t bucket : sample.chars) chars_.use(bucket);
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < samples.size(); ++i) order.push_back(i);
  Chance chance(options_.seed);
  const auto dropped = static_cast<std::uint64_t>(options_.cue_dropout * 1000.0);
  const std::array<std::vector<double>*, 4> weights{&word_.rows(), &chars_.rows(), &dense_.rows(), &bias_};
  std::array<std::vector<double>, 4> sums;
  for (std::size_t w = 0; w < sums.size(); ++w) sums[w].resize(weights[w]->size());
  int summed = 0;
  for (int epoch = 0; epoch < options_.epochs; ++epoch) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(i)]);
    for (const std::uint32_t i : order) step(samples[i], chance.next() % 1000 >= dropped);
    if (epoch < options_.epochs / 2) continue;
    ++summed;
    for (std::size_t w = 0; w < sums.size(); ++w) {
      for (std::size_t c = 0; c < sums[w].size(); ++c) sums[w][c] += (*weights[w])[c];
    }
  }
  for (std::size_t w = 0; w < sums.size(); ++w) {
    for (std::size_t c = 0; c < sums[w].size(); ++c) (*weights[w])[c] = sums[w][c] / summed;
  }
}

}  // namespace juncture::text
