// Everything kept of one prospect: a belief at the fold point, the same belief now, and the newest evidence.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "juncture/core/condition.h"
#include "juncture/core/evidence.h"
#include "juncture/core/reading.h"
#include "juncture/core/track.h"
#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

inline constexpr std::size_t kPhases = 32;  // phases of the stage chain, the last one padding
inline constexpr std::size_t kTailMax = 64;
inline constexpr std::size_t kTailKept = 24;  // of these, what stays to be shown once it is in the base
inline constexpr std::size_t kTextsMax = 8;
inline constexpr std::size_t kTextBytesMax = 120;
inline constexpr std::size_t kAccountBytesMax = 64;
inline constexpr std::size_t kOffersMax = 16;
inline constexpr std::size_t kConsumedMax = 16;
inline constexpr std::size_t kSessionTextsMax = 8;
inline constexpr Millis kLateness = 36h;  // a signal older than this before the newest one is late
inline constexpr Millis kSessionGap = 30min;

// Counts of the last `N` buckets of event time. Saturates at 255 a bucket; adding is O(1) and commutes.
template <std::size_t N, std::int64_t WidthMs>
struct CountRing {
  std::int64_t newest = 0;  // number of the newest bucket; meaningful once anything was added
  std::array<std::uint8_t, N> counts{};

  void add(std::int64_t time_ms, bool first) {
    const std::int64_t bucket = bucket_of(time_ms);
    if (first) newest = bucket;
    advance(bucket);
    if (bucket <= newest - static_cast<std::int64_t>(N)) return;
    std::uint8_t& count = counts[slot(bucket)];
    if (count < 255) ++count;
  }
  // Signals in the buckets that end with the one of `now_ms`.
  std::uint32_t total(std::int64_t now_ms) const {
    const std::int64_t last = bucket_of(now_ms), first = last - static_cast<std::int64_t>(N) + 1;
    std::uint32_t sum = 0;
    for (std::int64_t b = newest - static_cast<std::int64_t>(N) + 1; b <= newest; ++b) {
      if (b >= first && b <= last) sum += counts[slot(b)];
    }
    return sum;
  }
  static constexpr std::int64_t bucket_of(std::int64_t ms) {
    return ms >= 0 ? ms / WidthMs : -((-ms + WidthMs - 1) / WidthMs);
  }
  friend bool operator==(const CountRing&, const CountRing&) = default;

 private:
  static constexpr std::size_t slot(std::int64_t bucket) {
    const auto n = static_cast<std::int64_t>(N);
    return static_cast<std::size_t>(((bucket % n) + n) % n);
  }
  void advance(std::int64_t bucket) {
    if (bucket <= newest) return;
    if (bucket - newest >= static_cast<std::int64_t>(N)) {
      counts.fill(0);
    } else {
      for (std::int64_t b = newest + 1; b <= bucket; ++b) counts[slot(b)] = 0;
    }
    newest = bucket;
  }
};

struct Windows {
  static constexpr std::int64_t kHourMs = 3'600'000;
  CountRing<12, 3 * kHourMs> hours36;
  CountRing<14, 24 * kHourMs> days14;
  CountRing<13, 168 * kHourMs> days90;

  void add(std::int64_t time_ms, bool first) {
    hours36.add(time_ms, first);
    days14.add(time_ms, first);
    days90.add(time_ms, first);
  }
  friend bool operator==(const Windows&, const Windows&) = default;
};

