"""Baselines on the rows that `juncture eval` measures, printed beside ours: README.md in this folder."""
import argparse
import collections
import csv
import json
import math
import pathlib

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import FeatureUnion, make_pipeline

import records
import web_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED, RESAMPLES = 20261122, 1000
DAY = 86_400_000


def taxonomy():
    """Stages in order, and what there is to learn from: (text, label, moment or None); labels 0..13, 14 is none."""
    tree = yaml.safe_load((ROOT / "config/taxonomy.yaml").read_text())
    stages = [stage["id"] for stage in tree["stages"]] + [c["id"] for c in tree["hidden_conditions"]]
    more = tree.get("more_phrases", {})
    rows = []
    for label, name in enumerate(stages):
        by_moment = [s["queries"] for s in tree["stages"] if s["id"] == name] + [more.get("stages", {}).get(name, {})]
        for moments in by_moment:
            for moment, phrases in moments.items():
                rows += [(text, label, moment) for text in phrases]
        rows += [(row["q"], label, row["moment"]) for row in tree["hidden_queries"].get(name, [])]
    for source in (tree["noise"], more.get("noise", {})):
        for phrases in source.values():
            rows += [(text, len(stages), None) for text in phrases]
    return stages, rows, tree["phrase_cues"]


def bootstrap(groups, measure):
    """Value and 95 % percentile interval; `groups` of the rows are drawn, `measure` takes row numbers."""
    groups = np.asarray(groups)
    names, inverse = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(inverse == g) for g in range(len(names))]
    random = np.random.default_rng(SEED)
    drawn = []
    for _ in range(RESAMPLES):
        picks = np.concatenate([members[g] for g in random.integers(0, len(names), len(names))])
        try:
            drawn.append(measure(picks))
        except ValueError:
            continue  # a resample without one of the two classes has no AUC
    return measure(np.arange(len(groups))), *np.nanpercentile(drawn, [2.5, 97.5])


def show(title, ours, table):
    """`table`: {model: {figure: (value, low, high)}}; ours: the JSON of `juncture eval`."""
    names = list(dict.fromkeys(name for figures in table.values() for name in figures))
    if ours:
        table = {"juncture": {n: tuple(ours[n].values()) for n in names if n in ours}, **table}
    width = max(map(len, table)) + 2
    print(f"\n{title}")
    for name in names:
        print(f"  {name}")
        for model, figures in table.items():
            if name in figures:
                value, low, high = figures[name]
                print(f"    {model:<{width}}{value:.3f} ({low:.3f} to {high:.3f})")


def linear_text():
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    return make_pipeline(FeatureUnion([("words", words), ("letters", letters)]),
                         LogisticRegression(C=10, max_iter=2000, class_weight="balanced"))


class VowpalWabbit:
    """One against all over words, pairs of words and letters; odds by softmax of the raw scores."""

    def __init__(self, classes, passes=20):
        self.classes, self.passes = classes, passes

    @staticmethod
    def features(text):
        clean = "".join(c if c.isalnum() else " " for c in text.lower())
        padded = f" {clean} ".replace(" ", "_")
        letters = " ".join(padded[i:i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1))
        return f"|w {clean} |c {letters}"

    def fit(self, texts, labels):
        import vowpalwabbit
        self.vw = vowpalwabbit.Workspace(
            f"--oaa {self.classes} --probabilities --loss_function logistic --ngram w2 -b 20 -l 0.5 --l2 1e-7 "
            f"--quiet --random_seed {SEED}")
        order = np.random.default_rng(SEED)
        for _ in range(self.passes):
            for i in order.permutation(len(texts)):
                self.vw.learn(f"{labels[i] + 1} {self.features(texts[i])}")
        return self

    def predict_proba(self, texts):
        return np.array([self.vw.predict(self.features(text)) for text in texts])


def lexicon_odds(texts, stages, rows, cues):
    """Words and pairs of words of the taxonomy vote for the classes that they stand in, weighted by how few those are."""
    votes = collections.defaultdict(lambda: np.zeros(len(stages) + 1))
    grams = lambda text: (lambda w: w + [" ".join(p) for p in zip(w, w[1:])])(text.lower().split())
    for text, label, _ in rows:
        for gram in grams(text):
            votes[gram][label] += 1
    for name, phrases in cues.get("stages", {}).items():
        if name in stages:
            for phrase in phrases:
                votes[str(phrase).lower()][stages.index(name)] += 3
    odds = []
    for text in texts:
        score = np.full(len(stages) + 1, .1)
        for gram in grams(text):
            if gram in votes:
                score += votes[gram] / votes[gram].sum() / (1 + np.count_nonzero(votes[gram]))
        odds.append(score / score.sum())
    return np.array(odds)


