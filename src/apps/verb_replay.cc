#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/setup.h"
#include "apps/status_board.h"
#include "apps/wall_clock.h"
#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/dead_letter.h"

namespace juncture::apps {
namespace {

constexpr std::size_t kLineBytesMax = 1 << 20;
constexpr std::uint64_t kFlushEvery = 2000;

struct Counts {
  std::uint64_t read = 0, accepted = 0, rejected = 0, ignored = 0, signals = 0;
  std::map<std::string, std::uint64_t> rejected_by, ignored_by;
};

// Reads the files line by line through a connector into the canonical topic, as intake would.
class Replay {
 public:
  Replay(Node& node, const Connector& connector, double speed) : node_(node), connector_(connector), speed_(speed) {}

  Status read_file(const std::string& path);
  Status finish();
  const Counts& counts() const { return counts_; }
  Timestamp newest() const { return newest_; }

 private:
  Result<bool> anything_from(const TopicPartition& at, Offset position);
  Status take(std::string_view line, const std::string& path);
  Status send(const Signal& signal);
  Status dead_letter(std::string_view line, const std::string& path, const Rejection& rejection);
  void keep_pace(Timestamp event_time);
  void show_progress();
  Result<bool> still_behind();
  Result<bool> all_committed() const;

  Node& node_;
  const Connector& connector_;
  double speed_;
  Scratch scratch_;
  std::vector<Signal> signals_;
  Counts counts_;
  Timestamp newest_{}, first_{}, first_wall_{}, shown_{}, ticked_{};
  std::unique_ptr<Producer> letters_;
};

Status Replay::read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Domain::setup, "file", path + ": cannot be opened");
  if (!letters_) {
    auto producer = node_.log().make_producer({});
    if (!producer) return tl::unexpected(producer.error());
    letters_ = std::move(*producer);
  }
  std::string line;
  while (caught_signal() == 0 && std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (Status taken = take(line, path); !taken) return taken;
    show_progress();
  }
  return {};
}

Status Replay::take(std::string_view line, const std::string& path) {
  ++counts_.read;
  // Only what carries no time of its own, or one in the future, depends on when the replay runs.
  const ParseContext context{.received_at = wall_now(),
                             .source = connector_.name,
                             .accounts = &node_.knowledge().accounts,
                             .visitor_seed = hash64(node_.knowledge().token_key)};
  const ParseOutcome outcome = connector_.parse(scratch_, line.substr(0, kLineBytesMax), context, signals_);
  if (outcome.rejected()) {
    ++counts_.rejected;
    ++counts_.rejected_by[std::string(outcome.rejection.code)];
    return dead_letter(line, path, outcome.rejection);
  }
  ++counts_.accepted;
  if (!outcome.accepted()) {
    ++counts_.ignored;
    ++counts_.ignored_by[std::string(outcome.ignored)];
  }
  for (const Signal& signal : signals_) {
    keep_pace(signal.occurred_at);
    if (Status sent = send(signal); !sent) return sent;
  }
  return counts_.read % kFlushEvery == 0 ? node_.sink().flush() : Status{};
}

Status Replay::send(const Signal& signal) {
  ++counts_.signals;
  newest_ = std::max(newest_, signal.occurred_at);
  KeyedSignal record{.prospect = std::string(signal.prospect.text()), .record = {}};
  write_signal(signal, signal.occurred_at, record.record);
  return node_.sink().send(record);
}

Status Replay::dead_letter(std::string_view line, const std::string& path, const Rejection& rejection) {
  const std::string source = "file:" + path.substr(path.find_last_of('/') + 1);
  const Record record{.topic = source,
                      .partition = 0,
                      .offset = static_cast<Offset>(counts_.read - 1),
                      .timestamp = wall_now(),
                      .key = {},
                      .value = line};
  std::string text;
  write_dead_letter(dead_letter_of(record, connector_.name, rejection), text);
  return letters_->send({.topic = node_.topics().dead_letters, .partition = 0, .key = {}, .value = text});
}