// The result of folding evidence in event order: a pure left fold, so equal evidence gives equal bytes.
struct BeliefState {
  bool started = false;                 // false: nothing yet, all else zero except consent and what was counted
  std::array<float, kPhases> phases{};  // if its texts say something of the stage
  std::array<float, 3> activity{};      // active, stalled, rejected; sums to 1
  float visits = 0;                     // decayed number of sessions
  float exposure_days = 0;              // decayed active time over which they came
  float noise = 0;                      // odds that none of its texts says anything of the stage
  std::array<float, 15> roles{};        // nats
  MomentOdds moments{};
  std::int64_t first_ms = 0, last_ms = 0;  // of what the prospect did
  std::int64_t belief_ms = 0;              // phases and activity hold for this instant
  std::uint32_t residual = 0;              // part of a tick not yet stepped, of 65,536
  std::int64_t session_ms = 0;             // start of the session
  std::uint16_t session_signals = 0;
  std::uint8_t session_text_count = 0;
  std::array<std::uint32_t, kSessionTextsMax> session_texts{};
  std::int64_t mode_since_ms = 0;
  std::uint8_t mode = 0;        // most likely of the twelve stages, with hysteresis
  std::uint8_t challenger = 0;  // stage that led at the last signal without winning yet
  std::uint8_t challenges = 0;
  std::uint16_t signals = 0, offline = 0;
  std::uint16_t counted = 0;  // signals under denial: how many, nothing else
  Windows windows;
  Consent consent = Consent::absent;
  bool strict = false;  // consent was denied once: only signals that carry consent themselves are taken in
  Device device = Device::unknown;
  bool known = false;
  bool dismissed = false;
  DealOutcome outcome = DealOutcome::none;
  std::int64_t snoozed_until_ms = 0;
  std::uint8_t offer_count = 0;
  std::array<Offer, kOffersMax> offers{};  // oldest first
  std::uint8_t consumed_count = 0;
  std::array<std::uint32_t, kConsumedMax> consumed{};  // oldest first
  Conditions conditions = 0;                           // after the last signal
  Track track;                                         // what accounts hear of it

  friend bool operator==(const BeliefState&, const BeliefState&) = default;
};

// What was found while one tail entry was folded into the head; recomputed with it.
struct TailNote {
  std::uint8_t mode_after = 0;  // Stage
  std::uint8_t weight = 0;      // of 255: eta after the discounts for bursts, repeats and our own content
  friend bool operator==(const TailNote&, const TailNote&) = default;
};

struct TimedText {
  EventOrder at;
  std::uint8_t size = 0;
  std::array<char, kTextBytesMax> bytes{};
  std::string_view text() const { return {bytes.data(), size}; }
  friend bool operator==(const TimedText&, const TimedText&) = default;
};

struct TimedAccount {
  EventOrder at;
  AccountBasis basis = AccountBasis::declared;
  std::uint8_t size = 0;
  std::array<char, kAccountBytesMax> bytes{};
  std::string_view text() const { return {bytes.data(), size}; }
  friend bool operator==(const TimedAccount&, const TimedAccount&) = default;
};

// The person to whom an id belongs, by the newest word on it. While it holds, its account comes before the id's own;
// taken back, everything is as it was.
struct TimedLink {
  bool known = false;
  EventOrder at;
  std::uint64_t person = 0;  // hash of the person's id; 0: nobody else's
  std::uint8_t account_size = 0;
  std::array<char, kAccountBytesMax> account{};
  std::string_view account_text() const { return {account.data(), account_size}; }
  friend bool operator==(const TimedLink&, const TimedLink&) = default;
};

// Evidence at or before `folded` is in `base`. The tail holds all that came after it, and of what is folded as much as
// fills it up to kTailKept: for the series and the reasons, never to be folded again.
struct Prospect {
  BeliefState base;
  BeliefState head;
  bool has_fold = false;
  EventOrder folded;
  bool has_denial = false;
  EventOrder denied;  // the newest denial of consent
  std::uint8_t tail_count = 0;
  std::array<Evidence, kTailMax + 1> tail{};  // in EventOrder; one to spare while folding
  std::array<TailNote, kTailMax + 1> notes{};
  std::uint8_t text_count = 0;
  std::array<TimedText, kTextsMax> texts{};  // in EventOrder
  TimedAccount account;
  TimedLink link;
  std::int64_t checked_ms = 0;  // when a tick last found that silence alone had changed the conditions; 0: never
  std::uint32_t check_due = 0;  // half hours since 1970: when a tick is to look again; 0: not at all

  // True until anything was admitted or erased.
  bool empty() const { return !has_fold && tail_count == 0; }
  // Event time of the newest signal taken in; the fold point if the tail is empty.
  std::int64_t newest_ms() const { return tail_count > 0 ? tail[tail_count - 1U].at.time_ms : folded.time_ms; }
};

}  // namespace juncture
