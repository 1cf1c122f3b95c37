#include "juncture/learning/categories.h"

#include <algorithm>
#include <map>

namespace juncture {

Categories::Categories(std::span<const std::string> values, std::size_t least) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& value : values) ++counts[value];
  for (const auto& [value, count] : counts) {
    if (count >= least) kept_.push_back(value);
  }
}

std::vector<std::vector<double>> Categories::indicators(std::span<const std::string> values) const {
  std::vector<std::vector<double>> out(kept_.size(), std::vector<double>(values.size()));
  for (std::size_t r = 0; r < values.size(); ++r) {
    const auto found = std::lower_bound(kept_.begin(), kept_.end(), values[r]);
    if (found != kept_.end() && *found == values[r]) out[static_cast<std::size_t>(found - kept_.begin())][r] = 1;
  }
  return out;
}

}  // namespace juncture