void Replay::keep_pace(Timestamp event_time) {
  if (speed_ <= 0) return;
  if (first_ == Timestamp{}) {
    first_ = event_time;
    first_wall_ = wall_now();
  }
  const auto due =
      first_wall_ + Millis{static_cast<std::int64_t>(static_cast<double>((event_time - first_).count()) / speed_)};
  while (caught_signal() == 0 && wall_now() < due) {
    std::this_thread::sleep_for(std::min<Millis>(50ms, due - wall_now()));
  }
}

void Replay::show_progress() {
  if (isatty(STDERR_FILENO) == 0 || wall_now() - shown_ < 200ms) return;
  shown_ = wall_now();
  fmt::print(stderr, "\r{} read, {} rejected, at {}   ", counts_.read, counts_.rejected, utc_text(newest_));
}

// The last offsets may be ones that readers never get: the ends of transactions.
Result<bool> Replay::anything_from(const TopicPartition& at, Offset position) {
  const auto marks = node_.log().watermarks(at);
  if (!marks) return tl::unexpected(marks.error());
  if (position >= marks->end) return false;
  auto reader = node_.log().make_reader();
  if (!reader) return tl::unexpected(reader.error());
  if (Status assigned = (*reader)->assign({{at, position}}); !assigned) return tl::unexpected(assigned.error());
  const auto records = (*reader)->poll(200ms, 1);
  if (!records) return tl::unexpected(records.error());
  return !records->empty() || (*reader)->position(at).value_or(position) < marks->end;
}

Status Replay::finish() {
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\n");
  if (letters_) {
    if (Status flushed = letters_->flush(); !flushed) return flushed;
  }
  if (Status flushed = node_.sink().flush(); !flushed) return flushed;
  // Done when the engine has committed all that is in the log, and then what that led to: accounts read what prospects
  // write, and get it with the commit.
  bool settled = false;
  while (caught_signal() == 0) {
    const auto behind = still_behind();
    if (!behind) return tl::unexpected(behind.error());
    if (!*behind && settled) return {};
    if (!*behind) {
      const auto committed = all_committed();
      if (!committed) return tl::unexpected(committed.error());
      settled = *committed;
    }
    std::this_thread::sleep_for(20ms);
  }
  return {};
}

Result<bool> Replay::still_behind() {
  bool behind = !node_.engine().ready();
  for (const TaskStats& task : node_.engine().stats().tasks) {
    if (task.state == TaskState::suspended) return fail(Domain::environment, "suspended", task.error);
    behind = behind || task.state != TaskState::running;
    for (const InputStats& input : task.inputs) {
      const auto left = anything_from({input.topic, task.partition}, input.position);
      if (!left) return tl::unexpected(left.error());
      behind = behind || *left;
    }
  }
  return behind;
}

Result<bool> Replay::all_committed() const {
  for (const TaskStats& task : node_.engine().stats().tasks) {
    for (const InputStats& input : task.inputs) {
      const auto position = node_.log().committed(group_of(node_.config()), {input.topic, task.partition});
      if (!position) return tl::unexpected(position.error());
      if (input.position > 0 && (!*position || (*position)->next < input.position)) return false;
    }
  }
  return true;
}

std::uint64_t sum(const auto& values) {
  std::uint64_t total = 0;
  for (const std::uint64_t value : values) total += value;
  return total;
}

void write_reasons(JsonWriter& json, std::string_view name, const std::map<std::string, std::uint64_t>& reasons,
                   std::initializer_list<std::string_view> always) {
  json.key(name).begin_object();
  for (const std::string_view reason : always) {
    if (!reasons.contains(std::string(reason))) json.member(reason, 0);
  }
  for (const auto& [reason, count] : reasons) json.member(reason, count);
  json.end_object();
}

