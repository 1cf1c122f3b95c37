#!/usr/bin/env python3
"""Two processes on a real Apache Kafka, one killed with -9: how long until the other's first output of its partitions.

standby_test.py BINARY SOURCE [PROSPECTS]   with JUNCTURE_TEST_KAFKA=host:port

Once with `engine.standby: all` (15 s at most, of which 10 s are the group's own patience), once without, to compare.
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
import threading
import time
import urllib.error
import urllib.request

BINARY, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
PROSPECTS = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
BROKER = os.environ["JUNCTURE_TEST_KAFKA"]
PARTITIONS = 4
TAKEOVER_MAX = 15
WORDS = ["payroll", "pump", "hosting", "pricing", "pilot", "shortlist", "payback", "template"]


def record(n, prospect, now):
    return json.dumps({"id": f"s-{n}", "prospect": f"p-{prospect}", "type": "query", "consent": "granted", "ts": now,
                       "text": f"{WORDS[n % 8]} {WORDS[n * 7 // 3 % 8]} comparison"})


class Juncture:
    def __init__(self, prefix, data, standby):
        sets = ["log.kind=kafka", f"log.kafka.brokers={BROKER}", f"log.topics.prefix={prefix}", "engine.workers=2",
                f"log.topics.partitions={PARTITIONS}", f"engine.standby={standby}", "engine.write_behind=1s",
                f"input=[{{topic: {prefix}queries, format: native}}]"]
        arguments = [part for one in sets for part in ("--set", one)]
        self.process = subprocess.Popen([BINARY, "run", "--port", "0", *arguments, "--data", data], stderr=subprocess.PIPE,
                                        text=True)
        for line in self.process.stderr:
            if match := re.search(r"http://\S+", line):
                self.url = match[0]
                threading.Thread(target=self.drain, daemon=True).start()
                return
            print("  |", line.rstrip())
        raise AssertionError("juncture run did not start")

    def drain(self):
        for line in self.process.stderr:
            print("  |", line.rstrip())

    def tasks(self):
        status = json.loads(urllib.request.urlopen(self.url + "v1/status", timeout=10).read())
        return [t for t in status["tasks"] if t["state"] != "closed"]

    def metric(self, name):
        text = urllib.request.urlopen(self.url + "metrics", timeout=10).read().decode()
        return {m[1]: float(m[2]) for m in re.finditer(rf"^{name}(\S*) (\S+)$", text, re.M)}

    def ready(self):
        try:
            return urllib.request.urlopen(self.url + "-/ready", timeout=10).status == 200
        except urllib.error.HTTPError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


class Outputs:
    """What a reader of committed records sees, with the time at which it did."""

    def __init__(self, topic):
        self.first_after, self.since = {}, float("inf")
        self.process = subprocess.Popen(["kcat", "-C", "-u", "-q", "-b", BROKER, "-t", topic, "-o", "end", "-f", "%p\n",
                                         "-X", "isolation.level=read_committed"], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            if time.time() > self.since:
                self.first_after.setdefault(int(line), time.time())


def wait(seconds, what, condition):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def partitions_of(node):
    return {t["partition"] for t in node.tasks() if t["sub"] == "prospects"}


def takeover(standby):
    prefix, folder = f"sb{os.getpid()}{standby}-", tempfile.mkdtemp()
    made = subprocess.run([str(SOURCE / "tools/kafka.sh"), "topic", prefix + "queries", str(PARTITIONS), BROKER.split(":")[1]],
                          capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    now = int(time.time() * 1000)
    lines = "\n".join(record(n, n, now - 60_000) for n in range(PROSPECTS)) + "\n"
    done = subprocess.run(["kcat", "-P", "-b", BROKER, "-t", prefix + "queries", "-p", "-1"], input=lines.encode(),
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    nodes = [Juncture(prefix, os.path.join(folder, name), standby) for name in ("a", "b")]
    a, b = nodes
    try:
        wait(60, "both processes share the partitions", lambda: all(partitions_of(n) for n in nodes) and
             len(partitions_of(a) | partitions_of(b)) == PARTITIONS and all(n.ready() for n in nodes))
        wait(120, "all is read", lambda: all(t["lag_messages"] <= 2 for n in nodes for t in n.tasks()))
        if standby == "all":
            wait(60, "the copies are up to date", lambda: len(b.metric("juncture_standby_lag_records")) >=
                 len(partitions_of(a)) and max(b.metric("juncture_standby_lag_records").values()) <= 20)
        lost = partitions_of(a) - partitions_of(b)
        outputs = Outputs(prefix + "recommendations.sales")
        stop = threading.Event()

        def keep_sending():
            n = 10_000_000
            while not stop.is_set():
                body = '{"batch":[' + ",".join(record(n + i, i % PROSPECTS, int(time.time() * 1000)) for i in range(64)) + "]}"
                n += 64
                request = urllib.request.Request(b.url + "v1/signals", body.encode(), {"Content-Type": "application/json"})
                urllib.request.urlopen(request, timeout=10).read()
                time.sleep(0.1)
        sender = threading.Thread(target=keep_sending, daemon=True)
        sender.start()
        time.sleep(3)
        a.process.kill()
        outputs.since = killed = time.time()
        wait(60, "an output of every partition that the killed process had",
             lambda: lost <= {p for p in outputs.first_after})
        took = max(outputs.first_after[p] for p in lost) - killed
        wait(30, "ready", b.ready)
        stop.set()
        sender.join()
        outputs.process.kill()
        restored = sum(t["restored"] for t in b.tasks() if t["sub"] == "prospects" and t["partition"] in lost)
        print(f"standby={standby} changelog_records_read={restored} prospects={PROSPECTS} partitions_taken_over={len(lost)} first_output_s={took:.1f}", flush=True)
        b.stop()
        return took
    finally:
        for node in nodes:
            node.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    with_standby, without = takeover("all"), takeover("none")
    assert with_standby <= TAKEOVER_MAX, with_standby
    print(f"ok: takeover with standby {with_standby:.1f} s, without {without:.1f} s")


if __name__ == "__main__":
    main()
