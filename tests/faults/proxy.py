"""A TCP proxy before the broker that knows just enough of Kafka's protocol to harm one kind of request, or only its reply."""
import contextlib
import socket
import struct
import threading
import time

PRODUCE, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 0, 25, 26, 28
APIS = {PRODUCE: "Produce", ADD_OFFSETS: "AddOffsetsToTxn", TXN_OFFSET_COMMIT: "TxnOffsetCommit", END_TXN: "EndTxn"}


class Harm:
    """Done once, to the next frame it is armed for. `on` is request or reply; `then` is called just before, `done` set after."""

    def __init__(self, kind, api, on="request", seconds=2.0, then=None):
        self.kind, self.api, self.on, self.seconds, self.then = kind, api, on, seconds, then
        self.done = threading.Event()
        self.frame = b""

    def __str__(self):
        return f"{self.kind} {APIS.get(self.api, self.api)} {self.on}"


class Closed(Exception):
    pass


def membership_of(frame):
    """Generation and member id that a TxnOffsetCommit request names (version 3: strings are length + 1 in one byte, as ours are short)."""
    at = 12
    at += 2 + max(0, struct.unpack(">h", frame[at : at + 2])[0]) + 1
    for _ in ("transactional id", "group"):
        at += frame[at]
    at += 8 + 2
    size = frame[at + 4] - 1
    return struct.unpack(">i", frame[at : at + 4])[0], frame[at + 5 : at + 5 + size]


class Connection:
    """A client's connection and the one to the broker behind it, a thread for each direction."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(("127.0.0.1", proxy.to))
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = {}  # correlation id: API key
        self.mute = set()  # directions that are taken and not passed on
        for run in (self.requests, self.replies):
            threading.Thread(target=self.guarded, args=(run,), daemon=True).start()

    def guarded(self, run):
        with contextlib.suppress(OSError, Closed):
            run()
        self.close()

    def close(self, reset=False):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    @staticmethod
    def take(end, size):
        parts = []
        while size > 0:
            part = end.recv(min(size, 1 << 16))
            if not part:
                raise Closed
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def frames(self, end):
        while True:
            head = self.take(end, 4)
            yield head + self.take(end, struct.unpack(">i", head)[0])

    def requests(self):
        for frame in self.frames(self.client):
            api, _, correlation = struct.unpack(">hhi", frame[4:12])
            self.asked[correlation] = api
            if api == END_TXN and self.proxy.gate is not None:
                self.proxy.gate.wait(120)
            if api == PRODUCE and self.proxy.trap is not None and self.proxy.trap in frame:
                self.proxy.gate, self.proxy.trap = threading.Event(), None
            if api == TXN_OFFSET_COMMIT:
                self.proxy.memberships.append(membership_of(frame))
            self.pass_on(self.server, frame, api, "request")

    def replies(self):
        for frame in self.frames(self.server):
            api = self.asked.pop(struct.unpack(">i", frame[4:8])[0], -1)
            self.pass_on(self.client, frame, api, "reply")

    def pass_on(self, end, frame, api, on):
        if on in self.mute:
            return
        harm = self.proxy.take(api, on)
        if harm is None:
            end.sendall(frame)
            return
        harm.frame = frame
        if harm.then:
            harm.then()
        try:
            if not self.do(harm, end, frame):
                raise Closed
        finally:
            harm.done.set()

    def do(self, harm, end, frame):
        """False when the connection is to be closed."""
        if harm.kind == "cut":  # before the frame
            return False
        if harm.kind == "reset":
            self.close(reset=True)
            return False
        if harm.kind == "close after":  # behind the frame: of a request, the reply is lost
            end.sendall(frame)
            return False
        if harm.kind == "one way":  # nothing more of this direction arrives; later the connection ends
            self.mute.add(harm.on)
            threading.Timer(harm.seconds, self.close).start()
            return True
        if harm.kind == "half":  # the frame breaks off
            end.sendall(frame[: len(frame) // 2])
            return False
        if harm.kind == "delay":
            time.sleep(harm.seconds)
            end.sendall(frame)
            return True
        if harm.kind == "drip":
            for n in range(0, len(frame), max(1, len(frame) // 20)):
                end.sendall(frame[n : n + max(1, len(frame) // 20)])
                time.sleep(harm.seconds / 20)
            return True
        raise ValueError(harm.kind)


class Proxy:
    """Listens on `port`, passes on to `to`. arm() says what goes wrong next."""

    def __init__(self, port, to):
        self.to, self.armed, self.lock = to, [], threading.Lock()
        self.trap, self.gate = None, None  # once a Produce request holds these bytes, ends of transactions wait for the gate
        self.memberships = []  # of each TxnOffsetCommit that came by
        self.connections = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                try:
                    self.connections.append(Connection(self, client))
                except OSError:
                    client.close()
                if len(self.connections) > 1000:
                    del self.connections[:500]

    def arm(self, harm):
        with self.lock:
            self.armed.append(harm)
        return harm

    def disarm(self, harm):
        with self.lock, contextlib.suppress(ValueError):
            self.armed.remove(harm)

    def take(self, api, on):
        with self.lock:
            for harm in self.armed:
                if harm.api == api and harm.on == on:
                    self.armed.remove(harm)
                    return harm
        return None

    def cut_all(self):
        for connection in self.connections:
            connection.close()
        self.connections.clear()

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()
        self.listener.close()
        self.cut_all()


def deliver(port, frame):
    """Sends a request frame that was seen before over a connection of its own; the reply's bytes, or none."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as end:
        end.sendall(frame)
        with contextlib.suppress(Closed, OSError):
            return Connection.take(end, struct.unpack(">i", Connection.take(end, 4))[0])
    return b""
