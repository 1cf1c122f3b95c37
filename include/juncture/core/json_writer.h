// Appends JSON to a string it does not own: the hot path's writer, without a tree and without allocation of its own.
// What it wrote stands in the string when the outermost object or array is closed, or when the writer is gone.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace juncture {

// The name of a member, looked at by the compiler: it needs no escape, else it doesn't compile. It points to the
// literal, so that what is written of it are constants: an object with the bytes in it would be put together on the
// stack each time, and read back before it is there.
class JsonKey {
 public:
  consteval JsonKey(const char* name) : text_(name) {  // NOLINT(google-explicit-constructor): a literal
    for (const char c : text_) {
      const bool plain =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
      if (!plain) name_needs_an_escape();
    }
  }
  std::string_view text() const { return text_; }

 private:
  static void name_needs_an_escape();  // no compiler can call it: defined nowhere

  std::string_view text_;
};

// A name known at run time only; it is escaped.
template <class T>
concept JsonName = std::same_as<T, std::string_view> || std::same_as<T, std::string>;

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;
  ~JsonWriter() {
    if (at_ != nullptr) settle();
  }

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  [[gnu::always_inline]] JsonWriter& key(JsonKey name) {
    const std::size_t size = name.text().size();
    char* at = room(size + 4);
    if (comma_) *at++ = ',';
    *at++ = '"';
    std::memcpy(at, name.text().data(), size);
    at += size;
    *at++ = '"';
    *at++ = ':';
    at_ = at;
    comma_ = false;
    return *this;
  }
  JsonWriter& key(const JsonName auto& name) {
    write_name(name);
    return *this;
  }

  void value(
      std::string_view text);  // escaped: quotes, controls, `<`, U+2028 and U+2029, so it is safe in SSE and HTML
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(double number);  // shortest form that reads back; NaN and infinities become null
  void value(std::signed_integral auto number) { integer(static_cast<std::int64_t>(number)); }
  void value(std::unsigned_integral auto number) { natural(static_cast<std::uint64_t>(number)); }
  void fixed(double number, int decimals);
  void null() { raw("null"); }
  void raw(std::string_view json);  // already JSON

  template <class T>
  void member(JsonKey name, const T& v) {
    key(name);
    value(v);
  }
  template <class T>
  void member(const JsonName auto& name, const T& v) {
    key(name);
    value(v);
  }

 private:
  // Where the next bytes go; `bytes` of them may be written from there on.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
    return at_;
  }
  void grow(std::size_t bytes);
  void settle();
  // The same behind the comma that a value needs; `bytes` without it.
  char* value_room(std::size_t bytes) {
    char* at = room(bytes + 1);
    if (comma_) *at++ = ',';
    comma_ = true;
    return at;
  }
  void open(char c) {
    char* at = value_room(1);
    *at++ = c;
    at_ = at;
    comma_ = false;
    ++depth_;
  }
  void close(char c) {
    *room(1) = c;
    ++at_;
    comma_ = true;
    if (--depth_ == 0) settle();
  }
  void write_name(std::string_view name);
  void fixed_slowly(double number, int decimals);
  void integer(std::int64_t number);
  void natural(std::uint64_t number);

  std::string& out_;
  char* at_ = nullptr;  // within `out_`, which is longer than what is written until it is settled
  char* end_ = nullptr;
  int depth_ = 0;
  bool comma_ = false;
};

}  // namespace juncture
