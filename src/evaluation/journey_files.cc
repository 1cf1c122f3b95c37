#include "evaluation/journey_files.h"

#include <algorithm>
#include <unordered_map>

#include "juncture/inference/filter.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/strict_json.h"
#include "juncture/text/scorer.h"

namespace juncture {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::array<std::string_view, 3> kConditions{"active", "stalled", "rejected"};

struct Place {
  const std::string& file;
  std::size_t line;
};

tl::unexpected<Error> bad(const Place& at, const std::string& why) {
  return fail(Domain::setup, "journeys", at.file + ":" + std::to_string(at.line) + ": " + why);
}

// Members of one line of truth by name.
class TruthLine {
 public:
  explicit TruthLine(const std::vector<JsonMember>& members) : members_(members) {}
  const JsonMember* find(std::string_view key, JsonKind kind) const {
    const auto found =
        std::find_if(members_.begin(), members_.end(), [&](const JsonMember& m) { return m.key == key; });
    return found != members_.end() && found->kind == kind ? &*found : nullptr;
  }
  std::string_view text(std::string_view key) const {
    const JsonMember* member = find(key, JsonKind::string);
    return member != nullptr ? member->text : std::string_view{};
  }
  std::int64_t integer(std::string_view key) const {
    const JsonMember* member = find(key, JsonKind::integer);
    return member != nullptr ? member->integer : -1;
  }

 private:
  const std::vector<JsonMember>& members_;
};

class Reader {
 public:
  explicit Reader(const TextModel& text) : scorer_(text) {}

  Status truth(const Place& at, std::string_view line) {
    if (const auto problem = json_.read_object(line, JsonLimits{}, {})) return bad(at, problem->detail);
    const TruthLine truth(json_.members());
    const std::string account(truth.text("account"));
    const std::string_view what = truth.text("truth");
    if (account.empty()) return bad(at, "a truth names its account");
    const auto [place, fresh] = journey_of_.try_emplace(account, journeys_.size());
    if (fresh) journeys_.emplace_back().account = account;
    RecordedJourney& journey = journeys_[place->second];
    if (what == "journey") {
      journey.kind = std::string(truth.text("variant")) + " " + std::string(truth.text("density"));
      journey.from_ms = truth.integer("from");
      journey.end = parse_name<JourneyEnd>(kJourneyEndNames, truth.text("end")).value_or(JourneyEnd::open);
      return {};
    }
    if (what == "person") {
      const JsonMember* committee = truth.find("committee", JsonKind::boolean);
      journey.people.push_back({.prospect = std::string(truth.text("prospect")),
                                .of_committee = committee != nullptr && committee->flag,
                                .from_ms = truth.integer("from"),
                                .evidence = {}});
      person_of_[journey.people.back().prospect] = {place->second, journey.people.size() - 1};
      return {};
    }
    if (what != "day") return bad(at, "truth is journey, person or day");
    return day(at, truth, journey);
  }

  Status signal(const Place& at, std::string_view line) {
    Canonical record;
    if (const auto problem = parse_canonical(scratch_, line, record)) return bad(at, problem->detail);
    if (is_control(record.signal.type)) return {};
    const Signal& signal = record.signal;
    const TextEvidence text = scorer_.score(signal.text, signal.device);
    signals_.emplace_back(signal.prospect.text(), observe(signal, text));
    return {};
  }

  Result<std::vector<RecordedJourney>> take() {
    for (const auto& [prospect, evidence] : signals_) {
      const auto found = person_of_.find(prospect);
      if (found == person_of_.end()) return fail(Domain::setup, "journeys", "no truth about prospect " + prospect);
      journeys_[found->second.first].people[found->second.second].evidence.push_back(evidence);
    }
    for (RecordedJourney& journey : journeys_) {
      if (journey.days.empty()) return fail(Domain::setup, "journeys", "no day of account " + journey.account);
      for (RecordedPerson& person : journey.people) {
        auto& all = person.evidence;
        std::sort(all.begin(), all.end(), [](const Evidence& a, const Evidence& b) { return a.at < b.at; });
        all.erase(
            std::unique(all.begin(), all.end(), [](const Evidence& a, const Evidence& b) { return a.at == b.at; }),
            all.end());
      }
    }
    return std::move(journeys_);
  }

 private:
  Status day(const Place& at, const TruthLine& truth, RecordedJourney& journey) {
    const auto stage = parse_name<Stage>(kStageNames, truth.text("stage"));
    const auto condition = parse_name<TrueCondition>(kConditions, truth.text("condition"));
    if (!stage || index_of(*stage) >= kBuyingStages) return bad(at, "a day's stage is one of the twelve");
    if (!condition) return bad(at, "a day's condition is active, stalled or rejected");
    if (truth.integer("from") != journey.from_ms + static_cast<std::int64_t>(journey.days.size()) * kDayMs) {
      return bad(at, "days follow on each other, behind their journey's own line");
    }
    const std::int64_t done = truth.integer("done");
    if (done < 0 || done > 10'000) return bad(at, "done is from 0 to 10000");
    journey.days.push_back({.stage = static_cast<std::uint8_t>(index_of(*stage)),
                            .condition = *condition,
                            .done = static_cast<float>(done) / 10'000.0F});
    return {};
  }

  TextScorer scorer_;
  Scratch scratch_;
  StrictJson json_;
  std::vector<RecordedJourney> journeys_;
  std::unordered_map<std::string, std::size_t> journey_of_;
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> person_of_;
  std::vector<std::pair<std::string, Evidence>> signals_;
};

}  // namespace

Result<std::vector<RecordedJourney>> read_journeys(const TextModel& text, std::span<const DataFile> files) {
  Reader reader(text);
  for (const DataFile& file : files) {
    std::string_view rest = file.bytes;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty()) continue;
      const Place at{file.name, number};
      const Status read = line.starts_with("{\"truth\"") ? reader.truth(at, line) : reader.signal(at, line);
      if (!read) return tl::unexpected<Error>(read.error());
    }
  }
  return reader.take();
}

std::vector<Evidence> merged(const RecordedJourney& journey) {
  std::vector<Evidence> out;
  for (const RecordedPerson& person : journey.people) {
    out.insert(out.end(), person.evidence.begin(), person.evidence.end());
  }
  std::sort(out.begin(), out.end(), [](const Evidence& a, const Evidence& b) { return a.at < b.at; });
  return out;
}

Journey history_of(const RecordedJourney& journey) {
  Journey out;
  for (const Evidence& evidence : merged(journey)) {
    JourneyMark mark{.at_ms = evidence.at.time_ms, .has_text = evidence.has_text};
    if (!mark.has_text) continue;
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
      mark.log_ratio[y] = static_cast<float>(evidence.ratio[y]) / kRatioScale;
    }
    out.marks.push_back(mark);
  }
  const std::int64_t end = journey.from_ms + static_cast<std::int64_t>(journey.days.size()) * kDayMs;
  out.end = journey.end;
  out.end_ms = out.marks.empty() ? end : std::max(end, out.marks.back().at_ms);
  return out;
}

}  // namespace juncture
