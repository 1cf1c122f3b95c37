// Records of the topic `signals`: docs/formats/signals.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/signal.h"
#include "juncture/ingest/connector.h"

namespace juncture {

inline constexpr std::size_t kCanonicalBytesMax = 512 * 1024;

// One record: a signal, or a control record (tick, catalog, policy, model), of which only type and time are signal.
struct Canonical {
  Signal signal;
  Timestamp received_at{};                   // when the source's record was taken in
  std::string_view version;                  // catalog, policy, model: the version that holds from here on
  std::optional<std::int64_t> after_offset;  // control records beside a foreign topic: they follow this offset of it
};

constexpr bool is_control(SignalType type) {
  return type >= SignalType::tick;
}

// Append one record to `out`. A signal's key is its prospect's id; a control record's is empty, its partition explicit.
void write_signal(const Signal& signal, Timestamp received_at, std::string& out);
void write_tick(Timestamp at, std::optional<std::int64_t> after_offset, std::string& out);
// `type` is catalog, policy or model.
void write_switch(SignalType type, std::string_view version, Timestamp at, std::optional<std::int64_t> after_offset,
                  std::string& out);

// Reads back what was written: bit for bit the same signal. Time is final, so nothing is corrected or clamped again.
// Views hold until the next parse with `scratch`..
std::optional<Rejection> parse_canonical(Scratch& scratch, std::string_view record, Canonical& out);

}  // namespace juncture
