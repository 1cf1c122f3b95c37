#include "juncture/learning/logistic.h"

#include <algorithm>
#include <cmath>

namespace juncture {
namespace {

// The x of a x = b for a symmetric positive definite n x n `a`, by Cholesky in place.
std::vector<double> solve(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

struct Scale {
  double mean = 0, deviation = 1;
};

Scale scale_of(const std::vector<double>& column) {
  double sum = 0, squares = 0;
  for (const double x : column) sum += x;
  const double mean = sum / static_cast<double>(column.size());
  for (const double x : column) squares += (x - mean) * (x - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(column.size()));
  return {mean, deviation > 1e-12 ? deviation : 1.0};
}

// Scaled rows one behind the other, each with a 1 at its end.
std::vector<double> design_of(const Dataset& data, const std::vector<Scale>& scales) {
  const std::size_t n = scales.size() + 1;
  std::vector<double> out(data.rows() * n, 1.0);
  for (std::size_t c = 0; c < scales.size(); ++c) {
    for (std::size_t r = 0; r < data.rows(); ++r) {
      out[r * n + c] = (data.columns[c][r] - scales[c].mean) / scales[c].deviation;
    }
  }
  return out;
}

struct Curvature {
  std::vector<double> gradient, hessian;
  double loss = 0;
};

Curvature curvature_of(const std::vector<double>& design, const Dataset& data, std::span<const double> weights,
                       const std::vector<double>& beta, double ridge) {
  const std::size_t n = beta.size();
  Curvature out{std::vector<double>(n), std::vector<double>(n * n), 0};
  for (std::size_t r = 0; r < data.rows(); ++r) {
    const double* x = &design[r * n];
    double z = 0;
    for (std::size_t i = 0; i < n; ++i) z += beta[i] * x[i];
    const double weight = weights.empty() ? 1.0 : weights[r], p = sigmoid(z);
    const double off = weight * (p - (data.positive[r] != 0 ? 1.0 : 0.0)), bend = weight * p * (1 - p);
    out.loss += weight * log_loss(std::span(&p, 1), std::span(&data.positive[r], 1));
    for (std::size_t i = 0; i < n; ++i) {
      out.gradient[i] += off * x[i];
      for (std::size_t j = 0; j <= i; ++j) out.hessian[i * n + j] += bend * x[i] * x[j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double hold = i + 1 < n ? ridge : 0.0;
    out.loss += hold / 2 * beta[i] * beta[i];
    out.gradient[i] += hold * beta[i];
    out.hessian[i * n + i] += hold + 1e-9;
  }
  return out;
}

}  // namespace

LogisticRegression LogisticRegression::fit(const Dataset& data, double ridge, std::span<const double> weights) {
  std::vector<Scale> scales;
  for (const auto& column : data.columns) scales.push_back(scale_of(column));
  const std::vector<double> design = design_of(data, scales);
  std::vector<double> beta(scales.size() + 1);
  Curvature at = curvature_of(design, data, weights, beta, ridge);
  for (int round = 0; round < 50; ++round) {
    const std::vector<double> step = solve(at.hessian, at.gradient);
    // Half the step as long as it would overshoot.
    double length = 1;
    std::vector<double> next(beta.size());
    Curvature there;
    for (int half = 0; half < 30; ++half, length /= 2) {
      for (std::size_t i = 0; i < beta.size(); ++i) next[i] = beta[i] - length * step[i];
      there = curvature_of(design, data, weights, next, ridge);
      if (there.loss <= at.loss) break;
    }
    const double gained = at.loss - there.loss;
    if (!(gained > 0)) break;
    beta = next;
    at = std::move(there);
    if (gained < 1e-10 * at.loss) break;
  }
  LogisticRegression out;
  out.coefficients_ = beta;
  for (std::size_t c = 0; c < scales.size(); ++c) {
    out.coefficients_[c] /= scales[c].deviation;
    out.coefficients_.back() -= out.coefficients_[c] * scales[c].mean;
  }
  return out;
}

double LogisticRegression::log_odds(std::span<const double> row) const {
  double sum = coefficients_.back();
  for (std::size_t c = 0; c < row.size(); ++c) sum += coefficients_[c] * row[c];
  return sum;
}

}  // namespace juncture
