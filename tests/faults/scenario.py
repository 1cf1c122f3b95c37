"""What all scenarios share: processes on topics of their own, a feed, the wait for quiet, the oracles, the figures."""
import json
import os
import pathlib
import random
import shutil
import threading
import time
import traceback

import oracles
import traffic
from cluster import Failure, Feed, Node

PARTITIONS = 8
PROCESSES = 3
SESSION_MS = 6_000
TRANSACTION_MS = 5_000


def in_parallel(work, items):
    """Runs `work` on each item in a thread of its own; the first failure is raised when all are done."""
    failures = []

    def guarded(item):
        try:
            work(item)
        except Failure as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class Scenario:
    """One fault at a time on topics of its own. Subclasses: `name`, `title`, and `play()`, which returns figures."""

    name = title = ""
    needs_faults = needs_shim = needs_hosts = False
    through_proxy = False
    transaction_ms = TRANSACTION_MS
    direct = False  # fed into `signals`, without intake
    drawn_at_random = True  # each fault is a draw: their number bounds the rate of failure
    stubborn = False  # the feed outlives the broker, and repeats itself for it
    signals, prospects = 120_000, 8_000

    def __init__(self, bench, count, mutant=None):
        self.bench, self.count, self.broker = bench, count, bench.broker
        self.random = random.Random(f"{bench.seed}-{self.name}")
        self.prefix = f"{self.name.lower()}-{mutant.lower() + '-' if mutant else ''}{bench.run}.{next(bench.numbers)}-"
        self.folder = pathlib.Path(bench.folder) / self.prefix.rstrip("-")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.binary = bench.binary_with_faults if mutant or self.needs_faults else bench.binary
        self.env = {"JUNCTURE_MUTANT": mutant} if mutant else {}
        self.nodes, self.feeds, self.poison, self.differences, self.figures = [], [], {}, [], {}
        self.recoveries, self.began = [], time.time()
        self.stage_began = self.began

    def stage(self, name):
        """What ran since the last call took so long."""
        now = time.time()
        self.figures[f"{name}_s"] = round(self.figures.get(f"{name}_s", 0) + now - self.stage_began, 1)
        self.stage_began = now

    def note(self, text):
        """A line for whoever looks into what happened when."""
        with open(self.folder / "timeline", "a", encoding="utf-8") as out:
            out.write(f"{time.strftime('%H:%M:%S')} {time.time() - self.began:7.2f} {text}\n")

    # -- processes

    def settings(self, member=None, **engine):
        properties = {"session.timeout.ms": str(SESSION_MS), "transaction.timeout.ms": str(self.transaction_ms), "message.timeout.ms": str(self.transaction_ms)}
        if member is not None:
            engine["member"] = f"{self.prefix}{member}"
        address = f"127.0.0.1:{self.bench.proxy_port}" if self.through_proxy else self.broker.address
        return {
            "delivery": self.bench.delivery,
            "log": {"kind": "kafka", "kafka": {"brokers": address, "properties": properties}, "topics": {"prefix": self.prefix, "partitions": PARTITIONS}},
            "input": [] if self.direct else [{"topic": self.prefix + "web", "format": "native"}],
            "engine": {"workers": 1, "commit_interval": "50ms", "commit_interval_max": "250ms", "write_behind": "500ms", "fresh_within": "30d"} | engine,
            "http": {"listeners": [{"address": "127.0.0.1", "port": 0, "serves": ["public", "analyst", "ops"]}]},
            "files": {"model": self.bench.model},
        }

    def add_node(self, name=None, member=True, settings=None):
        name = name or f"node{len(self.nodes)}"
        settings = settings or self.settings(name if member else None)
        self.nodes.append(Node(self.binary, self.folder / name, settings, self.env))
        return self.nodes[-1]

    def start(self, processes=PROCESSES):
        if not self.direct:
            self.broker.make_topic(self.prefix + "web", PARTITIONS)
        for _ in range(processes):
            self.add_node()
        # The first makes the topics; the others find them.
        for node in self.nodes:
            node.launch().wait_running(60)
        self.wait_owned()

    def restart(self, node, seconds=60, extra_env=None):
        self.note(f"{node.folder.name} starts")
        node.launch(extra_env)
        self.recoveries.append(node.wait_running(seconds))
        self.note(f"{node.folder.name} runs after {self.recoveries[-1]:.2f} s")

    # -- input

    def feed(self, signals, prospects, per_second=0, seed="", hours=20):
        visitors = traffic.Visitors(f"{self.bench.seed}-{seed or self.name}", prospects, signals, self.bench.base_ms, hours)
        topic, write = ("signals", traffic.canonical) if self.direct else ("web", traffic.native)
        self.feeds.append(Feed(self.broker, self.prefix + topic, self.with_poison(visitors.records(write)), per_second, self.stubborn))
        self.figures["prospects"] = max(self.figures.get("prospects", 0), prospects)
        return self.feeds[-1]

    def with_poison(self, records):
        return records

    # -- quiet

    def owners(self):
        """Process of each partition of the sub-topology `prospects`, or None where nobody or two run it."""
        found = {}
        for node in self.nodes:
            for task in node.tasks() or []:
                if task["sub"] == "prospects" and task["state"] == "running":
                    found[task["partition"]] = None if task["partition"] in found else node
        return [found.get(p) for p in range(PARTITIONS)]

    def lag(self):
        """Records not read yet over all tasks, or None while one does not run."""
        subs = 2 if self.direct else 3  # accounts and prospects, and intake
        tasks = [task for node in self.nodes for task in node.tasks() or []]
        if len(tasks) != subs * PARTITIONS or any(task["state"] != "running" for task in tasks):
            return None
        return sum(task["lag_messages"] for task in tasks)

    def wait(self, condition, what, seconds):
        deadline = time.time() + seconds
        while not condition():
            if time.time() > deadline:
                raise Failure(f"{what} after {seconds} s; {self.state()}")
            time.sleep(0.1)

    def wait_owned(self, seconds=60):
        self.wait(lambda: all(self.owners()), "a partition has no owner, or two,", seconds)

    def wait_quiet(self, seconds=90):
        """Waits until every task runs and has read all but the newest ticks."""
        self.stage("faults")
        for feed in self.feeds:
            feed.wait()
        self.figures["signals"] = sum(feed.sent for feed in self.feeds)
        self.stage("feed")
        began, calm = time.time(), 0
        # A task asks once a second where its input ends: a moment without lag says little.
        while calm < 10:
            lag = self.lag()
            calm = calm + 1 if lag is not None and lag <= PARTITIONS * PROCESSES else 0
            if time.time() > began + seconds:
                raise Failure(f"lag {lag} after {seconds} s without faults; {self.state()}")
            time.sleep(0.3)
        # What the processes say of themselves is not enough.
        while (left := self.broker.lag(self.prefix + "juncture", self.prefix + ("signals" if self.direct else "web"))) > 2 * PARTITIONS:
            if time.time() > began + seconds:
                raise Failure(f"the group is {left} records behind after {seconds} s without faults; {self.state()}")
        time.sleep(1)
        self.stage("quiet")

    def state(self):
        lines = []
        for node in self.nodes:
            tasks = node.tasks() or []
            bad = [f"{t['sub']}-{t['partition']} {t['state']} {t['error']}" for t in tasks if t["state"] != "running"]
            lines.append(f"{node.folder.name}: {'up' if node.alive() else 'down'}, {len(tasks)} tasks, not running: {bad[:4]}")
        return "; ".join(lines)

    # -- oracles

    def stop_nodes(self, name="merged"):
        """Stops all and puts the owners' stores side by side: one node that holds the state of every partition."""
        owners = self.owners()
        if not all(owners):
            raise Failure(f"a partition has no owner, or two; {self.state()}")
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.folder / name, ignore_errors=True)
        merged = Node(self.binary, self.folder / name, self.settings())
        state = merged.data / "state"
        state.mkdir()
        for p, node in enumerate(owners):
            os.symlink(node.data / f"state/prospects-{p}", state / f"prospects-{p}")
        merged.config.write_text(json.dumps(merged.settings, indent=1))
        return merged

    def restored(self):
        """A node that has the state of prospects from the changelog alone."""
        node = Node(self.binary, self.folder / "restored", self.settings("node0"), self.env)
        node.launch()
        before, self.nodes = self.nodes, [node]
        self.wait_owned()
        self.wait_quiet()
        node.stop()
        self.nodes = before
        for store in (node.data / "state").glob("accounts-*"):
            shutil.rmtree(store)  # what it is compared with holds prospects; `verify` sees to accounts
        return node

    def check_topics(self):
        """Source, signals, recommendations and dead letters against each other, as a read_committed reader has them."""
        signals = oracles.signals_of(self.broker.dump(self.prefix + "signals", PARTITIONS))
        found = []
        if not self.direct:
            source = self.broker.dump(self.prefix + "web", PARTITIONS, values=not self.poison)
            total, fed = sum(map(len, source)), sum(feed.sent for feed in self.feeds)
            if total < fed or (total > fed and not self.stubborn):
                raise Failure(f"the source holds {total} records, {fed} were fed: the feed itself is wrong")
            if self.poison:
                letters = self.broker.dump(self.prefix + "signals.dead-letters", 1)
                found += oracles.dead_letters(source, self.poison, self.prefix + "web", letters)
                found += oracles.compare("signals", [[key for _, key, _ in p if key not in self.poison] for p in source], [[s[0] for s in p] for p in signals])
            else:
                found += oracles.intake(source, signals)
        due = oracles.once(signals)
        for topic, pattern in (("recommendations.sales", oracles.EVENT_TS), ("recommendations.public", oracles.AS_OF)):
            found += oracles.compare(topic, due, oracles.rows(self.broker.dump(self.prefix + topic, PARTITIONS), pattern))
        self.figures["recommendations"] = sum(map(len, due))
        return found

    def check_verify(self, merged):
        done = merged.verb("verify", timeout=300)
        if done.returncode == 0:
            return []
        return [f"juncture verify, exit {done.returncode}: {(done.stdout + done.stderr).strip()[-500:]}"]

    def check(self, restored=False):
        """Every oracle over what the run left; the processes are stopped by it."""
        merged = self.stop_nodes()
        self.stage("stop")
        if self.bench.can_verify:
            self.differences += self.check_verify(merged)
            self.stage("verify")
        state = oracles.state_lines(merged)
        if restored:
            self.differences += oracles.same_state("a process that has the changelog only", state, oracles.state_lines(self.restored()))
            self.stage("restored")
        self.differences += self.check_topics()
        self.stage("topics")
        self.figures["keys"] = len(state)
        return state

    def play(self):
        raise NotImplementedError

    # -- growth

    def usage(self):
        return [node.usage() for node in self.nodes]

    def check_growth(self, before):
        """Threads and handles of all together are what they were when it was quiet before: 5 % and a few that come and go."""
        after = self.usage()
        for what in ("threads", "handles", "rss_kib"):
            was, now = sum(use[what] for use in before), sum(use[what] for use in after)
            self.figures[what] = f"{was}->{now}"
            # Memory fills with the visitors it is fed meanwhile: only shown.
            if what != "rss_kib" and now > was * 1.05 + 4 * len(self.nodes):
                self.differences.append(f"{now} {what}, {was} before the faults")

    def execute(self):
        """Plays and prints; True when nothing differs."""
        self.began = self.stage_began = time.time()
        try:
            self.play()
        except Failure as failure:
            self.differences.append(str(failure))
        except Exception:  # a mistake of the test is no reason to lose the other scenarios
            self.differences.append(traceback.format_exc())
        finally:
            for node in self.nodes:
                node.kill()
        self.figures["seconds"] = round(time.time() - self.began, 1)
        if self.recoveries:
            self.figures["recovery_max_s"] = round(max(self.recoveries), 2)
            self.figures["recovery_median_s"] = round(sorted(self.recoveries)[len(self.recoveries) // 2], 2)
        if not self.differences and not self.bench.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return not self.differences
