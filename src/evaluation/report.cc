#include "juncture/evaluation/report.h"

#include <algorithm>

#include "juncture/core/json_writer.h"

namespace juncture {
namespace {

void write(JsonWriter& json, const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    json.key(figure.name);
    json.begin_object();
    json.member("value", figure.estimate.value);
    json.member("low", figure.estimate.low);
    json.member("high", figure.estimate.high);
    json.end_object();
  }
}

std::string cell_of(const std::vector<Figure>& figures, const std::string& name) {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  if (found == figures.end()) return "-";
  const Estimate& e = found->estimate;
  return decimal(e.value) + " (" + decimal(e.low) + ".." + decimal(e.high) + ")";
}

void write_row(std::string& out, const std::string& name, const std::vector<std::string>& cells) {
  const auto pad = [&](const std::string& text, std::size_t width) {
    out += text;
    out.append(text.size() < width ? width - text.size() : 1, ' ');
  };
  pad(name, 28);
  for (const std::string& cell : cells) pad(cell, 22);
  while (out.back() == ' ') out.pop_back();
  out += '\n';
}

}  // namespace

std::string decimal(double value, int places) {
  if (value != value) return "-";
  std::string out;
  JsonWriter(out).fixed(value, places);
  return out;
}

std::string to_json(const EvaluationReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("set", std::string_view(report.set));
  json.member("model", std::string_view(report.model));
  if (report.simulated) json.member("simulated", true);
  json.member("rows", report.rows);
  write(json, report.figures);
  json.key("groups");
  json.begin_object();
  for (const EvaluationGroup& group : report.groups) {
    json.key(group.name);
    json.begin_object();
    json.member("rows", group.rows);
    write(json, group.figures);
    json.end_object();
  }
  json.end_object();
  json.key("remarks");
  json.begin_array();
  for (const std::string& remark : report.remarks) json.value(std::string_view(remark));
  json.end_array();
  json.end_object();
  return out;
}

std::string to_table(const EvaluationReport& report) {
  std::string out;
  std::vector<std::string> heads{"all"}, counts{std::to_string(report.rows)};
  for (const EvaluationGroup& group : report.groups) {
    heads.push_back(group.name);
    counts.push_back(std::to_string(group.rows));
  }
  write_row(out, report.set + (report.simulated ? ", SIMULATED" : ""), heads);
  write_row(out, "rows", counts);
  std::vector<std::string> names;
  const auto note = [&](const std::vector<Figure>& figures) {
    for (const Figure& figure : figures) {
      if (std::find(names.begin(), names.end(), figure.name) == names.end()) names.push_back(figure.name);
    }
  };
  note(report.figures);
  for (const EvaluationGroup& group : report.groups) note(group.figures);
  for (const std::string& name : names) {
    std::vector<std::string> cells{cell_of(report.figures, name)};
    for (const EvaluationGroup& group : report.groups) cells.push_back(cell_of(group.figures, name));
    write_row(out, name, cells);
  }
  out += "model " + report.model + "; in brackets: 95 % bootstrap interval\n";
  for (const std::string& remark : report.remarks) out += remark + "\n";
  return out;
}

}  // namespace juncture
