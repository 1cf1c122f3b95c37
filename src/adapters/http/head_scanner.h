// Reads the raw bytes of a request's head more strictly than the parser behind it: what two parsers could read in two
// ways is refused before either reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "juncture/adapters/http_server.h"

namespace juncture {

struct Refusal {
  int status = 0;
  std::string_view code;    // a literal
  std::string_view detail;  // a literal: nothing of the request is said back
};

class HeadScanner {
 public:
  enum class State : std::uint8_t { more, complete, refused };

  explicit HeadScanner(const HttpLimits& limits) : limits_(&limits) {}
  // `buffer` holds the request from its first byte on; each byte is looked at once over all calls.
  State scan(std::string_view buffer);
  std::size_t size() const { return at_; }  // bytes of the head, its empty line included
  const Refusal& refusal() const { return refusal_; }

 private:
  State end_line(std::string_view line);
  State request_line(std::string_view line);
  State field(std::string_view line);
  State framing_field(std::string_view name, std::string_view value);
  State finish();
  State refuse(int status, std::string_view code, std::string_view detail);

  const HttpLimits* limits_;
  Refusal refusal_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;  // where the current line begins
  std::size_t head_ = 0;  // where the fields begin; 0 while in the request line
  std::size_t fields_ = 0;
  int hosts_ = 0;
  bool old_version_ = false;  // HTTP/1.0
  bool bodiless_ = false;     // GET, HEAD, OPTIONS, DELETE
  bool length_ = false;
  bool empty_length_ = false;
  bool chunked_ = false;
};

// A character of a method, a field name or a chunk extension.
bool is_token_char(char c);
bool same_word(std::string_view a, std::string_view b);  // without regard to ASCII case

}  // namespace juncture
