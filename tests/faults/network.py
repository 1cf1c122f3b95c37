"""The connection to the broker harmed, by a proxy that knows which request is which."""
import struct
import threading
import time
import urllib.error
import urllib.request

import hosts
import proxy
import traffic
from cluster import Broker, Failure, run
from scenario import SESSION_MS, TRANSACTION_MS, Scenario

# Kind, direction, and how long what takes time takes, in two rounds: the second is longer than the transaction may last.
KINDS = (("cut", "request", (0, 0)), ("cut", "reply", (0, 0)), ("close after", "request", (0, 0)), ("one way", "request", (2, 8)),
         ("one way", "reply", (2, 8)), ("delay", "request", (2, 2)), ("drip", "reply", (3, 8)), ("reset", "reply", (0, 0)))


class Network(Scenario):
    name, title = "F4", "requests and replies lost, late and in pieces"
    counts = {"B": 64, "C": 640}
    through_proxy = True
    kinds, apis = KINDS, tuple(proxy.APIS)
    kills_while_ending = 3

    def play(self):
        self.proxy = proxy.Proxy(self.bench.proxy_port, self.broker.behind_proxy)
        try:
            self.start(2)
            self.wait_quiet()
            before = self.usage()
            rounds = max(1, self.count // (len(self.kinds) * len(self.apis)))
            harms = [proxy.Harm(kind, api, on, seconds[n % 2]) for n in range(rounds) for kind, on, seconds in self.kinds for api in self.apis]
            self.random.shuffle(harms)
            feed = self.feed(self.signals, self.prospects, per_second=self.signals / (len(harms) * 3))
            for harm in harms:
                self.proxy.arm(harm)
                if not harm.done.wait(30):
                    raise Failure(f"nothing to harm: no {harm} within 30 s; {self.state()}")
                self.note(str(harm))
                time.sleep(self.random.uniform(0.1, 0.5))
            for on in ("request", "reply") * self.kills_while_ending:
                self.die_while_ending(on)
            feed.stop()
            self.figures["harms"] = len(harms)
            self.figures["killed_while_ending"] = f"{self.kills_while_ending}_aborted,{self.kills_while_ending}_committed"
            self.wait_quiet()
            self.check_growth(before)
            self.check_memberships()
            self.check(restored=True)
        finally:
            self.proxy.stop()

    def check_memberships(self):
        """Positions are sent by a member of a generation, so that the group refuses those of one it has lost."""
        nobody = [m for m in self.proxy.memberships if m[0] < 0 or not m[1]]
        self.figures["positions_sent"] = len(self.proxy.memberships)
        if nobody or not self.proxy.memberships:
            self.differences.append(f"{len(nobody)} of {len(self.proxy.memberships)} TxnOffsetCommit requests name no member, as {nobody[:1]}")

    def die_while_ending(self, on):
        """Killed while the end of a transaction is under way: the broker has not heard of it (request), or has done it (reply)."""
        hit = threading.Event()
        harm = self.proxy.arm(proxy.Harm("cut", proxy.END_TXN, on, then=lambda: (self.kill_all(), hit.set())))
        if not hit.wait(30):
            raise Failure(f"no {harm} within 30 s; {self.state()}")
        self.note(f"killed at {harm}")
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            self.recoveries.append(node.wait_running(60))
            self.note(f"{node.folder.name} runs")

    def kill_all(self):
        for node in self.nodes:
            node.kill()


class Cuts(Scenario):
    """Each process is a host of its own, and their cables are pulled, wholly or one way, around the time-outs of transaction and session."""

    name, title = "F4c", "hosts cut off from the broker"
    counts = {"B": 0, "C": 90}
    needs_hosts = True
    ways = ("both", "to broker", "from broker")

    def __init__(self, bench, count, mutant=None):
        super().__init__(bench, count, mutant)
        self.broker = Broker(self.folder / "kafka", bench.port + 10, host=hosts.BROKER_ADDRESS)
        self.hosts = []

    def add_node(self, name=None, member=True, settings=None):
        node = super().add_node(name, member, settings)
        node.host = hosts.Host(len(self.nodes))
        self.hosts.append(node.host)
        return node

    def play(self):
        run("ip", "addr", "replace", hosts.BROKER_ADDRESS + "/32", "dev", "lo")
        self.broker.start()
        try:
            self.start()
            self.wait_quiet()
            before = self.usage()
            edges = (1, TRANSACTION_MS / 1000 + 0.7, SESSION_MS / 1000 - 0.5, SESSION_MS / 1000 + 2)
            cuts = [(self.ways[n % 3], edges[n // 3 % 4] + self.random.uniform(-0.3, 0.3)) for n in range(self.count)]
            self.random.shuffle(cuts)
            feed = self.feed(self.signals, self.prospects, per_second=self.signals / sum(seconds + 3 for _, seconds in cuts))
            for way, seconds in cuts:
                cut_off = self.random.sample(self.hosts, self.random.choice((1, 1, 2, 3)))
                self.note(f"{way} for {seconds:.1f} s: {[host.namespace for host in cut_off]}")
                for host in cut_off:
                    host.cut(way)
                time.sleep(seconds)
                for host in cut_off:
                    host.mend(way)
                time.sleep(self.random.uniform(0.5, 4))
            feed.stop()
            self.wait_quiet()
            self.check_growth(before)
            self.check(restored=True)
        finally:
            for node in self.nodes:
                node.kill()
            for host in self.hosts:
                host.remove()
            self.broker.stop()


class Unseen(Scenario):
    """While the end of its transaction is held up, nobody sees what a signal did; when its process is killed then, nobody ever does."""

    name, title = "F4b", "what is not committed is not seen"
    counts = {"B": 3, "C": 30}
    drawn_at_random = False
    through_proxy = direct = True
    signals, prospects = 4_000, 1_000
    unknown = 0

    def play(self):
        self.proxy = proxy.Proxy(self.bench.proxy_port, self.broker.behind_proxy)
        try:
            self.start(1)
            self.feed(self.signals, self.prospects)
            self.wait_quiet()
            for n in range(self.count):
                # The last for longer than juncture waits for the end of a transaction: what it gave up on is not committed either.
                self.hide(f"hidden-{n}", seconds=1 if n < self.count - 1 else 14)
            self.figures["unknown_while_open"] = self.unknown
            if self.unknown == 0:
                self.differences.append("never once could it be asked while the transaction was open")
            self.wait_quiet()
            self.check(restored=True)
        finally:
            self.proxy.stop()

    def hide(self, prospect, seconds):
        node = self.nodes[0]
        self.proxy.trap = prospect.encode()
        value = traffic.canonical(f"e-{prospect}", prospect, self.bench.base_ms + 90_000_000, "query", "pricing", self.random)
        self.broker.produce(self.prefix + "signals", [f"{prospect}\t{value}\n".encode()])
        # It is there for those who read what is not committed: the test would see it if juncture showed it.
        self.wait(lambda: self.proxy.gate is not None and prospect.encode() in self.uncommitted(), "the recommendation is not in the log", 20)
        until = time.time() + seconds
        while time.time() < until:
            status = self.status_of(node, prospect)
            self.unknown += status == 404
            if status == 200:
                self.differences.append(f"{prospect} is answered for while its transaction is open")
                break
            time.sleep(0.1)
        die = seconds < 5 and self.random.random() < 0.5
        if die:
            node.kill()
        self.proxy.gate.set()
        self.proxy.gate = None
        if die:
            self.restart(node)
        self.wait(lambda: self.status_of(node, prospect) == 200, f"{prospect} is not known although its transaction has ended", 30)

    def uncommitted(self):
        return run("kcat", "-C", "-b", self.broker.address, "-t", self.prefix + "recommendations.sales", "-o", "beginning", "-e", "-q", "-f", "%k ",
                   "-X", "isolation.level=read_uncommitted")

    @staticmethod
    def status_of(node, prospect):
        try:
            with urllib.request.urlopen(f"{node.find_url()}v1/prospects/{prospect}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None


class LateEnds(Scenario):
    """The end of a transaction reaches the broker after its process was killed and a successor has begun the next one."""

    name, title = "F5", "EndTxn delivered into the next transaction"
    counts = {"B": 5, "C": 200}
    through_proxy = direct = True
    signals, prospects = 30_000, 4_000

    def play(self):
        self.proxy = proxy.Proxy(self.bench.proxy_port, self.broker.behind_proxy)
        try:
            self.start(1)
            feed = self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * 5))
            codes = {}
            for _ in range(self.count):
                harm = self.proxy.arm(proxy.Harm("cut", proxy.END_TXN, then=self.nodes[0].kill))
                if not harm.done.wait(30):
                    raise Failure(f"no transaction ended within 30 s; {self.state()}")
                self.restart(self.nodes[0])
                # Into whatever its successor has open just then, a few times.
                for _ in range(4):
                    reply = proxy.deliver(self.broker.port, harm.frame)
                    code = struct.unpack(">h", reply[8:10])[0] if len(reply) >= 10 else None
                    codes[code] = codes.get(code, 0) + 1
                    time.sleep(self.random.uniform(0.02, 0.1))
            feed.stop()
            self.figures["answers"] = "/".join(f"{code}x{count}" for code, count in codes.items())
            if codes.get(0):
                self.differences.append(f"the broker took {codes[0]} ends of transactions whose process was replaced")
            self.wait_quiet()
            self.check(restored=True)
        finally:
            self.proxy.stop()
