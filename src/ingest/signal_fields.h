// The members of our own JSON, by name: what connectors/native and the canonical topic have in common.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ingest/event_time.h"
#include "ingest/scratch.h"
#include "juncture/ingest/canonical.h"

namespace juncture {

// foreign: from outside; control types and our own book-keeping fields are refused. ours: what write_signal wrote.
enum class Trust : std::uint8_t { foreign, ours };

// `reason` of an identify by which an anonymous id becomes nobody's again.
inline constexpr std::string_view kUnlink = "unlink";

struct SignalFields {
  Canonical record;
  std::string_view prospect, anonymous, title;
  std::string_view email, address;  // of the sender; used to find the account, never kept
  ClientTimes times;
  bool has_type = false;
  bool has_until = false;
  std::size_t type_position = 0;
};

// Reads the members that `json` holds into `out`; unknown names are left out.
std::optional<Rejection> read_fields(const StrictJson& json, Trust trust, SignalFields& out);

// Names that a foreign event may use; connectors/native/schema.json lists the same.
std::span<const std::string_view> foreign_field_names();

// What a complete signal of that type needs, whoever sent it.
std::optional<Rejection> check_complete(const SignalFields& fields);

}  // namespace juncture
