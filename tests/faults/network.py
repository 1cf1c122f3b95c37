"""The connection to the broker harmed, by a proxy that knows which request is which."""
import threading
import time

import proxy
from cluster import Failure
from scenario import Scenario

# Kind, direction, and how long what takes time takes, in two rounds: the second is longer than the transaction may last.
KINDS = (("cut", "request", (0, 0)), ("cut", "reply", (0, 0)), ("close after", "request", (0, 0)), ("one way", "request", (2, 8)),
         ("one way", "reply", (2, 8)), ("delay", "request", (2, 2)), ("drip", "reply", (3, 8)), ("reset", "reply", (0, 0)))


class Network(Scenario):
    name, title = "F4", "requests and replies lost, late and in pieces"
    counts = {"B": 64, "C": 640}
    through_proxy = True
    kills_while_ending = 3

    def play(self):
        self.proxy = proxy.Proxy(self.bench.proxy_port, self.broker.behind_proxy)
        try:
            self.start(2)
            self.wait_quiet()
            before = self.usage()
            rounds = max(1, self.count // (len(KINDS) * len(proxy.APIS)))
            harms = [proxy.Harm(kind, api, on, seconds[n % 2]) for n in range(rounds) for kind, on, seconds in KINDS for api in proxy.APIS]
            self.random.shuffle(harms)
            # Slow enough to last: a fault on a line where nothing goes is none.
            self.feed(self.signals, self.prospects, per_second=self.signals / (len(harms) * 1.2 + 30))
            for harm in harms:
                self.proxy.arm(harm)
                if not harm.done.wait(30):
                    raise Failure(f"nothing to harm: no {harm} within 30 s; {self.state()}")
                self.note(str(harm))
                time.sleep(self.random.uniform(0.1, 0.5))
            for on in ("request", "reply") * self.kills_while_ending:
                self.die_while_ending(on)
            self.figures["harms"] = len(harms)
            self.figures["killed_while_ending"] = f"{self.kills_while_ending}_aborted,{self.kills_while_ending}_committed"
            self.wait_quiet()
            self.check_growth(before)
            self.check(restored=True)
        finally:
            self.proxy.stop()

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
