// Our own JSON, one event a payload: README.md beside this file.
#include "native.h"
#include "ingest/accounts.h"
#include "ingest/signal_fields.h"
#include "juncture/core/hash.h"

namespace juncture {
namespace {

ParseOutcome rejected(Rejection rejection) {
  return {.kind = ParseOutcome::Kind::rejected, .ignored = {}, .rejection = std::move(rejection)};
}

// The source gave none: a repeat of the same event gets the same id, and two equal events within one ms are one.
std::string_view make_id(const Signal& signal, Timestamp created, Arena& arena) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::uint64_t hash = static_cast<std::uint64_t>(to_ms(created)) * 32 + index_of(signal.type);
  for (const std::string_view part : {signal.prospect.text(), signal.account.text(), signal.text, signal.url,
                                      signal.referrer, signal.content.text(), signal.decision, signal.reason,
                                      signal.actor, kFeedbackActionNames[index_of(signal.action)], signal.properties}) {
    hash = hash64(part, hash);
  }
  char* id = arena.take(18);
  id[0] = 's';
  id[1] = '-';
  for (std::size_t i = 0; i < 16; ++i) id[2 + i] = kHex[(hash >> (60 - 4 * i)) & 0xfU];
  return {id, 18};
}

}  // namespace

ParseOutcome parse_native(Scratch& scratch, std::string_view payload, const ParseContext& context,
                          std::vector<Signal>& out) {
  out.clear();
  ScratchBuffers& buffers = scratch.buffers();
  if (auto problem = buffers.json.read_object(payload, JsonLimits{}, "consent")) return rejected(std::move(*problem));
  SignalFields fields;
  if (auto problem = read_fields(buffers.json, Trust::foreign, fields)) return rejected(std::move(*problem));
  if (auto problem = check_complete(fields)) return rejected(std::move(*problem));
  if (!fields.times.sent) fields.times.sent = context.sent_at;
  Signal& signal = fields.record.signal;
  const EventTime time = correct_time(fields.times, context.received_at);
  signal.occurred_at = time.at;
  signal.clamped = time.clamped;
  signal.source = context.source.empty() ? std::string_view("native") : context.source;
  buffers.arena.clear();
  if (signal.id.empty()) {
    signal.id = make_id(signal, fields.times.created.value_or(context.received_at), buffers.arena);
  }
  if (context.accounts != nullptr) {
    const std::string_view address = fields.address.empty() ? context.address : fields.address;
    resolve_account(*context.accounts, {.email = fields.email, .address = address}, signal, buffers.arena);
  }
  if (signal.type == SignalType::identify && signal.anonymous) signal.links = true;  // to nobody
  out.push_back(signal);
  if (signal.alias.empty() || signal.alias == signal.prospect.text()) return {};
  // The anonymous id has a history of its own: it hears whose it is.
  Signal link = signal;
  link.prospect = ProspectId(signal.alias);
  link.anonymous = link.links = true;
  link.person = signal.prospect.text();
  link.alias = {};
  out.push_back(link);
  return {};
}

}  // namespace juncture
