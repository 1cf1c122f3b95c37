// juncture simulate: journeys with their truth, as files.
#include <fmt/format.h>

#include <algorithm>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/ingest/canonical.h"
#include "juncture/journeys/journey.h"

namespace juncture::apps {
namespace {

struct Arrival {
  std::int64_t at_ms = 0;
  std::uint32_t journey = 0, deed = 0;
};

// All signals in the order in which they arrive.
std::string signals_of(const std::vector<journeys::Journey>& all) {
  std::vector<Arrival> arrivals;
  for (std::uint32_t j = 0; j < all.size(); ++j) {
    for (std::uint32_t d = 0; d < all[j].deeds.size(); ++d) arrivals.push_back({all[j].deeds[d].received_ms, j, d});
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.at_ms < b.at_ms; });
  std::string out, scratch;
  for (const Arrival& arrival : arrivals) {
    const journeys::Journey& journey = all[arrival.journey];
    write_signal(signal_of(journey, journey.deeds[arrival.deed], scratch), from_ms(arrival.at_ms), out);
    out += '\n';
  }
  return out;
}

int usage(const std::string& why) {
  fmt::print(stderr, "juncture: {}\n", why);
  return kUsage;
}

}  // namespace

int run_simulate(const Invocation& invocation) {
  const auto variant = parse_name<journeys::Variant>(journeys::kVariantNames, invocation.variant);
  const auto density = parse_name<journeys::Density>(journeys::kDensityNames, invocation.density);
  if (!variant) return usage("--variant is one of G1 to G6");
  if (!density) return usage("--density is sparse or dense");
  const auto tsv = read_source(invocation.text_bank, "journey-phrases.tsv");
  if (!tsv) return fail_with(tsv.error());
  const auto bank = journeys::parse_text_bank(
      *tsv, invocation.text_bank.empty() ? "(built in) journey-phrases.tsv" : invocation.text_bank);
  if (!bank) return fail_with(bank.error());

  const journeys::Plan plan{.variant = *variant, .density = *density};
  std::vector<journeys::Journey> all;
  std::string truth;
  std::size_t deeds = 0;
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(invocation.accounts); ++k) {
    all.push_back(journeys::journey_of(plan, *bank, invocation.seed + k));
    write_truth(plan, all.back(), truth);
    deeds += all.back().deeds.size();
  }
  for (const auto& [name, bytes] : {std::pair{"signals", signals_of(all)}, std::pair{"truth", std::move(truth)}}) {
    const std::string path = fmt::format("{}/{}.ndjson", invocation.out, name);
    if (Status written = write_file(path, bytes); !written) return fail_with(written.error());
  }
  fmt::print("{} journeys, {} signals, SIMULATED, in {}\n", all.size(), deeds, invocation.out);
  return kOk;
}

}  // namespace juncture::apps
