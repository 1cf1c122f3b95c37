#!/usr/bin/env python3
"""Known mistakes, built in and chosen at run time: each must be caught. mutants.py BINARY [--only M1,M4] [--seed N]

First every scenario of the table runs without a mistake and must find nothing; then each mistake meets its scenarios, the
likeliest first, until one finds a difference. Exit 0: all were caught and nothing else was.
"""
import concurrent.futures
import contextlib
import pathlib
import sys
import time

import cluster
import crashes
import faults
import inputs
import network


class FewKills(crashes.RandomKills):
    title = "a few kill -9 at random times"
    counts = {"B": 18}
    signals, prospects = 60_000, 8_000


class FewFailPoints(crashes.FailPoints):
    title = "a kill -9 at each fail point"
    counts = {"B": 16}
    signals, prospects = 60_000, 8_000


class StoreKills(crashes.FailPoints):
    """Between the slices of a round that goes to the store, with much to write."""

    title = "kill -9 while the store is written"
    counts = {"B": 12}
    points = ("in_store_write", "after_store_write")
    signals, prospects = 120_000, 20_000

    def settings(self, member=None, **engine):
        return super().settings(member, **{"write_behind": "2s"} | engine)


class LostProduce(network.Network):
    title = "records lost for longer than a transaction may last"
    counts = {"B": 8}
    kinds = (("one way", "request", (8, 8)),)
    apis = (network.proxy.PRODUCE,)
    kills_while_ending = 0
    signals, prospects = 40_000, 5_000


# What each mistake is, and where it should show, the cheapest first. The simulation alone is asked for three: M2 and M10, a
# position of the store that is ahead of its values, only show when RocksDB flushes between the two, and M3, a restore that
# ends at the last stable offset, when a broker ends a dead process's transaction within a few milliseconds of it.
MUTANTS = {
    "M1": ("state is applied before its transaction is committed", (network.Unseen, FewKills)),
    "M4": ("nobody ends the predecessor's transaction", (FewFailPoints, FewKills)),
    "M5": ("the last offset is committed instead of the next", (FewKills,)),
    "M6": ("no way back after a transaction that failed", (LostProduce, network.Network)),
    "M7": ("position in a write of its own, with a log", (StoreKills, FewKills)),
    "M8": ("expiry follows the clock on the wall", (inputs.OldLog,)),
    "M9": ("what timed out is taken for committed", (network.Unseen,)),
    "M11": ("positions are sent without membership", (LostProduce,)),
    "M12": ("what was seen before is not in the changelog", (FewKills,)),
}


def play(bench, kind, mutant):
    with bench.one_at_the_proxy if kind.through_proxy else contextlib.nullcontext():
        played = kind(bench, kind.counts["B"], mutant)
        played.execute()
    return played


def finds_nothing(bench, kind):
    """As it must where there is nothing to find."""
    played = play(bench, kind, None)
    bench.say(faults.describe(played, bench))
    return not played.differences


def hunt(bench, mutant):
    what, kinds = MUTANTS[mutant]
    if mutant.encode() + b"\0" not in pathlib.Path(bench.binary_with_faults).read_bytes():
        bench.say(f"{mutant} {what}: not built into this binary")
        return False
    for kind in kinds:
        began = time.time()
        played = play(bench, kind, mutant)
        if played.differences:
            bench.say(f"{mutant} {what}: caught by {kind.__name__} in {time.time() - began:.0f} s: {played.differences[0][:300]}")
            return True
        bench.say(f"{mutant} {what}: not seen by {kind.__name__} in {time.time() - began:.0f} s")
    bench.say(f"{mutant} {what}: MISSED")
    return False


def main():
    options = faults.options_of([*sys.argv[1:], "--faults", sys.argv[1]] if len(sys.argv) > 1 else ["--help"])
    missing = faults.missing_kafka()
    if missing is not None:
        return missing
    chosen = [m for m in MUTANTS if not options.only or m in options.only.split(",")]
    bench = faults.Bench(options)
    bench.say(f"mutants {', '.join(chosen)}: SIMULATED visitors, real Apache Kafka on port {bench.port}, seed {bench.seed}")
    try:
        bench.start()
        kinds = dict.fromkeys(kind for m in chosen for kind in MUTANTS[m][1][:1])
        with concurrent.futures.ThreadPoolExecutor(options.lanes) as pool:
            innocent = pool.map(lambda kind: finds_nothing(bench, kind), kinds)
            caught = [m for m, found in zip(chosen, pool.map(lambda m: hunt(bench, m), chosen)) if found]
            passed = all(innocent)
    finally:
        cluster.end_everything()
        bench.broker.stop()
    bench.say(f"mutants: {len(caught)} of {len(chosen)} caught; without a mistake {'nothing' if passed else 'SOMETHING'} was found")
    return 0 if passed and len(caught) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
