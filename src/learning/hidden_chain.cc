#include "juncture/learning/hidden_chain.h"

#include <algorithm>
#include <utility>

#include "juncture/core/expm.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

using Vector = std::vector<double>;

// e^(moves t) for t = digit 4^level ticks. Rows know where they are not zero: chains are mostly of loose blocks.
struct Duration {
  double days = 0;
  Vector step;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> support;
};

constexpr std::size_t kDigits = 3;

// Nothing happens unseen: a gap is spent in one state.
bool is_still(const HiddenChain& chain) {
  for (std::size_t i = 0; i < chain.moves.size(); ++i) {
    if (i % (chain.states + 1) != 0 && chain.moves[i] != 0) return false;
  }
  return true;
}

// None for a chain that needs none, as it is still.
std::vector<Duration> durations_of(const HiddenChain& chain, double tick_days, std::int64_t longest) {
  std::vector<Duration> out;
  const std::size_t n = chain.states;
  if (is_still(chain)) return out;
  for (double days = tick_days; longest > 0; longest /= 4, days *= 4) {
    const Vector one = expm(chain.moves, days, n);
    for (std::size_t digit = 1; digit <= kDigits; ++digit) {
      Duration& made = out.emplace_back();
      made.days = days * static_cast<double>(digit);
      made.step = digit == 1 ? one : multiply(out[out.size() - 2].step, one, n);
      for (std::size_t i = 0; i < n; ++i) {
        std::uint32_t first = 0, last = static_cast<std::uint32_t>(n);
        while (first < last && made.step[i * n + first] == 0) ++first;
        while (last > first && made.step[i * n + last - 1] == 0) --last;
        made.support.emplace_back(first, last);
      }
    }
  }
  return out;
}

// row * step
Vector forward(const Vector& row, const Duration& by) {
  Vector out(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == 0) continue;
    for (std::size_t j = by.support[i].first; j < by.support[i].second; ++j) {
      out[j] += row[i] * by.step[i * row.size() + j];
    }
  }
  return out;
}

// step * column, where `head` is not zero: elsewhere nothing comes from.
Vector backward(const Vector& column, const Duration& by, const Vector& head) {
  Vector out(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (head[i] == 0) continue;
    for (std::size_t j = by.support[i].first; j < by.support[i].second; ++j) {
      out[i] += by.step[i * column.size() + j] * column[j];
    }
  }
  return out;
}

// Makes the sum 1 and answers what it was.
double normalise(Vector& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  if (sum > 0) {
    for (double& v : x) v /= sum;
  }
  return sum;
}

std::vector<std::uint32_t> not_zero(const Vector& x) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < x.size(); ++i) {
    if (x[i] != 0) out.push_back(i);
  }
  return out;
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

template <class Use>
void for_each_digit(std::int64_t ticks, Use use) {
  for (std::size_t level = 0; ticks > 0; ++level, ticks /= 4) {
    if (ticks % 4 != 0) use(level * kDigits + static_cast<std::size_t>(ticks % 4) - 1);
  }
}

std::int64_t longest_gap(std::span<const std::vector<Sighting>> histories) {
  std::int64_t longest = 0;
  for (const auto& history : histories) {
    for (const Sighting& sighting : history) longest = std::max(longest, sighting.ticks);
  }
  return longest;
}

// Works through one history at a time, adding to the counts.
class Passes {
 public:
  Passes(const HiddenChain& chain, const Sightings& seen)
      : chain_(chain),
        still_(is_still(chain)),
        tick_days_(seen.tick_days),
        durations_(durations_of(chain, seen.tick_days, longest_gap(seen.histories))),
        weights_(seen.weights),
        directions_(durations_.size()) {}

  // Leaves the odds before each step and jump and after each sighting; answers ln p(history).
  double go_forward(std::span<const Sighting> history) {
    before_.clear();
    after_.clear();
    Vector odds = chain_.start;
    double log_likelihood = 0;
    for (const Sighting& sighting : history) {
      if (still_ && sighting.ticks > 0) {
        before_.push_back(odds);
        log_likelihood += wait(odds, sighting.ticks);
      }
      for_each_digit(still_ ? 0 : sighting.ticks, [&](std::size_t duration) {
        before_.push_back(odds);
        odds = forward(odds, durations_[duration]);
        log_likelihood += exact_log(normalise(odds));
      });
      if (sighting.jumped) {
        before_.push_back(odds);
        Vector next(odds.size());
        const std::vector<std::uint32_t> to = not_zero(weights_[sighting.weight]);
        for (const std::uint32_t i : not_zero(odds)) {
          for (const std::uint32_t j : to) next[j] += odds[i] * chain_.jumps[i * odds.size() + j];
        }
        odds = std::move(next);
      }
      for (std::size_t i = 0; i < odds.size(); ++i) odds[i] *= weights_[sighting.weight][i];
      log_likelihood += exact_log(normalise(odds));
      after_.push_back(odds);
    }
    return log_likelihood;
  }

  const std::vector<Vector>& after() const { return after_; }

