"""Which of five intents a web search has, by plain rules: nothing is learnt."""
import re

# The labelling functions that the authors of ORCAS-I published, in short: words that make a search transactional,
# navigational, instrumental or factual; words at the start; a host that is like the query; hosts of facts and of help.
WEB_WORDS = {
    "transactional": "download obtain access earn redeem watch install app play listen loader audio video videos image "
                     "images calculator online free buy chat purchase procure payment converter viewer crop",
    "navigational": "login signin log_in sign_in signup sign_up site account website",
    "instrumental": "how_to how_do how_does how_can",
    "factual": "facts statistics quantity quantities recipe average sum cost costs amount salary salaries pay number "
               "numbers phone phones code codes zip define definition meaning example examples side_effect side_effects "
               "weather",
}
QUESTIONS = "why what when who where how is can do does did".split()
VERBS = ("make build create fix clean remove change get cook write install set use draw cut find grow start stop add "
         "convert calculate reset replace paint repair open close connect prevent treat choose sell turn learn train "
         "delete edit apply prepare plan measure wash print transfer cancel register renew update improve increase").split()
FACT_HOSTS = ("wikipedia.org accuweather.com weather.com goodreads.com merriam-webster.com drugs.com imdb.com "
              "dictionary.com reference.com britannica.com timeanddate.com allrecipes.com thesaurus.com healthline.com "
              "mayoclinic.org medicinenet.com webmd.com thoughtco.com").split()
HELP_HOSTS = "wikihow.com support.apple.com support.office.com support.google.com".split()


def likeness(a, b):
    """2 x longest common subsequence / letters of both."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for i, y in enumerate(b, 1):
            before, row[i] = row[i], before + 1 if x == y else max(row[i], row[i - 1])
    return 2 * row[-1] / max(len(a) + len(b), 1)


def web_intent(query, url):
    """One of the five intents by rules; `url` may be empty."""
    query = query.lower().strip()
    padded = f" {' '.join(re.findall(r'[a-z0-9.]+', query))} "
    has = lambda kind: any(f" {word.replace('_', ' ')} " in padded for word in WEB_WORDS[kind].split())
    first = padded.split()[0] if padded.strip() else ""
    host = re.sub(r"\.(uk|com|org|gov|net)", "", re.sub(r"^https?://(www\.)?|/.*", "", url.lower()))
    if first not in QUESTIONS:
        if has("transactional"):
            return "transactional"
        site = has("navigational") or "www" in query or re.search(r"\.(com|org|net|edu|gov)\b", query)
        alike = url and not has("factual") and likeness(query, host) >= .55
        if site or alike:
            return "navigational"
    instrumental = has("instrumental") or any(h in url for h in HELP_HOSTS)
    factual = has("factual") or re.search(r"\d", query) or first in QUESTIONS or any(h in url for h in FACT_HOSTS)
    if instrumental or (first in VERBS or first.endswith("ing")) and not factual:
        return "instrumental"
    return "factual" if factual or any(word in QUESTIONS[:6] for word in padded.split()) else "open"
