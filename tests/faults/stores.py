"""The state directory damaged, full and slow."""
import os
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
            # More of the same visitors, so that what is damaged is read; repeats, so that nothing changes.
            self.restart(node)
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
