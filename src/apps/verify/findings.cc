#include "apps/verify/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "juncture/state/keys.h"

namespace juncture::apps::verify {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string around(std::string_view value, std::size_t at) {
  constexpr std::size_t kShown = 12, kTextShown = 60;
  const std::string_view text = value.substr(std::min(at, value.size()), kTextShown);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return fmt::format("{} bytes, at {}: {}", value.size(), at,
                     plain ? "`" + std::string(text) + "`" : hex(text.substr(0, kShown)));
}

}  // namespace

void Findings::add(Difference difference) {
  ++total_;
  if (shown_.size() < kShown) shown_.push_back(std::move(difference));
}

void Findings::note(std::string text) {
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(std::move(text));
}

std::string place(std::string_view topic, Partition partition, Offset offset) {
  return fmt::format("{}/{}@{}", topic, partition, offset);
}

std::string key_text(std::string_view key) {
  if (const auto prospect = keys::prospect_of(key)) return std::string(prospect->text());
  if (const auto account = keys::account_of(key)) return std::string(account->text());
  return "key " + hex(key);
}

void describe_values(std::optional<std::string_view> expected, std::optional<std::string_view> found, Difference& out) {
  std::size_t at = 0;
  if (expected && found) {
    const auto differ = std::mismatch(expected->begin(), expected->end(), found->begin(), found->end());
    at = static_cast<std::size_t>(differ.first - expected->begin());
  }
  out.expected = expected ? around(*expected, at) : "nothing";
  out.found = found ? around(*found, at) : "nothing";
}

Status scan(Log& log, const TopicPartition& at, Offset from, Offset end,
            const std::function<Status(const Record&)>& each) {
  if (from >= end) return {};
  auto reader = log.make_reader();
  if (!reader) return tl::unexpected(reader.error());
  if (Status assigned = (*reader)->assign({{at, from}}); !assigned) return assigned;
  constexpr auto kSilenceMax = std::chrono::seconds(30);
  auto heard = std::chrono::steady_clock::now();
  // The last offsets may be ones that readers never get, such as the end of a transaction.
  for (Offset next = from; next < end; next = std::max(next, (*reader)->position(at).value_or(next))) {
    const auto records = (*reader)->poll(Millis{50});
    if (!records) return tl::unexpected(records.error());
    if (!records->empty()) heard = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - heard > kSilenceMax) {
      return fail(Domain::environment, "silent",
                  fmt::format("{} gave no record for 30 s; is a transaction left open in it?",
                              place(at.topic, at.partition, next)));
    }
    for (const Record& record : *records) {
      if (record.offset >= end) return {};
      next = record.offset + 1;
      if (Status taken = each(record); !taken) return taken;
    }
  }
  return {};
}

}  // namespace juncture::apps::verify
