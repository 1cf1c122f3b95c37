#include <charconv>

#include "ingest/event_time.h"
#include "ingest/scratch.h"

namespace juncture {
namespace {

// The request's own sent_at. One that cannot be read is no reason to refuse its events: they stay uncorrected.
std::optional<Timestamp> read_sent_at(std::string_view json) {
  Timestamp at{};
  if (json.size() >= 2 && json.front() == '"') {
    if (read_iso_time(json.substr(1, json.size() - 2), at)) return std::nullopt;
    return at;
  }
  std::int64_t number = 0;
  const auto parsed = std::from_chars(json.data(), json.data() + json.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != json.data() + json.size() || read_epoch_ms(number, at)) {
    return std::nullopt;
  }
  return at;
}

}  // namespace

BatchResult parse_batch(Scratch& scratch, const Connector& connector, std::string_view body,
                        const ParseContext& context, const BatchCallback& each) {
  BatchResult result;
  ScratchBuffers& buffers = scratch.buffers();
  StrictJson::Elements& elements = buffers.elements;
  result.refused = buffers.batch.split(body, elements);
  if (result.refused) return result;
  ParseContext of_element = context;
  if (!elements.batch) elements.items.assign(1, body);
  if (elements.batch && !elements.sent_at.empty()) of_element.sent_at = read_sent_at(elements.sent_at);
  for (std::size_t i = 0; i < elements.items.size(); ++i) {
    const ParseOutcome outcome = connector.parse(scratch, elements.items[i], of_element, buffers.signals);
    switch (outcome.kind) {
      case ParseOutcome::Kind::accepted:
        ++result.accepted;
        break;
      case ParseOutcome::Kind::ignored:
        ++result.ignored;
        break;
      case ParseOutcome::Kind::rejected:
        ++result.rejected;
        break;
    }
    each(i, elements.items[i], outcome, buffers.signals);
  }
  return result;
}

}  // namespace juncture
