#!/usr/bin/env python3
"""Faults against juncture on a real Apache Kafka: faults.py BINARY --faults BINARY [--tier B|C] [--only F1,F4] [--seed N]

Starts a broker, feeds SIMULATED visitors, does harm of one kind a scenario, waits for quiet and compares what is left with
what must be there. Exit 0: no difference; 1: a difference, logs kept; 77: no Java or Maven here.
"""
import argparse
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cluster
import hosts
import scenarios

HERE = pathlib.Path(__file__).resolve().parent


class Bench:
    """The broker and the settings that scenarios share."""

    def __init__(self, options):
        self.binary = str(pathlib.Path(options.binary).resolve())
        self.binary_with_faults = str(pathlib.Path(options.faults or options.binary).resolve())
        self.seed, self.keep, self.delivery = options.seed, options.keep, options.delivery
        self.tier = options.tier
        self.base_ms = options.base or (int(time.time()) // 3600 - 30) * 3_600_000
        self.run, self.numbers = f"{os.getpid():x}", itertools.count(1)
        self.folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="juncture-faults-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = options.port
        self.proxy_port = options.port + 4
        self.broker = cluster.Broker(self.folder / "kafka", options.port, self.proxy_port)
        self.model = str(self.folder / "model.jmodel")
        usage = subprocess.run([self.binary, "--help"], capture_output=True, text=True).stdout
        self.can_verify = " verify " in usage
        self.shim = options.shim
        self.lock = threading.Lock()
        self.one_at_the_proxy = threading.Lock()  # harm is done to whoever comes by

    def start(self):
        self.broker.start()
        cluster.run(self.binary, "train", "--out", self.model)

    def say(self, text):
        with self.lock:
            print(text, flush=True)


def describe(scenario, bench):
    figures = " ".join(f"{name}={value}" for name, value in scenario.figures.items())
    verdict = "0 differences" if not scenario.differences else f"{len(scenario.differences)} DIFFERENCES"
    text = f"{scenario.name} {scenario.title}: {verdict}; seed={bench.seed} faults={scenario.count} {figures}"
    if not scenario.differences and scenario.drawn_at_random:
        text += f"; rule of three: at most {300 / scenario.count:.2g} % of such faults do harm, at 95 %"
    for difference in scenario.differences[:5]:
        text += f"\n    {difference}"
    if scenario.differences:
        text += f"\n    logs in {scenario.folder}; again with --seed {bench.seed} --base {bench.base_ms} --only {scenario.name}"
    return text


def perform(bench, kind):
    with bench.one_at_the_proxy if kind.through_proxy else contextlib.nullcontext():
        scenario = kind(bench, kind.counts[bench.tier])
        bench.say(f"{scenario.name} {scenario.title}: begins")
        passed = scenario.execute()
    bench.say(describe(scenario, bench))
    return passed


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--faults", help="the binary with fail points and mutants; without it those scenarios are left out")
    parser.add_argument("--shim", help="the library that makes clocks wrong and disks refuse; without it those scenarios are left out")
    parser.add_argument("--tier", choices=("B", "C"), default="B")
    parser.add_argument("--only", default="", help="names of scenarios, comma-separated")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--base", type=int, default=0, help="time of the first signal, ms since 1970; of an earlier run, to repeat it")
    parser.add_argument("--port", type=int, default=19292, help="of the broker; the twelve above are used too")
    parser.add_argument("--lanes", type=int, default=3, help="scenarios at a time")
    parser.add_argument("--delivery", default="exactly_once")
    parser.add_argument("--folder", help="where logs and state go; kept when something differs")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args(arguments)


def missing_kafka():
    check = subprocess.run([str(cluster.SOURCE / "tools/kafka.sh"), "check"], capture_output=True, text=True)
    if check.returncode == 0:
        return None
    print(check.stderr.strip())
    if "kafka" in os.environ.get("JUNCTURE_TEST_REQUIRE", "").replace(" ", ",").split(","):
        print("Kafka is required (JUNCTURE_TEST_REQUIRE) and cannot be started.")
        return 1
    print("SKIPPED: the fault tests against a real Kafka")
    return 77


def main(arguments=None):
    options = options_of(arguments)
    missing = missing_kafka()
    if missing is not None:
        return missing
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(options)
    wanted = [kind for kind in scenarios.ALL if kind.counts[options.tier] and (not options.only or kind.name in options.only.split(","))]
    if (none := hosts.missing()) is not None:
        for kind in [kind for kind in wanted if kind.needs_hosts]:
            bench.say(f"{kind.name} {kind.title}: left out, {none}")
            wanted.remove(kind)
    for kind in [kind for kind in wanted if (kind.needs_faults and not options.faults) or (kind.needs_shim and not options.shim)]:
        bench.say(f"{kind.name} {kind.title}: left out, it needs {'--faults' if kind.needs_faults else '--shim'}")
        wanted.remove(kind)
    bench.say(f"faults, tier {options.tier}, seed {bench.seed}, base {bench.base_ms}: SIMULATED visitors, real Apache Kafka on port {bench.port}, "
              f"delivery {bench.delivery}; {len(wanted)} scenarios, {options.lanes} at a time")
    if not bench.can_verify:
        bench.say("this binary has no `verify`: its oracle is left out")
    began, passed = time.time(), False
    try:
        bench.start()
        with concurrent.futures.ThreadPoolExecutor(options.lanes) as pool:
            passed = all(list(pool.map(lambda kind: perform(bench, kind), wanted)))
    finally:
        cluster.end_everything()
        bench.broker.stop()
    bench.say(f"faults: {'all passed' if passed else 'FAILED'}, {time.time() - began:.0f} s")
    if passed and not options.keep:
        shutil.rmtree(bench.folder, ignore_errors=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
