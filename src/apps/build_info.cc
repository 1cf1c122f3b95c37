#include "apps/build_info.h"

#include <librdkafka/rdkafka.h>
#include <rocksdb/version.h>
#include <simdjson.h>

namespace juncture::apps {

BuildInfo build_info() {
  return {.juncture = JUNCTURE_VERSION,
          .commit = JUNCTURE_COMMIT,
          .compiler =
#ifdef __clang__
              "clang " __clang_version__,
#else
              "gcc " __VERSION__,
#endif
          .librdkafka = rd_kafka_version_str(),
          .rocksdb =
              std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." + std::to_string(ROCKSDB_PATCH),
          .simdjson = std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." +
                      std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + "." +
                      std::to_string(simdjson::SIMDJSON_VERSION_REVISION)};
}

}  // namespace juncture::apps
