#!/usr/bin/env python3
"""Three real processes on a real Kafka: any of them answers for any prospect, and none gives a wrong answer while
partitions move.

scale_out_test.py BINARY [PROSPECTS]   with JUNCTURE_TEST_KAFKA=host:port

The truth is read from the log alone: how many signals of a prospect lie before an offset, and which values its state had.
"""
import bisect
import collections
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BINARY, PROSPECTS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
BROKER = os.environ["JUNCTURE_TEST_KAFKA"]
PREFIX = f"scale{os.getpid()}-"
PARTITIONS = 6
# A committed answer is at most this old unless it says that it is stale: the lease, and the time to look at it.
FRESH_S = 10 + 3
FOLDER = tempfile.mkdtemp()
BEGAN = time.time()


def say(*what):
    print(f"{time.time() - BEGAN:6.1f} s", *what, flush=True)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Instance:
    def __init__(self, name):
        self.name, self.port = name, free_port()
        sets = ["log.kind=kafka", f"log.kafka.brokers={BROKER}", f"log.topics.prefix={PREFIX}", f"log.topics.partitions={PARTITIONS}",
                "log.kafka.properties={session.timeout.ms: 6000}", f"http.advertised=http://127.0.0.1:{self.port}",
                f"files.token_key={FOLDER}/token.key", f"files.model={FOLDER}/text.jmodel", "engine.workers=1"]
        self.log = open(os.path.join(FOLDER, name + ".log"), "w")
        self.process = subprocess.Popen(
            [BINARY, "run", "--port", str(self.port), "--data", os.path.join(FOLDER, name)] + [p for s in sets for p in ("--set", s)],
            stderr=self.log)

    def connection(self, timeout=5):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, timeout=5):
        connection = self.connection(timeout)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ready(self):
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            assert self.process.poll() is None, open(self.log.name).read()
            return False

    def caught_up(self):
        status = json.loads(self.get("/v1/status")[1])
        return self.ready() and all(task["lag_messages"] <= 1 for task in status["tasks"])


def wait_for(condition, what, seconds=40):
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)


