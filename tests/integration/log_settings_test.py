#!/usr/bin/env python3
"""What a process says at its start to a cluster that is set wrong, and to state that is not its own; on a real Kafka.

log_settings_test.py BINARY SOURCE   with JUNCTURE_TEST_KAFKA=host:port
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BINARY, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
BROKER = os.environ["JUNCTURE_TEST_KAFKA"]
FOLDER = tempfile.mkdtemp()


def prefix(name):
    return f"set{os.getpid()}-{name}-"


def run(name, *more, data="data", partitions=2):
    sets = ["log.kind=kafka", f"log.kafka.brokers={BROKER}", f"log.topics.prefix={prefix(name)}", f"log.topics.partitions={partitions}",
            "engine.workers=1", f"files.model={FOLDER}/text.jmodel"]
    done = subprocess.run([BINARY, "run", "--port", "0", "--duration", "2s", "--data", os.path.join(FOLDER, data),
                           *[part for s in sets for part in ("--set", s)], *more], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def make_topic(name, partitions):
    made = subprocess.run([str(SOURCE / "tools/kafka.sh"), "topic", name, str(partitions), BROKER.split(":")[1]],
                          capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr


def expect(what, given, code, *words):
    status, text = given
    assert status == code and all(word in text for word in words), f"{what}: exit {status}\n{text}"
    print("ok:", what)


def main():
    subprocess.run([BINARY, "train", "--out", os.path.join(FOLDER, "text.jmodel")], check=True, stdout=subprocess.DEVNULL)
    # Kafka's defaults for a changelog that somebody else has made: it would be deleted by time.
    make_topic(prefix("bad") + "juncture.prospects.changelog", 2)
    mend = f"--entity-name {prefix('bad')}juncture.prospects.changelog --add-config cleanup.policy=compact"
    expect("a changelog that is not compacted is refused", run("bad", data="bad"), 3, "cleanup.policy=delete", mend, "--unsafe")
    expect("unless one insists", run("bad", "--unsafe", data="bad"), 0, "cleanup.policy=delete")

    expect("topics of its own are right, but for the one broker's copies", run("good"), 0, "3 replicas are needed")
    text = run("good")[1]
    assert "cleanup.policy" not in text and "LogAppendTime" not in text and ".ms=" not in text, text
    expect("production wants three", run("good", "--set", "profile=production"), 3, "3 replicas are needed", "refused")
    expect("and makes topics with three, or none", run("fresh", "--set", "profile=production", data="fresh"), 3, "replication factor")

    expect("another prefix, the same folder", run("other"), 3, "move the folder aside", "wrong_application")
    expect("another number of partitions", run("good", partitions=4), 3, "2 partitions")
    shutil.move(os.path.join(FOLDER, "data/state/juncture.id"), os.path.join(FOLDER, "juncture.id"))
    expect("state without an identity is taken over", run("good"), 0)
    expect("and has one from then on", run("other"), 3, "wrong_application")
    shutil.rmtree(FOLDER)


if __name__ == "__main__":
    main()
