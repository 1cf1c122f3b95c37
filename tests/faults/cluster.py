"""A real Apache Kafka and juncture processes on it, as a test drives them."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import hosts

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Written behind everything once a run is over: a reader that has seen it in each partition has seen all there is.
SENTINEL = b"end-of-run"
CHILDREN = set()


class Failure(Exception):
    """What a scenario found wrong."""


def run(*command, timeout=60, **options):
    done = subprocess.run(command, capture_output=True, timeout=timeout, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command[:4]))}: {done.stderr.decode(errors='replace')[-600:]}")
    return done.stdout


def alive(pid):
    """Whether `pid` runs: one that is dead and not yet asked after (Z) does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Broker:
    """One broker on `port`, its own process; `proxied`: the port that clients of the second listener are sent to."""

    def __init__(self, folder, port, proxied=None, host="127.0.0.1"):
        self.folder, self.port, self.address = pathlib.Path(folder), port, f"{host}:{port}"
        self.env = dict(os.environ, KAFKA_PROXY_PORT=str(proxied) if proxied else "", KAFKA_HOST=host)
        self.behind_proxy = port + 2
        self.tool = str(SOURCE / "tools/kafka.sh")
        self.libs = os.environ.get("KAFKA_LIBS", str(SOURCE / "build/kafka-libs"))
        self.topics = set()

    def start(self):
        run(self.tool, "start", str(self.folder), str(self.port), env=self.env, timeout=120)

    def stop(self):
        run(self.tool, "stop", str(self.folder), env=self.env)

    def kill(self):
        """Returns when the process is gone, its listeners with it: a busy machine takes a while to tear one down."""
        pid = int((self.folder / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        while alive(pid):
            time.sleep(0.02)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "pid").unlink()

    def java(self, name, *arguments):
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile=" + str(SOURCE / "tools/kafka/log4j2.properties"),
                "-cp", self.libs + "/*", name, "--bootstrap-server", self.address, *arguments]

    def make_topic(self, name, partitions):
        run(self.tool, "topic", name, str(partitions), str(self.port), env=self.env)

    def produce(self, topic, lines, partition=-1):
        """`lines`: key, tab, value; partitions as Kafka's Java client chooses them."""
        run(*self.producer(topic, partition), input=b"".join(lines))

    def producer(self, topic, partition=-1):
        return ["kcat", "-P", "-b", self.address, "-t", topic, "-p", str(partition), "-K", "\t", "-Z", "-X", "topic.partitioner=murmur2_random",
                "-X", "enable.idempotence=true", "-X", "linger.ms=20", "-z", "lz4"]

    def lag(self, group, topic):
        """Records of `topic` that lie behind the group's committed positions, ends of transactions among them, as Kafka's own tool has it."""
        out = run(*self.java("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe", "--offsets", "--group", group)).decode()
        lags = [line.split()[5] for line in out.splitlines() if line.split()[1:2] == [topic]]
        return sum(int(lag) for lag in lags if lag != "-") if lags else 1 << 30

    def dump(self, topic, partitions, values=True, seconds=60):
        """Every record a read_committed reader of Kafka's own client gets: (partition, offset, key, value), by partition.

        The sentinels are written first. A transaction that nobody ends hides them: then this fails.
        """
        for p in range(partitions):
            self.produce(topic, [SENTINEL + b"\t" + SENTINEL + b"\n"], p)
        command = self.java("org.apache.kafka.tools.consumer.ConsoleConsumer", "--topic", topic, "--from-beginning", "--isolation-level", "read_committed",
                            "--timeout-ms", str(seconds * 1000))
        for name in ("partition", "offset", "key"):
            command += ["--property", f"print.{name}=true"]
        if not values:
            command += ["--property", "print.value=false"]
        records, seen = [[] for _ in range(partitions)], set()
        reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        CHILDREN.add(reader)
        for line in reader.stdout:
            if not line.startswith(b"Partition:"):
                continue  # the tool's own complaints
            fields = line.rstrip(b"\n").split(b"\t", 3)
            p = int(fields[0][10:])
            if fields[2] == SENTINEL:
                seen.add(p)
                if len(seen) == partitions:
                    break
                continue
            records[p].append((int(fields[1][7:]), fields[2], fields[3] if values else b""))
        reader.kill()
        reader.wait()
        CHILDREN.discard(reader)
        if len(seen) < partitions:
            raise Failure(f"{topic}: partitions {sorted(set(range(partitions)) - seen)} cannot be read to the end: a transaction stays open")
        return records


