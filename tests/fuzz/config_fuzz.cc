// Every YAML file that a user may write, as bytes: no input may crash or hang a loader.
#include <cstddef>
#include <cstdint>

#include "juncture/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const juncture::Source source{.text = text, .filename = "fuzz.yaml"};
  const juncture::LoadOutcome outcome = juncture::load_config({.texts = {{"fuzz.yaml", text}}, .sets = {"log.data=x"}});
  // What was accepted must be shown in a form that is accepted again and means the same.
  if (outcome.ok()) {
    const juncture::LoadOutcome again = juncture::load_config({.texts = {{"shown.yaml", show_config(outcome.config)}}});
    if (!again.ok()) __builtin_trap();
  }
  const auto catalog = juncture::load_catalog(source);
  for (const juncture::ContentItem& item : catalog.value.items) {
    if (catalog.ok() && !item.url.starts_with("https://")) __builtin_trap();
  }
  if (juncture::load_policy(source).ok() && size < 100) __builtin_trap();
  static_cast<void>(juncture::load_calendar(source));
  return 0;
}
