#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "juncture/adapters/metrics.h"

namespace juncture {
namespace {

// When the machine started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

}  // namespace

ProcessStats process_stats() {
  ProcessStats out;
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');  // the name may hold spaces and brackets
  if (name_end == std::string::npos) return out;
  std::istringstream fields(text.substr(name_end + 1));
  std::array<std::string, 22> field;  // field 3 of proc(5) first
  for (std::string& value : field) fields >> value;
  const auto number = [&field](std::size_t proc_field) {
    return std::strtoull(field[proc_field - 3].c_str(), nullptr, 10);
  };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.cpu_seconds = static_cast<double>(number(14) + number(15)) / ticks;
  out.threads = number(20);
  out.start_time_seconds = boot_time() + static_cast<double>(number(22)) / ticks;
  out.virtual_bytes = number(23);
  out.resident_bytes = number(24) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++out.open_files;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.files_max = limit.rlim_cur;
  return out;
}

}  // namespace juncture
