// Logistic regression with a ridge: few dense columns, solved to the end by Newton steps.
#pragma once

#include <span>
#include <vector>

#include "juncture/learning/dataset.h"

namespace juncture {

class LogisticRegression {
 public:
  // Columns are scaled to mean 0 and deviation 1, then `ridge` / 2 times the sum of squared weights is added to the sum
  // of the log losses; the intercept is free. `weights` of the rows, all 1 if empty. Same input, same bits.
  static LogisticRegression fit(const Dataset& data, double ridge, std::span<const double> weights = {});

  double log_odds(std::span<const double> row) const;
  // Of the columns as they came, the intercept last.
  const std::vector<double>& coefficients() const { return coefficients_; }

 private:
  std::vector<double> coefficients_;
};

}  // namespace juncture
