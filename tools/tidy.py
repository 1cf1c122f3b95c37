#!/usr/bin/env python3
"""Holds the tree to its own rules: layers, sizes, banned calls, a header's first line. Run as a test: tidy.py ROOT"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
problems = []
layers = {}
for line in (root / "tools/layers.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        module, allowed = line.split(":")
        layers[module] = set(allowed.split()) | {module}

PURE = {"core", "text", "inference", "decision", "learning", "state", "pipeline"}
BANNED = [
    (r"\bstd::rand\b|\brandom_device\b|\bmt19937", PURE, "randomness is an argument"),
    (r"system_clock::now|steady_clock::now|\btime\(nullptr\)", PURE | {"ingest", "config", "ports"}, "time is an argument"),
    (r"std::(exp|log|log2|log10|pow|tanh|sinh|cosh|exp2)f?\(", PURE, "use core/math.h: libm differs between CPUs"),
    (r"\bthread_local\b", None, "no thread_local"),
    (r"\bthrow\b(?!\()", None, "errors are values"),
    (r"\b(TODO|FIXME|XXX)\b", None, "finish it or write an issue"),
    (r"\bassert\(", None, "JUNCTURE_ASSERT, on in release"),
]
HEAVY = re.compile(r"#include <(boost/|spdlog/|simdjson|CLI/|yaml-cpp/|rocksdb/|prometheus/)")


def module_of(path):
    parts = path.relative_to(root).parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "juncture") and len(parts) > 3:
        return parts[2]
    return "ingest" if parts[0] == "connectors" else None


def check_functions(path, lines):
    """Functions over 70 lines: from a line that ends in '{' at depth of a namespace to its closing brace."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"^(?!namespace|struct|class|enum|union|extern|const|constexpr|inline constexpr|#|})\S.*\{$", line):
            start = number
        elif start is not None and line == "}":
            if number - start > 70:
                problems.append(f"{path}:{start}: function of {number - start} lines, 70 at most")
            start = None


sources = [p for d in ("src", "include", "connectors", "tests", "benchmarks") for p in sorted((root / d).rglob("*"))
           if p.suffix in (".cc", ".h") and p.is_file()]
for path in sources:
    name, text = path.relative_to(root), path.read_text()
    lines = text.splitlines()
    limit = 600 if name.parts[0] == "tests" else 400
    if len(lines) > limit:
        problems.append(f"{name}:1: {len(lines)} lines, {limit} at most")
    check_functions(name, lines)
    if path.suffix == ".h" and not (lines and lines[0].startswith("// ") and len(lines[0]) > 20):
        problems.append(f"{name}:1: a header opens with one sentence: what it is for")
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append(f"{name}:1: #pragma once is missing")
    module = module_of(path)
    for number, line in enumerate(lines, 1):
        if len(line) > 120 and "http" not in line and "R\"" not in line and name.parts[0] != "tests":
            problems.append(f"{name}:{number}: {len(line)} columns, 120 at most")
        if path.suffix == ".h" and HEAVY.search(line) and name.parts[0] == "include":
            problems.append(f"{name}:{number}: a heavy header belongs in one .cc")
        if module is None:
            continue
        include = re.match(r'#include "(?:juncture/)?([a-z_]+)/', line)
        if include and include[1] in layers and include[1] not in layers[module]:
            problems.append(f"{name}:{number}: {module} may not include {include[1]} (tools/layers.txt)")
        code = line.split("//")[0]
        for pattern, modules, why in BANNED:
            if (modules is None or module in modules) and re.search(pattern, code):
                problems.append(f"{name}:{number}: {why}: {line.strip()}")

for path in sorted(root.rglob("*.md")):
    if "build" in path.parts or "node_modules" in path.parts:
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            if not (path.parent / target).exists():
                problems.append(f"{path.relative_to(root)}:{number}: link to {target}, which is not there")

print("\n".join(problems) if problems else f"tidy: {len(sources)} files, nothing to say")
sys.exit(1 if problems else 0)
