// Files compiled into the binary (cmake/Embed.cmake): the page, default catalog, taxonomy, policy, OpenAPI.
#pragma once

#include <span>
#include <string_view>

namespace juncture {

struct EmbeddedFile {
  std::string_view name;  // file name without folder
  std::string_view data;
};

std::span<const EmbeddedFile> embedded_files();

// Data of the embedded file of that name; empty if there is none.
inline std::string_view embedded(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == name) return file.data;
  }
  return {};
}

}  // namespace juncture
