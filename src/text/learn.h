// Multinomial logistic regression by AdaGrad over hashed features: any number of heads, fixed order, double sums.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "juncture/core/chance.h"
#include "juncture/text/train.h"
#include "text/parts.h"

namespace juncture::text {

inline constexpr std::size_t kHeadsMax = 2;
inline constexpr std::uint16_t kNoLabel = 0xffff;  // the sample says nothing about that head

struct Sample {
  std::uint32_t family = 0;  // the source phrase; variants share it
  std::array<std::uint16_t, kHeadsMax> labels{kNoLabel, kNoLabel};
  float weight = 1;
  std::vector<std::uint16_t> word, chars;
  std::array<std::uint8_t, kDense> dense{};
};

Sample sample_of(const Features& features);

// Classes that share a softmax: columns [from, from + classes). `from` is a multiple of 8, and so is where the next
// head begins.
struct Head {
  std::size_t from = 0, classes = 0;
};

struct LearnOptions {
  std::uint64_t seed = 0;
  int epochs = 1;
  double rate = 0.3, l2 = 0, dense_l2 = 0;
  double cue_dropout = 0;  // share of steps that do not see the counts of cues
};

class LinearLearner {
 public:
  LinearLearner(std::size_t columns, std::vector<Head> heads, const LearnOptions& options);

  // What a count weighs before any example is seen, and what `dense_l2` draws it back to.
  void start(std::size_t dense, std::size_t column, double weight);
  // All epochs over these samples, in an order drawn from the seed. The weights are the mean of those at the ends of
  // the later half of the epochs: what the last few steps happened to be weighs less.
  void learn(std::span<const Sample> samples);
  // Scores before softmax, a value a column.
  void score(const Sample& sample, std::vector<double>& z) const;

  std::size_t columns() const { return columns_; }
  // A row of `columns()` weights; null for a bucket that no sample had.
  const double* word(std::size_t bucket) const { return word_.find(bucket); }
  const double* chars(std::size_t bucket) const { return chars_.find(bucket); }
  const double* dense(std::size_t d) const { return dense_.find(d); }
  double bias(std::size_t column) const { return bias_[column]; }

 private:
  // Rows of the buckets that any sample uses, packed: most are never seen.
  class Table {
   public:
    Table(std::size_t buckets, std::size_t columns, std::size_t heads);
    void use(std::size_t bucket);
    const double* find(std::size_t bucket) const;
    double* row(std::size_t bucket) { return rows_.data() + std::size_t{slot_[bucket]} * columns_; }
    std::vector<double>& rows() { return rows_; }
    // Sums of squared gradients, one of each head.
    double* squares(std::size_t bucket) { return squares_.data() + std::size_t{slot_[bucket]} * heads_; }

   private:
    std::size_t columns_, heads_;
    std::vector<std::uint32_t> slot_;
    std::vector<double> rows_, squares_;
  };

  void add_scores(const Sample& sample, bool with_cues, std::vector<double>& z) const;
  void step(const Sample& sample, bool with_cues);
  void update(Table& table, std::size_t bucket, double value, double decay, const double* centre);
  void update_bias();

  std::size_t columns_;
  std::vector<Head> heads_;
  LearnOptions options_;
  Table word_, chars_, dense_;
  std::vector<double> start_, bias_, bias_squares_;
  std::vector<double> error_;  // of the step: z, then its gradient
  std::vector<bool> learns_;   // whether the step has a label for the head
};

// Weights of the text model, learnt from the samples whose family is not held out (every tenth family when `hold_out`).
Weights learn(std::span<const Sample> samples, const TrainOptions& options, bool hold_out);
inline bool is_held_out(std::uint32_t family) {
  return family % 10 == 7;
}

}  // namespace juncture::text