std::string summary_json(const Counts& counts, const Totals& totals, double seconds) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("read", counts.read);
  json.member("accepted", counts.accepted);
  json.member("rejected_total", counts.rejected);
  write_reasons(json, "rejected", counts.rejected_by, {});
  json.member("ignored_total", counts.ignored);
  write_reasons(json, "ignored", counts.ignored_by, {"bot", "asset", "error_status"});
  json.member("signals", counts.signals);
  json.key("signals_by_type").begin_object();
  for (std::size_t t = 0; t < 10; ++t) json.member(kSignalTypeNames[t], totals.signals[t]);
  json.end_object();
  json.member("duplicate", totals.duplicate);
  json.member("late", totals.late);
  json.key("moments").begin_object();
  for (std::size_t m = 0; m < kMoments; ++m) json.member(kMomentNames[m], totals.moments[m]);
  json.end_object();
  json.key("stages").begin_object();
  for (std::size_t s = 0; s < kStages; ++s) json.member(kStageNames[s], totals.modes[s]);
  json.end_object();
  json.member("recommendations", totals.outcomes[0] + totals.outcomes[2]);
  json.member("abstentions", totals.outcomes[1]);
  json.key("seconds").fixed(seconds, 3);
  json.end_object();
  return out;
}

void print_summary(const Counts& counts, const Totals& totals, double seconds) {
  fmt::print("{} read: {} accepted ({} set apart), {} rejected; {} signals in {:.2f} s\n", counts.read, counts.accepted,
             counts.ignored, counts.rejected, counts.signals, seconds);
  for (const auto& [reason, count] : counts.ignored_by) fmt::print("  set apart  {:<14} {}\n", reason, count);
  for (const auto& [reason, count] : counts.rejected_by) fmt::print("  rejected   {:<14} {}\n", reason, count);
  fmt::print("{} recommendations, {} abstentions, {} duplicates, {} late\n", totals.outcomes[0] + totals.outcomes[2],
             totals.outcomes[1], totals.duplicate, totals.late);
  for (std::size_t s = 0; s < kStages; ++s) {
    if (totals.modes[s] > 0) fmt::print("  stage      {:<23} {}\n", kStageNames[s], totals.modes[s]);
  }
  if (sum(totals.signals) == 0) fmt::print("nothing was taken in: is --format right?\n");
}

// "max" is 0: as fast as it goes. Negative: not a speed.
double parse_speed(const std::string& text) {
  if (text == "max") return 0;
  if (text.size() < 2 || text.back() != 'x') return -1;
  try {
    const double factor = std::stod(text.substr(0, text.size() - 1));
    return factor > 0 ? factor : -1;
  } catch (const std::exception&) {
    return -1;
  }
}

}  // namespace

int run_replay(const Invocation& invocation) {
  std::vector<std::string> presets;
  if (invocation.dry_run) presets.emplace_back("log.kind=memory");
  auto settings = load_settings(invocation, presets);
  if (!settings) return kConfigInvalid;
  Config config = std::move(settings->config);
  config.input.clear();
  const Connector* connector = find_connector(invocation.format);
  const double speed = parse_speed(invocation.speed);
  if (connector == nullptr || speed < 0) {
    std::fprintf(stderr, "juncture: %s\n",
                 connector == nullptr ? ("--format " + invocation.format + ": native or access-log").c_str()
                                      : ("--speed " + invocation.speed + ": max, or a factor as 10x").c_str());
    return kUsage;
  }
  watch_signals();
  KnowledgeLoad load = load_knowledge(config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  const Timestamp began = wall_now();
  // Whatever is in the file is what this run is about: nothing of it is too old to recommend for.
  auto node = Node::start(config, load.knowledge, {.ticks = false, .fresh_within = 30 * kDay});
  if (!node) return fail_with(node.error());
  Replay replay(**node, *connector, speed);
  for (const std::string& path : invocation.files) {
    if (Status read = replay.read_file(path); !read) return fail_with(read.error());
  }
  if (Status done = replay.finish(); !done) return fail_with(done.error());
  const Totals totals = totals_of(**node, kProspects);
  if (Status stopped = (*node)->stop(); !stopped) return fail_with(stopped.error());
  const double seconds = static_cast<double>((wall_now() - began).count()) / 1000.0;
  if (invocation.json) {
    fmt::print("{}\n", summary_json(replay.counts(), totals, seconds));
  } else {
    print_summary(replay.counts(), totals, seconds);
  }
  if (const int signal = caught_signal(); signal != 0) return 128 + signal;
  return invocation.strict && replay.counts().rejected > 0 ? kDataRejected : kOk;
}

}  // namespace juncture::apps
