"""What people do to topics and groups by hand: each is either refused by name or harmless, and never guessed about."""
import time

from cluster import Failure, run
from scenario import SESSION_MS, Scenario


class Meddling(Scenario):
    name, title = "F15", "changelog deleted, offsets set, offsets gone, topic made anew"
    counts = {"B": 4, "C": 4}
    drawn_at_random = False
    direct = True
    signals, prospects = 4_000, 1_000

    def play(self):
        name = self.prefix
        cases = (("changelog", self.delete_changelog, ("changelog_", "genesis")), ("set", self.set_offsets, ("offset_mismatch", "changelog_lost")),
                 ("anew", self.make_anew, ("topic_made_anew", "offset_missing", "offset_mismatch", "wrong")), ("gone", self.drop_offsets, ()))
        for case, meddle, codes in cases:
            self.prefix, self.nodes, self.feeds = f"{name}{case}-", [], []
            node = self.add_node(case, member=False)
            node.launch().wait_running(60)
            self.feed(self.signals, self.prospects)
            self.wait_quiet()
            node.stop()
            meddle()
            if codes:
                self.expect_refusal(node, case, codes)
            if case == "changelog":
                self.rebuild(node)
            if case in ("changelog", "gone"):
                self.restart(node)
                self.feed(self.signals, self.prospects)
                self.check_quietly()
        self.figures["cases"] = len(cases)

    def rebuild(self, node):
        """The way out that the refusal names: state and changelog anew from the input."""
        done = node.verb("rebuild", "--confirm")
        if done.returncode != 0:
            raise Failure(f"rebuild ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
        self.note(done.stdout)

    def check_quietly(self):
        self.wait_quiet()
        self.check()

    def expect_refusal(self, node, case, codes, seconds=40):
        """Ends by itself, or is not ready, and names the reason; it must not run on with something else."""
        node.launch()
        deadline, text = time.time() + seconds, ""
        while time.time() < deadline:
            text = str((node.get("-/ready") or {}).get("reasons", "")) + (node.tail(3000) if not node.alive() else "")
            if any(code in text for code in codes):
                self.note(f"{case}: {text[-400:]}")
                node.kill()
                return
            time.sleep(0.2)
        self.differences.append(f"{case}: none of {codes} was named within {seconds} s, but {text[:300]!r}")
        node.kill()

    def tool(self, name, *arguments):
        run(*self.broker.java(name, *arguments), timeout=60)

    def group(self, *arguments):
        # By hand only where no member is left: the session has to end first.
        deadline = time.time() + SESSION_MS / 1000 + 20
        while True:
            try:
                self.tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--group", self.prefix + "juncture", "--topic", self.prefix + "signals", *arguments)
                return
            except Failure:
                if time.time() > deadline:
                    raise
                time.sleep(1)

    def delete_changelog(self):
        self.tool("org.apache.kafka.tools.TopicCommand", "--delete", "--topic", self.prefix + "juncture.prospects.changelog")

    def set_offsets(self):
        self.group("--reset-offsets", "--shift-by", "-5", "--execute")

    def drop_offsets(self):
        self.group("--delete-offsets")

    def make_anew(self):
        self.tool("org.apache.kafka.tools.TopicCommand", "--delete", "--topic", self.prefix + "signals")
        time.sleep(2)
        self.broker.make_topic(self.prefix + "signals", 8)
