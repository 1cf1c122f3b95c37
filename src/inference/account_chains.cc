#include "juncture/inference/account_chains.h"

namespace juncture {
namespace {

// Judgements: a deal of size S, M or L has the same steps between its multipliers; a pain that is felt stalls a third
// less.
constexpr std::array<double, 3> kLonger{1.0 / 1.4, 1.0, 2.0 / 1.4};
constexpr std::array<double, 3> kStalls{1.3, 1.0, 0.7};

StageChainParameters shaped(StageChainParameters parameters, Degree pain, Degree bureaucracy) {
  parameters.deal_multiplier *= kLonger[index_of(bureaucracy)];
  for (double& hazard : parameters.stall_per_day) hazard *= kStalls[index_of(pain)];
  return parameters;
}

}  // namespace

AccountChains::AccountChains(const StageChain& plain, const AccountTable& table) {
  const auto add = [&](const Structure& structure) {
    chains_.try_emplace({structure.pain, structure.bureaucracy},
                        shaped(plain.parameters(), structure.pain, structure.bureaucracy), plain.clock());
  };
  add(Structure{});
  for (const AccountEntry& entry : table.entries()) add(entry.structure);
}

const StageChain& AccountChains::of(const Structure& structure) const {
  const auto found = chains_.find({structure.pain, structure.bureaucracy});
  return found != chains_.end() ? found->second : chains_.at({Degree::medium, Degree::medium});
}

}  // namespace juncture
