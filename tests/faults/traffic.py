"""SIMULATED visitors: what they send, and records that no reader can take, with the reason each must be refused for."""
import json
import random

QUERIES = ["wms payback template", "warehouse software pricing", "how does slotting work", "pilot plan warehouse", "best wms for 3pl",
           "compare wms vendors", "why projects fail", "demo warehouse management", "shortlist criteria", "implementation partner near me",
           "contract terms", "roi of automation", "what is a wms", "integration with erp", "support hours", "cancel subscription"]
PAGES = ["https://shop.example/pricing", "https://shop.example/docs/start", "https://shop.example/blog/slotting", "https://shop.example/contact"]
# Fewer than the 64 whose ids a prospect's state keeps: every repeat must be recognised.
SIGNALS_MAX = 48
REPEATS = 0.03


class Visitors:
    """`signals` records of `prospects` visitors in the order of their time, the same for the same seed and base.

    Times are unique, so prospect and time name a signal. Some records are repeats of one sent earlier, as a
    retrying source makes them.
    """

    def __init__(self, seed, prospects, signals, base_ms, hours=20, repeats=REPEATS):
        self.random, self.repeats = random.Random(seed), repeats
        self.prospects, self.signals, self.base_ms = prospects, signals, base_ms
        self.step = max(1, hours * 3_600_000 // signals)
        self.recent = []

    def records(self, write):
        """Yields key and value; `write` makes the value of id, prospect, time, type and text."""
        draw, count, last = self.random, [0] * self.prospects, {}
        for n in range(self.signals):
            who = int(self.prospects * draw.random() ** 1.3)
            if self.recent and draw.random() < self.repeats:
                yield last[draw.choice(self.recent)]
                continue
            for _ in range(self.prospects):
                if count[who] < SIGNALS_MAX:
                    break
                who = (who + 1) % self.prospects
            count[who] += 1
            key = f"v-{who}"
            kind = draw.choice(("query", "query", "query", "page", "offline"))
            text = f"{draw.choice(QUERIES)} {draw.randrange(40)}" if kind == "query" else ""
            last[who] = key, write(f"e-{n}", key, self.base_ms + n * self.step, kind, text, draw)
            self.recent = (self.recent + [who])[-200:]
            yield last[who]


def native(event, prospect, ts, kind, text, draw):
    """As a website sends it, for the connector `native`."""
    out = {"id": event, "prospect": prospect, "type": kind, "ts": ts, "consent": "granted"}
    if kind == "query":
        out["text"] = text
    elif kind == "page":
        out["url"] = draw.choice(PAGES)
    return json.dumps(out, separators=(",", ":"))


def canonical(event, prospect, ts, kind, text, draw):
    """As juncture writes it to `signals`."""
    out = {"v": 1, "type": kind, "id": event, "prospect": prospect, "ts": ts, "received_at": ts}
    if kind == "query":
        out["text"] = text
    elif kind == "page":
        out["url"] = draw.choice(PAGES)
    return json.dumps(out | {"consent": "granted", "source": "native"}, separators=(",", ":"))


def canonical_without_consent(event, prospect, ts, kind, text, draw):
    return canonical(event, prospect, ts, kind, text, draw).replace('"consent":"granted",', "")


def tick(ts):
    return f'{{"v":1,"type":"tick","ts":{ts}}}'


def poison():
    """Pairs of bytes that are no signal and the reason code, fifty of them; no byte of them is a line feed."""
    good = '"type":"page","prospect":"p","ts":1763784000000'
    bad = {
        "empty": [b"   ", b"\t"],
        "too_large": [b'{"pad":"' + b"x" * 70_000 + b'",' + good.encode() + b"}", b"[" * 100_000, b"y" * 900_000],
        "invalid_utf8": [b'{"type":"page","prospect":"\xff\xfe"}', b"\xc3\x28", b'{"type":"query","text":"\xed\xa0\x80"}'],
        "invalid_json": [b"{", b'{"type":', b'{"type":"page",}', b'{"type":"page" "prospect":"p"}', b'{"type":tru}', b"{'type':'page'}",
                         b'{"type":"page","ts":01}', b'{"type":"page","text":"\x00"}', b'\xef\xbb\xbf{"type":"page","prospect":"p"}', b'{"a":+1}', f"{{{good}}}x".encode(), f"{{{good}}},".encode()],
        "trailing_content": [f"{{{good}}}{{{good}}}".encode()],
        "not_an_object": [b"[]", b"1", b'"page"', b"null", b"true", b"nonsense", b"NaN"],
        "too_deep": [b'{"properties":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", b'{"properties":{"a":' + b"[" * 2_000 + b"]" * 2_000 + b"}}"],
        "too_many_fields": [("{" + ",".join(f'"f{n}":1' for n in range(300)) + "}").encode()],
        "duplicate_key": [f'{{{good},"type":"query"}}'.encode(), f'{{{good},"properties":{{"a":1,"a":2}}}}'.encode()],
        "escaped_key": [b'{"\\u0074ype":"page","prospect":"p"}'],
        "lone_surrogate": [f'{{{good},"title":"\\ud800"}}'.encode(), f'{{{good},"title":"\\udc00x"}}'.encode()],
        "number_range": [f'{{{good},"properties":{{"n":1e999}}}}'.encode(), f'{{{good},"properties":{{"n":123456789012345678901234567890}}}}'.encode()],
        "too_long": [f'{{{good},"id":"{"i" * 300}"}}'.encode(), f'{{{good},"title":"{"t" * 2000}"}}'.encode()],
        "wrong_type": [b'{"type":7,"prospect":"p"}', f'{{{good},"text":["a"]}}'.encode()],
        "missing_type": [b"{}", b'{"prospect":"p","ts":1763784000000}'],
        "unknown_type": [b'{"type":"dance","prospect":"p"}'],
        "reserved_type": [b'{"type":"tick","ts":1763784000000}', b'{"type":"model","prospect":"p"}'],
        "missing_prospect": [b'{"type":"page","ts":1763784000000}'],
        "missing_field": [b'{"type":"query","prospect":"p","ts":1763784000000}'],
        "email_id": [b'{"type":"page","prospect":"a@b.example"}'],
        "invalid_id": [b'{"type":"page","prospect":"p","id":"a\\u0001b"}'],
        "unknown_value": [b'{"type":"feedback","prospect":"p","action":"applaud"}'],
        "invalid_consent": [f'{{{good},"consent":"perhaps"}}'.encode()],
        "invalid_time": [b'{"type":"page","prospect":"p","ts":"yesterday"}'],
        "time_zone": [b'{"type":"page","prospect":"p","ts":"2025-11-22T06:59:58"}'],
        "time_unit": [b'{"type":"page","prospect":"p","ts":1763784000}', b'{"type":"page","prospect":"p","ts":1763784000000000}'],
        "time_range": [b'{"type":"page","prospect":"p","ts":-1}', b'{"type":"page","prospect":"p","ts":9223372036854775807}'],
    }
    return [(value, reason) for reason, values in bad.items() for value in values]
