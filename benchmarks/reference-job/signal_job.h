// The reference job's logic for one event: what Kafka Streams and Flink run beside us, in our own words.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ports/pipeline.h"

namespace juncture::reference {

inline constexpr std::size_t kJobStages = 12, kJobMoments = 4, kVector = kJobStages + kJobMoments;
inline constexpr std::size_t kItemsMax = 64;
using Weights = std::array<float, kVector>;

// Words of at most 16 bytes to their weights: open addressing on two machine words.
class Lexicon {
 public:
  struct Word {
    std::uint64_t low = 0, high = 0;
    friend bool operator==(const Word&, const Word&) = default;
  };
  explicit Lexicon(std::size_t words);
  void add(Word word, const Weights& weights);
  const Weights* find(Word word) const;
  // The 16 bytes from `at` must be readable.
  static Word word(const char* at, std::size_t size);

 private:
  struct Slot {
    Word word;
    std::int32_t weights = -1;
  };
  std::size_t slot_of(Word word) const;
  std::vector<Slot> slots_;
  std::vector<Weights> weights_;
};

struct Model {
  Lexicon lexicon{1};
  std::array<std::array<float, kJobStages>, kJobStages> transition{};
  std::array<std::array<float, kItemsMax>, kVector> content{};  // by dimension, so that items lie side by side
  std::vector<std::string> content_ids;                         // exactly kItemsMax
};
Result<Model> read_model(const std::string& path);

struct Event {
  std::string_view event_id, prospect, text, type;
  std::int64_t ts = 0;
};

// 600 bytes, little endian, as the Java peers lay it out.
struct ProspectState {
  std::array<float, kJobStages> posterior{};
  std::array<float, kJobMoments> moments{};
  std::int64_t moments_at = 0;
  std::int64_t hour = 0;
  std::array<std::array<std::uint32_t, 3>, 36> counts{};
  std::array<std::int64_t, 8> times{};
  std::array<std::int32_t, 4> offered{};
  std::uint32_t events = 0;
  std::uint32_t version = 0;
};
static_assert(sizeof(ProspectState) == 600);

// One per task.
std::unique_ptr<Pipeline> make_signal_pipeline(const Model& model);

}  // namespace juncture::reference
