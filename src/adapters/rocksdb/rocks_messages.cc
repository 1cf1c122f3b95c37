#include "adapters/rocksdb/rocks_messages.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace juncture {
namespace {

class Messages final : public rocksdb::Logger {
 public:
  Messages() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, std::va_list arguments) override {
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    spdlog::debug("rocksdb {}", text.data());
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> rocks_messages() {
  return std::make_shared<Messages>();
}

}  // namespace juncture
