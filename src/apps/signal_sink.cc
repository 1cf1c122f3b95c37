#include "apps/signal_sink.h"

#include "juncture/ingest/canonical.h"

namespace juncture::apps {

Result<std::unique_ptr<SignalSink>> SignalSink::open(Log& log, std::string topic) {
  auto producer = log.make_producer({.transactional_id = {}, .linger = 1ms});
  if (!producer) return tl::unexpected(producer.error());
  return std::unique_ptr<SignalSink>(new SignalSink(std::move(*producer), std::move(topic)));
}

Status SignalSink::append(std::span<const KeyedSignal> signals) {
  for (const KeyedSignal& signal : signals) {
    if (Status sent = send(signal); !sent) return sent;
  }
  return flush();
}

Status SignalSink::send(const KeyedSignal& signal) {
  const std::scoped_lock lock(mutex_);
  return producer_->send({.topic = topic_, .key = signal.prospect, .value = signal.record});
}

Status SignalSink::flush() {
  const std::scoped_lock lock(mutex_);
  return producer_->flush();
}

Status SignalSink::tick(std::span<const Partition> partitions, Timestamp now) {
  std::string record;
  write_tick(now, std::nullopt, record);
  const std::scoped_lock lock(mutex_);
  for (const Partition partition : partitions) {
    const Outgoing out{.topic = topic_, .partition = partition, .value = record};
    if (Status sent = producer_->send(out); !sent) return sent;
  }
  return producer_->flush();
}

}  // namespace juncture::apps
