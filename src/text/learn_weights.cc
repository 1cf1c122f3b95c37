// The text model's own two heads, learnt and then quantised.
#include <algorithm>

#include "text/learn.h"

namespace juncture::text {
namespace {

// `row_of(bucket)` is null where no sample has the bucket: zero weights.
template <class Int, class RowOf>
float quantise(RowOf row_of, std::size_t buckets, double largest_int, std::vector<Int>& out) {
  double largest = 1e-9;
  for (std::size_t b = 0; b < buckets; ++b) {
    const double* row = row_of(b);
    for (std::size_t c = 0; row != nullptr && c < kColumns; ++c)
      largest = std::max(largest, row[c] < 0 ? -row[c] : row[c]);
  }
  const auto scale = static_cast<float>(largest / largest_int);
  out.assign(buckets * kColumns, 0);
  for (std::size_t b = 0; b < buckets; ++b) {
    const double* row = row_of(b);
    for (std::size_t c = 0; row != nullptr && c < kColumns; ++c) {
      const double clipped = std::clamp(row[c] / static_cast<double>(scale), -largest_int, largest_int);
      out[b * kColumns + c] = static_cast<Int>(clipped < 0 ? clipped - 0.5 : clipped + 0.5);
    }
  }
  return scale;
}

}  // namespace

Weights learn(std::span<const Sample> samples, const TrainOptions& options, bool hold_out) {
  LinearLearner learner(kColumns, {{0, kEvidenceClasses}, {kMomentColumn, kMoments}},
                        {.seed = options.seed,
                         .epochs = options.epochs,
                         .rate = options.rate,
                         .l2 = options.l2,
                         .dense_l2 = options.cue_l2,
                         .cue_dropout = options.cue_dropout});
  for (std::size_t y = 0; y < kCueFeatures; ++y) learner.start(y, y, options.cue_prior);
  for (std::size_t m = 0; m < 4; ++m) learner.start(kMomentCues + m, kMomentColumn + m, options.cue_prior);
  if (hold_out) {
    std::vector<Sample> kept;
    std::copy_if(samples.begin(), samples.end(), std::back_inserter(kept),
                 [](const Sample& sample) { return !is_held_out(sample.family); });
    learner.learn(kept);
  } else {
    learner.learn(samples);
  }
  Weights out;
  out.word_scale = quantise([&](std::size_t b) { return learner.word(b); }, kBuckets, 127.0, out.word);
  out.char_scale = quantise([&](std::size_t b) { return learner.chars(b); }, kBuckets, 127.0, out.chars);
  out.dense_scale = quantise([&](std::size_t b) { return learner.dense(b); }, kDense, 32'767.0, out.dense);
  for (std::size_t c = 0; c < kColumns; ++c) out.bias[c] = static_cast<float>(learner.bias(c));
  return out;
}

}  // namespace juncture::text
