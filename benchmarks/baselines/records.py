"""Baselines of the sets without texts: sessions (uci), a process log (bpi12), leads (olist)."""
import collections
import csv
import datetime

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 20261122


def read(names):
    return [row for name in names for row in csv.DictReader(open(name, newline=""))]


def indicators(values, known, least):
    """A column of 0 and 1 for each value that `known` has at least so often."""
    kept = sorted(value for value, count in collections.Counter(known).items() if count >= least)
    return np.array([[float(value == k) for k in kept] for value in values]).reshape(len(values), len(kept))


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def boosting(trees=150):
    return HistGradientBoostingClassifier(max_iter=trees, learning_rate=.05, max_depth=4, random_state=SEED)


def odds(model, known, positive, asked):
    return model.fit(known, positive).predict_proba(asked)[:, 1]


def squared(truth, p):
    return np.mean((p - truth) ** 2)


def uci(arguments, bootstrap):
    numbers = ["Administrative", "Administrative_Duration", "Informational", "Informational_Duration", "ProductRelated",
               "ProductRelated_Duration", "BounceRates", "ExitRates", "SpecialDay", "PageValues"]
    names = ["Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend"]
    known, asked = read(arguments.train), read(arguments.files)

    def columns(rows, of):
        values = np.log1p(np.maximum([[float(row[n]) for n in of] for row in rows], 0))
        return np.hstack([values] + [indicators([r[n] for r in rows], [r[n] for r in known], 20) for n in names])

    bought = lambda rows: np.array([row["Revenue"] in ("1", "TRUE", "True") for row in rows], int)
    truth, table = bought(asked), {}
    over = lambda measure, p: bootstrap(np.arange(len(truth)), lambda r: measure(truth[r], p[r]))
    for model, make in (("logistic regression", logistic), ("gradient boosting", boosting)):
        p = odds(make(), columns(known, numbers), bought(known), columns(asked, numbers))
        without = odds(make(), columns(known, numbers[:-1]), bought(known), columns(asked, numbers[:-1]))
        table[model] = {"pr_auc": over(average_precision_score, p), "brier": over(squared, p),
                        "pr_auc_without_page_values": over(average_precision_score, without),
                        "roc_auc": over(roc_auc_score, p)}
    share = np.full(len(truth), bought(known).mean())
    table["majority"] = {"pr_auc": over(average_precision_score, share), "brier": over(squared, share)}
    return f"uci, {len(truth)} rows", table


def read_cases(names):
    cases = collections.defaultdict(list)
    for row in read(names):
        at = datetime.datetime.fromisoformat(row["CompleteTimestamp"])
        cases[row["CaseID"]].append((at, row["ActivityID"]))
    return [sorted(steps, key=lambda step: step[0]) for steps in cases.values()]


def prefixes(cases):
    """(case, steps so far, next activity or None) from the second step on."""
    return [(c, steps[:k], steps[k][1] if k < len(steps) else None)
            for c, steps in enumerate(cases) for k in range(2, len(steps) + 1)]


def back_off(known, order):
    """The most frequent next activity behind the longest context, up to `order`, that was seen at least 5 times."""
    counts = collections.defaultdict(collections.Counter)
    for _, steps, following in known:
        for n in range(order + 1):
            if following is not None and len(steps) >= n:
                counts[tuple(a for _, a in steps[len(steps) - n:])][following] += 1

    def find(steps):
        for n in range(min(order, len(steps)), -1, -1):
            seen = counts.get(tuple(a for _, a in steps[len(steps) - n:]))
            if seen and (sum(seen.values()) >= 5 or n == 0):
                return seen.most_common(1)[0][0]
        return None

    return find