def labelled(arguments):
    stages, rows, cues = taxonomy()
    lines = [line.split("\t") for line in pathlib.Path(arguments.files[0]).read_text().splitlines()]
    column = {name: i for i, name in enumerate(lines[0])}
    data = lines[1:]
    texts = [row[column["query"]] for row in data]
    label = np.array([(stages + ["none"]).index(row[column["stage"]]) for row in data])
    moments = ["know", "go", "do", "buy"]
    moment = np.array([row[column["moment"]] for row in data])
    train_text, train_label = [r[0] for r in rows], np.array([r[1] for r in rows])
    share = np.bincount(train_label, minlength=15) / len(train_label)
    odds = {
        "majority": np.tile(share, (len(texts), 1)),
        "lexicon": lexicon_odds(texts, stages, rows, cues),
        "logistic regression": linear_text().fit(train_text, train_label).predict_proba(texts),
        "Vowpal Wabbit": VowpalWabbit(15).fit(train_text, train_label).predict_proba(texts),
    }
    with_moment = [(r[0], moments.index(r[2])) for r in rows if r[2] in moments]
    found_moment = linear_text().fit(*zip(*with_moment)).predict(texts)
    staged, classed = np.flatnonzero(label < 12), np.flatnonzero((label < 12) | (label == 14))
    momentous = np.flatnonzero((label != 14) & np.isin(moment, moments))
    table = {}
    for model, p in odds.items():
        stage, top = p[:, :12].argmax(1), p.argmax(1)
        over = lambda rows, measure: bootstrap(np.arange(len(rows)), lambda picks: measure(rows[picks]))
        table[model] = {
            "stage_top1": over(staged, lambda r: np.mean(stage[r] == label[r])),
            "stage_within_one": over(staged, lambda r: np.mean(abs(stage[r] - label[r]) <= 1)),
            "stage_macro_f1": over(classed, lambda r: f1_score(label[r], top[r], labels=np.unique(label[r]),
                                                               average="macro", zero_division=0)),
            "none_auc": over(np.arange(len(label)), lambda r: roc_auc_score(label[r] == 14, p[r, 14])),
            "log_loss": over(np.arange(len(label)), lambda r: -np.mean(np.log(np.maximum(p[r, label[r]], 1e-12)))),
        }
    truth = np.array([moments.index(m) if m in moments else -1 for m in moment])
    most = collections.Counter(m for _, m in with_moment).most_common(1)[0][0]
    for model, found in (("majority", np.full(len(texts), most)), ("logistic regression", found_moment)):
        table[model]["moment_macro_f1"] = bootstrap(
            np.arange(len(momentous)),
            lambda picks, f=found: f1_score(truth[momentous[picks]], f[momentous[picks]], average="macro", zero_division=0))
    show(f"labelled, {len(texts)} rows", arguments.ours, table)


def read_journeys(folder):
    """{account: (signals as (ms, text), days as (ms, stage, condition))}, both in order of time."""
    stages = taxonomy()[0]
    owner, signals, days = {}, collections.defaultdict(dict), collections.defaultdict(list)
    for line in (pathlib.Path(folder) / "truth.ndjson").open():
        row = json.loads(line)
        if row["truth"] == "person":
            owner[row["prospect"]] = row["account"]
        elif row["truth"] == "day":
            days[row["account"]].append((row["from"], stages.index(row["stage"]), row["condition"]))
    for line in (pathlib.Path(folder) / "signals.ndjson").open():
        row = json.loads(line)
        who = row.get("anonymous") or row["prospect"]
        signals[owner[who]][row["id"]] = (row["ts"], row.get("text", ""))
    return {account: (sorted(signals[account].values()), days[account]) for account in days}


def hidden_markov(sequences):
    """Starts and transitions by counts over sequences of true stages, one a signal."""
    starts, moves = np.full(12, .5), np.full((12, 12), .125) + np.eye(12) * 10
    for stages in sequences:
        if len(stages) == 0:
            continue
        starts[stages[0]] += 1
        for a, b in zip(stages, stages[1:]):
            moves[a, b] += 1
    return starts / starts.sum(), moves / moves.sum(1, keepdims=True)


def beliefs(kind, ratio, times, hmm):
    """Odds of the twelve after each signal."""
    out, odds = [], hmm[0].copy()
    for i in range(len(ratio)):
        if kind == "last event":
            odds = ratio[i]
        elif kind == "14-day window":
            odds = np.exp(np.log(ratio[[j for j in range(i + 1) if times[j] > times[i] - 14 * DAY]]).sum(0))
        else:
            odds = (odds @ hmm[1]) * ratio[i]
        odds = odds / odds.sum()
        out.append(odds)
    return np.array(out)


