"""The state directory damaged, full and slow."""
import errno
import os
import time
import shutil

import oracles
from cluster import Failure
from scenario import PARTITIONS, Scenario


def newest(folder, pattern):
    files = sorted(folder.glob(pattern), key=lambda file: file.stat().st_mtime)
    return files[-1] if files else None


def truncate(file, draw):
    os.truncate(file, draw.randrange(file.stat().st_size))


def flip(file, draw):
    with open(file, "r+b") as data:
        at = draw.randrange(file.stat().st_size)
        data.seek(at)
        byte = data.read(1)[0]
        data.seek(at)
        data.write(bytes([byte ^ 1 << draw.randrange(8)]))


def delete(file, draw):
    file.unlink()


# The last is juncture's own; only cut short or deleted, since one flipped digit of it is a newer format.
FILES = ("*.sst", "MANIFEST-*", "CURRENT", "OPTIONS-*", "IDENTITY")
HARMS = (truncate, flip, delete)


class DamagedStores(Scenario):
    name, title = "F10", "files of RocksDB cut short, flipped, deleted"
    counts = {"B": 30, "C": 300}
    signals, prospects = 40_000, 8_000

    def play(self):
        self.start(1)
        node = self.nodes[0]
        self.feed(self.signals, self.prospects)
        self.wait_quiet()
        node.stop()
        before = oracles.state_lines(node)
        work = [(pattern, HARMS[n % len(HARMS)]) for n in range(max(1, self.count // len(FILES))) for pattern in FILES]
        self.random.shuffle(work)
        done = 0
        while work:
            share, work = work[:PARTITIONS], work[PARTITIONS:]
            for p, (pattern, harm) in enumerate(share):
                file = newest(node.data / f"state/prospects-{p}", pattern)
                if file is None:
                    raise Failure(f"prospects-{p} has no {pattern}")
                harm(file, self.random)
                done += 1
            # More of the same visitors, so that what is damaged is read; repeats, so that nothing changes. What they do
            # not ask for is read through.
            self.restart(node)
            self.wait(lambda: node.metric("juncture_rocksdb_scrub_pending") == 0, "a store is not read through", 30)
            self.feeds[0].wait()
            self.feed(self.signals, self.prospects)
            self.wait_quiet()
            node.stop()
            after = oracles.state_lines(node)
            self.differences += oracles.same_state(f"a process whose stores suffered {[(f, h.__name__) for f, h in share]}", before, after)
        self.figures["damaged"] = done
        node.launch()
        self.wait_owned()
        self.check(restored=True)


class Refused(Scenario):
    """Every write below the state directory fails for a while: no space (F8) or a broken device (F9)."""

    error = errno.ENOSPC
    needs_shim = True
    name, title = "F8", "disk full, and space again"
    counts = {"B": 0, "C": 20}
    extra = {}

    def start(self, processes=2):
        self.switch = self.folder / "refuse"
        self.env |= {"LD_PRELOAD": self.bench.shim, "SHIM_FAIL_FILE": str(self.switch), "SHIM_FAIL_IN": "/data/state/", "SHIM_ERRNO": str(self.error), **self.extra}
        super().start(processes)

    def play(self):
        self.start()
        self.feed(self.signals, self.prospects, per_second=self.signals / (self.count * 8))
        noticed = suspended = 0
        for _ in range(self.count):
            self.switch.touch()
            # Committed values wait in memory, 16 MiB of them at most, for a write that a copy brings forward.
            answers = [node.post("-/checkpoint") or {} for node in self.nodes]
            refused = any("urn:juncture:error:" in answer.get("type", "") for answer in answers)
            unready = self.notices(4)
            noticed += refused or unready
            suspended += unready
            self.switch.unlink()
            time.sleep(self.random.uniform(1, 2))
        self.figures |= {"noticed": noticed, "suspended": suspended}
        if noticed < self.count:
            self.differences.append(f"{self.count - noticed} of {self.count} times no process said that it cannot write")
        if suspended == 0:
            self.differences.append("no partition was ever suspended for it")
        self.wait_quiet(180)
        self.check(restored=True)

    def notices(self, seconds):
        deadline = time.time() + seconds
        while time.time() < deadline:
            if any(not (node.get("-/ready") or {}).get("ready", True) for node in self.nodes):
                return True
            time.sleep(0.2)
        return False


class Broken(Refused):
    """As F8 with EIO, on a disk that takes its time for each sync besides."""

    error = errno.EIO
    name, title = "F9", "a slow disk with I/O errors"
    counts = {"B": 0, "C": 10}
    extra = {"SHIM_FSYNC_MS": "100"}
