// Versions of juncture and of what it is linked with, for `juncture version` and juncture_build_info.
#pragma once

#include <string>

namespace juncture::apps {

struct Versions {
  std::string juncture, commit, compiler, librdkafka, rocksdb, simdjson;
};
Versions versions();

}  // namespace juncture::apps