def simulated(arguments):
    stages, rows, _ = taxonomy()
    model = linear_text().fit([r[0] for r in rows], [r[1] for r in rows])
    prior = np.full(15, 1 / 15)
    journeys = read_journeys(arguments.files[0])
    accounts = sorted(journeys)
    texts = sorted({text for signals, _ in journeys.values() for _, text in signals})
    odds_of = dict(zip(texts, model.predict_proba(texts)[:, :12] / prior[:12]))
    stage_at = {}
    for account in accounts:
        signals, days = journeys[account]
        stage_at[account] = [days[min((ts - days[0][0]) // DAY, len(days) - 1)] for ts, _ in signals]
    folds = [hidden_markov([d[1] for d in stage_at[a]] for i, a in enumerate(accounts) if i % 2 != fold) for fold in (0, 1)]
    table = {}
    for kind in ("majority", "last event", "14-day window", "plain HMM"):
        truth, found, p_truth, groups = [], [], [], []
        for i, account in enumerate(accounts):
            signals, _ = journeys[account]
            if not signals:
                continue
            ratio = np.maximum(np.array([odds_of[text] for _, text in signals]), 1e-6)
            odds = beliefs(kind, ratio, [ts for ts, _ in signals], folds[i % 2])
            if kind == "majority":
                seen = np.bincount([d[1] for j, a in enumerate(accounts) if j % 2 != i % 2 for d in stage_at[a]], minlength=12)
                odds = np.tile((seen + 1) / (seen + 1).sum(), (len(signals), 1))
            for (_, stage, condition), p in zip(stage_at[account], odds):
                if condition == "rejected":
                    continue
                truth.append(stage), found.append(p.argmax()), p_truth.append(p[stage]), groups.append(i)
        truth, found, p_truth = map(np.array, (truth, found, p_truth))
        table[kind] = {
            "top1": bootstrap(groups, lambda r: np.mean(truth[r] == found[r])),
            "within_one": bootstrap(groups, lambda r: np.mean(abs(truth[r] - found[r]) <= 1)),
            "log_loss": bootstrap(groups, lambda r: -np.mean(np.log(np.maximum(p_truth[r], 1e-12)))),
        }
    show(f"simulated, {len(accounts)} accounts, text by logistic regression", arguments.ours, table)


def over_rows(truth, found, measure, groups=None):
    truth, found = np.asarray(truth), np.asarray(found)
    return bootstrap(np.arange(len(truth)) if groups is None else groups, lambda rows: measure(truth[rows], found[rows]))


def accuracy(truth, found):
    return np.mean(truth == found)


def macro_f1(truth, found):
    return f1_score(truth, found, labels=np.unique(truth), average="macro", zero_division=0)


HWU64_MOMENTS = {"transport_query": "go", "transport_taxi": "go", "transport_traffic": "go",
                 "recommendation_locations": "go", "takeaway_order": "buy", "transport_ticket": "buy",
                 "cooking_recipe": "do", "news_query": "know", "weather_query": "know"}


def hwu64(arguments):
    read = lambda name: list(zip(*(line.split("\t")[:2] for line in pathlib.Path(name).read_text().splitlines()[1:])))
    train, test = read(arguments.train[0]), read(arguments.files[0])
    names = sorted(set(train[1]))
    label, truth = [names.index(n) for n in train[1]], np.array([names.index(n) if n in names else -1 for n in test[1]])
    moment_of = np.array([HWU64_MOMENTS.get(n, "know" if n.startswith("qa_") else "") for n in names])
    kinds = ["know", "go", "do", "buy"]
    share = np.bincount(label, minlength=len(names)) / len(label)
    odds = {
        "majority": np.tile(share, (len(truth), 1)),
        "logistic regression": linear_text().fit(train[0], label).predict_proba(test[0]),
        "Vowpal Wabbit": VowpalWabbit(len(names), passes=5).fit(train[0], label).predict_proba(test[0]),
    }
    rows = np.flatnonzero((truth >= 0) & (moment_of[truth] != ""))
    table = {}
    for model, p in odds.items():
        moment = np.array([p[:, moment_of == kind].sum(1) for kind in kinds]).argmax(0)
        table[model] = {
            "accuracy": over_rows(truth, p.argmax(1), accuracy),
            "moment_macro_f1": over_rows([kinds.index(moment_of[t]) for t in truth[rows]], moment[rows], macro_f1)}
    show(f"hwu64, {len(truth)} rows, {len(rows)} with a moment", arguments.ours, table)


def orcas(arguments):
    rows = list(csv.DictReader(open(arguments.files[0]), delimiter="\t", quoting=csv.QUOTE_NONE))
    truth = np.array([{"Abstain": "open"}.get(row["label_manual"], row["label_manual"].lower()) for row in rows])
    broad = np.vectorize(lambda intent: intent if intent in ("navigational", "transactional") else "informational")
    found = {"rules": ([web_rules.web_intent(row["query"], "") for row in rows],
                       [web_rules.web_intent(row["query"], row["url"]) for row in rows])}
    most = collections.Counter(truth).most_common(1)[0][0]
    found["majority"] = ([most] * len(rows),) * 2
    show(f"orcas, {len(rows)} rows", arguments.ours,
         {model: {"macro_f1_query": over_rows(truth, by_query, macro_f1),
                  "macro_f1_url": over_rows(truth, by_url, macro_f1),
                  "accuracy_query": over_rows(truth, by_query, accuracy),
                  "accuracy_url": over_rows(truth, by_url, accuracy),
                  "accuracy_3": over_rows(broad(truth), broad(by_url), accuracy),
                  "macro_f1_3": over_rows(broad(truth), broad(by_url), macro_f1)}
          for model, (by_query, by_url) in found.items()})


APPS = {"know": "google search,google chrome,safari,bing,wikipedia,firefox,chrome",
        "go": "google maps,waze,yelp,foursquare,uber,mapquest,tripadvisor,booking,airbnb",
        "do": "youtube,pinterest,yummly,vimeo",
        "buy": "amazon,ebay,play store,app store,google play store,walmart,macy's,target,groupon,best buy,homedepot,"
               "play sotre"}


def unimobile(arguments):
    moment_of = {app: kind for kind, (_, apps) in enumerate(APPS.items()) for app in apps.split(",")}
    read = lambda name: [(row["Query"], moment_of[row["App0"]], row["TaskId"])
                         for row in csv.DictReader(open(name)) if row["App0"] in moment_of]
    train, test = list(zip(*read(arguments.train[0]))), list(zip(*read(arguments.files[0])))
    found = {
        "majority": np.full(len(test[0]), collections.Counter(train[1]).most_common(1)[0][0]),
        "logistic regression": linear_text().fit(train[0], train[1]).predict(test[0]),
        "Vowpal Wabbit": VowpalWabbit(len(APPS), passes=5).fit(train[0], train[1]).predict_proba(test[0]).argmax(1),
    }
    show(f"unimobile, {len(test[0])} rows", arguments.ours,
         {model: {"macro_f1": over_rows(test[1], f, macro_f1, test[2]), "accuracy": over_rows(test[1], f, accuracy, test[2])}
          for model, f in found.items()})


def notices(arguments):
    kinds = {"planning": 0, "tender": 1, "award": 2, "contract": 2}
    rows = [json.loads(line) for line in pathlib.Path(arguments.files[0]).read_text().splitlines() if line]
    text = np.array([f"{row['title']} {row.get('description') or ''}" for row in rows])
    truth = np.array([next(k for name, k in kinds.items() if row["tag"][0].startswith(name)) for row in rows])
    process = np.unique([row["ocid"] for row in rows], return_inverse=True)[1]
    found = np.zeros(len(rows), int)
    for fold in range(5):
        train = process % 5 != fold
        found[~train] = linear_text().fit(text[train], truth[train]).predict(text[~train])
    most = np.full(len(rows), np.bincount(truth).argmax())
    show(f"notices, {len(rows)} rows, five folds by purchase", arguments.ours,
         {"majority": {"macro_f1": over_rows(truth, most, macro_f1, process)},
          "logistic regression": {"macro_f1": over_rows(truth, found, macro_f1, process)}})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    of_texts = {"labelled": labelled, "simulated": simulated, "hwu64": hwu64, "orcas": orcas,
                "unimobile": unimobile, "notices": notices}
    of_records = {"uci": records.uci, "bpi12": records.bpi12, "olist": records.olist}
    parser.add_argument("set", choices=[*of_texts, *of_records])
    parser.add_argument("files", nargs="+", help="what is measured; simulated: the folder of `juncture simulate`")
    parser.add_argument("--train", nargs="+", help="what is learnt from: hwu64, unimobile, uci, bpi12, olist")
    parser.add_argument("--ours", type=lambda name: json.loads(pathlib.Path(name).read_text()),
                        help="output of `juncture eval SET ... --json` on the same rows")
    arguments = parser.parse_args()
    if arguments.set in of_texts:
        of_texts[arguments.set](arguments)
    else:
        title, table = of_records[arguments.set](arguments, bootstrap)
        show(title, arguments.ours, table)


if __name__ == "__main__":
    main()
