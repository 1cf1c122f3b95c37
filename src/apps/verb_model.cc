// Verbs about the text model: train.
#include <fmt/format.h>

#include <cstdio>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"
#include "juncture/text/train.h"

namespace juncture::apps {

int run_train(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  const auto lessons = load_lessons(settings->config);
  if (!lessons) return fail_with(lessons.error());
  std::vector<LabelledRow> calibration;
  if (!invocation.calibration.empty()) {
    const auto text = read_file(invocation.calibration);
    if (!text) return fail_with(text.error());
    auto rows = parse_labelled(*text, invocation.calibration);
    if (!rows) return fail_with(rows.error());
    calibration = std::move(*rows);
  }
  const Timestamp began = wall_now();
  const auto model = train(lessons->taxonomy, lessons->vocabulary,
                           {.created_unix_ms = static_cast<std::uint64_t>(to_ms(began))}, calibration);
  if (!model) return fail_with(model.error());
  const std::string bytes = serialize(*model);
  if (Status written = write_file(invocation.out, bytes); !written) return fail_with(written.error());
  const double seconds = static_cast<double>((wall_now() - began).count()) / 1000.0;
  if (!invocation.json) {
    fmt::print("{} {} bytes in {:.2f} s to {}\n", model->version(), bytes.size(), seconds, invocation.out);
    return kOk;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("model", model->version());
  json.member("bytes", bytes.size());
  json.key("seconds").fixed(seconds, 3);
  json.member("calibration_rows", calibration.size());
  json.end_object();
  fmt::print("{}\n", out);
  return kOk;
}

}  // namespace juncture::apps
