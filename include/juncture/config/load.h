// Reads settings from files, the environment and the command line, and says where each value came from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/config/config.h"
#include "juncture/core/account_table.h"
#include "juncture/core/calendar.h"
#include "juncture/core/catalog.h"
#include "juncture/core/policy.h"
#include "juncture/core/result.h"

namespace juncture {

// Dotted key to where its value came from: "config/juncture.yaml:14:5", "env JUNCTURE_ENGINE_WORKERS", "--set".
using Origins = std::map<std::string, std::string>;

struct LoadRequest {
  std::vector<std::pair<std::string, std::string>> texts{};  // name and YAML; below all files
  std::vector<std::string> files{};                          // later ones win
  std::map<std::string, std::string> env{};  // all variables; JUNCTURE_* set keys, any may stand in ${NAME}
  std::vector<std::string> sets{};           // "a.b=c"; flags of the command line are the last of them
};

// Anything read from a file: the value counts only when there are no errors. All errors are there, not the first.
template <class T>
struct Loaded {
  T value;
  std::vector<Error> errors;    // Domain::setup; detail is "file:line:col: what is wrong"
  std::vector<Error> warnings;  // same form; nothing is refused for them
  bool ok() const { return errors.empty(); }
};

struct LoadOutcome {
  Config config;
  std::vector<Error> errors;
  std::vector<Error> warnings;
  Origins origins;  // keys that differ in origin from the defaults
  bool ok() const { return errors.empty(); }
};

LoadOutcome load_config(const LoadRequest& request);
// Rules across settings, with nothing but the values; load_config() has called it.
std::vector<Error> validate(const Config& config, const Origins& origins = {});

// YAML that loads back to the same settings; with origins, a comment behind each value.
std::string show_config(const Config& config, const Origins* origins = nullptr);
std::string config_markdown();
std::string config_json_schema();

// A named text, whole in memory.
struct Source {
  std::string_view text;
  std::string_view filename;  // for messages only
};
Loaded<Catalog> load_catalog(const Source& source);
Loaded<Policy> load_policy(const Source& source);
Loaded<AccountTable> load_accounts(const Source& source);

Loaded<Calendar> load_calendar(const Source& source);

}  // namespace juncture
