// What verify and rebuild work on: settings, knowledge of now and of earlier, the log and the stores.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "apps/cli.h"
#include "apps/verify/verify.h"
#include "juncture/adapters/rocksdb_stores.h"

namespace juncture::apps::verify {

class Inputs {
 public:
  // Null after printing why; `exit_code` is then what to end with.
  static std::unique_ptr<Inputs> open(const Invocation& invocation, int& exit_code);

  const Config& config() const { return config_; }
  Log& log() { return *log_; }
  const Knowledge& knowledge() const { return *knowledge_; }
  std::map<std::uint64_t, const Knowledge*> earlier() const;
  Task task(const Invocation& invocation) const;

 private:
  int load(const Invocation& invocation);
  int open_log_and_stores();
  Result<std::unique_ptr<Store>> open_store(const std::string& name) const;

  Config config_;
  std::shared_ptr<Knowledge> knowledge_;
  std::vector<std::shared_ptr<Knowledge>> earlier_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<RocksdbStores> stores_;
};

}  // namespace juncture::apps::verify
