// Appends JSON to a string it does not own: the hot path's writer, without a tree and without allocation of its own.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace juncture {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  JsonWriter& key(std::string_view name);

  void value(
      std::string_view text);  // escaped: quotes, controls, `<`, U+2028 and U+2029, so it is safe in SSE and HTML
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(double number);  // shortest form that reads back; NaN and infinities become null
  void value(std::signed_integral auto number) { integer(static_cast<std::int64_t>(number)); }
  void value(std::unsigned_integral auto number) { natural(static_cast<std::uint64_t>(number)); }
  void fixed(double number, int decimals);
  void null();
  void raw(std::string_view json);  // already JSON

  template <class T>
  void member(std::string_view name, const T& v) {
    key(name);
    value(v);
  }

 private:
  void open(char c);
  void close(char c);
  void separate();
  void integer(std::int64_t number);
  void natural(std::uint64_t number);

  std::string& out_;
  bool comma_ = false;
};

}  // namespace juncture
