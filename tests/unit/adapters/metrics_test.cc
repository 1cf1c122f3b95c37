#include "juncture/adapters/metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace juncture;

namespace {

std::vector<std::string> series_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) out.push_back(line);
  }
  return out;
}

MetricsSnapshot busy_snapshot() {
  MetricsSnapshot out;
  out.version = "0.1.0";
  out.signals_consumed = {{"native", 12}, {"access-log", 3}};
  out.process_seconds = {{"intake", {}}, {"prospects", {}}};
  out.signal_to_recommendation_seconds.buckets[3] = 2;  // up to 5 ms
  out.signal_to_recommendation_seconds.buckets[16] = 1;
  out.signal_to_recommendation_seconds.sum = 700.25;
  for (std::int32_t p = 0; p < 16; ++p) {
    for (const char* topic : {"juncture.signals", "juncture.intake", "web.log"}) {
      out.lag.push_back({topic, p, 7, 1.5, 1763784000123});
    }
  }
  for (const char* route :
       {"/v1/signals", "/v1/suggestions", "/v1/feedback", "/v1/prospects/{id}", "/v1/stream", "/v1/status", "/metrics",
        "/-/healthy", "/-/ready", "/openapi.json", "/", "/app.js", "/style.css", "other"}) {
    out.http.requests.push_back({route, "GET", {}});
    out.http.requests.push_back({route, "other", {}});
    out.http.seconds.push_back({route, {}});
  }
  out.http.requests[0].codes = {0, 5, 0, 1, 0};
  out.stage_transitions[8][9] = 4;
  out.conditions[3] = {6, 5};
  out.prospects_active.emplace();
  out.log_errors = {{"unreachable", 2}};
  out.process = process_stats();
  return out;
}

}  // namespace

