// Records of the topic `signals.dead-letters`: what could not be taken in, where it came from and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/ingest/connector.h"

namespace juncture {

inline constexpr std::size_t kDeadLetterBytesMax = 512 * 1024;

struct DeadLetter {
  std::string_view topic;  // of the source
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view connector;  // who was to read it; "canonical" for the topic `signals` itself
  std::string_view reason;     // one of kRejectionCodes
  std::size_t position = 0;
  std::string_view detail;
  Timestamp received_at{};
  std::string_view key;
  std::string_view payload;       // the first 64 KB
  std::size_t payload_bytes = 0;  // how long it was
};

// Of a record that was read from a log (juncture::Record: ingest does not know the log).
template <class Record>
DeadLetter dead_letter_of(const Record& record, std::string_view connector, const Rejection& rejection) {
  return {.topic = record.topic,
          .partition = record.partition,
          .offset = record.offset,
          .connector = connector,
          .reason = rejection.code,
          .position = rejection.position,
          .detail = rejection.detail,
          .received_at = record.timestamp,
          .key = record.key,
          .payload = record.value.substr(0, kPayloadBytesMax),
          .payload_bytes = record.value.size()};
}

// Appends one record as JSON. What is not text is written as base64.
void write_dead_letter(const DeadLetter& letter, std::string& out);

// Reads back what was written. Views hold until the next parse with `scratch`.
std::optional<Rejection> parse_dead_letter(Scratch& scratch, std::string_view record, DeadLetter& out);

}  // namespace juncture
