#include "simulation/sim_stores.h"

namespace juncture::simulation {
namespace {

void apply(const Disk::Batch& batch, Values& values, std::string& mark) {
  for (const auto& [key, value] : batch.changes) {
    if (value) {
      values.insert_or_assign(key, *value);
    } else {
      values.erase(key);
    }
  }
  mark = batch.mark;
}

tl::unexpected<Error> store_failed(const char* what) {
  return fail(Domain::environment, "store_failed", what);
}
tl::unexpected<Error> store_damaged(const char* what) {
  return fail(Domain::environment, "store_damaged", what);
}

class SimStore final : public Store {
 public:
  SimStore(World& world, Host& host, Disks& disks, Disk& disk)
      : world_(world), host_(host), disks_(disks), disk_(disk) {
    disk_.opened_by = this;
  }
  SimStore(const SimStore&) = delete;
  SimStore& operator=(const SimStore&) = delete;
  // Closing flushes; dying doesn't.
  ~SimStore() override {
    if (host_.dead) return;
    disk_.flush();
    disk_.opened_by = nullptr;
  }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    if (host_.dead) return store_failed("this process is dead");
    if (disk_.unreadable) return store_damaged("a block does not match its checksum");
    const auto found = disk_.values.find(key);
    if (found == disk_.values.end()) return std::nullopt;
    return found->second;
  }

  Status write(std::span<const Change> changes, std::string_view mark) override {
    if (!world_.alive(host_)) return store_failed("this process is dead");
    if (disks_.full_until > world_.now) return store_failed("no space left on the device");
    Disk::Batch& batch = disk_.unflushed.emplace_back();
    for (const Change& change : changes) {
      batch.changes.emplace_back(change.key, change.value ? std::optional<std::string>(*change.value) : std::nullopt);
    }
    batch.mark = mark;
    apply(batch, disk_.values, disk_.mark);
    if (world_.random.chance(100)) disk_.flush();
    static_cast<void>(world_.alive(host_));  // or killed right behind it
    return {};
  }

  Result<std::string> mark() const override {
    if (host_.dead) return store_failed("this process is dead");
    return disk_.mark;
  }

  Status scan(const std::function<void(std::string_view, std::string_view)>& each) const override {
    if (disk_.unreadable) return store_damaged("a block does not match its checksum");
    for (const auto& [key, value] : disk_.values) each(key, value);
    return {};
  }

  Status flush() override {
    if (!world_.alive(host_)) return store_failed("this process is dead");
    if (disks_.full_until > world_.now) return store_failed("no space left on the device");
    disk_.flush();
    return {};
  }

 private:
  World& world_;
  Host& host_;
  Disks& disks_;
  Disk& disk_;
};

}  // namespace

void Disk::flush() {
  for (const Batch& batch : unflushed) apply(batch, durable_values, durable_mark);
  unflushed.clear();
}

void Disk::lose_suffix(Random& random) {
  if (unflushed.empty()) return;
  unflushed.resize(static_cast<std::size_t>(random.below(static_cast<std::int64_t>(unflushed.size()) + 1)));
  flush();
  values = durable_values;
  mark = durable_mark;
}

void Disks::crash(Random& random) {
  for (auto& [name, disk] : by_name) {
    if (disk.opened_by == nullptr) continue;
    disk.lose_suffix(random);
    disk.opened_by = nullptr;
  }
}

Result<std::unique_ptr<Store>> SimStores::open(std::string_view name) {
  if (!world_.alive(host_)) return store_failed("this process is dead");
  auto found = disks_.by_name.find(name);
  if (found == disks_.by_name.end()) found = disks_.by_name.emplace(std::string(name), Disk()).first;
  Disk& disk = found->second;
  if (disk.opened_by != nullptr) return fail(Domain::environment, "store_in_use", "somebody has it open");
  if (disk.unopenable) return store_damaged("its list of files is damaged");
  return std::make_unique<SimStore>(world_, host_, disks_, disk);
}

Status SimStores::set_aside(std::string_view name) {
  if (host_.dead) return store_failed("this process is dead");
  const auto found = disks_.by_name.find(name);
  if (found == disks_.by_name.end()) return {};
  world_.note("set aside", host_.number);
  if (found->second.opened_by != nullptr) world_.violated("store", "an open store was set aside");
  found->second = Disk();
  return {};
}

}  // namespace juncture::simulation
