#include "apps/identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "apps/load_knowledge.h"
#include "juncture/core/hash.h"
#include "juncture/ports/faults.h"

namespace juncture::apps {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kHead = "juncture.id ";

Result<std::string> name_of(Log& log) {
  auto id = log.identity();
  if (!id) return id;
  return std::string(log.kind()) + ":" + *id;
}

tl::unexpected<Error> refuse(std::string_view code, const std::string& folder, const std::string& what,
                             std::string_view mend) {
  return fail(Domain::setup, code, fmt::format("the state in {} {}; {}", folder, what, mend));
}

constexpr std::string_view kOtherLog =
    "set `log.kafka.brokers` or `log.data` right, or, if that log holds a copy of the old one's signals, move the "
    "folder aside and run `juncture rebuild`";
constexpr std::string_view kOtherApplication =
    "give each application a `log.data` of its own, or move the folder aside";
constexpr std::string_view kNoTopic =
    "a topic cannot come back: bring the signals back into a new one, move the folder aside and run `juncture rebuild`";
constexpr std::string_view kOtherCount =
    "a prospect's signals and its state would be in different partitions: go on with a new `log.topics.prefix`, copy "
    "the signals there by key and run `juncture rebuild`";

// The topic was deleted and made again if all that was read of it lies beyond its end. One partition alone is the
// engine's to suspend.
Result<bool> is_made_anew(Log& log, const Identity& known) {
  int read = 0, gone = 0;
  for (Partition p = 0; p < known.partitions; ++p) {
    const TopicPartition at{known.signals, p};
    const auto position = log.committed(known.application, at);
    if (!position) return tl::unexpected(position.error());
    if (!*position || (*position)->next == 0) continue;
    const auto marks = log.watermarks(at);
    if (!marks) return tl::unexpected(marks.error());
    ++read;
    if ((*position)->next > marks->end) ++gone;
  }
  return read > 0 && gone == read;
}

tl::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  return fail(Domain::environment, "file", fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// The old text or the new one, after a power cut too.
Status replace_file(const std::string& folder, const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  {
    const Descriptor file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.number() < 0) return cannot("making", fresh);
    if (::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return cannot("writing", fresh);
    }
    if (::fsync(file.number()) != 0) return cannot("syncing", fresh);
  }
  JUNCTURE_FAILPOINT("in_identity");
  if (::rename(fresh.c_str(), path.c_str()) != 0) return cannot("renaming", fresh);
  const Descriptor directory(folder, O_RDONLY | O_DIRECTORY);
  if (directory.number() < 0 || ::fsync(directory.number()) != 0) return cannot("syncing", folder);
  return {};
}

}  // namespace

std::string identity_file(const std::string& folder) {
  return folder + "/juncture.id";
}

std::string to_text(const Identity& identity) {
  const std::string facts = fmt::format("{}{}\nlog {}\napplication {}\nsignals {} {}\n", kHead, kFormat, identity.log,
                                        identity.application, identity.signals, identity.partitions);
  return fmt::format("{}check {:016x}\n", facts, hash64(facts));
}

Result<Identity> parse_identity(std::string_view text) {
  const auto damaged = [] { return fail(Domain::environment, "identity_damaged", "juncture.id cannot be read"); };
  std::istringstream lines{std::string(text)};
  std::string word;
  int format = 0;
  if (!(lines >> word >> format) || word + " " != kHead) return damaged();
  if (format > kFormat) {
    return fail(Domain::setup, "identity_format",
                fmt::format("a newer juncture wrote format {}, this one knows {} only", format, kFormat));
  }
  Identity out;
  std::string log, application, signals, check;
  lines >> log >> out.log >> application >> out.application >> signals >> out.signals >> out.partitions;
  if (!lines || log != "log" || application != "application" || signals != "signals") return damaged();
  if (to_text(out) != text) return damaged();
  return out;
}

Status check_identity(Log& log, const Config& config, const std::string& folder) {
  const auto text = read_file(identity_file(folder));
  if (!text) return {};
  const auto known = parse_identity(*text);
  if (!known) {
    if (known.error().domain == Domain::setup) {
      return fail(Domain::setup, known.error().code, identity_file(folder) + ": " + known.error().detail);
    }
    spdlog::warn("the identity of the state cannot be read and is written anew path={}", identity_file(folder));
    return {};
  }
  const auto here = name_of(log);
  if (!here) return tl::unexpected(here.error());
  if (*here != known->log) {
    return refuse("wrong_log", folder, fmt::format("belongs to the log {}, and this is {}", known->log, *here),
                  kOtherLog);
  }
  const Topics topics(config.log.topics.prefix);
  if (known->application != group_of(config) || known->signals != topics.signals) {
    return refuse("wrong_application", folder,
                  fmt::format("is that of {} over {}, and this is {} over {}", known->application, known->signals,
                              group_of(config), topics.signals),
                  kOtherApplication);
  }
  const auto count = log.partition_count(topics.signals);
  if (!count) return tl::unexpected(count.error());
  if (!*count)
    return refuse("topic_gone", folder, "follows from topic " + topics.signals + ", which is not there", kNoTopic);
  if (**count != known->partitions) {
    return refuse(
        "partition_count", folder,
        fmt::format("follows from {} partitions of {}, which now has {}", known->partitions, topics.signals, **count),
        kOtherCount);
  }
  const auto anew = is_made_anew(log, *known);
  if (!anew) return tl::unexpected(anew.error());
  if (!*anew) return {};
  return refuse("topic_made_anew", folder,
                "follows from more of " + topics.signals + " than there is: the topic was deleted and made again",
                kNoTopic);
}

Status claim_folder(Log& log, const Config& config, const std::string& folder) {
  const auto here = name_of(log);
  if (!here) return tl::unexpected(here.error());
  const Topics topics(config.log.topics.prefix);
  const Identity mine{.log = *here,
                      .application = group_of(config),
                      .signals = topics.signals,
                      .partitions = static_cast<Partition>(config.log.topics.partitions)};
  const std::string text = to_text(mine);
  if (const auto known = read_file(identity_file(folder)); known && *known == text) return {};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return replace_file(folder, identity_file(folder), text);
}

}  // namespace juncture::apps
