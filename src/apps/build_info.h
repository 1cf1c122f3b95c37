// What this binary is made of: versions of juncture and of what it is linked with, for `juncture version` and
// juncture_build_info.
#pragma once

#include <string>

namespace juncture::apps {

struct BuildInfo {
  std::string juncture, commit, compiler, librdkafka, rocksdb, simdjson;
};
BuildInfo build_info();

}  // namespace juncture::apps
