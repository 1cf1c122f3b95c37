"""What comes in: records that are none, the same log again, one prospect that is most of it."""
import hashlib
import itertools
import re

import oracles
import traffic
from cluster import Feed
from scenario import PARTITIONS, Scenario


class Poison(Scenario):
    name, title = "F12", "one record in ten is none, of fifty kinds"
    counts = {"B": 6_000, "C": 20_000}
    drawn_at_random = False

    def play(self):
        self.signals = self.count * 9
        self.start(2)
        self.feed(self.signals, self.prospects)
        self.wait_quiet(180)
        self.figures["kinds"] = len(traffic.poison())
        self.check()

    def with_poison(self, records):
        kinds, sent = traffic.poison(), 0
        for n, record in enumerate(records):
            yield record
            if n % 9 != 0 or sent == self.count:
                continue
            kind = self.random.randrange(len(kinds))
            value, reason = kinds[kind]
            if len(value) > 50_000 and self.random.random() > 0.03:
                value, reason = b"", "empty"  # a tombstone; and few of the heavy ones
            key = f"bad-{reason}-{sent}"
            self.poison[key.encode()] = reason
            sent += 1
            yield key, value


class Replays(Scenario):
    """The same log read again, each time by another shape of the application: the same bytes of state and recommendations."""

    name, title = "F18", "the same log, other intervals, processes and threads"
    counts = {"B": 6, "C": 6}
    drawn_at_random = False
    signals, prospects = 60_000, 8_000
    direct = True
    shapes = (("as ever", 1, {}), ("again", 1, {}), ("10 ms", 1, {"commit_interval": "10ms", "commit_interval_max": "10ms"}),
              ("1 s", 1, {"commit_interval": "1s", "commit_interval_max": "1s"}), ("3 processes", 3, {}), ("4 threads", 1, {"workers": 4}))

    def play(self):
        if self.bench.tier == "C":
            self.signals, self.prospects = 300_000, 20_000
        first, name = None, self.prefix
        for n, (shape, processes, engine) in enumerate(self.shapes):
            self.prefix = f"{name}{n}-"
            self.nodes, self.feeds = [], []
            for k in range(processes):
                node = self.add_node(f"{n}-{k}", settings=self.settings(**engine))
                node.env = node.env | self.environment(shape)
                node.launch().wait_running(60)
            self.wait_owned()
            self.feed(self.signals, self.prospects, seed="replays")
            self.wait_quiet(120)
            state = oracles.state_lines(self.stop_nodes(f"{n}-merged"))
            recommended = self.digests()
            if first is None:
                first = state, recommended
                continue
            self.differences += oracles.same_state(f"shape `{shape}`", first[0], state)
            if recommended != first[1]:
                self.differences.append(f"recommendations of shape `{shape}` differ in partitions {[p for p in range(PARTITIONS) if recommended[p] != first[1][p]]}")
        self.figures["keys"] = len(first[0])
        self.figures["shapes"] = len(self.shapes)

    def environment(self, shape):
        return {}

    def digests(self):
        """SHA-256 of what each partition recommends, in order; `ts` is when the record was written, which is another time."""
        stamp, out = re.compile(rb'"ts":\d+,'), [hashlib.sha256() for _ in range(PARTITIONS)]
        for topic in ("recommendations.sales", "recommendations.public"):
            for p, partition in enumerate(self.broker.dump(self.prefix + topic, PARTITIONS)):
                for _, key, value in partition:
                    out[p].update(key + b"\t" + stamp.sub(b"", value, count=1) + b"\n")
        return [digest.hexdigest() for digest in out]


class Clocks(Replays):
    """The host's clock is a day ahead or behind: nothing of it may reach state or recommendations."""

    name, title = "F11", "the host's clock a day ahead and behind"
    counts = {"B": 0, "C": 3}
    needs_shim = True
    shapes = (("the right time", 1, {}), ("a day ahead", 1, {}), ("a day behind", 1, {}))

    def environment(self, shape):
        seconds = {"a day ahead": 86_400, "a day behind": -86_400}.get(shape)
        return {"LD_PRELOAD": self.bench.shim, "SHIM_CLOCK_S": str(seconds)} if seconds else {}


class HotKey(Scenario):
    """Nine records in ten are of one prospect, and a great many others come once."""

    name, title = "F19", "one prospect is most of the traffic"
    counts = {"B": 0, "C": 1}
    drawn_at_random = False
    direct = True
    signals = 300_000

    def play(self):
        self.start(2)
        before = self.usage()
        step = 20 * 3_600_000 // self.signals
        records = (("v-hot" if n % 10 else f"v-{n}", n) for n in range(self.signals))
        values = ((key, traffic.canonical(f"e-{n}", key, self.bench.base_ms + n * step, "query", "pricing", self.random)) for key, n in records)
        self.feeds.append(Feed(self.broker, self.prefix + "signals", values))
        self.figures |= {"signals": self.signals, "prospects": self.signals // 10 + 1}
        self.wait_quiet(180)
        self.check_growth(before)
        self.check(restored=True)


class OldLog(Scenario):
    """A day of visitors who gave no consent, and the ticks of that day, read a day later: who was forgotten when is the log's to say."""

    name, title = "F11b", "an old log with its own ticks"
    counts = {"B": 20, "C": 20}
    drawn_at_random = False
    direct = True
    signals, prospects = 20_000, 4_000

    def play(self):
        self.broker.make_topic(self.prefix + "signals", PARTITIONS)
        visitors = traffic.Visitors(f"{self.bench.seed}-{self.name}", self.prospects, self.signals, self.bench.base_ms, repeats=0)
        records = visitors.records(traffic.canonical_without_consent)
        share = self.signals // self.count
        for n in range(1, self.count + 1):
            feed = Feed(self.broker, self.prefix + "signals", itertools.islice(records, share))
            feed.wait()
            self.feeds.append(feed)
            tick = traffic.tick(self.bench.base_ms + n * share * visitors.step)
            for p in range(PARTITIONS):
                self.broker.produce(self.prefix + "signals", [f"\t{tick}\n".encode()], p)
        self.figures["prospects"] = self.prospects
        for name in ("one", "two"):
            self.add_node(name).launch().wait_running(60)
        self.wait_owned()
        self.wait_quiet()
        self.check(restored=True)