class Sender:
    """Posts signals and remembers when each was acknowledged."""

    def __init__(self):
        self.count, self.acknowledged = 0, collections.defaultdict(list)

    def post(self, instance, prospects):
        batch = []
        for prospect in prospects:
            self.count += 1
            batch.append({"id": f"s-{self.count}", "prospect": prospect, "type": "query", "text": f"pump price {self.count % 97}",
                          "consent": "granted", "ts": int(time.time() * 1000)})
        connection = instance.connection(20)
        connection.request("POST", "/v1/signals", json.dumps(batch), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 202, (answer.status, body)
        for prospect in prospects:
            self.acknowledged[prospect].append(time.time())


Answer = collections.namedtuple("Answer", "instance prospect asked status offset partition stale signals digest")


def ask(instance, connection, prospect):
    asked = time.time()
    connection.request("GET", "/v1/prospects/" + prospect)
    return hear(instance, connection, prospect, asked)


def hear(instance, connection, prospect, asked):
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status != 200:
        return Answer(instance.name, prospect, asked, answer.status, None, None, body.get("type"), None, None)
    return Answer(instance.name, prospect, asked, 200, body["as_of_offset"], body["partition"], body["stale"], body["signals"],
                  body["state_sha256"])


class Asker(threading.Thread):
    """Asks random living instances about random prospects until told to stop."""

    def __init__(self, instances, seed):
        super().__init__()
        self.instances, self.random, self.answers, self.on = instances, random.Random(seed), [], True

    def run(self):
        open_to = {}
        while self.on:
            instance = self.random.choice(self.instances)
            prospect = f"p-{self.random.randrange(PROSPECTS)}"
            try:
                connection = open_to.setdefault(instance.name, instance.connection(3))
                self.answers.append(ask(instance, connection, prospect))
            except (OSError, http.client.HTTPException):
                open_to.pop(instance.name, None)  # killed, stopped, or starting


def records(topic):
    """(partition, offset, key, value) of all committed records; kcat gives sizes, so bytes may be any."""
    done = subprocess.run(["kcat", "-C", "-b", BROKER, "-t", topic, "-e", "-q", "-X", "isolation.level=read_committed",
                           "-f", "%p %o %K %S\n%k%s\n"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    out, at = [], 0
    while at < len(done.stdout):
        end = done.stdout.index(b"\n", at)
        partition, offset, key_size, size = map(int, done.stdout[at:end].split())
        key_end = end + 1 + max(key_size, 0)
        out.append((partition, offset, done.stdout[end + 1:key_end], done.stdout[key_end:key_end + max(size, 0)]))
        at = key_end + max(size, 0) + 1
    return out


class Truth:
    def __init__(self):
        self.offsets, self.partitions, self.values, self.last = collections.defaultdict(list), {}, collections.defaultdict(set), {}
        for partition, offset, key, _ in sorted(records(PREFIX + "signals")):
            if key:
                self.offsets[key.decode()].append(offset)
                self.partitions[key.decode()] = partition
        for _, _, key, value in records(PREFIX + "juncture.prospects.changelog"):
            if key[2:] and not key.startswith(b"\0"):
                digest = hashlib.sha256(value).hexdigest()
                self.values[key[2:].decode(errors="replace")].add(digest)
                self.last[key[2:].decode(errors="replace")] = digest

    def wrong(self, answer, acknowledged):
        """Why the answer is wrong, or None."""
        if answer.status == 503:
            return None
        if answer.status != 200:
            return f"status {answer.status}"
        if answer.partition != self.partitions[answer.prospect]:
            return "another partition"
        if answer.signals != bisect.bisect_left(self.offsets[answer.prospect], answer.offset):
            return "not the signals before its offset"
        if answer.digest not in self.values[answer.prospect]:
            return "a value that was never committed"
        if not answer.stale and answer.signals < bisect.bisect(acknowledged[answer.prospect], answer.asked - FRESH_S):
            return "old, and does not say so"
        return None


def check_everywhere(instances, names):
    """Asks each instance about each name, all at once, and gives the answers by name."""
    by_name = collections.defaultdict(list)

    def sweep(instance):
        connection, used = instance.connection(10), 0
        for name in names:
            if used == 900:
                connection, used = instance.connection(10), 0
            by_name[name].append(ask(instance, connection, name))
            used += 1

    threads = [threading.Thread(target=sweep, args=(one,)) for one in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        assert len(by_name[name]) == len(instances), name
    return by_name


def check_equal(by_name):
    for name, answers in by_name.items():
        assert all(a.status == 200 and not a.stale for a in answers), answers
        assert len({(a.digest, a.signals, a.partition) for a in answers}) == 1, answers


def check_suggestions(instances, names):
    for name in names:
        said = [json.loads(one.get("/v1/suggestions?prospect=" + name)[1]) for one in instances]
        assert all(not s["stale"] and s["items"] for s in said), said
        assert len({tuple(item["id"] for item in s["items"]) for s in said}) == 1, said


def forwarded(instances):
    total = 0
    for one in instances:
        for line in one.get("/metrics")[1].decode().splitlines():
            if line.startswith("juncture_http_forwarded_total{result=\"answered\"}"):
                total += float(line.split()[-1])
    return total


def move_partitions(instances, sender):
    """Kills one, adds one, stops one for longer than its lease and lets it go on; asks all the while."""
    one, two, three = instances
    living = [one, two, three]
    askers = [Asker(living, seed) for seed in range(3)]
    posting = threading.Event()

    def post():
        pick = random.Random(5)
        while not posting.is_set():
            sender.post(three, [f"p-{pick.randrange(PROSPECTS)}" for _ in range(40)])
            time.sleep(0.1)

    poster = threading.Thread(target=post)
    for thread in [*askers, poster]:
        thread.start()
    time.sleep(1.5)
    say("kill -9 of", two.name)
    two.process.kill()
    time.sleep(3)
    four = Instance("four")
    living[1] = four
    wait_for(lambda: all(i.ready() for i in living), "three instances ready again")
    say("three are ready again;", one.name, "is stopped")
    time.sleep(1)
    one.process.send_signal(signal.SIGSTOP)
    living[0] = three
    stopped = time.time()
    time.sleep(FRESH_S + 4)
    # It wakes up to questions about what it has missed in the first seconds: too old by now to go unsaid.
    missed = [name for name, times in dict(sender.acknowledged).items() if stopped < times[-1] < stopped + 3][:200]
    letters = [(one.connection(), name) for name in missed]
    for connection, name in letters:
        connection.request("GET", "/v1/prospects/" + name)
    living[0] = one
    one.process.send_signal(signal.SIGCONT)
    asked = time.time()
    awake = [hear(one, connection, name, asked) for connection, name in letters]
    say(one.name, "goes on and answers", collections.Counter(a.stale for a in awake))
    time.sleep(2)
    wait_for(lambda: all(i.ready() for i in living), "three instances ready in the end")
    posting.set()
    poster.join()
    for thread in askers:
        thread.on = False
        thread.join()
    return living, [a for thread in askers for a in thread.answers] + awake


def main():
    with open(os.path.join(FOLDER, "token.key"), "w") as key:
        key.write("0123456789abcdef" * 4)
    subprocess.run([BINARY, "train", "--out", os.path.join(FOLDER, "text.jmodel")], check=True, stdout=subprocess.DEVNULL)
    instances = [Instance(name) for name in ("one", "two", "three")]
    everyone = list(instances)
    try:
        wait_for(lambda: all(i.ready() for i in instances), "three instances ready")
        say("three instances are ready")
        sender, names = Sender(), [f"p-{n}" for n in range(PROSPECTS)]
        for at in range(0, PROSPECTS, 200):
            sender.post(instances[at // 200 % 3], names[at:at + 200])
        wait_for(lambda: all(i.caught_up() for i in instances), "caught up")
        time.sleep(1)
        say(sender.count, "signals read")
        answers = check_everywhere(instances, names)
        check_equal(answers)
        check_suggestions(instances, names[:100])
        truth = Truth()
        for name, given in answers.items():
            assert given[0].digest == truth.last[name] and truth.wrong(given[0], sender.acknowledged) is None, given
        say(f"{PROSPECTS} prospects, {len(instances)} instances: equal to each other and to the changelog;",
            int(forwarded(instances)), "answers were forwarded")
        assert forwarded(instances) > PROSPECTS  # two of three instances do not have it themselves

        instances, given = move_partitions(instances, sender)
        everyone.append(instances[1])
        wait_for(lambda: all(i.caught_up() for i in instances), "caught up again")
        time.sleep(1)
        sample = random.Random(3).sample(names, PROSPECTS // 10)
        answers = check_everywhere(instances, sample)
        check_equal(answers)
        truth = Truth()
        for name, last in answers.items():
            assert last[0].digest == truth.last[name] and last[0].signals == len(truth.offsets[name]), last
        wrong = [(truth.wrong(a, sender.acknowledged), a) for a in given if truth.wrong(a, sender.acknowledged)]
        kinds = collections.Counter("stale" if a.status == 200 and a.stale else a.stale if a.status != 200 else "fresh" for a in given)
        say(len(given), "answers while partitions moved:", dict(kinds), "wrong:", len(wrong))
        assert not wrong, wrong[:5]
        assert kinds["fresh"] > 1000 and len(kinds) > 1, "nothing moved: the test has shown nothing"
    finally:
        for one in everyone:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
    shutil.rmtree(FOLDER)
    say("done")


if __name__ == "__main__":
    main()
