#include "adapters/prometheus/families.h"

#include <prometheus/text_serializer.h>

#include <limits>

namespace juncture {

Families& Families::open(std::string_view name, std::string_view help, prometheus::MetricType type) {
  families_.push_back({std::string(name), std::string(help), type, {}});
  return *this;
}
Families& Families::counter(std::string_view name, std::string_view help) {
  return open(name, help, prometheus::MetricType::Counter);
}
Families& Families::gauge(std::string_view name, std::string_view help) {
  return open(name, help, prometheus::MetricType::Gauge);
}
Families& Families::histogram(std::string_view name, std::string_view help) {
  return open(name, help, prometheus::MetricType::Histogram);
}

prometheus::ClientMetric& Families::row(Labels labels) {
  prometheus::ClientMetric& out = families_.back().metric.emplace_back();
  for (const auto& [name, value] : labels) out.label.push_back({std::string(name), std::string(value)});
  return out;
}

Families& Families::add(double value, Labels labels) {
  prometheus::ClientMetric& out = row(labels);
  out.counter.value = value;
  out.gauge.value = value;
  return *this;
}

Families& Families::add(std::uint64_t value, Labels labels) {
  return add(static_cast<double>(value), labels);
}

Families& Families::add(const HistogramValue& value, Labels labels) {
  prometheus::ClientMetric& out = row(labels);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < value.buckets.size(); ++i) {
    count += value.buckets[i];
    const double edge = i < kSecondsEdges.size() ? kSecondsEdges[i] : std::numeric_limits<double>::infinity();
    out.histogram.bucket.push_back({count, edge});
  }
  out.histogram.sample_count = count;
  out.histogram.sample_sum = value.sum;
  return *this;
}

std::string Families::text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace juncture
