// Little-endian bytes in and out. The reader never goes past the end: it fails once and then answers zeros.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace juncture {

// Years 1900 to 5000: no sum or difference of two event times overflows.
constexpr bool plausible_time(std::int64_t ms) {
  return ms >= -2'208'988'800'000 && ms <= 95'617'584'000'000;
}

template <std::integral T>
void store(T value, char* to) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<char>(static_cast<std::uint64_t>(bits) >> (8 * i));
}

template <std::integral T>
T fetch(const char* from) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(bits));
}

// Native order where it is little endian anyway: one move.
template <std::integral T>
requires(std::endian::native == std::endian::little) void store(T value, char* to) {
  std::memcpy(to, &value, sizeof(T));
}
template <std::integral T>
requires(std::endian::native == std::endian::little) T fetch(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <std::integral T>
  void put(T value) {
    char bytes[sizeof(T)];
    store(value, bytes);
    out_.append(bytes, sizeof(T));
  }
  // Several by one step, in that order.
  template <std::integral... T>
  requires(sizeof...(T) > 1) void put(T... values) {
    char bytes[(sizeof(T) + ...)];
    char* to = bytes;
    ((store(values, to), to += sizeof(T)), ...);
    out_.append(bytes, sizeof(bytes));
  }
  void put(float value) { put(std::bit_cast<std::uint32_t>(value)); }
  // The first `count`: one step where each by itself would be one.
  template <class T, std::size_t N>
  void put(const std::array<T, N>& values, std::size_t count = N) {
    char bytes[N * sizeof(T)];
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, float>) {
        store(std::bit_cast<std::uint32_t>(values[i]), bytes + i * sizeof(T));
      } else {
        store(values[i], bytes + i * sizeof(T));
      }
    }
    out_.append(bytes, count * sizeof(T));
  }
  void put(std::string_view bytes) { out_.append(bytes); }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T take() {
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    const T value = fetch<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  // All of them, each as by itself: one look at what is left for all.
  template <std::integral T, std::size_t N>
  void take(std::array<T, N>& out) {
    const std::string_view bytes = take_bytes(N * sizeof(T));
    if (!ok_) return;
    for (std::size_t i = 0; i < N; ++i) out[i] = fetch<T>(bytes.data() + i * sizeof(T));
  }
  // A finite float within the bounds, else a failure. -0 is refused: one value, one encoding.
  float take_float(float low, float high) {
    const auto bits = take<std::uint32_t>();
    const float value = std::bit_cast<float>(bits);
    require(value >= low && value <= high && bits != 0x80000000U);
    return ok_ ? value : 0.0F;
  }
  // A number of at most `most`, else a failure and zero.
  template <std::unsigned_integral T>
  T take_at_most(T most) {
    const T value = take<T>();
    require(value <= most);
    return ok_ ? value : T{0};
  }
  template <class Enum>
  Enum take_enum(Enum last) {
    return static_cast<Enum>(take_at_most<std::uint8_t>(static_cast<std::uint8_t>(last)));
  }
  bool take_bool() { return take_at_most<std::uint8_t>(1) == 1; }
  std::string_view take_bytes(std::size_t n) {
    if (rest_.size() < n) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  void require(bool condition) { ok_ = ok_ && condition; }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace juncture
