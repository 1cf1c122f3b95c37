#include "juncture/state/state_hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/codec.h"
#include "juncture/state/keys.h"
#include "state/bytes.h"

namespace juncture {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    JUNCTURE_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) {
    JUNCTURE_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  // Length first, so that no two different lists of texts run together to the same bytes.
  void add_sized(std::string_view bytes) {
    std::string size;
    ByteWriter(size).put(bytes.size());
    add(size);
    add(bytes);
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    JUNCTURE_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
      out.push_back("0123456789abcdef"[digest[i] >> 4U]);
      out.push_back("0123456789abcdef"[digest[i] & 15U]);
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

void count(StateHash& out, std::string_view key, std::string_view value) {
  ++out.keys;
  out.bytes += key.size() + value.size();
  if (keys::prospect_of(key)) ++out.prospects;
  if (keys::account_of(key)) ++out.accounts;
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out.push_back("0123456789abcdef"[b >> 4U]);
    out.push_back("0123456789abcdef"[b & 15U]);
  }
  return out;
}

void dump_belief(const BeliefState& state, JsonWriter& json) {
  json.begin_object();
  json.member("started", state.started);
  json.member("consent", name_of(state.consent));
  json.member("strict", state.strict);
  json.member("signals", state.signals);
  json.member("offline", state.offline);
  json.member("counted", state.counted);
  if (state.started) {
    const auto list = [&](std::string_view name, const auto& values) {
      json.key(name).begin_array();
      for (const float v : values) json.value(static_cast<double>(v));
      json.end_array();
    };
    list("phases", state.phases);
    list("activity", state.activity);
    list("moments", state.moments);
    list("roles", state.roles);
    json.member("noise", static_cast<double>(state.noise));
    json.member("visits", static_cast<double>(state.visits));
    json.member("exposure_days", static_cast<double>(state.exposure_days));
    json.member("first_ms", state.first_ms);
    json.member("last_ms", state.last_ms);
    json.member("belief_ms", state.belief_ms);
    json.member("session_ms", state.session_ms);
    json.member("session_signals", state.session_signals);
    json.member("mode", kStageNames[state.mode]);
    json.member("mode_since_ms", state.mode_since_ms);
    json.member("device", name_of(state.device));
    json.member("offers", state.offer_count);
    json.member("consumed", state.consumed_count);
    json.member("conditions", state.conditions);
    json.member("track_days", state.track.count);
  }
  json.end_object();
}

void dump_prospect(const Prospect& prospect, JsonWriter& json) {
  json.key("head");
  dump_belief(prospect.head, json);
  json.key("base");
  dump_belief(prospect.base, json);
  if (prospect.has_fold) json.member("folded_ms", prospect.folded.time_ms);
  if (prospect.has_denial) json.member("denied_ms", prospect.denied.time_ms);
  json.member("account", prospect.account.text());
  json.member("person", prospect.link.person);
  json.member("checked_ms", prospect.checked_ms);
  json.member("check_due", prospect.check_due);
  json.key("tail").begin_array();
  for (std::size_t i = 0; i < prospect.tail_count; ++i) {
    const Evidence& evidence = prospect.tail[i];
    json.begin_object();
    json.member("ms", evidence.at.time_ms);
    json.member("id", evidence.at.id);
    json.member("type", name_of(evidence.type));
    json.member("mode_after", kStageNames[prospect.notes[i].mode_after]);
    json.key("ratio").begin_array();
    for (const std::int16_t r : evidence.ratio) json.value(static_cast<int>(r));
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("texts").begin_array();
  for (std::size_t i = 0; i < prospect.text_count; ++i) json.value(prospect.texts[i].text());
  json.end_array();
}

void dump_account(const Account& account, JsonWriter& json) {
  json.key("members").begin_array();
  for (const Member& member : account.members) {
    json.begin_object();
    json.member("prospect", member.prospect);
    json.member("first_ms", member.first_ms);
    json.member("last_ms", member.last_ms);
    json.member("signals", member.signals);
    json.member("known", member.known);
    json.member("person", member.person);
    json.member("basis", name_of(member.basis));
    json.key("days").begin_array();
    for (const TrackDay& day : member.track) json.value(day.day);
    json.end_array();
    json.key("stages").begin_array();
    for (const std::uint16_t share : member.stages) json.value(share);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.member("former", account.former.size());
  json.member("beyond", account.beyond);
  json.member("checked_ms", account.checked_ms);
  json.member("check_due", account.check_due);
}

}  // namespace

Result<StateHash> state_hash(const Store& store) {
  StateHash out;
  Sha256 sha;
  std::string previous;
  bool sorted = true;
  auto scanned = store.scan([&](std::string_view key, std::string_view value) {
    if (keys::is_clock_mark(key)) return;
    sorted = sorted && (out.keys == 0 || previous < key);
    previous = key;
    count(out, key, value);
    sha.add_sized(key);
    sha.add_sized(value);
  });
  if (!scanned) return tl::unexpected(scanned.error());
  out.hex = sha.hex();
  if (sorted) return out;

  // A store that scans in its own order: sort a copy.
  std::vector<std::pair<std::string, std::string>> all;
  scanned = store.scan([&](std::string_view key, std::string_view value) {
    if (!keys::is_clock_mark(key)) all.emplace_back(key, value);
  });
  if (!scanned) return tl::unexpected(scanned.error());
  std::sort(all.begin(), all.end());
  Sha256 again;
  for (const auto& [key, value] : all) {
    again.add_sized(key);
    again.add_sized(value);
  }
  out.hex = again.hex();
  return out;
}

StateHash combine(std::span<const StateHash> partitions) {
  StateHash out;
  Sha256 sha;
  for (const StateHash& part : partitions) {
    sha.add_sized(part.hex);
    out.keys += part.keys;
    out.prospects += part.prospects;
    out.accounts += part.accounts;
    out.bytes += part.bytes;
  }
  out.hex = sha.hex();
  return out;
}

void dump_state(std::string_view key, std::string_view value, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  Prospect prospect;
  if (const auto id = keys::prospect_of(key)) {
    json.member("prospect", id->text());
    if (const auto erased = decode_tombstone(value)) {
      json.member("erased_ms", to_ms(*erased));
    } else if (decode(value, prospect)) {
      dump_prospect(prospect, json);
    } else {
      json.member("corrupt", true);
    }
  } else if (const auto account = keys::account_of(key)) {
    Account members;
    json.member("account", account->text());
    if (decode(value, members)) {
      dump_account(members, json);
    } else {
      json.member("corrupt", true);
    }
  } else {
    json.member("key", hex_of(key));
  }
  json.member("bytes", value.size());
  json.member("xxh3", hash64(value));
  json.end_object();
  out.push_back('\n');
}

}  // namespace juncture
