#include "apps/redrive.h"

#include <algorithm>

#include "juncture/core/hash.h"
#include "juncture/ingest/canonical.h"

namespace juncture::apps {

std::optional<std::vector<KeyedSignal>> redriven(Scratch& scratch, const DeadLetter& letter, const Config& config,
                                                 const Knowledge& knowledge) {
  const Connector* connector = find_connector(letter.connector);
  if (connector == nullptr || letter.payload_bytes != letter.payload.size()) return std::nullopt;
  const auto input = std::find_if(config.input.begin(), config.input.end(),
                                  [&](const InputConfig& one) { return one.topic == letter.topic; });
  const ParseContext context{.received_at = letter.received_at,
                             .source = connector->name,
                             .consent = input != config.input.end() ? input->consent : Consent::absent,
                             .accounts = &knowledge.accounts,
                             .visitor_seed = hash64(knowledge.token_key)};
  std::vector<Signal> parsed;
  if (connector->parse(scratch, letter.payload, context, parsed).rejected()) return std::nullopt;
  std::vector<KeyedSignal> out;
  for (const Signal& signal : parsed) {
    KeyedSignal& one = out.emplace_back();
    one.prospect = signal.prospect.text();
    write_signal(signal, letter.received_at, one.record);
  }
  return out;
}

}  // namespace juncture::apps
