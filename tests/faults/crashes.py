"""Processes killed, stopped and replaced; the broker killed."""
import contextlib
import shutil
import signal
import threading
import time

from cluster import Broker, Failure
from scenario import SESSION_MS, TRANSACTION_MS, Scenario, in_parallel


class RandomKills(Scenario):
    name, title = "F1", "kill -9 at random times"
    counts = {"B": 60, "C": 1000}
    signals, prospects, pause = 300_000, 20_000, 1.4

    def play(self):
        self.start()
        self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * self.pause / len(self.nodes) + 5))
        lock, left = threading.Lock(), [self.count]

        def kill_again(node):
            while True:
                with lock:
                    if left[0] == 0:
                        return
                    left[0] -= 1
                    pause = self.random.uniform(0.2, 1.4)
                time.sleep(pause)
                node.kill()
                self.restart(node)

        in_parallel(kill_again, self.nodes)
        self.wait_quiet()
        self.check(restored=True)


# Points on the way of every commit; of a start with an empty folder; of a transaction that fails.
COMMIT_POINTS = ("before_send", "after_outputs", "after_changes", "after_marker", "after_flush", "after_offsets", "before_commit", "after_commit", "after_apply",
                 "in_store_write", "after_store_write", "after_publish")
RESTORE_POINTS = ("in_restore", "after_restore", "in_identity")
ABORT_POINTS = ("in_abort",)


class FailPoints(Scenario):
    name, title = "F2", "kill -9 at each fail point"
    counts = {"B": 48, "C": 480}
    needs_faults = True
    # A successor ends the dead process's transaction itself: were it left to time out, no restart would be done in time.
    transaction_ms = 60_000
    signals, prospects = 300_000, 20_000
    points = COMMIT_POINTS + RESTORE_POINTS + ABORT_POINTS

    def play(self):
        self.start()
        feed = self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * 3))
        rounds = self.count // len(self.points)
        work = [point for _ in range(rounds) for point in self.points]
        self.random.shuffle(work)
        lock, missed = threading.Lock(), []

        def die_again(node):
            while True:
                with lock:
                    if not work:
                        return
                    point = work.pop()
                    passes = 1 if point in RESTORE_POINTS + ABORT_POINTS else self.random.randint(1, 12)
                if not self.die_at(node, point, passes):
                    missed.append(point)
                self.restart(node, 30)

        in_parallel(die_again, self.nodes)
        feed.stop()
        self.figures["points"] = len(self.points)
        if missed:
            self.differences.append(f"never reached: {sorted(set(missed))}")
        self.wait_quiet()
        self.check(restored=True)

    def die_at(self, node, point, passes, seconds=15):
        """True when the process died there."""
        node.kill()
        if point in RESTORE_POINTS:
            shutil.rmtree(node.data / "state", ignore_errors=True)
            for identity in node.data.rglob("juncture.id"):
                identity.unlink()
        node.launch({"JUNCTURE_FAILPOINT": f"{point}:{passes}"})
        if point in ABORT_POINTS:
            # It may get there before it runs, where a task has to try twice.
            with contextlib.suppress(Failure):
                node.wait_running()
            if node.alive():
                node.process.send_signal(signal.SIGTERM)
        self.note(f"{node.folder.name} dies at {point}:{passes}")
        deadline = time.time() + seconds
        while node.alive() and time.time() < deadline:
            time.sleep(0.02)
        if node.alive():
            node.kill()
            return False
        if node.process.returncode != -signal.SIGKILL:
            raise Failure(f"at {point} {node.folder.name} ended with {node.process.returncode}; {node.tail()}")
        return True


class BrokerKills(Scenario):
    """On a broker of its own: nobody else's run shall notice."""

    name, title = "F3", "kill -9 of the broker, and its restart"
    counts = {"B": 3, "C": 20}
    stubborn = True

    def __init__(self, bench, count, mutant=None):
        super().__init__(bench, count, mutant)
        self.broker = Broker(self.folder / "kafka", bench.port + 6)

    def play(self):
        self.broker.start()
        try:
            self.start()
            self.wait_quiet()
            before = self.usage()
            feed = self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * 40))
            for _ in range(self.count):
                time.sleep(self.random.uniform(1, 3))
                self.broker.kill()
                time.sleep(self.random.uniform(0.1, 1.5))
                self.broker.start()
                self.note("the broker is back")
                self.wait_owned()
                self.note("every partition has an owner")
            feed.stop()
            self.wait_quiet()
            self.check_growth(before)
            self.check(restored=True)
        finally:
            self.broker.stop()


class Zombies(Scenario):
    """Stopped, taken for dead, and back: for shorter and longer than the time-outs of session and transaction."""

    name, title = "F6", "SIGSTOP around the time-outs"
    counts = {"B": 10, "C": 100}

    def play(self):
        self.start()
        self.wait_quiet()
        before = self.usage()
        edges = (1, TRANSACTION_MS / 1000 - 0.5, TRANSACTION_MS / 1000 + 0.7, SESSION_MS / 1000 - 0.5, SESSION_MS / 1000 + 0.7, SESSION_MS / 1000 + 3)
        stops = [edges[n % len(edges)] + self.random.uniform(-0.3, 0.3) for n in range(self.count)]
        self.random.shuffle(stops)
        feed = self.feed(self.signals, self.prospects, per_second=self.signals / (sum(stops) / 2 + self.count * 2))
        shares = {self.nodes[0]: stops[0::2], self.nodes[1]: stops[1::2]}

        def stop_again(node):
            for seconds in shares[node]:
                node.process.send_signal(signal.SIGSTOP)
                time.sleep(seconds)
                node.process.send_signal(signal.SIGCONT)
                time.sleep(self.random.uniform(0.5, 2.5))
                if not node.alive():
                    raise Failure(f"{node.folder.name} ended by itself with {node.process.returncode} after a stop of {seconds:.1f} s; {node.tail()}")

        in_parallel(stop_again, list(shares))
        feed.stop()
        self.figures["stopped_s"] = "/".join(f"{s:.1f}" for s in stops[:12])
        self.wait_quiet()
        self.check_growth(before)
        self.check(restored=True)


class Storm(Scenario):
    """Six members that come and go every one to three seconds: some leave, some are killed, one comes under a new name."""

    name, title = "F7", "rebalance storm"
    counts = {"B": 0, "C": 200}

    def play(self):
        self.start(6)
        self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * 1.0))
        lock, left = threading.Lock(), [self.count]

        def come_and_go(node):
            while True:
                with lock:
                    if left[0] <= 0:
                        return
                    left[0] -= 1
                    how, pause = self.random.choice(("stop", "kill")), self.random.uniform(1, 3)
                time.sleep(pause)
                node.kill() if how == "kill" else node.stop()
                self.restart(node, 90)

        in_parallel(come_and_go, self.nodes[2:])
        self.wait_quiet()
        self.check(restored=True)
