// Every setting of a run. Each section's describe() feeds the loader, docs/configuration.md and the JSON Schema.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

// What a key means and may be.
struct Note {
  std::string_view doc;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();  // durations in milliseconds, sizes in bytes
};

// A size in bytes; written with its unit, as 64MiB.
struct Bytes {
  std::int64_t count = 0;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};
inline constexpr std::int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
inline constexpr Millis kDay{24h}, kYear{365 * 24h};

enum class LogKind : std::uint8_t { embedded, kafka, memory };
inline constexpr std::array<std::string_view, 3> kLogKindNames{"embedded", "kafka", "memory"};
enum class Profile : std::uint8_t { development, production };
inline constexpr std::array<std::string_view, 2> kProfileNames{"development", "production"};
inline constexpr std::array<std::string_view, 2> kDeliveryNames{"at_least_once", "exactly_once"};
enum class Forward : std::uint8_t { proxy, redirect, off };
inline constexpr std::array<std::string_view, 3> kForwardNames{"proxy", "redirect", "off"};
enum class LogLevel : std::uint8_t { debug, info, warn, error };
inline constexpr std::array<std::string_view, 4> kLogLevelNames{"debug", "info", "warn", "error"};
enum class LogFormat : std::uint8_t { auto_, text, logfmt, json };
inline constexpr std::array<std::string_view, 4> kLogFormatNames{"auto", "text", "logfmt", "json"};

enum class StandbyKind : std::uint8_t { none, all };
inline constexpr std::array<std::string_view, 2> kStandbyNames{"none", "all"};

struct KafkaConfig {
  std::string brokers = "127.0.0.1:9092";
  std::map<std::string, std::string> properties;
  friend bool operator==(const KafkaConfig&, const KafkaConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("brokers", brokers, Note{"Bootstrap servers, comma-separated `host:port`."});
    v("properties", properties, Note{"Passed to librdkafka as they are: TLS, SASL, tuning."});
  }
};

struct TopicsConfig {
  std::string prefix;
  std::int64_t partitions = 4;
  std::int64_t replication = 0;
  Millis retention = 14 * kDay;
  Bytes retention_bytes{4 * kGiB};
  friend bool operator==(const TopicsConfig&, const TopicsConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("prefix", prefix, Note{"Put before the name of each topic that juncture owns, as `shop-`."});
    v("partitions", partitions, Note{"Of `signals` and what is keyed like it. Fixed once there is data.", 1, 1024});
    v("replication", replication,
      Note{
          "Copies of each topic that juncture makes, Kafka only. 0: 3 in `profile: production`, else as the broker has "
          "it.",
          0, 32});
    v("retention", retention, Note{"How long `signals` is kept.", 3'600'000, 10 * kYear.count()});
    v("retention_bytes", retention_bytes, Note{"Per partition of `signals`, embedded log only.", kMiB, 1024 * kGiB});
  }
};

struct LogConfig {
  LogKind kind = LogKind::embedded;
  std::string data = "./juncture-data";
  KafkaConfig kafka;
  TopicsConfig topics;
  friend bool operator==(const LogConfig&, const LogConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("kind", kind, kLogKindNames, Note{"`embedded` is one process with a durable folder; `memory` forgets."});
    v("data", data, Note{"Folder of the embedded log and of the state."});
    v("kafka", kafka, Note{"Only for `kind: kafka`."});
    v("topics", topics, Note{"The topics juncture owns."});
  }
};

struct InputConfig {
  std::string topic;
  std::string format = "native";
  Consent consent = Consent::absent;
  friend bool operator==(const InputConfig&, const InputConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("topic", topic, Note{"Topic to read."});
    v("format", format, Note{"Connector that parses it: `native` or `access-log`."});
    v("consent", consent, kConsentNames, Note{"What holds where the format cannot say: your own promise."});
  }
};

