#!/usr/bin/env python3
"""Accounts behind their repartition topic: a run that is killed again and again ends in the state of one that is not.

accounts_test.py BINARY [at_least_once]     on the embedded log
accounts_test.py BINARY kafka               on the broker of JUNCTURE_TEST_KAFKA=host:port
"""
import atexit
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BINARY = sys.argv[1]
KAFKA = "kafka" in sys.argv[2:]
DELIVERY = "at_least_once" if "at_least_once" in sys.argv[2:] else "exactly_once"
PARTITIONS = 4
PROSPECTS, ACCOUNTS, BATCHES, BATCH = 300, 25, 60, 100
KILL_AFTER = {11, 25, 40, 59}  # batches


def signals():
    """Batches of signals in the order of each prospect: with moves, withdrawals, erasures, and people of no account."""
    rng, start = random.Random(20261122), int(time.time() * 1000) - 86_400_000
    words = ["payroll vendors", "payback period", "pilot plan", "negotiate discount", "why does payroll fail", "rfp template"]
    for batch in range(BATCHES):
        out = []
        for n in range(BATCH):
            number = batch * BATCH + n
            prospect = rng.randrange(PROSPECTS)
            account = prospect % ACCOUNTS if rng.random() > 0.02 else rng.randrange(ACCOUNTS)
            one = {"id": f"s-{number}", "prospect": f"p-{prospect}", "type": "query", "text": rng.choice(words),
                   "consent": "granted", "ts": start + number * 3000}
            if prospect % 7:
                one["account"] = f"account-{account}"
            if rng.random() < 0.01:
                one["consent"] = "denied"
            elif rng.random() < 0.01:
                one = {"id": one["id"], "prospect": one["prospect"], "type": "erase", "ts": one["ts"]}
            out.append(one)
        yield out


class Juncture:
    def __init__(self, name, folder):
        self.data = os.path.join(folder, name)
        self.name = name
        self.start()

    def settings(self):
        sets = [f"log.topics.partitions={PARTITIONS}", "engine.write_behind=1s", f"delivery={DELIVERY}"]
        if KAFKA:
            sets += ["log.kind=kafka", f"log.kafka.brokers={os.environ['JUNCTURE_TEST_KAFKA']}",
                     f"log.topics.prefix=a{os.getpid()}-{self.name}-"]
        else:
            sets += ["log.kind=embedded"]
        return [part for one in sets for part in ("--set", one)] + ["--data", self.data]

    def start(self):
        self.process = subprocess.Popen([BINARY, "run", "--port", "0", *self.settings()], stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        for line in self.process.stderr:
            if match := re.search(r"http://\S+", line):
                self.url = match[0]
                return
            print("  |", line.rstrip())
        raise AssertionError("juncture run did not start")

    def post(self, batch):
        request = urllib.request.Request(self.url + "v1/signals", data=json.dumps(batch).encode(),
                                         headers={"Content-Type": "application/json"})
        deadline = time.time() + 60
        while True:
            try:
                answer = json.loads(urllib.request.urlopen(request, timeout=60).read())
                assert not answer["rejected"], answer["rejected"][:3]
                return
            except urllib.error.HTTPError as error:
                assert error.code == 503 and time.time() < deadline, error.read()
                time.sleep(0.2)

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        assert self.process.returncode == 143, self.process.returncode

    def get(self, path):
        try:
            return json.loads(urllib.request.urlopen(self.url + path, timeout=10).read())
        except urllib.error.HTTPError as error:
            return {"status": error.code, **json.loads(error.read())}

    def wait_until_caught_up(self, seconds=120):
        deadline, calm = time.time() + seconds, 0
        while time.time() < deadline:
            tasks = self.get("v1/status")["tasks"]
            done = len(tasks) == 2 * PARTITIONS and all(t["state"] == "running" and t["lag_messages"] <= 1 for t in tasks)
            calm = calm + 1 if done else 0
            if calm >= 6:
                return
            time.sleep(0.5)
        raise AssertionError(f"not caught up: {tasks}")

    def accounts(self):
        found = {}
        for n in range(ACCOUNTS):
            one = self.get(f"v1/accounts/account-{n}")
            if one.get("status") == 404:
                continue
            assert one["account"] == f"account-{n}" and one["as_of_offset"] > 0, one
            assert abs(sum(one["stage"]["p"]) + one["stage"]["stalled"] + one["stage"]["rejected"] - 1) < 1e-3, one["stage"]
            size = one["committee"]["size"]
            assert 1 <= size["low"] <= size["mean"] <= size["high"] <= 24, size
            # Odds are those of the moment of asking; what they are made of is not.
            facts = ("id", "known", "basis", "first_seen", "last_seen", "signals", "offline", "mode", "days")
            found[n] = {"seen": one["people"]["seen"], "signals": one["signals"], "last": one["last_activity"],
                        "members": [{name: member[name] for name in facts} for member in one["members"]]}
        return found

    def state(self):
        """The accounts' values by account; beside them the store has an index that depends on when ticks came."""
        out = subprocess.run([BINARY, "state", "hash", "--dump", *self.settings()], capture_output=True, text=True, timeout=60)
        assert out.returncode == 0, out.stderr
        lines = [json.loads(line) for line in out.stdout.split("\n") if line]
        return {line["account"]: (line["bytes"], line["xxh3"]) for line in lines if "members" in line}

    def verify(self):
        out = subprocess.run([BINARY, "verify", "--json", *self.settings()], capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stdout + out.stderr
        outputs = json.loads(out.stdout)["outputs_of_accounts"]
        print(f"{self.name}: outputs of accounts {outputs}")
        assert outputs["matched"] > BATCHES * BATCH / 2, outputs
        assert DELIVERY == "at_least_once" or outputs["repeated"] == 0, outputs


def run(name, folder, batches, kill_after):
    node, kills, rng = Juncture(name, folder), 0, random.Random(7)
    for n, batch in enumerate(batches):
        node.post(batch)
        if n in kill_after:
            time.sleep(rng.random() * 0.5)
            node.kill()
            node.start()
            kills += 1
    node.wait_until_caught_up()
    seen = node.accounts()
    assert node.get("v1/accounts/nobody")["type"] == "urn:juncture:error:unknown_account"
    node.stop()
    node.verify()
    return seen, node.state(), kills


def main():
    folder = tempfile.mkdtemp()
    batches = list(signals())
    clean, clean_state, _ = run("clean", folder, batches, set())
    killed, killed_state, kills = run("killed", folder, batches, KILL_AFTER)
    people = sum(one["seen"] for one in clean.values())
    print(f"{BATCHES * BATCH} signals, {len(clean_state)} accounts, {people} people, {kills} kills")
    assert len(clean_state) == len(clean) == ACCOUNTS and people > PROSPECTS / 2
    assert clean == killed
    assert clean_state == killed_state, "the states of accounts differ"
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
