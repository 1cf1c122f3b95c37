// Apache Kafka as a log, by librdkafka.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "juncture/ports/log.h"

namespace juncture {

struct KafkaLogOptions {
  std::string brokers;  // host:port[,host:port...]
  std::string client_id = "juncture";
  // librdkafka's own names, given to it as they are: TLS, SASL, time-outs, anything but what would break a promise of
  // the port (auto-commit, offset resets, acks, idempotence), which is refused. With sasl.* or ssl.* and no
  // security.protocol, that is sasl_ssl or ssl: nothing secret goes over the wire in the clear by default.
  std::map<std::string, std::string> properties;
  // Copies of each topic that is made here, two of which must have a record before it counts; 0: as the broker has it.
  int replication = 0;
  // For metadata, administration and the first contact.
  Millis timeout{5000};
};

// Fails with `unreachable` if no broker answers, `kafka_property` for a bad property. Further errors of this adapter,
// beside those of the port: `offset_missing`, `unknown_topic`, `unknown_partition`, `record_too_large`, `fenced`,
// `rebalancing`, `timed_out`, `unsupported`, `not_allowed`, `kafka`.
// A producer is for one thread. A member's partitions all come and go at a rebalance (range assignor, eager).
Result<std::unique_ptr<Log>> make_kafka_log(const KafkaLogOptions& options);

}  // namespace juncture
