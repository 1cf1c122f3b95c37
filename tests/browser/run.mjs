// Runs one test file under node's runner; exit code 77 means skipped, with the reason in words.
// Usage: node run.mjs page|live. With `browser` in JUNCTURE_TEST_REQUIRE a missing tool is a failure instead.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath, here } from "./helper.mjs";

const name = process.argv[2] ?? "page";
const missing = [];
if (!chromiumPath()) missing.push("Chromium (Debian package chromium, or CHROMIUM=path)");
if (!existsSync(join(here, "node_modules/playwright-core"))) missing.push("node_modules (npm ci in tests/browser)");
const binary = process.env.JUNCTURE_TEST_BINARY;
if (name === "live" && !process.env.JUNCTURE_URL && !(binary && existsSync(binary)))
  missing.push("a juncture binary (JUNCTURE_TEST_BINARY=path or JUNCTURE_URL=address)");
if (missing.length) {
  const required = (process.env.JUNCTURE_TEST_REQUIRE ?? "").split(/[ ,]+/).includes("browser");
  console.error(`${required ? "FAILED" : "SKIPPED"}: the browser test "${name}" needs ${missing.join(", ")}`);
  process.exit(required ? 1 : 77);
}
const result = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-reporter=spec", join(here, `${name}.test.mjs`)],
  { stdio: "inherit" },
);
process.exit(result.status ?? 1);
