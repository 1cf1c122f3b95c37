#include "juncture/inference/chain_file.h"

#include <catch2/catch.hpp>

#include "juncture/inference/stage_chain.h"

namespace juncture {
namespace {

StageChainParameters fitted() {
  StageChainParameters p;
  p.dwell_median_days[3] = 4.25;
  p.stall_per_day[2] = .02;
  p.recovery_days = 41;
  p.eta = .7;
  p.jumps[5][6] = .75;
  p.jumps[5][9] = .25;
  p.kernel[1].fill(.25 / 13);
  p.kernel[1][1] = .75;
  return p;
}

TEST_CASE("a chain read back is the same chain, and leaves the rest as it was", "[chain]") {
  const StageChainParameters p = fitted();
  StageChainParameters base;
  base.offline_share[0] = .1;
  const auto back = decode_chain(encode_chain(p), base);
  REQUIRE(back);
  CHECK(encode_chain(*back) == encode_chain(p));
  CHECK(back->jumps == p.jumps);
  CHECK(back->kernel == p.kernel);
  CHECK(back->dwell_median_days == p.dwell_median_days);
  CHECK(back->eta == .7);
  CHECK(back->offline_share[0] == .1);
}

TEST_CASE("a chain of another length, layout or sense is refused", "[chain]") {
  const std::string good = encode_chain(fitted());
  CHECK_FALSE(decode_chain("", {}));
  CHECK_FALSE(decode_chain(good.substr(8), {}));
  CHECK_FALSE(decode_chain(good + good, {}));
  std::string other = good;
  other[0] = 2;
  CHECK_FALSE(decode_chain(other, {}));

  const auto refused = [](auto change) {
    StageChainParameters p = fitted();
    change(p);
    return !decode_chain(encode_chain(p), {});
  };
  CHECK(refused([](auto& p) { p.dwell_median_days[0] = 0; }));
  CHECK(refused([](auto& p) { p.stall_per_day[0] = -1; }));
  CHECK(refused([](auto& p) { p.jumps[5][5] = .1; }));
  CHECK(refused([](auto& p) { p.jumps[5][8] = .5; }));
  CHECK(refused([](auto& p) { p.kernel[1][1] = .1; }));
  CHECK(refused([](auto& p) { p.eta = 0.0 / 0.0; }));
}

TEST_CASE("fitted jumps and kernel rows are what the chain runs by", "[chain]") {
  const StageChainParameters p = fitted();
  const StageChain chain(p), before;
  const std::vector<double> q = chain.generator();
  std::size_t last = 0;
  while (chain.stage_of(last + 1) <= 5) ++last;
  double to_six = 0, to_nine = 0;
  for (std::size_t to = 0; to < kPhases; ++to) {
    if (chain.stage_of(to) == 6) to_six += q[last * kPhases + to];
    if (chain.stage_of(to) == 9) to_nine += q[last * kPhases + to];
  }
  CHECK(to_six > 0);
  CHECK(to_six == Approx(3 * to_nine));
  CHECK(chain.kernel_column(1)[1] == .75F);
  CHECK(before.kernel_column(1)[1] == static_cast<float>(StageChainParameters{}.kernel_own));
}

}  // namespace
}  // namespace juncture
