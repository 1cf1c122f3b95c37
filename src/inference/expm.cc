#include "inference/expm.h"

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

std::vector<double> expm(const std::vector<double>& a, double t, std::size_t n) {
  double norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < n; ++j) row += (a[i * n + j] < 0 ? -a[i * n + j] : a[i * n + j]) * t;
    norm = row > norm ? row : norm;
  }
  int squarings = 0;
  double scale = t;
  while (norm > 0.5) {
    norm *= 0.5;
    scale *= 0.5;
    ++squarings;
  }
  std::vector<double> scaled(n * n), sum(n * n, 0.0), term;
  for (std::size_t i = 0; i < n * n; ++i) scaled[i] = a[i] * scale;
  for (std::size_t i = 0; i < n; ++i) sum[i * n + i] = 1.0;
  term = sum;
  for (int k = 1; k <= 18; ++k) {
    term = multiply(term, scaled, n);
    for (double& x : term) x /= k;
    for (std::size_t i = 0; i < n * n; ++i) sum[i] += term[i];
  }
  for (; squarings > 0; --squarings) sum = multiply(sum, sum, n);
  return sum;
}

}  // namespace juncture