class Feed(threading.Thread):
    """Writes records to a topic at a pace, until they are all there.

    With `stubborn` what a dying broker did not take is written again, some of it for the second time.
    """

    def __init__(self, broker, topic, records, per_second=0, stubborn=False):
        super().__init__(daemon=True)
        self.broker, self.topic, self.records, self.per_second, self.stubborn = broker, topic, records, per_second, stubborn
        self.sent, self.error, self.enough = 0, None, False
        self.start()

    def chunks(self, size=500):
        began, chunk = time.time(), []
        for key, value in self.records:
            if self.enough:
                break
            chunk.append((key if isinstance(key, bytes) else key.encode()) + b"\t" + (value if isinstance(value, bytes) else value.encode()) + b"\n")
            self.sent += 1
            if len(chunk) == size:
                yield b"".join(chunk)
                chunk.clear()
                if self.per_second:
                    time.sleep(max(0.0, began + self.sent / self.per_second - time.time()))
        yield b"".join(chunk)

    def run(self):
        try:
            self.write_stubbornly() if self.stubborn else self.write()
        except (Failure, OSError) as error:
            self.error = str(error)

    def write(self):
        process = subprocess.Popen(self.broker.producer(self.topic), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        CHILDREN.add(process)
        for chunk in self.chunks():
            process.stdin.write(chunk)
        _, errors = process.communicate()
        CHILDREN.discard(process)
        if process.returncode != 0:
            raise Failure(errors.decode(errors="replace")[-400:])

    def write_stubbornly(self, seconds=60):
        for chunk in self.chunks():
            deadline = time.time() + seconds
            while True:
                try:
                    self.broker.produce(self.topic, [chunk])
                    break
                except (Failure, subprocess.TimeoutExpired):
                    if time.time() > deadline:
                        raise
                    time.sleep(0.2)

    def stop(self):
        """What was not sent yet is left out."""
        self.enough = True

    def wait(self):
        self.join()
        if self.error is not None:
            raise Failure(f"feeding failed: {self.error}")


class Node:
    """One `juncture run`. Restarted as often as wanted, always with the same settings, folder and member id."""

    def __init__(self, binary, folder, settings, env=None):
        self.binary, self.folder, self.env = binary, pathlib.Path(folder), env or {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "juncture.yaml"
        self.settings = settings
        self.data = self.folder / "data"
        settings["log"]["data"] = str(self.data)
        self.data.mkdir(exist_ok=True)
        # Processes of one application sign tokens alike.
        (self.data / "token.key").write_text("0123456789abcdef" * 4)
        self.log = self.folder / "log"
        self.process, self.url, self.starts = None, None, 0
        self.host = None  # hosts.Host; none: this machine

    def launch(self, extra_env=None, wrapper=()):
        self.config.write_text(json.dumps(self.settings, indent=1))  # JSON is YAML
        self.starts += 1
        self.url = None
        with open(self.log, "ab") as log:
            log.write(b"=== start %d\n" % self.starts)
            log.flush()
            self.read_from = log.tell()
            env = dict(os.environ, **self.env, **(extra_env or {}))
            wrapper = (*(("ip", "netns", "exec", self.host.namespace) if self.host else ()), *wrapper)
            self.process = subprocess.Popen([*wrapper, self.binary, "run", "-c", str(self.config)], stdout=log, stderr=log, env=env)
        CHILDREN.add(self.process)
        self.launched = time.time()
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def find_url(self):
        if self.url is None:
            with open(self.log, "rb") as log:
                log.seek(self.read_from)
                found = re.search(rb"http://[^\s]+/", log.read())
            self.url = found[0].decode() if found else None
        return self.url

    def metric(self, name):
        """Value of the series without labels, or None where there is none (yet)."""
        found = re.search(rf"^{name} (\S+)$", self.get("metrics", parse=bytes.decode) or "", re.MULTILINE)
        return float(found[1]) if found else None

    def get(self, path, timeout=5, data=None, parse=json.loads):
        """Parsed answer, or None where there is none (yet)."""
        if not self.alive() or self.find_url() is None:
            return None
        try:
            with hosts.inside(self.host and self.host.namespace):
                return parse(urllib.request.urlopen(self.url + path, data, timeout).read())
        except urllib.error.HTTPError as error:
            with contextlib.suppress(ValueError):
                return parse(error.read())
            return None
        except (OSError, ValueError):
            return None

    def post(self, path):
        return self.get(path, data=b"")

    def tasks(self):
        status = self.get("v1/status")
        return None if status is None else [t for t in status["tasks"] if t["state"] != "closed"]

    def wait_running(self, seconds=30):
        """Seconds from launch until tasks are here and all of them run."""
        while time.time() < self.launched + seconds:
            ready = self.get("-/ready")
            if ready is not None and ready.get("ready"):
                return time.time() - self.launched
            if not self.alive():
                raise Failure(f"{self.folder.name} ended by itself with {self.process.returncode}; {self.tail()}")
            time.sleep(0.05)
        raise Failure(f"{self.folder.name} is not ready after {seconds} s: {self.get('-/ready')}; {self.tail()}")

    def kill(self, how=signal.SIGKILL):
        if self.alive():
            self.process.send_signal(how)
            self.process.wait()
        CHILDREN.discard(self.process)

    def stop(self, seconds=20):
        """As an operator stops it; anything but the promised exit is a failure."""
        if not self.alive():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.folder.name} did not stop within {seconds} s; {self.tail()}") from None
        CHILDREN.discard(self.process)
        if code != 143:
            raise Failure(f"{self.folder.name} stopped with {code}; {self.tail()}")

    def usage(self):
        """Threads, connections and the like, and resident KiB. Not the files of RocksDB: they come and go with the state."""
        pid = self.process.pid
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        handles = 0
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                handles += not os.readlink(entry.path).startswith("/")
        return {"threads": int(re.search(r"Threads:\s+(\d+)", text)[1]), "handles": handles,
                "rss_kib": int(re.search(r"VmRSS:\s+(\d+)", text)[1])}

    def verb(self, *arguments, timeout=120):
        return subprocess.run([self.binary, *arguments, "-c", str(self.config)], capture_output=True, text=True, timeout=timeout)

    def tail(self, size=700):
        with open(self.log, "rb") as log:
            log.seek(self.read_from)
            return "log: ..." + log.read()[-size:].decode(errors="replace")


def end_everything():
    for child in list(CHILDREN):
        with contextlib.suppress(ProcessLookupError):
            child.kill()
