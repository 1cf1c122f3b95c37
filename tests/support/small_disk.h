// A file system of a few megabytes, which a test can fill. Needs the right to mount one: root, as a rule.
#pragma once

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace juncture::test {

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t megabytes)
      : folder_(std::filesystem::temp_directory_path() / ("juncture-small-disk-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::string size = "size=" + std::to_string(megabytes) + "m";
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    if (!mounted_) std::fprintf(stderr, "SKIPPED: a full disk: cannot mount one (%s)\n", std::strerror(errno));
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove(folder_, ignored);
  }

  bool available() const { return mounted_; }
  const std::filesystem::path& folder() const { return folder_; }
  // Fills it to the last page, and makes room again.
  void fill() const {
    std::ofstream ballast(folder_ / "ballast", std::ios::binary | std::ios::app);
    const std::string page(4096, 'x');
    while (ballast.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  void make_room() const { std::filesystem::remove(folder_ / "ballast"); }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace juncture::test
