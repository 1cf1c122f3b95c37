// A running node to test against: JUNCTURE_URL, or `$JUNCTURE_TEST_BINARY demo` in a folder of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function startDemo() {
  if (process.env.JUNCTURE_URL) return { url: process.env.JUNCTURE_URL.replace(/\/$/, ""), stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), "juncture-browser-"));
  const child = spawn(process.env.JUNCTURE_TEST_BINARY, ["demo", "--port", "0", "--data", join(folder, "data")], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const url = await new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error("no address within 30 s; printed so far:\n" + printed)), 30000);
    const read = (chunk) => {
      printed += chunk;
      const match = /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/.exec(printed);
      if (!match) return;
      clearTimeout(late);
      found(match[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", failed);
    child.on("exit", (code) => failed(new Error(`the demo ended with ${code}:\n${printed}`)));
  }).catch(async (error) => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    url,
    stop: async () => {
      const ended = child.exitCode !== null ? Promise.resolve() : new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