struct EngineConfig {
  std::int64_t workers = 2;
  Millis commit_interval{100};
  Millis commit_interval_max{1000};
  Millis write_behind{15'000};
  std::string start = "earliest";
  std::string member;
  Millis fresh_within{5min};
  Bytes cache{256 * kMiB};
  Bytes buffers{384 * kMiB};
  StandbyKind standby = StandbyKind::none;
  std::int64_t hot_key = 5000;
  friend bool operator==(const EngineConfig&, const EngineConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("workers", workers, Note{"Threads, each with tasks of its own.", 1, 256});
    v("commit_interval", commit_interval, Note{"Between commits when caught up.", 10, 60'000});
    v("commit_interval_max", commit_interval_max, Note{"Between commits under backlog.", 10, 60'000});
    v("write_behind", write_behind,
      Note{"How long committed values may wait before they reach RocksDB.", 100, 600'000});
    v("start", start,
      Note{"Where the very first start reads from: `earliest`, `latest` or a time in UTC such as "
           "`2026-01-31T00:00:00Z`. Later starts go on from the committed position."});
    v("member", member,
      Note{"Name of this instance among those of the application, each its own: a restart within 10 s then keeps its "
           "partitions. Empty: partitions move at once."});
    v("fresh_within", fresh_within,
      Note{"Records older than this against the stream's head build state, but "
           "recommend nothing.",
           1000, 30 * kDay.count()});
    v("hot_key", hot_key,
      Note{"A prospect with more signals than this in a minute is reported as a hot key; 0: none is.", 0,
           1'000'000'000});
    v("cache", cache, Note{"Memory for the working set of all tasks together.", 8 * kMiB, 1024 * kGiB});
    v("buffers", buffers,
      Note{"Memory for what is on its way, of all tasks together: queues from and to Kafka, open transactions, values "
           "that RocksDB does not have yet, its write buffers and its block cache.",
           64 * kMiB, 1024 * kGiB});
    v("standby", standby, kStandbyNames,
      Note{"`all`: this process keeps a copy of the state that other processes own, on its disk, so that it can take "
           "over from one of them within seconds. `none`: it reads the changelog then."});
  }
};

struct ListenerConfig {
  std::string address = "127.0.0.1";
  std::int64_t port = 8080;
  std::vector<std::string> serves{"public", "analyst", "ops"};
  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("address", address, Note{"Loopback only in this version: `127.0.0.1`, `::1` or `localhost`."});
    v("port", port, Note{"0 takes a free one and says which.", 0, 65'535});
    v("serves", serves, Note{"Any of `public`, `analyst`, `ops`."});
  }
};

struct HttpConfig {
  std::vector<ListenerConfig> listeners{ListenerConfig{}};
  std::string advertised;
  Forward forward = Forward::proxy;
  std::vector<std::string> trusted_proxies;
  Bytes header_max{8 * kKiB};
  Bytes body_max{64 * kKiB};
  Millis request_timeout{10'000};
  std::int64_t connections_max = 1024;
  std::int64_t stream_clients_max = 256;
  Bytes stream_buffer{256 * kKiB};
  friend bool operator==(const HttpConfig&, const HttpConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("listeners", listeners, Note{"Addresses to listen on, and what each serves."});
    v("advertised", advertised,
      Note{"Where other instances reach this one, as `http://host:port`: then any of them answers for any prospect. "
           "Empty: this one answers for its own only."});
    v("forward", forward, kForwardNames,
      Note{"A request about another instance's prospect: `proxy` asks it, `redirect` sends the client there (307), "
           "`off` answers 503."});
    v("trusted_proxies", trusted_proxies,
      Note{"Networks of your own proxies, as `127.0.0.1` or `10.0.0.0/8`: they are believed about the client's address "
           "(`X-Forwarded-For`), by which `files.accounts` tells its network. The address is not kept. Empty: none "
           "is."});
    v("header_max", header_max, Note{"Longest request head.", kKiB, kMiB});
    v("body_max", body_max, Note{"Longest request body; `POST /v1/signals` takes 256KiB.", kKiB, 64 * kMiB});
    v("request_timeout", request_timeout,
      Note{"For the whole of a request's body, however slowly it comes.", 100, 600'000});
    v("connections_max", connections_max, Note{"More are closed at once.", 1, 1'000'000});
    v("stream_clients_max", stream_clients_max, Note{"More are answered 503.", 1, 1'000'000});
    v("stream_buffer", stream_buffer,
      Note{"Waiting for one slow client before it is told of a gap.", 16 * kKiB, 64 * kMiB});
  }
};

struct PrivacyConfig {
  TextPrivacy text = TextPrivacy::hashed;
  Millis text_ttl{24h};
  Millis prospect_ttl = 180 * kDay;
  Millis session_idle{30min};
  friend bool operator==(const PrivacyConfig&, const PrivacyConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("text", text, kTextPrivacyNames, Note{"What is kept of queries and titles."});
    v("text_ttl", text_ttl, Note{"Verbatim text is gone after this.", 60'000, kYear.count()});
    v("prospect_ttl", prospect_ttl,
      Note{"A prospect not heard of for so long is forgotten.", 3'600'000, 10 * kYear.count()});
    v("session_idle", session_idle,
      Note{"A session ends after this; with it the state of who gave no consent.", 60'000, 86'400'000});
  }
};

struct FilesConfig {
  std::string catalog, policy, taxonomy, vocabulary, model, calendar, accounts, token_key;
  friend bool operator==(const FilesConfig&, const FilesConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("catalog", catalog, Note{"Content that may be offered. Empty: the sample in the binary."});
    v("policy", policy, Note{"Costs, caps and thresholds of the decision. Empty: the sample in the binary."});
    v("taxonomy", taxonomy, Note{"Stages, moments and their example queries. Empty: the one in the binary."});
    v("vocabulary", vocabulary, Note{"Your own products, competitors, places and people. Empty: none."});
    v("model", model, Note{"Made by `juncture train`. Empty: trained from the taxonomy at start."});
    v("calendar", calendar,
      Note{"Which days buyers work, and holidays: silence on other days counts a quarter. Empty: the sample in the "
           "binary."});
    v("accounts", accounts,
      Note{"Accounts you know, by mail domain and network, and how they decide. Empty: only a list of free-mail "
           "domains."});
    v("token_key", token_key,
      Note{"Signs the tokens of offered items, 32 characters or more; the same in every instance. Empty: made in "
           "`log.data` at the first start."});
  }
};

struct LoggingConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::auto_;
  friend bool operator==(const LoggingConfig&, const LoggingConfig&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("level", level, kLogLevelNames, Note{"Least severity written to standard error."});
    v("format", format, kLogFormatNames, Note{"`auto` is `text` on a terminal and `logfmt` elsewhere."});
  }
};

struct Config {
  std::string application = "juncture";
  Profile profile = Profile::development;
  Delivery delivery = Delivery::exactly_once;
  LogConfig log;
  std::vector<InputConfig> input;
  EngineConfig engine;
  HttpConfig http;
  PrivacyConfig privacy;
  FilesConfig files;
  LoggingConfig logging;
  friend bool operator==(const Config&, const Config&) = default;

  template <class Visitor>
  void describe(Visitor& v) {
    v("application", application, Note{"Prefix of consumer groups and changelog topics."});
    v("profile", profile, kProfileNames, Note{"`production` refuses what `development` only warns of."});
    v("delivery", delivery, kDeliveryNames,
      Note{"`exactly_once`: state, recommendations and position of a signal become visible together or not at all. "
           "`at_least_once` is a little faster, and after a crash repeats some recommendations."});
    v("log", log, Note{"Where signals come from and recommendations go."});
    v("input", input, Note{"Foreign topics to take in. HTTP posts need none."});
    v("engine", engine, Note{"Threads, commits and memory."});
    v("http", http, Note{"The page, the API and the metrics."});
    v("privacy", privacy, Note{"What is kept, and for how long."});
    v("files", files, Note{"Paths, relative to the working directory."});
    v("logging", logging, Note{"What is written to standard error."});
  }
};

}  // namespace juncture
