#include "text/normalise.h"

#include <utf8proc.h>

#include <algorithm>

namespace juncture::text {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view s) { return text.starts_with(s); });
}
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_markup(std::string_view text) {
  const std::size_t open = text.find('<');
  if (open == std::string_view::npos || open + 1 >= text.size()) return false;
  const char next = text[open + 1];
  return (is_letter(next) || next == '/' || next == '!') && text.find('>', open) != std::string_view::npos;
}

bool is_sql(std::string_view text) {
  return (contains(text, "select ") && contains(text, " from ") && contains(text, "*")) ||
         contains(text, "union select") || contains(text, "drop table") || contains(text, "insert into ") ||
         contains(text, "' or ") || contains(text, "1=1");
}

}  // namespace

void Normalised::clear() {
  buffer_[0] = ' ';
  size_ = 1;
  words_ = 0;
  begin_ = 1;
}

void Normalised::put(char c) {
  if (size_ - begin_ >= kTokenBytesMax || size_ + 2 > kTextBytesMax || words_ == kTokensMax) return;
  buffer_[size_++] = c;
}

void Normalised::end_word() {
  if (size_ == begin_) return;
  tokens_[words_++] = {static_cast<std::uint16_t>(begin_), static_cast<std::uint16_t>(size_ - begin_)};
  buffer_[size_++] = ' ';
  begin_ = size_;
}

void Normalised::append_word(std::string_view word) {
  for (const char c : word) put(c);
  end_word();
}

// A letter or digit in any script joins the word, a currency sign is a word, all else ends the word.
void Normalised::put_code_point(std::int32_t code) {
  const utf8proc_category_t category = utf8proc_category(code);
  if (category == UTF8PROC_CATEGORY_SC) {
    end_word();
    put('$');
    return end_word();
  }
  if (category == UTF8PROC_CATEGORY_ND) return put('0');
  const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  if (!letter) {
    if (code == 0x2019 || code == 0x27) return;  // don't is one word
    return end_word();
  }
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t size = utf8proc_encode_char(code, bytes.data());
  if (size_ - begin_ + static_cast<std::size_t>(size) > kTokenBytesMax) return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) put(static_cast<char>(bytes[i]));
}

void Normalised::read(std::string_view raw) {
  clear();
  raw = raw.substr(0, kTextBytesMax);
  std::size_t at = 0;
  while (at < raw.size() && words_ < kTokensMax) {
    const char c = raw[at];
    if (static_cast<unsigned char>(c) < 0x80U) {
      ++at;
      if (is_letter(c)) {
        put(lower(c));
      } else if (is_digit(c)) {
        put('0');
      } else if (c == '$') {
        put_code_point('$');
      } else if (c != '\'') {
        end_word();
      }
      continue;
    }
    utf8proc_int32_t code = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(raw.data() + at);
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(raw.size() - at), &code);
    if (used <= 0) {
      ++at;
      end_word();
      continue;
    }
    at += static_cast<std::size_t>(used);
    std::array<utf8proc_int32_t, 24> folded{};
    int boundary = UTF8PROC_BOUNDCLASS_START;
    const auto options =
        static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
    const utf8proc_ssize_t count =
        utf8proc_decompose_char(code, folded.data(), static_cast<utf8proc_ssize_t>(folded.size()), options, &boundary);
    for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, 24); ++i) {
      put_code_point(folded[static_cast<std::size_t>(i)]);
    }
  }
  end_word();
}

bool is_garbage(std::string_view raw) {
  std::array<char, kTextBytesMax> buffer{};
  const std::size_t size = std::min(raw.size(), buffer.size());
  std::transform(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(size), buffer.begin(), lower);
  std::string_view text(buffer.data(), size);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return false;
  if (is_markup(text) || is_sql(text)) return true;
  const bool one_word = !contains(text, " ");
  if (one_word && starts_with_any(text, {"http://", "https://", "www."})) return true;
  if (one_word && text.size() >= 8 && std::all_of(text.begin(), text.end(), is_hex) &&
      std::any_of(text.begin(), text.end(), is_digit)) {
    return true;
  }
  return std::any_of(text.begin(), text.end(), is_digit) &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_letter(c) || (c & '\x80') != 0; });
}

}  // namespace juncture::text
