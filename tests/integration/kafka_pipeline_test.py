#!/usr/bin/env python3
"""The whole line on a real Apache Kafka: signals in by two connectors, outputs and changelog out, state lost and restored.

kafka_pipeline_test.py BINARY SOURCE [ACCESS_LOG QUERIES]   with JUNCTURE_TEST_KAFKA=host:port

Without the two files it makes its own input; with them it reads 20,000 queries (`number:...:query` or `number:query`).
"""
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
import urllib.request

BINARY, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
BROKER = os.environ["JUNCTURE_TEST_KAFKA"]
PREFIX = f"t{os.getpid()}-"
PARTITIONS = 4


def access_log():
    if len(sys.argv) > 4:
        return pathlib.Path(sys.argv[3]).read_bytes().splitlines()
    lines = []
    for log in sorted((SOURCE / "connectors/access-log/samples").glob("*.log")):
        lines += log.read_bytes().splitlines()
    return lines


def queries():
    if len(sys.argv) > 4:
        text = pathlib.Path(sys.argv[4]).read_text(errors="replace").splitlines()
        found = [line.rsplit(":", 1)[1] for line in text if ":" in line][:20000]
    else:
        words = ["payroll", "pump", "hosting", "pricing", "pilot", "shortlist", "payback", "why", "template", "near me"]
        found = [f"{words[n % 10]} {words[n * 7 // 3 % 10]} {n % 50}" for n in range(2000)]
    now = int(time.time() * 1000)
    for n, query in enumerate(found):
        yield json.dumps({"id": f"q-{n}", "prospect": f"p-{n * 2654435761 % 1500}", "type": "query", "text": query[:400],
                          "consent": "granted", "ts": now - 86_400_000 + n * 4000}).encode()


def produce(topic, lines):
    # One record a line, spread over partitions by kcat; the intake keys them by prospect.
    done = subprocess.run(["kcat", "-P", "-b", BROKER, "-t", topic, "-p", "-1"], input=b"\n".join(lines) + b"\n",
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr


def end_offsets(topic):
    done = subprocess.run(["kcat", "-b", BROKER, "-L", "-t", topic, "-J"], capture_output=True, text=True, timeout=30)
    partitions = [p["partition"] for t in json.loads(done.stdout)["topics"] for p in t["partitions"]]
    total = 0
    for p in partitions:
        out = subprocess.run(["kcat", "-b", BROKER, "-Q", "-t", f"{topic}:{p}:-1"], capture_output=True, text=True, timeout=30)
        total += int(re.search(r"offset (\d+)", out.stdout)[1])
    return total


def settings(data):
    sets = ["log.kind=kafka", f"log.kafka.brokers={BROKER}", f"log.topics.prefix={PREFIX}", f"log.topics.partitions={PARTITIONS}",
            "log.kafka.properties={linger.ms: 5}", "engine.write_behind=1s", "privacy.text=hashed",
            f"input=[{{topic: {PREFIX}web, format: access-log}}, {{topic: {PREFIX}queries, format: native}}]"]
    return [part for one in sets for part in ("--set", one)] + ["--data", data]


class Juncture:
    def __init__(self, data):
        self.process = subprocess.Popen([BINARY, "run", "--port", "0", *settings(data)], stderr=subprocess.PIPE, text=True)
        self.url = None
        for line in self.process.stderr:
            print("  |", line.rstrip())
            if match := re.search(r"http://\S+", line):
                self.url = match[0]
                return
        raise AssertionError("juncture run did not start")

    def status(self):
        return json.loads(urllib.request.urlopen(self.url + "v1/status", timeout=10).read())

    def wait_until_caught_up(self, seconds=120):
        deadline, calm = time.time() + seconds, 0
        while time.time() < deadline:
            status = self.status()
            running = all(task["state"] == "running" for task in status["tasks"]) and len(status["tasks"]) >= PARTITIONS
            calm = calm + 1 if running and all(task["lag_messages"] <= 1 for task in status["tasks"]) else 0
            if calm >= 6:
                return status
            time.sleep(0.5)
        raise AssertionError(f"not caught up: {status}")

    def stop(self):
        began = time.time()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        assert self.process.returncode == 143, self.process.returncode
        assert time.time() - began < 11, "stopping took too long"


def state_hash(data):
    out = subprocess.run([BINARY, "state", "hash", "--json", *settings(data)], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def main():
    folder = tempfile.mkdtemp()
    data = os.path.join(folder, "data")
    for topic in ("web", "queries"):
        made = subprocess.run([str(SOURCE / "tools/kafka.sh"), "topic", PREFIX + topic, str(PARTITIONS), BROKER.split(":")[1]],
                              capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made.stderr
    lines, signals = access_log(), list(queries())
    produce(PREFIX + "web", lines)
    produce(PREFIX + "queries", signals)

    # Prospects are ticked when a half hour ends: both runs lie within one.
    if time.time() % 1800 > 1620:
        time.sleep(1800 - time.time() % 1800 + 1)
    first = Juncture(data)
    status = first.wait_until_caught_up()
    first.stop()
    before = state_hash(data)
    outputs = {t: end_offsets(PREFIX + t) for t in ("signals", "recommendations.sales", "recommendations.public",
                                                    "signals.dead-letters", "juncture.prospects.changelog")}
    print("input", len(lines), "log lines,", len(signals), "queries; end offsets", outputs, "counts", status["counts"])
    assert outputs["signals"] >= len(signals)
    assert outputs["recommendations.sales"] > 0 and outputs["recommendations.public"] > 0
    assert outputs["juncture.prospects.changelog"] > before["prospects"] > 0

    shutil.rmtree(os.path.join(data, "state"))
    second = Juncture(data)
    second.wait_until_caught_up()
    second.stop()
    after = state_hash(data)
    print("state before", before["sha256"], before["prospects"], "after", after["sha256"], after["prospects"])
    assert before["prospects"] == after["prospects"]
    assert before["sha256"] == after["sha256"], "the restored state differs"
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