  void go_backward(std::size_t number, std::span<const Sighting> history, ExpectedCounts& counts,
                   const AtSighting& at) {
    Vector tail(chain_.states, 1.0);
    std::vector<std::size_t> digits;
    for (std::size_t s = history.size(); s-- > 0;) {
      if (at) {
        Vector odds = after_[s];
        for (std::size_t i = 0; i < odds.size(); ++i) odds[i] *= tail[i];
        normalise(odds);
        at(number, s, odds);
      }
      for (std::size_t i = 0; i < tail.size(); ++i) tail[i] *= weights_[history[s].weight][i];
      if (history[s].jumped) take_jump(counts, tail);
      if (still_ && history[s].ticks > 0) take_wait(counts, history[s].ticks, tail);
      digits.clear();
      for_each_digit(still_ ? 0 : history[s].ticks, [&](std::size_t duration) { digits.push_back(duration); });
      for (; !digits.empty(); digits.pop_back()) take_step(digits.back(), tail);
      normalise(tail);
    }
    for (std::size_t i = 0; i < tail.size(); ++i) tail[i] *= chain_.start[i];
    normalise(tail);
    for (std::size_t i = 0; i < tail.size(); ++i) counts.start[i] += tail[i];
  }

  // What happened within the steps of all histories taken so far.
  void add_within(ExpectedCounts& counts) const {
    const std::size_t n = chain_.states;
    for (std::size_t d = 0; d < durations_.size(); ++d) {
      if (directions_[d].empty()) continue;
      const Vector within = expm_derivative(chain_.moves, directions_[d], durations_[d].days, n);
      for (std::size_t i = 0; i < n; ++i) {
        counts.days[i] += within[i * n + i];
        for (std::size_t j = 0; j < n; ++j) {
          if (i != j) counts.moves[i * n + j] += chain_.moves[i * n + j] * within[j * n + i];
        }
      }
    }
  }

 private:
  // Odds times those that each state lasts so long, and their sum's logarithm. By way of logarithms: all may be tiny.
  double wait(Vector& odds, std::int64_t ticks) const {
    const double days = tick_days_ * static_cast<double>(ticks);
    double slowest = -1e300;
    for (std::size_t i = 0; i < odds.size(); ++i) {
      if (odds[i] > 0) slowest = std::max(slowest, chain_.moves[i * odds.size() + i]);
    }
    for (std::size_t i = 0; i < odds.size(); ++i) {
      if (odds[i] > 0) odds[i] *= exact_exp((chain_.moves[i * odds.size() + i] - slowest) * days);
    }
    return slowest * days + exact_log(normalise(odds));
  }

  void take_wait(ExpectedCounts& counts, std::int64_t ticks, Vector& tail) {
    // Odds of the state meanwhile given all, and of what is behind the gap where something could come from.
    Vector during = std::move(before_.back());
    before_.pop_back();
    for (std::size_t i = 0; i < tail.size(); ++i) {
      if (during[i] == 0) tail[i] = 0;
      during[i] *= tail[i];
    }
    wait(during, ticks);
    for (std::size_t i = 0; i < tail.size(); ++i) {
      counts.days[i] += during[i] * tick_days_ * static_cast<double>(ticks);
    }
    wait(tail, ticks);
  }

  void take_jump(ExpectedCounts& counts, Vector& tail) {
    const std::size_t n = chain_.states;
    const Vector& from = before_.back();
    Vector earlier(n);
    const std::vector<std::uint32_t> heads = not_zero(from), tails = not_zero(tail);
    for (const std::uint32_t i : heads) {
      for (const std::uint32_t j : tails) earlier[i] += chain_.jumps[i * n + j] * tail[j];
    }
    const double scale = 1.0 / dot(from, earlier);
    for (const std::uint32_t i : heads) {
      for (const std::uint32_t j : tails) {
        counts.jumps[i * n + j] += scale * from[i] * chain_.jumps[i * n + j] * tail[j];
      }
    }
    before_.pop_back();
    tail = std::move(earlier);
    normalise(tail);
  }

  void take_step(std::size_t duration, Vector& tail) {
    const std::size_t n = chain_.states;
    const Vector& from = before_.back();
    Vector earlier = backward(tail, durations_[duration], from);
    const double scale = 1.0 / dot(from, earlier);
    Vector& direction = directions_[duration];
    if (direction.empty()) direction.assign(n * n, 0.0);
    const std::vector<std::uint32_t> heads = not_zero(from);
    for (const std::uint32_t j : not_zero(tail)) {
      for (const std::uint32_t i : heads) direction[j * n + i] += scale * tail[j] * from[i];
    }
    before_.pop_back();
    tail = std::move(earlier);
    normalise(tail);
  }

  const HiddenChain& chain_;
  bool still_;
  double tick_days_;
  std::vector<Duration> durations_;
  std::span<const std::vector<double>> weights_;
  std::vector<Vector> before_, after_;
  std::vector<Vector> directions_;  // sum of tail x head over p, per duration
};

}  // namespace

ExpectedCounts expected_counts(const HiddenChain& chain, const Sightings& seen, const AtSighting& at) {
  const std::size_t n = chain.states;
  ExpectedCounts counts{0, Vector(n), Vector(n), Vector(n * n), Vector(chain.jumps.empty() ? 0 : n * n)};
  Passes passes(chain, seen);
  for (std::size_t h = 0; h < seen.histories.size(); ++h) {
    counts.log_likelihood += passes.go_forward(seen.histories[h]);
    passes.go_backward(h, seen.histories[h], counts, at);
  }
  passes.add_within(counts);
  return counts;
}

double filtered(const HiddenChain& chain, const Sightings& seen, const AtSighting& at) {
  Passes passes(chain, seen);
  double log_likelihood = 0;
  for (std::size_t h = 0; h < seen.histories.size(); ++h) {
    log_likelihood += passes.go_forward(seen.histories[h]);
    for (std::size_t s = 0; s < seen.histories[h].size(); ++s) at(h, s, passes.after()[s]);
  }
  return log_likelihood;
}

}  // namespace juncture
