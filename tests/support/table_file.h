// The files of a store on disk, for tests that damage them.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>

namespace juncture::test {

// The SST file of the closed store in `folder`; one of them if there are more.
inline std::filesystem::path table_file(const std::filesystem::path& folder) {
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sst") found = entry.path();
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

// Twice: as it was.
inline void flip_bit(const std::filesystem::path& file, std::uintmax_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const int before = bytes.get();
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(before ^ 4));
  bytes.flush();
  REQUIRE(bytes);
}

}  // namespace juncture::test
