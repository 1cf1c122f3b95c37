// Reads one JSON object to the last byte: what simdjson On-Demand would leave unchecked is an error here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "juncture/ingest/connector.h"

namespace juncture {

enum class JsonKind : std::uint8_t { null, boolean, integer, number, string, object, array };

// A member of the outermost object. Views point into the reader, valid until its next read.
struct JsonMember {
  std::string_view key;
  bool key_escaped = false;  // it was spelled with a backslash
  JsonKind kind = JsonKind::null;
  bool flag = false;
  std::int64_t integer = 0;  // kind integer
  std::string_view text;     // string: its value; object and array: their JSON as it came
  std::size_t position = 0;  // of the value
};

struct JsonLimits {
  std::size_t bytes = kPayloadBytesMax;
  std::size_t string_bytes = kStringBytesMax;
};

class StrictJson {
 public:
  StrictJson();
  ~StrictJson();
  StrictJson(const StrictJson&) = delete;
  StrictJson& operator=(const StrictJson&) = delete;

  // The members, or why not. Members of the object named `inner_key` come in inner().
  std::optional<Rejection> read_object(std::string_view payload, const JsonLimits& limits, std::string_view inner_key);
  const std::vector<JsonMember>& members() const;
  const std::vector<JsonMember>& inner() const;

  // The elements of an array, or of the array `batch` of an object, as JSON that is not yet checked; none if the body
  // is an object without a `batch`. `sent_at` is the batch's own, as JSON.
  struct Elements {
    bool batch = false;
    std::string_view sent_at;
    std::vector<std::string_view> items;
  };
  std::optional<Rejection> split(std::string_view body, Elements& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// First byte that is not valid UTF-8; npos if all are.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace juncture
