// The values of a categorical column that are frequent enough to learn from, as columns of 0 and 1.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace juncture {

class Categories {
 public:
  // Values that occur at least `least` times, sorted.
  Categories(std::span<const std::string> values, std::size_t least);

  // A column a value kept; a row with another value is 0 in all of them.
  std::vector<std::vector<double>> indicators(std::span<const std::string> values) const;
  const std::vector<std::string>& kept() const { return kept_; }

 private:
  std::vector<std::string> kept_;
};

}  // namespace juncture
