// Brings a query to lower-case words: one pass, bounded, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace juncture::text {

inline constexpr std::size_t kTextBytesMax = 512;
inline constexpr std::size_t kTokensMax = 64;
inline constexpr std::size_t kTokenBytesMax = 64;

struct Token {
  std::uint16_t begin = 0;
  std::uint16_t size = 0;
};

// " word word ": every word has a space on both sides, so that a phrase is found as " phrase ".
class Normalised {
 public:
  // Only the first 512 bytes are looked at; words beyond 64 are dropped, words are cut at 64 bytes.
  void read(std::string_view raw);

  std::string_view text() const { return {buffer_.data(), size_}; }
  std::size_t words() const { return words_; }
  std::string_view word(std::size_t i) const { return {buffer_.data() + tokens_[i].begin, tokens_[i].size}; }
  Token token(std::size_t i) const { return tokens_[i]; }

  void clear();
  void append_word(std::string_view word);  // already normal

 private:
  void put(char c);
  void put_code_point(std::int32_t code);
  void end_word();

  std::array<char, kTextBytesMax * 2> buffer_{};
  std::array<Token, kTokensMax> tokens_{};
  std::size_t size_ = 1;
  std::size_t words_ = 0;
  std::size_t begin_ = 1;  // of the open word
};

// Text that no buyer types: SQL, mark-up, a bare URL, a hex string, digits only.
bool is_garbage(std::string_view raw);

}  // namespace juncture::text
