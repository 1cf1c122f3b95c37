#include "state/belief_codec.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

namespace juncture {
namespace {

constexpr float kBig = 1e9F;
// In memory as on disk, but for the order of the day's bytes.
static_assert(sizeof(TrackDay) == 24 && std::has_unique_object_representations_v<TrackDay> &&
              offsetof(TrackDay, against) == 4 && offsetof(TrackDay, stage) == 22);

// The filter keeps its odds off zero, where they could never come back.
constexpr float kLeast = 1e-12F;

// Odds that add up to one, each at least `least`.
void take_odds(ByteReader& in, std::span<float> odds, float least) {
  float sum = 0;
  for (float& x : odds) sum += x = in.take_float(least, 1.001F);
  in.require(sum > .999F && sum < 1.001F);
}

template <class Ring>
void put_ring(const Ring& ring, ByteWriter& out) {
  out.put(ring.newest);
  out.put(ring.counts);
}

template <class Ring>
void take_ring(ByteReader& in, Ring& ring) {
  ring.newest = in.take<std::int64_t>();
  for (std::uint8_t& n : ring.counts) n = in.take<std::uint8_t>();
  // Bucket numbers are times over at least three hours: far from where adding to one overflows.
  constexpr std::int64_t kFar = std::int64_t{1} << 52;
  in.require(ring.newest > -kFar && ring.newest < kFar);
}

void put_counts(const BeliefState& state, ByteWriter& out) {
  out.put(state.signals);
  out.put(state.offline);
  out.put(state.counted);
  out.put(static_cast<std::uint8_t>(state.consent));
  out.put(static_cast<std::uint8_t>(state.strict));
}

void take_counts(ByteReader& in, BeliefState& out) {
  out.signals = in.take<std::uint16_t>();
  out.offline = in.take<std::uint16_t>();
  out.counted = in.take<std::uint16_t>();
  out.consent = in.take_enum(Consent::denied);
  out.strict = in.take_bool();
}

void put_offers(const BeliefState& state, ByteWriter& out) {
  out.put(state.offer_count);
  for (std::size_t i = 0; i < state.offer_count; ++i) {
    const Offer& offer = state.offers[i];
    out.put(offer.content);
    out.put(offer.at_ms);
    out.put(static_cast<std::uint8_t>(offer.outcome));
    out.put(offer.kind);
  }
  out.put(state.consumed_count);
  out.put(state.consumed, state.consumed_count);
}

void take_offers(ByteReader& in, BeliefState& out) {
  out.offer_count = in.take_at_most<std::uint8_t>(kOffersMax);
  for (std::size_t i = 0; i < out.offer_count; ++i) {
    Offer& offer = out.offers[i];
    offer.content = in.take<std::uint32_t>();
    offer.at_ms = in.take<std::int64_t>();
    offer.outcome = in.take_enum(FeedbackAction::wrong);
    offer.kind = in.take<std::uint8_t>();
  }
  out.consumed_count = in.take_at_most<std::uint8_t>(kConsumedMax);
  for (std::size_t i = 0; i < out.consumed_count; ++i) out.consumed[i] = in.take<std::uint32_t>();
}

void put_times(const BeliefState& state, ByteWriter& out) {
  for (const std::int64_t t : {state.first_ms, state.last_ms, state.belief_ms, state.session_ms, state.mode_since_ms,
                               state.snoozed_until_ms}) {
    out.put(t);
  }
}

void take_times(ByteReader& in, BeliefState& out) {
  for (std::int64_t* t :
       {&out.first_ms, &out.last_ms, &out.belief_ms, &out.session_ms, &out.mode_since_ms, &out.snoozed_until_ms}) {
    *t = in.take<std::int64_t>();
  }
}

}  // namespace

void put_track(const Track& track, ByteWriter& out) {
  std::array<char, 1 + kTrackDays * sizeof(TrackDay)> bytes;
  bytes[0] = static_cast<char>(track.count);
  char* to = bytes.data() + 1;
  std::memcpy(to, track.days.data(), track.count * sizeof(TrackDay));
  for (const TrackDay& day : track) {
    store(day.day, to);
    to += sizeof(TrackDay);
  }
  out.put(std::string_view(bytes.data(), to));
}

void take_track(ByteReader& in, std::uint16_t version, Track& out) {
  constexpr std::uint32_t kLatestDay = 1'106'685;  // year 5000
  const std::size_t size = version >= 3 ? sizeof(TrackDay) : offsetof(TrackDay, stage);
  out.count = in.take_at_most<std::uint8_t>(kTrackDays);
  const std::string_view bytes = in.take_bytes(out.count * size);
  if (!in.ok()) out.count = 0;
  const bool whole = size == sizeof(TrackDay);
  if (whole && out.count > 0) std::memcpy(out.days.data(), bytes.data(), bytes.size());
  std::uint32_t least = 0;
  for (std::size_t i = 0; i < out.count; ++i) {
    TrackDay& day = out.days[i];
    if (!whole) {
      day = TrackDay{};
      std::memcpy(&day, bytes.data() + i * size, size);
    }
    day.day = fetch<std::uint32_t>(bytes.data() + i * size);
    in.require(day.day >= least && day.day <= kLatestDay && day.outcome <= DealOutcome::no_decision &&
               day.stage <= kStageStepsMax);
    least = day.day + 1;
  }
}

void put_belief(const BeliefState& state, ByteWriter& out) {
  out.put(static_cast<std::uint8_t>(state.started));
  put_counts(state, out);
  if (!state.started) return;
  out.put(state.phases, kPhases - 1);
  out.put(state.activity);
  out.put(state.visits);
  out.put(state.exposure_days);
  out.put(state.noise);
  out.put(state.roles);
  out.put(state.moments);
  put_times(state, out);
  out.put(static_cast<std::uint16_t>(state.residual));
  out.put(state.session_signals);
  out.put(state.session_text_count);
  out.put(state.session_texts);
  out.put(state.mode);
  out.put(state.challenger);
  out.put(state.challenges);
  put_ring(state.windows.hours36, out);
  put_ring(state.windows.days14, out);
  put_ring(state.windows.days90, out);
  out.put(static_cast<std::uint8_t>(state.device));
  out.put(static_cast<std::uint8_t>(state.known));
  out.put(static_cast<std::uint8_t>(state.dismissed));
  out.put(static_cast<std::uint8_t>(state.outcome));
  put_offers(state, out);
  out.put(state.conditions);
  put_track(state.track, out);
}

void take_belief(ByteReader& in, std::uint16_t version, BeliefState& out) {
  out = BeliefState{};
  out.started = in.take_bool();
  take_counts(in, out);
  if (!out.started || !in.ok()) return;
  take_odds(in, std::span(out.phases).first(kPhases - 1), kLeast);
  take_odds(in, out.activity, kLeast);
  out.visits = in.take_float(0, kBig);
  out.exposure_days = in.take_float(0, kBig);
  out.noise = in.take_float(0, 1);
  for (float& x : out.roles) x = in.take_float(0, 4);
  take_odds(in, out.moments, 0);
  take_times(in, out);
  out.residual = in.take<std::uint16_t>();
  out.session_signals = in.take<std::uint16_t>();
  out.session_text_count = in.take_at_most<std::uint8_t>(kSessionTextsMax);
  for (std::uint32_t& h : out.session_texts) h = in.take<std::uint32_t>();
  out.mode = in.take_at_most<std::uint8_t>(kBuyingStages - 1);
  out.challenger = in.take_at_most<std::uint8_t>(kBuyingStages - 1);
  out.challenges = in.take_at_most<std::uint8_t>(2);
  take_ring(in, out.windows.hours36);
  take_ring(in, out.windows.days14);
  take_ring(in, out.windows.days90);
  out.device = in.take_enum(Device::tablet);
  out.known = in.take_bool();
  out.dismissed = in.take_bool();
  out.outcome = in.take_enum(DealOutcome::no_decision);
  take_offers(in, out);
  if (version < 2) return;
  out.conditions = in.take_at_most<std::uint8_t>((1U << kConditions) - 1U);
  take_track(in, version, out.track);
}

}  // namespace juncture
