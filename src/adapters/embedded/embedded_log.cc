#include "juncture/adapters/embedded_log.h"

#include <utility>

#include "adapters/embedded/rocks_storage.h"
#include "adapters/memory/local_log.h"

namespace juncture {

Result<std::unique_ptr<Log>> open_embedded_log(const EmbeddedLogOptions& options) {
  Result<std::unique_ptr<LocalStorage>> storage = open_rocks_storage(options);
  if (!storage) return tl::unexpected(storage.error());
  Result<std::unique_ptr<LocalLog>> log = LocalLog::open(std::move(*storage), options.local);
  if (!log) return tl::unexpected(log.error());
  return std::unique_ptr<Log>(std::move(*log));
}

}  // namespace juncture
