#include "apps/logging.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"

namespace juncture::apps {
namespace {

// One line a record, whatever its text holds: spdlog's own patterns do not escape.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& out) override {
    const Timestamp time = std::chrono::time_point_cast<Millis>(record.time);
    const auto level = spdlog::level::to_string_view(record.level);
    const std::string_view name(level.data(), level.size()), text(record.payload.data(), record.payload.size());
    line_.clear();
    if (format_ == LogFormat::json) {
      JsonWriter json(line_);
      json.begin_object();
      json.member("ts", utc_text(time));
      json.member("level", name);
      json.member("msg", text);
      json.end_object();
    } else if (format_ == LogFormat::logfmt) {
      line_.append("ts=").append(utc_text(time)).append(" level=").append(name).append(" msg=");
      JsonWriter(line_).value(text);
    } else {
      line_.append("juncture: ").append(name).append(": ");
      for (const char c : text) line_.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    }
    line_.push_back('\n');
    out.append(line_.data(), line_.data() + line_.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(format_); }

 private:
  LogFormat format_;
  std::string line_;
};

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void start_logging(const LoggingConfig& config) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const LogFormat format = config.format != LogFormat::auto_ ? config.format
                           : terminal                        ? LogFormat::text
                                                             : LogFormat::logfmt;
  auto logger = std::make_shared<spdlog::logger>("juncture", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<LineFormatter>(format));
  logger->set_level(level_of(config.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace juncture::apps
