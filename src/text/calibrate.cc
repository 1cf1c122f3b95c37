#include "text/calibrate.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture::text {
namespace {

// With fewer texts of a form than this, all forms share a temperature.
constexpr std::size_t kFormTextsMin = 40;

template <std::size_t N>
double loss_of(std::array<double, N> z, std::size_t label) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const double value : z) sum += exact_exp(value - top);
  return exact_log(sum) + top - z[label];
}

double stage_loss(const Judged& text, double temperature, double shift) {
  std::array<double, kEvidenceClasses> z{};
  for (std::size_t y = 0; y < z.size(); ++y) z[y] = text.logits[y] / temperature;
  z[kNoneClass] += shift;
  return loss_of(z, text.label);
}

// Lowest of a function with one valley.
template <class Loss>
double golden_section(double low, double high, Loss loss) {
  constexpr double kRatio = 0.6180339887498949;
  for (int i = 0; i < 40; ++i) {
    const double a = high - kRatio * (high - low), b = low + kRatio * (high - low);
    if (loss(a) < loss(b)) {
      high = b;
    } else {
      low = a;
    }
  }
  return (low + high) / 2;
}

template <class Each>
double total(std::span<const Judged> texts, int form, Each each) {
  double sum = 0;
  for (const Judged& text : texts) {
    if (form >= 0 && index_of(text.form) != static_cast<std::size_t>(form)) continue;
    sum += static_cast<double>(text.weight) * each(text);
  }
  return sum;
}

template <class Loss>
std::array<float, 3> temperatures(std::span<const Judged> texts, Loss loss) {
  std::array<float, 3> out{};
  for (int form = 0; form < 3; ++form) {
    const auto count = static_cast<std::size_t>(std::count_if(texts.begin(), texts.end(), [&](const Judged& t) {
      return index_of(t.form) == static_cast<std::size_t>(form);
    }));
    const int of = count >= kFormTextsMin ? form : -1;
    const double best = golden_section(
        0.3, 5.0, [&](double t) { return total(texts, of, [&](const Judged& text) { return loss(text, t); }); });
    out[static_cast<std::size_t>(form)] = static_cast<float>(best);
  }
  return out;
}

}  // namespace

Calibration calibrate(std::span<const Judged> texts, const std::array<std::array<float, kMoments>, 4>& device_moment,
                      bool fit_none_shift) {
  Calibration out;
  if (texts.empty()) return out;
  for (int round = 0; round < 3; ++round) {
    const double shift = static_cast<double>(out.none_shift);
    out.stage_temperature =
        temperatures(texts, [&](const Judged& text, double t) { return stage_loss(text, t, shift); });
    if (!fit_none_shift) break;
    out.none_shift = static_cast<float>(golden_section(-3.0, 3.0, [&](double s) {
      return total(texts, -1, [&](const Judged& text) {
        return stage_loss(text, static_cast<double>(out.stage_temperature[index_of(text.form)]), s);
      });
    }));
  }
  out.moment_temperature = temperatures(texts, [&](const Judged& text, double t) {
    if (text.moment == Moment::unclear) return 0.0;
    std::array<double, kMoments> z{};
    for (std::size_t m = 0; m < kMoments; ++m) {
      z[m] = text.logits[kMomentColumn + m] / t + static_cast<double>(device_moment[index_of(text.device)][m]);
    }
    return loss_of(z, index_of(text.moment));
  });
  return out;
}

}  // namespace juncture::text
