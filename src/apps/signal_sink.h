// Appends canonical records to `signals` from any thread; returns when they are durable.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::apps {

// A canonical signal, written, and the prospect it belongs to.
struct KeyedSignal {
  std::string prospect;
  std::string record;
};

class SignalSink {
 public:
  // `log` outlives the sink.
  static Result<std::unique_ptr<SignalSink>> open(Log& log, std::string topic);

  // All of them are in the log when it returns without an error.
  Status append(std::span<const KeyedSignal> signals);
  // As append(), but durable only with the next append() or flush(): for files, where a crash means reading again.
  Status send(const KeyedSignal& signal);
  Status flush();
  // A clock tick into each partition: event time goes on where no signals come.
  Status tick(std::span<const Partition> partitions, Timestamp now);

 private:
  SignalSink(std::unique_ptr<Producer> producer, std::string topic)
      : producer_(std::move(producer)), topic_(std::move(topic)) {}

  std::mutex mutex_;
  std::unique_ptr<Producer> producer_;
  std::string topic_;
};

}  // namespace juncture::apps
