// Writes and reads the numbers and texts of a model file's sections.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace juncture::text {

// Little endian, whatever the machine.
class Writer {
 public:
  void natural(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xffU);
  }
  void number(float value) { natural(std::bit_cast<std::uint32_t>(value), 4); }
  template <class Floats>
  void numbers(const Floats& values) {
    for (const float value : values) number(value);
  }
  void text(std::string_view value) {
    natural(value.size(), 2);
    out_ += value;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reading past the end gives zeros and `ok()` false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint64_t natural(std::size_t bytes) {
    if (!take(bytes)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(in_[at_ - bytes + i])} << (8 * i);
    }
    return value;
  }
  float number() {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(natural(4)));
    ok_ = ok_ && value == value && value < 1e30F && value > -1e30F;
    return value;
  }
  template <class Floats>
  void numbers(Floats& values) {
    for (float& value : values) value = number();
  }
  std::string text() {
    const std::size_t size = natural(2);
    if (!take(size)) return {};
    return std::string(in_.substr(at_ - size, size));
  }
  bool finished() const { return ok_ && at_ == in_.size(); }
  bool ok() const { return ok_; }

 private:
  bool take(std::size_t bytes) {
    ok_ = ok_ && bytes <= in_.size() - at_;
    if (ok_) at_ += bytes;
    return ok_;
  }
  std::string_view in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace juncture::text
