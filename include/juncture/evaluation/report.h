// What an evaluation found: named figures with intervals, in groups, with what is to be plotted. One JSON, one table.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/evaluation/measures.h"

namespace juncture {

struct Figure {
  std::string name;  // of the JSON key: lower case and underscores
  Estimate estimate;
};

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};
struct Plot {
  std::string title, x, y;
  bool diagonal = false;  // the line that a perfect one would follow
  std::vector<Curve> curves;
};
// Rows by truth, columns by finding, in counts.
struct Confusion {
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::vector<double>> counts;
};

struct EvaluationGroup {
  std::string name;  // "device mobile"
  std::size_t rows = 0;
  std::vector<Figure> figures;
};

struct EvaluationReport {
  std::string set;    // "labelled", "orcas", ...
  std::string model;  // version of what was measured
  bool simulated = false;
  std::size_t rows = 0;
  std::vector<Figure> figures;
  std::vector<EvaluationGroup> groups;
  std::vector<Plot> plots;
  std::vector<Confusion> confusions;
  std::vector<std::string> remarks;  // what a reader must know beside the figures, a sentence each
};

// A figure as the table and the page print it; "-" where there is none (not a number).
std::string decimal(double value, int places = 3);

// {"set", "model", "rows", NAME: {"value", "low", "high"}, ..., "groups": {GROUP: {"rows", NAME: {...}}}, "remarks"}
std::string to_json(const EvaluationReport& report);
// For a terminal: a line a figure, a column a group.
std::string to_table(const EvaluationReport& report);
// One page that needs nothing but itself: figures with their intervals, plots as inline SVG, confusions, remarks.
// `skipped`: sets that were not measured, and why.
std::string to_html(std::span<const EvaluationReport> reports, std::span<const std::string> skipped);

}  // namespace juncture
