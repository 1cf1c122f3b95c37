#!/usr/bin/env python3
"""Writes a .cc that holds the given files as bytes: embed.py OUTPUT FILE..."""
import pathlib
import sys

output, files = pathlib.Path(sys.argv[1]), [pathlib.Path(f) for f in sys.argv[2:]]
lines = ['#include "juncture/core/embedded.h"', "#include <array>", "namespace juncture {", "namespace {"]
for i, file in enumerate(files):
    data = file.read_bytes()
    lines.append(f"constexpr unsigned char file_{i}[] = {{")
    row = [str(b) for b in data] + ["0"]
    lines += [",".join(row[k:k + 40]) + "," for k in range(0, len(row), 40)]
    lines.append("};")
lines.append(f"const std::array<EmbeddedFile, {len(files)}> files{{{{")
for i, file in enumerate(files):
    size = len(file.read_bytes())
    lines.append(f'    {{"{file.name}", {{reinterpret_cast<const char*>(file_{i}), {size}}}}},')
lines += ["}};", "}  // namespace",
          "std::span<const EmbeddedFile> embedded_files() { return files; }", "}  // namespace juncture", ""]
output.write_text("\n".join(lines))
