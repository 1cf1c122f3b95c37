#include "juncture/state/switches.h"

#include "juncture/state/keys.h"
#include "state/bytes.h"

namespace juncture {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

void encode(const Switches& switches, std::string& out) {
  out.clear();
  ByteWriter writer(out);
  writer.put(kVersion);
  writer.put(switches.dropped);
  for (const Switch& one : switches.kept) {
    writer.put(one.offset);
    writer.put(one.version);
  }
}

Result<Switches> decode_switches(std::string_view bytes) {
  ByteReader in(bytes);
  Switches out;
  const auto version = in.take<std::uint8_t>();
  out.dropped = in.take<std::uint32_t>();
  while (in.ok() && !in.at_end()) {
    Switch one;
    one.offset = in.take<std::int64_t>();
    one.version = in.take<std::uint64_t>();
    out.kept.push_back(one);
  }
  if (in.ok() && version == kVersion && out.kept.size() <= Switches::kMax) return out;
  return fail(Domain::environment, "state_corrupt", "the list of knowledge switches in this task's state is damaged");
}

Result<bool> note_switch(State& state, std::int64_t offset, std::uint64_t version) {
  const std::string key = switches_key();
  const auto found = state.get(key);
  if (!found) return tl::unexpected(found.error());
  Switches switches;
  if (*found) {
    auto decoded = decode_switches(**found);
    if (!decoded) return tl::unexpected(decoded.error());
    switches = std::move(*decoded);
  }
  if (!switches.kept.empty() && switches.kept.back().version == version) return false;
  switches.kept.push_back({offset, version});
  if (switches.kept.size() > Switches::kMax) {
    switches.kept.erase(switches.kept.begin());
    ++switches.dropped;
  }
  std::string value;
  encode(switches, value);
  if (Status put = state.put(key, value); !put) return tl::unexpected(put.error());
  return true;
}

std::string switches_key() {
  std::string key;
  keys::meta("knowledge", key);
  return key;
}

}  // namespace juncture
