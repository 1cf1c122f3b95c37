"""Hosts of their own for processes: network namespaces on one machine, each behind a cable that can be pulled."""
import contextlib
import ctypes
import os
import shutil
import subprocess

# On loopback, and reached by every namespace over its own cable: where the broker listens.
BROKER_ADDRESS = "10.77.0.1"
CLONE_NEWNET = 0x40000000


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def missing():
    """Why there can be no namespaces here, or None."""
    if shutil.which("ip") is None:
        return "it needs the program ip (Debian's iproute2)"
    name = f"juncture-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if tried.returncode != 0:
        return f"no network namespaces here: {tried.stderr.strip()}"
    run("ip", "netns", "del", name)
    return None


@contextlib.contextmanager
def inside(namespace):
    """What this thread connects to meanwhile, it connects to from `namespace`; None: from where it is."""
    if namespace is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{namespace}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


class Host:
    """One namespace, `number` of 1 to 250. Its only way out is a cable to BROKER_ADDRESS."""

    def __init__(self, number):
        self.namespace, self.here = f"juncture-{number}", f"juncture{number}"
        self.there = f"10.77.{number}.2"
        self.remove()
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", self.here, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        run("ip", "addr", "add", f"10.77.{number}.1/30", "dev", self.here)
        run("ip", "link", "set", self.here, "up")
        for command in (("addr", "add", f"{self.there}/30", "dev", "eth0"), ("link", "set", "eth0", "up"), ("link", "set", "lo", "up"),
                        ("route", "add", "default", "via", f"10.77.{number}.1")):
            run("ip", "-n", self.namespace, *command)

    def cut(self, way):
        """`both`: the cable is pulled; `to broker`, `from broker`: that way nothing arrives, and nobody is told."""
        self.turn(way, "down", "add")

    def mend(self, way):
        self.turn(way, "up", "del")

    def turn(self, way, cable, hole):
        if way == "both":
            run("ip", "link", "set", self.here, cable)
        elif way == "to broker":
            run("ip", "-n", self.namespace, "route", hole, "blackhole", BROKER_ADDRESS)
        else:
            run("ip", "route", hole, "blackhole", self.there)

    def remove(self):
        for command in (("netns", "del", self.namespace), ("link", "del", self.here), ("route", "del", "blackhole", self.there)):
            subprocess.run(["ip", *command], capture_output=True)
