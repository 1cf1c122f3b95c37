#!/usr/bin/env python3
"""The binary as a user meets it: replay, state hash, dead letters, exit codes, demo. command_line_test.py BINARY SOURCE"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BINARY, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SAMPLE = SOURCE / "connectors/access-log/samples"


def run(*args, **kwargs):
    return subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=120, **kwargs)


def native_lines(count, prospects=40):
    """Signals of some prospects over three days, in event order; the words are ours."""
    words = ["payroll keeps failing", "compare payroll suppliers", "payroll pilot plan", "payback payroll", "order payroll"]
    for n in range(count):
        yield json.dumps({"prospect": f"p-{n * 7919 % prospects}", "type": "query", "id": f"e-{n}",
                          "text": words[n * 31 % len(words)], "ts": 1763000000000 + n * 86_400, "consent": "granted"})


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "data")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, lines):
        path = os.path.join(self.folder.name, name)
        pathlib.Path(path).write_text("\n".join(lines) + "\n")
        return path

    def test_every_line_of_a_replay_is_accounted_for(self):
        good = list(native_lines(200))
        path = self.write("in.jsonl", good + ['{"prospect":"x","type":"query"', '{"type":"query","text":"nobody"}'])
        done = run("replay", path, "--data", self.data, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        out = json.loads(done.stdout)
        self.assertEqual(out["read"], 202)
        self.assertEqual(out["read"], out["accepted"] + sum(out["rejected"].values()))
        self.assertEqual(sum(out["rejected"].values()), 2)
        self.assertEqual(out["signals"], 200)
        self.assertEqual(out["recommendations"] + out["abstentions"], 200)
        self.assertEqual(sum(out["moments"].values()), 200)

        letters = json.loads(run("dead-letters", "list", "--json", "--data", self.data).stdout)
        self.assertEqual(len(letters), 2)
        self.assertTrue(all(letter["reason"] in out["rejected"] for letter in letters))
        shown = run("dead-letters", "show", letters[0]["id"], "--data", self.data)
        self.assertIn('"nobody"', shown.stdout)
        again = run("dead-letters", "redrive", "all", "--dry-run", "--data", self.data)
        self.assertIn("2 still rejected", again.stdout)

    def test_strict_replay_of_bad_data_exits_with_5(self):
        path = self.write("in.jsonl", ["not json"])
        self.assertEqual(run("replay", path, "--dry-run", "--strict").returncode, 5)
        self.assertEqual(run("replay", path, "--dry-run").returncode, 0)

    def test_state_is_the_same_on_any_cpu_and_after_a_second_replay(self):
        path = self.write("in.jsonl", native_lines(400))
        hashes = set()
        masked = "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA,-AVX512F"
        for name, tunables in (("plain", None), ("masked", masked)):
            data = os.path.join(self.folder.name, name)
            env = dict(os.environ, **({"GLIBC_TUNABLES": tunables} if tunables else {}))
            self.assertEqual(run("replay", path, "--data", data, env=env).returncode, 0)
            self.assertEqual(run("replay", path, "--data", data, env=env).returncode, 0)  # all duplicates
            hashes.add(json.loads(run("state", "hash", "--json", "--data", data).stdout)["sha256"])
        self.assertEqual(len(hashes), 1)

    def test_a_prospect_can_be_explained_after_a_replay(self):
        path = self.write("in.jsonl", native_lines(100))
        run("replay", path, "--data", self.data)
        text = run("explain", "p-7", "--data", self.data)
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("decision:", text.stdout)
        details = json.loads(run("explain", "p-7", "--json", "--data", self.data).stdout)
        self.assertAlmostEqual(sum(part["value"] for part in details["contributions"]), details["score"], delta=1e-6)
        self.assertEqual(run("explain", "nobody", "--data", self.data).returncode, 1)

    def test_an_access_log_becomes_signals(self):
        for log in sorted(SAMPLE.glob("*.log")):
            out = json.loads(run("replay", "--format", "access-log", "--dry-run", "--json", str(log)).stdout)
            self.assertEqual(out["read"], out["accepted"] + sum(out["rejected"].values()))
            self.assertEqual(out["read"], len(log.read_text(errors="replace").splitlines()))
            self.assertGreater(out["signals"], 0)

    def test_mistakes_get_an_answer(self):
        typo = run("replya")
        self.assertEqual(typo.returncode, 2)
        self.assertIn("did you mean `replay`", typo.stderr)
        flag = run("demo", "--prot", "1")
        self.assertEqual(flag.returncode, 2)
        self.assertIn("--port", flag.stderr)
        config = self.write("bad.yaml", ["engine:", "  worker: 3", "  commit_interval: 100"])
        bad = run("validate", "-c", config)
        self.assertEqual(bad.returncode, 3)
        self.assertRegex(bad.stderr, r"bad\.yaml:2:3.*workers")
        self.assertRegex(bad.stderr, r"bad\.yaml:3:")
        open_listener = run("validate", "--set", "http.listeners=[{address: 0.0.0.0, port: 1}]")
        self.assertEqual(open_listener.returncode, 3, open_listener.stderr)

    def test_shipped_configuration_is_valid_and_covers_every_cell(self):
        done = run("validate", "--json", "--data", self.data, "-c", str(SOURCE / "config/juncture.yaml"))
        self.assertEqual(done.returncode, 0, done.stderr)
        out = json.loads(done.stdout)
        self.assertEqual(out["uncovered_analyst"], [])

    def test_train_and_version(self):
        model = os.path.join(self.folder.name, "m.jmodel")
        done = run("train", "--out", model, "--json", "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["bytes"], os.path.getsize(model))
        self.assertEqual(run("validate", "--set", f"files.model={model}", "--data", self.data).returncode, 0)
        self.assertIn("librdkafka", run("version").stdout)

    def start_demo(self, *more):
        began = time.time()
        demo = subprocess.Popen([BINARY, "demo", "--port", "0", "--data", self.data, *more], stdout=subprocess.PIPE, text=True)
        url = None
        for line in demo.stdout:
            if match := re.search(r"live page\s+(\S+)", line):
                url = match[1]
                break
        self.assertIsNotNone(url, "no address was printed")
        return demo, url, time.time() - began

    def check_described_routes(self, url):
        """Every path and method of the description is served; a method it does not name is refused."""
        described = json.loads(urllib.request.urlopen(url + "openapi.json", timeout=5).read())["paths"]
        self.assertIn("/v1/signals", described)
        for path, methods in described.items():
            if path == "/v1/stream":
                continue
            for method in ("get", "post", "put"):
                request = urllib.request.Request(url.rstrip("/") + path.replace("{id}", "nobody"), method=method.upper(),
                                                 data=None if method == "get" else b"{}",
                                                 headers={"Content-Type": "application/json"})
                try:
                    status, body = urllib.request.urlopen(request, timeout=5).status, b""
                except urllib.error.HTTPError as error:
                    status, body = error.code, error.read()
                served = status != 405 and (status != 404 or b"urn:juncture:error:unknown_" in body)
                self.assertEqual(served, method in methods, f"{method} {path} answered {status}")

    def test_demo_serves_within_seconds_and_goes_on_where_it_stopped(self):
        demo, url, seconds = self.start_demo()
        self.assertLess(seconds, 10)
        deadline = time.time() + 10
        slate = {}
        while time.time() < deadline:
            status = json.loads(urllib.request.urlopen(url + "v1/status", timeout=5).read())
            if sum(status["counts"]["outcomes"].values()) > 0:
                break
            time.sleep(0.2)
        self.assertGreater(sum(status["counts"]["outcomes"].values()), 0)
        self.assertTrue(status["synthetic"])
        slate = json.loads(urllib.request.urlopen(url + "v1/suggestions?prospect=stranger", timeout=5).read())
        self.assertTrue(slate["items"])
        self.assertEqual({"id", "title", "url", "kind", "token"}, set(slate["items"][0]))
        self.check_described_routes(url)
        began = time.time()
        demo.send_signal(signal.SIGTERM)
        rest = demo.communicate(timeout=20)[0]
        self.assertLess(time.time() - began, 10)
        self.assertEqual(demo.returncode, 143)
        self.assertIn("synthetic", rest)
        before = json.loads(run("state", "hash", "--json", "--data", self.data).stdout)

        # The copy that was made meanwhile does in place of the state: what it lacks is read from the changelog.
        state = pathlib.Path(self.data, "state")
        shutil.rmtree(state)
        pathlib.Path(self.data, "checkpoint").rename(state)
        demo, url, _ = self.start_demo("--duration", "3s")
        rest = demo.communicate(timeout=30)[0]
        self.assertEqual(demo.returncode, 0)
        self.assertIn("stopped after", rest)
        after = json.loads(run("state", "hash", "--json", "--data", self.data).stdout)
        self.assertGreaterEqual(after["prospects"], before["prospects"] - 5)
        self.assertEqual([], list(state.glob("*.aside")))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
