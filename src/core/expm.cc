#include "juncture/core/expm.h"

#include <utility>

namespace juncture {

std::vector<double> multiply(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
  std::vector<double> c(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      const double x = a[i * n + k];
      if (x == 0.0) continue;
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += x * b[k * n + j];
    }
  }
  return c;
}

namespace {

struct Scaling {
  double scale = 1;
  int squarings = 0;
};

// Halves `t` until the largest row sum of |a| t is at most 1/2.
Scaling scaling_of(const std::vector<double>& a, double t, std::size_t n) {
  double norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < n; ++j) row += (a[i * n + j] < 0 ? -a[i * n + j] : a[i * n + j]) * t;
    norm = row > norm ? row : norm;
  }
  Scaling out{t, 0};
  while (norm > 0.5) {
    norm *= 0.5;
    out.scale *= 0.5;
    ++out.squarings;
  }
  return out;
}

std::vector<double> scaled(const std::vector<double>& a, double by) {
  std::vector<double> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] * by;
  return out;
}

void add(std::vector<double>& to, const std::vector<double>& what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += what[i];
}

std::vector<double> identity(std::size_t n) {
  std::vector<double> out(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) out[i * n + i] = 1.0;
  return out;
}

constexpr int kTerms = 18;

}  // namespace

std::vector<double> expm(const std::vector<double>& a, double t, std::size_t n) {
  const Scaling scaling = scaling_of(a, t, n);
  const std::vector<double> small = scaled(a, scaling.scale);
  std::vector<double> sum = identity(n), term = sum;
  for (int k = 1; k <= kTerms; ++k) {
    term = multiply(term, small, n);
    for (double& x : term) x /= k;
    add(sum, term);
  }
  for (int i = 0; i < scaling.squarings; ++i) sum = multiply(sum, sum, n);
  return sum;
}

// The blocks of the diagonal are equal, so only two are carried through series and squarings.
std::vector<double> expm_derivative(const std::vector<double>& a, const std::vector<double>& e, double t,
                                    std::size_t n) {
  const Scaling scaling = scaling_of(a, t, n);
  const std::vector<double> small = scaled(a, scaling.scale), side = scaled(e, scaling.scale);
  std::vector<double> sum = identity(n), term = sum, sum_side(n * n, 0.0), term_side = sum_side;
  for (int k = 1; k <= kTerms; ++k) {
    term_side = multiply(term_side, small, n);
    add(term_side, multiply(term, side, n));
    term = multiply(term, small, n);
    for (double& x : term) x /= k;
    for (double& x : term_side) x /= k;
    add(sum, term);
    add(sum_side, term_side);
  }
  for (int i = 0; i < scaling.squarings; ++i) {
    std::vector<double> next = multiply(sum, sum_side, n);
    add(next, multiply(sum_side, sum, n));
    sum_side = std::move(next);
    sum = multiply(sum, sum, n);
  }
  return sum_side;
}

}  // namespace juncture
