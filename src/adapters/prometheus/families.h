// Builds prometheus-cpp's plain metric families from values, without its registry: nothing is kept between scrapes.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/core/counters.h"

namespace juncture {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Families {
 public:
  // Opens a family; the next calls add to it.
  Families& counter(std::string_view name, std::string_view help);
  Families& gauge(std::string_view name, std::string_view help);
  Families& histogram(std::string_view name, std::string_view help);

  Families& add(double value, Labels labels = {});
  Families& add(std::uint64_t value, Labels labels = {});
  Families& add(const HistogramValue& value, Labels labels = {});

  std::string text() const;

 private:
  Families& open(std::string_view name, std::string_view help, prometheus::MetricType type);
  prometheus::ClientMetric& row(Labels labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace juncture
