// Any bytes as a line of an access log: no crash, known reasons, and signals that the canonical topic can carry.
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace juncture;
  static Scratch scratch;
  static Scratch second;
  static std::vector<Signal> signals;
  const std::vector<char> exact(data, data + size);
  const ParseContext context{.received_at = from_ms(1763784000000)};
  const std::string_view payload(exact.data(), exact.size());
  const ParseOutcome outcome = find_connector("access-log")->parse(scratch, payload, context, signals);
  JUNCTURE_ASSERT(outcome.accepted() == !signals.empty() && signals.size() <= 2);
  JUNCTURE_ASSERT(!outcome.rejected() || outcome.rejection.position <= size);
  for (const Signal& signal : signals) {
    std::string record;
    write_signal(signal, context.received_at, record);
    Canonical back;
    const auto problem = parse_canonical(second, record, back);
    JUNCTURE_ASSERT(!problem);
    JUNCTURE_ASSERT(back.signal.text == signal.text && back.signal.url == signal.url);
    JUNCTURE_ASSERT(back.signal.occurred_at == signal.occurred_at && back.signal.prospect == signal.prospect);
  }
  return 0;
}
