// juncture labels: analysts' corrections in records of `signals`, as labelled queries that `train --labels` learns
// from.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/ingest/canonical.h"

namespace juncture::apps {
namespace {

constexpr auto kAnsweredWithin = 36h;  // a correction is about the query before it, if that is not older

// The last query of a prospect that may be used.
struct Asked {
  std::string text;
  Device device = Device::unknown;
  Timestamp at{};
};

std::string field_of(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return out;
}

Form form_of(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    words += c != ' ' && !inside ? 1 : 0;
    inside = c != ' ';
  }
  return words <= 5 ? Form::brief : words < 9 ? Form::medium : Form::long_;
}

class Labels {
 public:
  void take(const Signal& signal) {
    const std::string prospect(signal.prospect.text());
    if (signal.consent == Consent::denied || signal.type == SignalType::erase) {
      asked_.erase(prospect);
      denied_.insert(prospect);
      return;
    }
    if (signal.type == SignalType::query && !signal.text.empty() && !denied_.contains(prospect)) {
      Asked& asked = asked_[prospect];
      if (signal.occurred_at >= asked.at) asked = {field_of(signal.text), signal.device, signal.occurred_at};
    }
    if (signal.type != SignalType::feedback || signal.action != FeedbackAction::wrong || !signal.stage) return;
    const auto found = asked_.find(prospect);
    if (found == asked_.end() || signal.occurred_at < found->second.at ||
        signal.occurred_at - found->second.at > kAnsweredWithin) {
      return;
    }
    const Asked& asked = found->second;
    // The last word on a query holds.
    rows_[{prospect, asked.text}] =
        fmt::format("{}\t{}\t{}\tnone\t{}\n", asked.text, kDeviceNames[index_of(asked.device)],
                    kFormNames[index_of(form_of(asked.text))], label_of(*signal.stage));
  }

  void print() const {
    fmt::print("query\tdevice\tform\tmoment\tstage\n");
    for (const auto& [key, row] : rows_) fmt::print("{}", row);
  }

 private:
  static std::string_view label_of(Stage stage) {
    if (stage == Stage::stalled) return "stalled_no_decision";
    return stage == Stage::rejected ? "silently_rejected" : name_of(stage);
  }

  std::map<std::string, Asked> asked_;
  std::set<std::string> denied_;
  std::map<std::pair<std::string, std::string>, std::string> rows_;
};

}  // namespace

int run_labels(const Invocation& invocation) {
  Labels labels;
  Scratch scratch;
  for (const std::string& file : invocation.files) {
    const auto text = read_file(file);
    if (!text) return fail_with(text.error());
    std::size_t number = 0;
    for (std::string_view rest = *text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      ++number;
      if (line.empty()) continue;
      Canonical record;
      if (const auto rejection = parse_canonical(scratch, line, record)) {
        return fail_with({Domain::setup, "labels", fmt::format("{}:{}: not a record of `signals`", file, number)});
      }
      if (!is_control(record.signal.type)) labels.take(record.signal);
    }
  }
  labels.print();
  return kOk;
}

}  // namespace juncture::apps
