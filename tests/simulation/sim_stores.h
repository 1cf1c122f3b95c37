// Stores of one process: what was not flushed is lost from some point on when the process dies. They may be damaged or
// full.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "juncture/ports/state.h"
#include "simulation/world.h"

namespace juncture::simulation {

using Values = std::map<std::string, std::string, std::less<>>;

// One store's folder. It outlives the process.
struct Disk {
  struct Batch {
    std::vector<std::pair<std::string, std::optional<std::string>>> changes;
    std::string mark;
  };
  Values values;  // with everything written
  std::string mark;
  Values durable_values;
  std::string durable_mark;
  std::vector<Batch> unflushed;
  bool unopenable = false;
  bool unreadable = false;
  const void* opened_by = nullptr;

  void flush();
  void lose_suffix(Random& random);
};

struct Disks {
  std::map<std::string, Disk, std::less<>> by_name;
  Ms full_until = 0;

  void crash(Random& random);
};

class SimStores final : public Stores {
 public:
  SimStores(World& world, Host& host, Disks& disks) : world_(world), host_(host), disks_(disks) {}
  Result<std::unique_ptr<Store>> open(std::string_view name) override;
  Status set_aside(std::string_view name) override;

 private:
  World& world_;
  Host& host_;
  Disks& disks_;
};

}  // namespace juncture::simulation
