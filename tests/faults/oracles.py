"""What must be true of the topics after a run, told from what a read_committed reader gets and from nothing of juncture's own code."""
import re
from collections import Counter

from cluster import Failure

ID = re.compile(rb'"id":"([^"]*)"')
TS = re.compile(rb'"ts":(\d+)')
EVENT_TS = re.compile(rb'"event_ts":(\d+)')
AS_OF = re.compile(rb'"as_of":(\d+)')


CONTROL = re.compile(rb'^\{"v":1,"type":"(tick|catalog|policy|model)"')


def field(pattern, value):
    found = pattern.search(value)
    return found[1] if found else b""


def first_difference(what, partition, expected, actual):
    """None for equal lists, else where they part and how many are missing, double or not wanted."""
    if expected == actual:
        return None
    at = next((n for n, pair in enumerate(zip(expected, actual)) if pair[0] != pair[1]), min(len(expected), len(actual)))
    want, have = Counter(expected), Counter(actual)
    missing, more = want - have, have - want
    double = sum(count for entry, count in more.items() if entry in want)
    show = [entries[at] if at < len(entries) else "the end" for entries in (expected, actual)]
    return (f"{what}, partition {partition}: {sum(missing.values())} missing, {double} double, {sum(more.values()) - double} not expected; "
            f"first at {at} of {len(expected)}: {show[0]} expected, {show[1]} found")


def compare(what, expected, actual):
    return [d for d in (first_difference(what, p, e, a) for p, (e, a) in enumerate(zip(expected, actual))) if d]


def signals_of(dump):
    """Per partition (prospect, id, time) of every record of `signals` but juncture's own, such as ticks."""
    return [[(key, field(ID, value), field(TS, value)) for _, key, value in partition if not CONTROL.match(value)] for partition in dump]


def intake(source, signals, refused=frozenset()):
    """Each record of the source is in `signals` once and in its order; `refused`: keys of those that are no signal."""
    expected = [[(key, field(ID, value), field(TS, value)) for _, key, value in partition if key not in refused] for partition in source]
    return compare("signals", expected, signals)


def once(signals):
    """Per partition (prospect, time) of each signal that is not a repeat, in order: what one recommendation each is due for."""
    out = []
    for partition in signals:
        seen, due = set(), []
        for prospect, event, ts in partition:
            if (prospect, event) not in seen:
                seen.add((prospect, event))
                due.append((prospect, ts))
        out.append(due)
    return out


def rows(dump, pattern):
    """Per partition (prospect, time) of each row; what forgets a prospect, a record without a value, is none."""
    return [[(key, field(pattern, value)) for _, key, value in partition if value != b"null"] for partition in dump]


def dead_letters(source_keys, reasons, topic, letters):
    """Each record whose key is in `reasons` is dead-lettered once, with that reason, from where it stands in the source."""
    expected = Counter((topic, p, offset, reasons[key]) for p, partition in enumerate(source_keys) for offset, key, _ in partition if key in reasons)
    pattern = re.compile(rb'"topic":"([^"]*)","partition":(\d+),"offset":(\d+),"connector":"[^"]*","reason":"([^"]*)"')
    actual = Counter()
    for partition in letters:
        for _, _, value in partition:
            found = pattern.search(value)
            actual[(found[1].decode(), int(found[2]), int(found[3]), found[4].decode()) if found else value[:80]] += 1
    missing, more = list((expected - actual).items()), list((actual - expected).items())
    if not missing and not more:
        return []
    return [f"dead letters: {len(missing)} missing, as {missing[:3]}; {len(more)} double, not expected or with another reason, as {more[:3]}"]


# Keys of prospects' state that follow the clock of the ticks, which goes on: the cursor of expiry, the minute last told to accounts.
CLOCKS = tuple((b"\x01M" + name).hex() for name in (b"expiry", b"minute"))


def state_lines(node):
    """The state on disk by key, as `state hash --dump` prints it; without what follows the clock of the ticks."""
    done = node.verb("state", "hash", "--dump")
    if done.returncode != 0:
        raise Failure(f"state hash: {done.stderr.strip()[-300:]}")
    return sorted(line for line in done.stdout.splitlines() if line and not any(f'"{key}"' in line for key in CLOCKS))


def same_state(what, expected, actual):
    if expected == actual:
        return []
    want, have = set(expected), set(actual)
    return [f"state of {what}: {len(want - have)} keys missing or other, {len(have - want)} not expected, as {sorted(want - have)[:1] or sorted(have - want)[:1]}"]
