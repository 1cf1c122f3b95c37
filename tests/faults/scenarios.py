"""The faults, by the names that docs/testing.md gives them."""
import signal
import threading
import time

import oracles
from cluster import Failure
from scenario import PARTITIONS, PROCESSES, Scenario


class RandomKills(Scenario):
    name, title = "F1", "kill -9 at random times"
    counts = {"B": 60, "C": 1000}
    mutants = ("M1", "M5", "M10")
    signals, prospects, pause = 300_000, 20_000, 1.2

    def play(self):
        self.start()
        self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * self.pause))
        lock = threading.Lock()
        left = [self.count]

        def kill_again(node):
            while True:
                with lock:
                    if left[0] == 0:
                        return
                    left[0] -= 1
                    pause = self.random.uniform(0.2, 2.2) * self.pause
                time.sleep(pause)
                node.kill()
                self.restart(node)

        in_parallel(kill_again, self.nodes)
        self.figures["quiet_s"] = round(self.wait_quiet(), 1)
        self.check(restored=True)


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


ALL = (RandomKills,)