TEST_CASE("every series is there from the start, and zero", "[metrics]") {
  const std::string text = render_metrics(MetricsSnapshot{});
  for (const char* line : {"juncture_signals_rejected_total{reason=\"invalid_json\"} 0\n",
                           "juncture_signals_late_total{action=\"dropped\"} 0\n",
                           "juncture_stage_transitions_total{from=\"cost_benefit\",to=\"bake_off\"} 0\n",
                           "juncture_conditions_total{condition=\"buying\",kind=\"leave\"} 0\n",
                           "juncture_recommendations_total{outcome=\"abstained\"} 0\n",
                           "juncture_feedback_total{kind=\"wrong\"} 0\n",
                           "juncture_moments_detected_total{moment=\"unclear\"} 0\n",
                           "juncture_texts_total 0\n",
                           "juncture_text_none_odds_total 0\n",
                           "juncture_text_unknown_words_total 0\n",
                           "juncture_stage_odds_total{stage=\"stalled\"} 0\n",
                           "juncture_log_commits_total{result=\"failed\"} 0\n",
                           "juncture_log_dropped_messages_total{reason=\"retention\"} 0\n",
                           "juncture_sse_dropped_total{reason=\"slow\"} 0\n",
                           "juncture_log_errors_total{code=\"other\"} 0\n",
                           "juncture_rocksdb_write_stalled 0\n",
                           "juncture_rocksdb_scrubbed_bytes_total 0\n",
                           "juncture_ready 0\n",
                           "juncture_signal_to_recommendation_seconds_count 0\n",
                           "juncture_log_rebalances_total{kind=\"lost\"} 0\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("values come out as they went in", "[metrics]") {
  const std::string text = render_metrics(busy_snapshot());
  for (const char* line : {"juncture_signals_consumed_total{source=\"native\"} 12\n",
                           "juncture_signal_to_recommendation_seconds_bucket{le=\"0.0025\"} 0\n",
                           "juncture_signal_to_recommendation_seconds_bucket{le=\"0.005\"} 2\n",
                           "juncture_signal_to_recommendation_seconds_bucket{le=\"600\"} 2\n",
                           "juncture_signal_to_recommendation_seconds_bucket{le=\"+Inf\"} 3\n",
                           "juncture_signal_to_recommendation_seconds_sum 700.25\n",
                           "juncture_consumer_lag_messages{topic=\"juncture.signals\",partition=\"0\"} 7\n",
                           "juncture_consumer_lag_seconds{topic=\"web.log\",partition=\"15\"} 1.5\n",
                           "juncture_watermark_timestamp_seconds{topic=\"web.log\",partition=\"0\"} 1763784000.123\n",
                           "juncture_http_requests_total{route=\"/v1/signals\",method=\"GET\",code=\"2xx\"} 5\n",
                           "juncture_http_requests_total{route=\"/v1/signals\",method=\"GET\",code=\"4xx\"} 1\n",
                           "juncture_stage_transitions_total{from=\"cost_benefit\",to=\"bake_off\"} 4\n",
                           "juncture_conditions_total{condition=\"stalled\",kind=\"enter\"} 6\n",
                           "juncture_conditions_total{condition=\"stalled\",kind=\"leave\"} 5\n",
                           "juncture_log_errors_total{code=\"unreachable\"} 2\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("a busy instance stays below 1,500 series and 200 KB, each once", "[metrics]") {
  MetricsSnapshot snapshot = busy_snapshot();
  for (std::int32_t p = 0; p < 500; ++p) snapshot.lag.push_back({"many", p, 1, p == 499 ? 9999.0 : 0.0, 0});
  for (int i = 0; i < 100; ++i) snapshot.log_errors["code" + std::to_string(i)] = 1;

  const std::string text = render_metrics(snapshot);
  const std::vector<std::string> series = series_of(text);
  std::set<std::string> names;
  for (const std::string& line : series) names.insert(line.substr(0, line.rfind(' ')));

  CHECK(names.size() == series.size());
  CHECK(series.size() < 1500);
  CHECK(text.size() < 200000);
  CHECK(text.find("juncture_consumer_lag_seconds{topic=\"many\",partition=\"499\"} 9999\n") != std::string::npos);
  CHECK(text.find("juncture_log_errors_total{code=\"other\"} 70\n") != std::string::npos);
}

TEST_CASE("the process says what it uses", "[metrics]") {
  const ProcessStats stats = process_stats();
  CHECK(stats.resident_bytes > 1000000);
  CHECK(stats.virtual_bytes >= stats.resident_bytes);
  CHECK(stats.open_files >= 3);
  CHECK(stats.files_max >= stats.open_files);
  CHECK(stats.threads >= 1);
  CHECK(stats.start_time_seconds > 1.6e9);
}

TEST_CASE("Prometheus's own linter finds nothing in the text", "[metrics]") {
  if (std::system("command -v promtool >/dev/null") != 0) {
    const char* required = std::getenv("JUNCTURE_TEST_REQUIRE");
    if (required != nullptr && std::string_view(required).find("prometheus") != std::string_view::npos) {
      FAIL("promtool is not installed");
    }
    WARN("left out: promtool is not installed (config/packages-test.txt)");
    return;
  }
  const auto path =
      std::filesystem::temp_directory_path() / ("juncture_metrics_" + std::to_string(std::rand()) + ".prom");
  std::ofstream(path) << render_metrics(busy_snapshot());

  CHECK(std::system(("promtool check metrics < " + path.string()).c_str()) == 0);
  std::filesystem::remove(path);
}

TEST_CASE("every metric is in the operator's page, and every metric there exists", "[metrics]") {
  std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + "/docs/operations.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string text = render_metrics(busy_snapshot());
  std::istringstream lines(text);
  std::size_t families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    INFO(name);
    CHECK(page.find("`" + name + "`") != std::string::npos);
    ++families;
  }
  CHECK(families > 40);
  for (std::size_t at = page.find("| `juncture_"); at != std::string::npos; at = page.find("| `juncture_", at + 1)) {
    const std::string name = page.substr(at + 3, page.find('`', at + 3) - at - 3);
    INFO(name);
    CHECK(text.find("# TYPE " + name + " ") != std::string::npos);
  }
}

TEST_CASE("every alert leads to a runbook that is there, and names metrics that exist", "[metrics]") {
  const auto read = [](const char* path) {
    std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + path);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  const std::string rules = read("/config/prometheus/juncture.rules.yml");
  const std::string page = read("/docs/operations.md");
  const std::string text = render_metrics(busy_snapshot());

  std::size_t alerts = 0;
  for (std::size_t at = rules.find("- alert: "); at != std::string::npos; at = rules.find("- alert: ", at + 1)) {
    const std::string name = rules.substr(at + 9, rules.find('\n', at) - at - 9);
    std::string anchor = name;
    std::transform(anchor.begin(), anchor.end(), anchor.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    INFO(name);
    CHECK(rules.find("runbook: docs/operations.md#" + anchor + "\n") != std::string::npos);
    CHECK(page.find("### " + name + "\n") != std::string::npos);
    ++alerts;
  }
  CHECK(alerts == 10);
  for (std::size_t at = rules.find("(juncture_"); at != std::string::npos; at = rules.find("(juncture_", at + 1)) {
    std::string name = rules.substr(at + 1, rules.find_first_of("{[)", at + 1) - at - 1);
    if (name.ends_with("_bucket")) name.resize(name.size() - 7);
    INFO(name);
    CHECK(text.find("# TYPE " + name + " ") != std::string::npos);
  }
}
