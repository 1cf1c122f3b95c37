#include <algorithm>
#include <array>
#include <cmath>

#include "juncture/core/json_writer.h"
#include "juncture/evaluation/report.h"

namespace juncture {
namespace {

constexpr double kWidth = 420, kHeight = 300, kLeft = 52, kBottom = 44, kTop = 12, kRight = 12;
constexpr std::array<std::string_view, 8> kColours{"#0b6e99", "#c8553d", "#588157", "#7b5ea7",
                                                   "#b08900", "#444444", "#d17ba5", "#2a9d8f"};
constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1c1c1c}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:13px}td,th{padding:.2rem .6rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}small{color:#666}"
    ".plots{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0}figcaption{font-weight:600}"
    "svg text{font:11px "
    "system-ui,sans-serif;fill:#333}.wide{overflow-x:auto}.simulated{background:#fff3cd;padding:.2rem .5rem}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string element(std::string_view name, const std::string& inside) {
  return "<" + std::string(name) + ">" + inside + "</" + std::string(name) + ">";
}

// The range of one axis: that of the points, with zero and one in it where they are odds.
struct Axis {
  double low = 0, high = 1;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

class Picture {
 public:
  explicit Picture(const Plot& plot) : plot_(plot) {
    for (const Curve& curve : plot.curves) {
      for (const auto& [x, y] : curve.points) {
        x_.take(x);
        y_.take(y);
      }
    }
  }

  std::string draw() {
    out_ = "<svg viewBox=\"0 0 " + decimal(kWidth, 0) + " " + decimal(kHeight, 0) + "\" width=\"" + decimal(kWidth, 0) +
           "\" role=\"img\" aria-label=\"" + escaped(plot_.title) + "\">";
    for (int tick = 0; tick <= 4; ++tick) {
      const double x = x_.low + (x_.high - x_.low) * tick / 4, y = y_.low + (y_.high - y_.low) * tick / 4;
      line(x_.low, y, x_.high, y, "#eee");
      text(at_x(x), kHeight - kBottom + 16, "middle", decimal(x, x_.high > 10 ? 0 : 2));
      text(kLeft - 6, at_y(y) + 4, "end", decimal(y, y_.high > 10 ? 0 : 2));
    }
    if (plot_.diagonal) line(x_.low, y_.low, x_.high, y_.high, "#bbb");
    text((kLeft + kWidth) / 2, kHeight - 8, "middle", plot_.x);
    text(kLeft, kTop, "start", plot_.y);
    for (std::size_t c = 0; c < plot_.curves.size(); ++c) curve(plot_.curves[c], kColours[c % kColours.size()], c);
    return out_ + "</svg>";
  }

