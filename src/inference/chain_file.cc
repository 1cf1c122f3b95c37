#include "juncture/inference/chain_file.h"

#include <bit>
#include <cstdint>

namespace juncture {
namespace {

constexpr std::uint64_t kLayout = 1;

// Calls `use` on each number of the file, in its order.
template <class Parameters, class Use>
void for_each_number(Parameters& p, Use use) {
  for (auto* numbers : {&p.dwell_median_days, &p.stall_per_day, &p.rejection_per_day}) {
    for (auto& number : *numbers) use(number);
  }
  use(p.recovery_days);
  use(p.eta);
  for (auto& row : p.jumps) {
    for (auto& number : row) use(number);
  }
  for (auto& row : p.kernel) {
    for (auto& number : row) use(number);
  }
}

void put(std::string& out, std::uint64_t bits) {
  for (unsigned i = 0; i < 64; i += 8) out += static_cast<char>(bits >> i & 0xffU);
}

std::uint64_t take(std::string_view& in) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 8; ++i) bits |= std::uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
  in.remove_prefix(8);
  return bits;
}

// Shares of a whole, or a row that was not fitted.
template <class Rows>
bool are_shares(const Rows& rows, bool whole) {
  for (const auto& row : rows) {
    double sum = 0;
    for (const double share : row) sum += share;
    if (sum > 1 + 1e-9 || (whole && sum > 0 && sum < 1 - 1e-9)) return false;
  }
  return true;
}

bool is_possible(const StageChainParameters& p) {
  bool fine =
      are_shares(p.jumps, false) && are_shares(p.kernel, true) && p.recovery_days > 0.01 && p.eta > 0 && p.eta <= 1;
  for (const double days : p.dwell_median_days) fine = fine && days > 0.01;
  for_each_number(p, [&](const double number) { fine = fine && number >= 0 && number < 1e5; });
  for (std::size_t s = 0; s < kBuyingStages; ++s) fine = fine && p.jumps[s][s] == 0;
  return fine;
}

}  // namespace

std::string encode_chain(const StageChainParameters& parameters) {
  std::string out;
  put(out, kLayout);
  for_each_number(parameters, [&](const double number) { put(out, std::bit_cast<std::uint64_t>(number)); });
  return out;
}

Result<StageChainParameters> decode_chain(std::string_view bytes, const StageChainParameters& base) {
  StageChainParameters out = base;
  std::size_t numbers = 1;
  for_each_number(out, [&](const double) { ++numbers; });
  if (bytes.size() != 8 * numbers || take(bytes) != kLayout) {
    return fail(Domain::setup, "model",
                "the chain in the model file has another layout: fit it again by `juncture train-journeys`");
  }
  for_each_number(out, [&](double& number) { number = std::bit_cast<double>(take(bytes)); });
  if (!is_possible(out)) return fail(Domain::setup, "model", "the chain in the model file has impossible numbers");
  return out;
}

}  // namespace juncture
