// How a foreign record becomes signals: one Connector a source format, all of them listed in connectors/registry.cc.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/account_table.h"
#include "juncture/core/signal.h"

namespace juncture {

inline constexpr std::size_t kPayloadBytesMax = 64 * 1024;
inline constexpr std::size_t kBatchBytesMax = 256 * 1024;
inline constexpr std::size_t kBatchEventsMax = 200;
inline constexpr std::size_t kSignalTextBytesMax = 1024;
inline constexpr std::size_t kStringBytesMax = 4096;
inline constexpr std::size_t kIdBytesMax = 256;
inline constexpr std::size_t kJsonDepthMax = 16;
inline constexpr std::size_t kJsonMembersMax = 256;
inline constexpr Millis kFutureMax = 5min;  // a client's clock may run ahead of the record's time by this much
inline constexpr Millis kSkewMax = 24h;     // beyond this, sent_at is not believed

// Every code that a Rejection may carry: metric labels, and docs/formats/dead-letters.md.
inline constexpr std::array kRejectionCodes = std::to_array<std::string_view>(
    {"empty",         "too_large",       "invalid_utf8",  "invalid_json",    "trailing_content", "not_an_object",
     "too_deep",      "too_many_fields", "duplicate_key", "escaped_key",     "lone_surrogate",   "number_range",
     "too_long",      "wrong_type",      "missing_type",  "unknown_type",    "reserved_type",    "missing_prospect",
     "missing_field", "email_id",        "invalid_id",    "unknown_value",   "invalid_consent",  "invalid_time",
     "time_zone",     "time_unit",       "time_range",    "too_many_events", "invalid_line",     "invalid_request"});
// Every reason that an Ignored outcome may carry.
inline constexpr std::array kIgnoredReasons =
    std::to_array<std::string_view>({"bot", "error_status", "redirect", "method", "asset"});

// Why a payload is not a signal. `code` is one of kRejectionCodes, `position` a byte offset in the payload.
struct Rejection {
  std::string_view code;
  std::size_t position = 0;
  std::string detail{};
};

struct ParseContext {
  Timestamp received_at{};                 // of the record, as recorded; never a clock's now
  std::string_view source{};               // name of the source as configured; empty: the connector's name
  std::optional<Timestamp> sent_at{};      // of the whole request, where the event has none of its own
  Consent consent = Consent::absent;       // for formats that cannot say; the operator's own promise
  const AccountTable* accounts = nullptr;  // by which accounts are told; null: only by what the event declares
  std::string_view address{};              // of the client, where the event names none; only ever looked up
  std::uint64_t visitor_seed = 0;  // mixed into ids that are made of addresses, so that they cannot be looked up
};

// accepted: the signals are in `out`. ignored: well-formed, but nothing that a buyer did; counted by reason.
struct ParseOutcome {
  enum class Kind : std::uint8_t { accepted, ignored, rejected };
  Kind kind = Kind::accepted;
  std::string_view ignored{};  // one of kIgnoredReasons
  Rejection rejection{};

  bool accepted() const { return kind == Kind::accepted; }
  bool rejected() const { return kind == Kind::rejected; }
};

struct ScratchBuffers;

// Memory that parsing works in and that parsed signals point into. One a thread; it grows to the largest payload and
// then allocates no more. Signals hold until the next parse with the same Scratch.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ScratchBuffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<ScratchBuffers> buffers_;
};

// One payload to signals. `out` is cleared first. Never throws, never reads beyond the payload.
using Parse = ParseOutcome (*)(Scratch& scratch, std::string_view payload, const ParseContext& context,
                               std::vector<Signal>& out);

struct Connector {
  std::string_view name;
  Parse parse = nullptr;
};

std::span<const Connector> connectors();
const Connector* find_connector(std::string_view name);  // null if there is none

struct BatchResult {
  std::size_t accepted = 0, ignored = 0, rejected = 0;
  std::optional<Rejection> refused;  // the body as a whole; then nothing was called back
};
using BatchCallback = std::function<void(std::size_t index, std::string_view payload, const ParseOutcome& outcome,
                                         std::span<const Signal>)>;

// A request body: one object, an array of them, or {"batch":[...],"sent_at":...}. Calls back once an element, in order.
BatchResult parse_batch(Scratch& scratch, const Connector& connector, std::string_view body,
                        const ParseContext& context, const BatchCallback& each);

}  // namespace juncture
