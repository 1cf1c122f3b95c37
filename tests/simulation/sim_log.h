// The log as one simulated process reaches it: clients of the cluster as librdkafka's would be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulation/cluster.h"

namespace juncture::simulation {

// Reading on, and up to the last stable offset only: what consumers and readers share.
class Fetcher {
 public:
  Fetcher(Cluster& cluster, Host& host) : cluster_(cluster), host_(host) {}

  struct Part {
    Offset next = 0, fetch = 0, ended_at = 0;
    bool sought = false, paused = false;
  };
  std::map<TopicPartition, Part> parts;

  void seek(Part& part, Offset next) { part = {next, next, 0, true, part.paused}; }
  std::optional<Offset> position(const TopicPartition& at) const;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max);

 private:
  Status fetch(const TopicPartition& at, Part& part, std::size_t records_max);

  Cluster& cluster_;
  Host& host_;
  std::vector<Record> records_;
  std::deque<std::string> bytes_;
};

class SimConsumer final : public Consumer {
 public:
  SimConsumer(Cluster& cluster, Host& host, ConsumerOptions options)
      : cluster_(cluster), host_(host), options_(std::move(options)), fetcher_(cluster, host) {}
  SimConsumer(const SimConsumer&) = delete;
  SimConsumer& operator=(const SimConsumer&) = delete;
  ~SimConsumer() override;

  Status subscribe(std::vector<std::string> topics, AssignmentListener& listener) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override;
  Status seek(const TopicPartition& at, Offset next) override;
  Status pause(const TopicPartition& at) override { return set_paused(at, true); }
  Status resume(const TopicPartition& at) override { return set_paused(at, false); }
  Status commit(const std::map<TopicPartition, Position>& positions) override;
  Result<std::optional<Position>> committed(const TopicPartition& at) override;
  std::optional<Offset> position(const TopicPartition& at) const override { return fetcher_.position(at); }
  Status close() override;
  Result<std::string> membership() const override { return member_ + "|" + std::to_string(generation_); }

 private:
  Status attend();
  void lose();
  Status set_paused(const TopicPartition& at, bool paused);

  Cluster& cluster_;
  Host& host_;
  ConsumerOptions options_;
  Fetcher fetcher_;
  std::vector<std::string> topics_;
  AssignmentListener* listener_ = nullptr;
  std::string member_;
  int generation_ = -1;
  std::vector<TopicPartition> held_;
  bool fenced_ = false, closed_ = false;
};

class SimProducer final : public Producer {
 public:
  SimProducer(Cluster& cluster, Host& host, const ProducerOptions& options)
      : cluster_(cluster), host_(host), id_(options.transactional_id), patience_(options.transaction_timeout) {}
  SimProducer(const SimProducer&) = delete;
  SimProducer& operator=(const SimProducer&) = delete;
  ~SimProducer() override;

  Status init();
  Status send(const Outgoing& record) override { return send_batch({&record, 1}); }
  Status send_batch(std::span<const Outgoing> records) override;
  Status flush() override { return push(patience_); }
  Status begin_transaction() override;
  Status send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                      Millis at_most) override;
  Status commit_transaction(Millis at_most) override { return end(true, at_most); }
  Status abort_transaction(Millis at_most) override { return end(false, at_most); }

 private:
  Status push(Millis at_most);
  Status end(bool commit, Millis at_most);
  // Until the coordinator is done with the transaction before.
  template <class Act>
  Status insist(Millis at_most, Act act);

  Cluster& cluster_;
  Host& host_;
  std::string id_;
  Millis patience_;
  std::int64_t producer_ = kNobody;
  int epoch_ = 0;
  bool in_transaction_ = false, broken_ = false;
  std::map<TopicPartition, std::vector<Entry>> buffer_;
  std::map<TopicPartition, std::int64_t> sequences_;
  std::set<TopicPartition> added_;
};

class SimReader final : public Reader {
 public:
  SimReader(Cluster& cluster, Host& host) : fetcher_(cluster, host) {}
  Status assign(const std::map<TopicPartition, Offset>& from) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override {
    return fetcher_.poll(timeout, records_max);
  }
  std::optional<Offset> position(const TopicPartition& at) const override { return fetcher_.position(at); }

 private:
  Fetcher fetcher_;
};

class SimLog final : public Log {
 public:
  SimLog(Cluster& cluster, Host& host) : cluster_(cluster), host_(host) {}
  std::string_view kind() const override { return "simulated"; }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& options) override {
    return std::make_unique<SimConsumer>(cluster_, host_, options);
  }
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& options) override;
  Result<std::unique_ptr<Reader>> open_reader(std::size_t /*queue_bytes*/) override {
    return std::make_unique<SimReader>(cluster_, host_);
  }
  Status ensure_topic(const TopicSpec& spec) override;
  Result<std::optional<Partition>> partition_count(std::string_view topic) override;
  Offset transaction_end_offsets() const override { return 1; }
  Result<Watermarks> watermarks(const TopicPartition& at) override;
  Result<Offset> offset_at(const TopicPartition& at, Timestamp time) override;
  Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) override;
  Result<std::vector<std::string>> topics() override;
  std::uint64_t dropped_unread() const override { return 0; }

 private:
  Cluster& cluster_;
  Host& host_;
};

}  // namespace juncture::simulation