 private:
  double at_x(double x) const { return kLeft + (x - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double at_y(double y) const {
    return kHeight - kBottom - (y - y_.low) / (y_.high - y_.low) * (kHeight - kBottom - kTop - 6);
  }
  void line(double x1, double y1, double x2, double y2, std::string_view colour) {
    out_ += "<line x1=\"" + decimal(at_x(x1), 1) + "\" y1=\"" + decimal(at_y(y1), 1) + "\" x2=\"" +
            decimal(at_x(x2), 1) + "\" y2=\"" + decimal(at_y(y2), 1) + "\" stroke=\"" + std::string(colour) + "\"/>";
  }
  void text(double x, double y, std::string_view anchor, std::string_view words) {
    out_ += "<text x=\"" + decimal(x, 1) + "\" y=\"" + decimal(y, 1) + "\" text-anchor=\"" + std::string(anchor) +
            "\">" + escaped(words) + "</text>";
  }
  void curve(const Curve& curve, std::string_view colour, std::size_t number) {
    out_ += "<polyline fill=\"none\" stroke-width=\"1.8\" stroke=\"" + std::string(colour) + "\" points=\"";
    for (const auto& [x, y] : curve.points) out_ += decimal(at_x(x), 1) + "," + decimal(at_y(y), 1) + " ";
    out_ += "\"/>";
    const double y = kTop + 16 + 14 * static_cast<double>(number);
    out_ += "<rect x=\"" + decimal(kLeft + 8, 0) + "\" y=\"" + decimal(y - 8, 1) +
            "\" width=\"10\" height=\"4\" fill=\"" + std::string(colour) + "\"/>";
    text(kLeft + 24, y - 3, "start", curve.name);
  }

  const Plot& plot_;
  Axis x_, y_;
  std::string out_;
};

std::string cell_of(const std::vector<Figure>& figures, const std::string& name) {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  if (found == figures.end()) return "<td>-</td>";
  const Estimate& e = found->estimate;
  return "<td>" + decimal(e.value) + " <small>" + decimal(e.low) + " to " + decimal(e.high) + "</small></td>";
}

std::string figures_of(const EvaluationReport& report) {
  std::string head = "<th>rows " + std::to_string(report.rows) + "</th><th>all</th>", body;
  std::vector<std::string> names;
  const auto note = [&](const std::vector<Figure>& figures) {
    for (const Figure& figure : figures) {
      if (std::find(names.begin(), names.end(), figure.name) == names.end()) names.push_back(figure.name);
    }
  };
  note(report.figures);
  for (const EvaluationGroup& group : report.groups) {
    head += "<th>" + escaped(group.name) + "<br><small>" + std::to_string(group.rows) + "</small></th>";
    note(group.figures);
  }
  for (const std::string& name : names) {
    std::string row = element("td", escaped(name)) + cell_of(report.figures, name);
    for (const EvaluationGroup& group : report.groups) row += cell_of(group.figures, name);
    body += element("tr", row);
  }
  return "<div class=\"wide\">" + element("table", element("tr", head) + body) + "</div>";
}

// Shares of each true class, darker the larger.
std::string confusion_of(const Confusion& confusion) {
  std::string rows, head = "<th>true \\ found</th>";
  for (const std::string& name : confusion.classes) head += element("th", escaped(name));
  rows = element("tr", head);
  for (std::size_t t = 0; t < confusion.counts.size(); ++t) {
    double sum = 0;
    for (const double count : confusion.counts[t]) sum += count;
    std::string row = element("td", escaped(confusion.classes[t]));
    for (const double count : confusion.counts[t]) {
      const double share = sum > 0 ? count / sum : 0;
      row += "<td style=\"background:rgba(11,110,153," + decimal(share * .8, 2) + ")\">" + decimal(count, 0) + "</td>";
    }
    rows += element("tr", row);
  }
  return element("h3", escaped(confusion.title)) + "<div class=\"wide\">" + element("table", rows) + "</div>";
}

std::string section_of(const EvaluationReport& report) {
  std::string out = element("h2", escaped(report.set));
  if (report.simulated) out += "<p class=\"simulated\">Simulated: nothing here is a measurement of real buyers.</p>";
  out += figures_of(report);
  std::string plots;
  for (const Plot& plot : report.plots) {
    plots += element("figure", element("figcaption", escaped(plot.title)) + Picture(plot).draw());
  }
  out += "<div class=\"plots\">" + plots + "</div>";
  for (const Confusion& confusion : report.confusions) out += confusion_of(confusion);
  for (const std::string& remark : report.remarks) out += element("p", escaped(remark));
  return out;
}

}  // namespace

std::string to_html(std::span<const EvaluationReport> reports, std::span<const std::string> skipped) {
  std::string body = element("h1", "juncture: evaluation");
  const std::string model = reports.empty() ? "-" : reports.front().model;
  body += element("p", "Model " + escaped(model) + ". Small print: 95 % bootstrap intervals.");
  for (const std::string& set : skipped) body += element("p", "Not measured: " + escaped(set));
  for (const EvaluationReport& report : reports) body += section_of(report);
  return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>juncture: evaluation</title>" +
         element("style", std::string(kStyle)) + element("body", body) + "</html>\n";
}

}  // namespace juncture