def step_columns(rows, activities, clock):
    """Last and last but one activity, steps, days since the one before and since the first; with `clock` hour and weekday."""
    out = []
    for _, steps, _ in rows:
        days = lambda a, b: max((b[0] - a[0]).total_seconds(), 0) / 86_400
        row = [float(steps[-1][1] == a) for a in activities] + [float(steps[-2][1] == a) for a in activities]
        row += [np.log1p(len(steps)), np.log1p(days(steps[-2], steps[-1])), np.log1p(days(steps[0], steps[-1]))]
        if clock:
            row += [steps[-1][0].hour, steps[-1][0].weekday()] + [sum(s[1] == a for s in steps) for a in activities]
        out.append(row)
    return np.array(out)


def bpi12(arguments, bootstrap):
    known, asked = prefixes(read_cases(arguments.train)), prefixes(read_cases(arguments.files))
    activities = sorted({steps[-1][1] for _, steps, _ in known})
    ended = lambda rows: np.array([following is None for _, _, following in rows], int)
    group, truth = np.array([c for c, _, _ in asked]), ended(asked)
    going = [i for i, (_, _, following) in enumerate(asked) if following is not None]
    following = np.array([asked[i][2] for i in going])
    right = lambda found: bootstrap(group[going], lambda r: np.mean(np.asarray(found)[r] == following[r]))
    stalls = lambda p: {"stall_auc": bootstrap(group, lambda r: roc_auc_score(truth[r], p[r])),
                        "brier": bootstrap(group, lambda r: squared(truth[r], p[r]))}
    table = {}
    for model, order in (("majority", 0), ("Markov", 1), ("back-off, order 3", 3)):
        find = back_off(known, order)
        table[model] = {"next_stage_accuracy": right([find(asked[i][1]) for i in going])}
    last = np.array([steps[-1][1] for _, steps, _ in known])
    share = {a: ended(known)[last == a].mean() for a in activities}
    table["share of ends"] = stalls(np.array([share.get(steps[-1][1], 0) for _, steps, _ in asked]))
    x, z = (step_columns(rows, activities, False) for rows in (known, asked))
    table["logistic regression"] = stalls(odds(logistic(), x, ended(known), z))
    x, z = (step_columns(rows, activities, True) for rows in (known, asked))
    on = [i for i, (_, _, name) in enumerate(known) if name is not None]
    found = boosting(60).fit(x[on], [known[i][2] for i in on]).predict(z[going])
    table["gradient boosting"] = {"next_stage_accuracy": right(found), **stalls(odds(boosting(), x, ended(known), z))}
    return f"bpi12, {len(asked)} prefixes of {group.max() + 1} cases", table


def calibration_error(truth, p, bins=10):
    """Expected calibration error over bins of equal mass, as `juncture eval` has it but for equal odds."""
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return sum(abs(p[part].sum() - truth[part].sum()) for part in parts) / len(p)


def olist(arguments, bootstrap):
    def leads(names):
        rows = read(names)
        won = {row["mql_id"] for row in rows if "won_date" in row}
        rows = [row for row in rows if "won_date" not in row]
        for row in rows:
            row["weekday"] = str(datetime.date.fromisoformat(row["first_contact_date"]).weekday())
        return rows, np.array([row["mql_id"] in won for row in rows], int)

    (known, won), (asked, truth) = leads(arguments.train), leads(arguments.files)
    columns = lambda rows: np.hstack([indicators([r[n] for r in rows], [r[n] for r in known], 10)
                                      for n in ("origin", "landing_page_id", "weekday")])
    rows = np.arange(len(truth))
    figures = lambda p: {"auc": bootstrap(rows, lambda r: roc_auc_score(truth[r], p[r])),
                         "ece": bootstrap(rows, lambda r: calibration_error(truth[r], p[r])),
                         "pr_auc": bootstrap(rows, lambda r: average_precision_score(truth[r], p[r])),
                         "brier": bootstrap(rows, lambda r: squared(truth[r], p[r]))}
    return f"olist, {len(truth)} leads", {
        "logistic regression": figures(odds(logistic(), columns(known), won, columns(asked))),
        "gradient boosting": figures(odds(boosting(), columns(known), won, columns(asked))),
        "majority": figures(np.full(len(truth), won.mean())),
    }
