// Verbs about the model file: train, and verify, dump and diff of what is in one.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <map>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"
#include "juncture/inference/chain_file.h"
#include "juncture/text/train.h"

namespace juncture::apps {
namespace {

Result<TextModel> read_model(const std::string& file) {
  const auto bytes = read_file(file);
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  auto model = load_model(*bytes);
  if (!model) return fail(Domain::setup, model.error().code, file + ": " + model.error().detail);
  return model;
}

void add_row(std::vector<ModelFact>& facts, const std::string& name, const auto& row) {
  std::string value;
  for (const double number : row) value += fmt::format("{}{:.6g}", value.empty() ? "" : " ", number);
  facts.push_back({name, value});
}

// What the file says, a fact a line: of the text model, and of the chain if one was fitted.
Result<std::vector<ModelFact>> facts_of(const TextModel& model) {
  std::vector<ModelFact> facts = describe(model);
  if (model.chain().empty()) return facts;
  const auto chain = decode_chain(model.chain(), StageChainParameters{});
  if (!chain) return tl::unexpected<Error>(chain.error());
  add_row(facts, "chain dwell_median_days", chain->dwell_median_days);
  add_row(facts, "chain stall_per_day", chain->stall_per_day);
  add_row(facts, "chain rejection_per_day", chain->rejection_per_day);
  add_row(facts, "chain recovery_days", std::array{chain->recovery_days});
  add_row(facts, "chain eta", std::array{chain->eta});
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    add_row(facts, fmt::format("chain jumps {}", kStageNames[s]), chain->jumps[s]);
  }
  for (std::size_t s = 0; s < kStages; ++s) {
    add_row(facts, fmt::format("chain kernel {}", kStageNames[s]), kernel_row(*chain, s));
  }
  return facts;
}

}  // namespace

int run_model_verify(const Invocation& invocation) {
  int code = kOk;
  for (const std::string& file : invocation.files) {
    const auto model = read_model(file);
    const auto facts = model ? facts_of(*model) : Result<std::vector<ModelFact>>(tl::unexpected<Error>(model.error()));
    if (facts) {
      fmt::print("{}: {}{}\n", file, model->version(), model->chain().empty() ? "" : ", with a fitted chain");
    } else {
      code = fail_with(facts.error());
    }
  }
  return code;
}

int run_model_dump(const Invocation& invocation) {
  const auto model = read_model(invocation.files.front());
  if (!model) return fail_with(model.error());
  const auto facts = facts_of(*model);
  if (!facts) return fail_with(facts.error());
  if (!invocation.json) {
    for (const auto& [name, value] : *facts) fmt::print("{}: {}\n", name, value);
    return kOk;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const auto& [name, value] : *facts) json.member(name, std::string_view(value));
  json.end_object();
  fmt::print("{}\n", out);
  return kOk;
}

// Exit code as that of diff(1): 1 where they differ.
int run_model_diff(const Invocation& invocation) {
  std::map<std::string, std::array<std::string, 2>> values;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto model = read_model(invocation.files[i]);
    if (!model) return fail_with(model.error());
    const auto facts = facts_of(*model);
    if (!facts) return fail_with(facts.error());
    for (const auto& [name, value] : *facts) values[name][i] = value;
  }
  int code = kOk;
  for (const auto& [name, pair] : values) {
    if (pair[0] == pair[1]) continue;
    code = kFailed;
    fmt::print("{}\n- {}\n+ {}\n", name, pair[0], pair[1]);
  }
  return code;
}

namespace {

// Labelled queries become phrases of their stage, or noise.
Status learn_from(const std::string& file, Taxonomy& taxonomy) {
  const auto text = read_file(file);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto rows = parse_labelled(*text, file);
  if (!rows) return tl::unexpected<Error>(rows.error());
  TaxonomyNoise noise{.kind = "labelled"};
  for (const LabelledRow& row : *rows) {
    if (row.label < kStages) {
      taxonomy.stages[row.label].phrases.push_back({row.query, row.moment});
    } else {
      noise.phrases.push_back(row.query);
    }
  }
  if (!noise.phrases.empty()) taxonomy.noise.push_back(std::move(noise));
  return {};
}

}  // namespace

int run_train(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  auto lessons = load_lessons(settings->config);
  if (!lessons) return fail_with(lessons.error());
  if (!invocation.labels.empty()) {
    if (Status learnt = learn_from(invocation.labels, lessons->taxonomy); !learnt) return fail_with(learnt.error());
  }
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
