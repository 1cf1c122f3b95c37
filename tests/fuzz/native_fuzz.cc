// What the native connector accepts, simdjson's DOM parser accepts too, and its canonical record reads back the same.
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

void check_round_trip(const Signal& signal, Timestamp received_at, Scratch& scratch) {
  std::string record;
  write_signal(signal, received_at, record);
  Canonical back;
  const auto problem = parse_canonical(scratch, record, back);
  JUNCTURE_ASSERT(!problem);
  JUNCTURE_ASSERT(back.received_at == received_at && back.signal.text == signal.text);
  JUNCTURE_ASSERT(back.signal.occurred_at == signal.occurred_at && back.signal.prospect == signal.prospect);
  JUNCTURE_ASSERT(back.signal.consent == signal.consent && back.signal.anonymous == signal.anonymous);
  std::string again;
  write_signal(back.signal, back.received_at, again);
  JUNCTURE_ASSERT(again == record);
}

bool known_code(std::string_view code) {
  for (const std::string_view known : kRejectionCodes) {
    if (known == code) return true;
  }
  return false;
}

}  // namespace
}  // namespace juncture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace juncture;
  static Scratch scratch;
  static Scratch second;
  static simdjson::dom::parser dom;
  static std::vector<Signal> signals;
  const std::vector<char> exact(data, data + size);  // nothing readable behind it
  const std::string_view payload(exact.data(), exact.size());
  const ParseContext context{.received_at = from_ms(1763784000000)};
  const Connector* native = find_connector("native");
  const ParseOutcome outcome = native->parse(scratch, payload, context, signals);
  if (outcome.rejected()) {
    JUNCTURE_ASSERT(known_code(outcome.rejection.code) && outcome.rejection.position <= size);
  } else {
    simdjson::dom::element root;
    JUNCTURE_ASSERT(dom.parse(payload.data(), payload.size()).get(root) == simdjson::SUCCESS);
    // Who gives both ids says it to the history of the anonymous one, too.
    JUNCTURE_ASSERT(signals.size() == 1 || (signals.size() == 2 && signals.back().links));
    for (const Signal& signal : signals) {
      JUNCTURE_ASSERT(!is_control(signal.type) && signal.text.size() <= kSignalTextBytesMax);
      check_round_trip(signal, context.received_at, second);
    }
  }
  Canonical record;
  static_cast<void>(parse_canonical(scratch, payload, record));
  parse_batch(scratch, *native, payload, context, [](auto&&...) {});
  return 0;
}
