// Verbs about dead letters: list, show, redrive.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <iterator>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/redrive.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"
#include "juncture/ingest/dead_letter.h"

namespace juncture::apps {
namespace {

struct Letter {
  Partition partition = 0;
  Offset offset = 0;
  DeadLetter letter;
};

struct LetterBox {
  Config config;
  Topics topics;
  std::unique_ptr<Log> log;
};

Result<LetterBox> open_letters(const Config& config) {
  auto log = open_log(config);
  if (!log) return tl::unexpected(log.error());
  return LetterBox{.config = config, .topics = Topics(config.log.topics.prefix), .log = std::move(*log)};
}

// All letters, oldest first. The view in `each` holds for the call.
Status for_each_letter(const LetterBox& letters, const std::function<void(const Letter&)>& each) {
  const auto partitions = letters.log->partition_count(letters.topics.dead_letters);
  if (!partitions) return tl::unexpected(partitions.error());
  Scratch scratch;
  for (Partition p = 0; p < partitions->value_or(0); ++p) {
    const TopicPartition at{letters.topics.dead_letters, p};
    const auto marks = letters.log->watermarks(at);
    auto reader = letters.log->make_reader();
    if (!marks || !reader) return tl::unexpected(marks ? reader.error() : marks.error());
    if (Status assigned = (*reader)->assign({{at, marks->begin}}); !assigned) return assigned;
    for (Offset next = marks->begin; next < marks->end;) {
      const auto records = (*reader)->poll(1000ms, 1024);
      if (!records) return tl::unexpected(records.error());
      if (records->empty()) break;
      for (const Record& record : *records) {
        next = record.offset + 1;
        Letter letter{.partition = p, .offset = record.offset, .letter = {}};
        if (!parse_dead_letter(scratch, record.value, letter.letter)) each(letter);
      }
    }
  }
  return {};
}

std::string id_of(const Letter& letter) {
  return fmt::format("{}:{}", letter.partition, letter.offset);
}

std::string line_of(const Letter& letter) {
  const DeadLetter& dead = letter.letter;
  return fmt::format("{:<10} {}  {:<14} at byte {:<6} {} {}:{}  {}", id_of(letter), utc_text(dead.received_at),
                     dead.reason, dead.position, dead.topic, dead.partition, dead.offset, dead.detail);
}

std::string json_of(const Letter& letter) {
  const DeadLetter& dead = letter.letter;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("id", id_of(letter));
  json.member("received_at", to_ms(dead.received_at));
  json.member("reason", dead.reason);
  json.member("position", dead.position);
  json.member("detail", dead.detail);
  json.member("topic", dead.topic);
  json.member("partition", dead.partition);
  json.member("offset", dead.offset);
  json.member("connector", dead.connector);
  json.member("payload_bytes", dead.payload_bytes);
  json.end_object();
  return out;
}

}  // namespace

int run_dead_letters_list(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  const auto letters = open_letters(settings->config);
  if (!letters) return fail_with(letters.error());
  std::vector<std::string> lines;
  const Status read = for_each_letter(
      *letters, [&](const Letter& letter) { lines.push_back(invocation.json ? json_of(letter) : line_of(letter)); });
  if (!read) return fail_with(read.error());
  const auto shown = std::min(lines.size(), static_cast<std::size_t>(invocation.limit));
  if (invocation.json) fmt::print("[");
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string& line = lines[lines.size() - 1 - i];
    fmt::print("{}{}", line, invocation.json ? (i + 1 < shown ? ",\n" : "") : "\n");
  }
  if (invocation.json) fmt::print("]\n");
  if (!invocation.json) fmt::print("{} of {} dead letters\n", shown, lines.size());
  return kOk;
}

int run_dead_letters_show(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  const auto letters = open_letters(settings->config);
  if (!letters) return fail_with(letters.error());
  bool found = false;
  const Status read = for_each_letter(*letters, [&](const Letter& letter) {
    if (id_of(letter) != invocation.letter) return;
    found = true;
    fmt::print("{}\n{}\n", line_of(letter), letter.letter.payload);
  });
  if (!read) return fail_with(read.error());
  if (found) return kOk;
  std::fprintf(stderr, "juncture: no dead letter %s; `juncture dead-letters list` shows what there is\n",
               invocation.letter.c_str());
  return kFailed;
}

int run_dead_letters_redrive(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  const KnowledgeLoad load = load_knowledge(settings->config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  const auto letters = open_letters(settings->config);
  if (!letters) return fail_with(letters.error());
  auto sink = SignalSink::open(*letters->log, letters->topics.signals);
  if (!sink) return fail_with(sink.error());
  std::uint64_t tried = 0, still_bad = 0;
  Scratch scratch;
  std::vector<KeyedSignal> good;
  const Status read = for_each_letter(*letters, [&](const Letter& letter) {
    if (invocation.letter != "all" && id_of(letter) != invocation.letter) return;
    ++tried;
    auto signals = redriven(scratch, letter.letter, settings->config, *load.knowledge);
    still_bad += signals ? 0U : 1U;
    if (signals) std::move(signals->begin(), signals->end(), std::back_inserter(good));
  });
  if (!read) return fail_with(read.error());
  if (!invocation.dry_run) {
    if (Status sent = (*sink)->append(good); !sent) return fail_with(sent.error());
  }
  // Nothing is taken out of the topic: ids make a second redrive harmless within the de-duplication's reach.
  fmt::print("{}{} dead letters: {} signals, {} still rejected\n", invocation.dry_run ? "would redrive " : "", tried,
             good.size(), still_bad);
  return tried == 0 && invocation.letter != "all" ? kFailed : kOk;
}

}  // namespace juncture::apps
