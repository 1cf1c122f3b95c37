#!/usr/bin/env python3
"""The tier wall, from outside: random public requests to a running node whose sales-only items carry canaries.

public_wall_test.py BINARY [REQUESTS]
"""
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile

BINARY, REQUESTS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
CANARY = "sales-canary"
KINDS = ["early_warning_signs", "explainer", "how_to", "cost_of_delay", "analyst_report", "case_study", "roi_argument",
         "pricing_guide", "contract_pack", "human_conversation", "event_invite", "competitor_comparison"]


def catalog():
    lines = ['version: "1"', "items:"]
    for n in range(60):
        public = n % 3 == 0
        name = f"open-{n}" if public else f"{CANARY}-{n}"
        lines += [f"  - id: {name}", f"    title: {name} title", f"    url: https://example.com/{name}",
                  f"    kind: {KINDS[n % len(KINDS)]}", "    minutes: 4"]
        # Two of three are not public; half of those say so, the others by leaving the tier out.
        if public:
            lines.append("    tier: public")
        elif n % 2:
            lines.append("    tier: sales_only")
    return "\n".join(lines) + "\n"


def main():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "catalog.yaml")
    with open(path, "w") as out:
        out.write(catalog())
    demo = subprocess.Popen([BINARY, "demo", "--port", "0", "--data", os.path.join(folder, "data"), "--set",
                             f"files.catalog={path}"], stdout=subprocess.PIPE, text=True)
    port = None
    for line in demo.stdout:
        if match := re.search(r"live page\s+http://127\.0\.0\.1:(\d+)", line):
            port = int(match[1])
            break
    assert port, "no address was printed"
    rng, leaks, answers = random.Random(7), 0, {}
    texts = ["price", "contract terms", "best and final offer", "payback", "why", "sign the order", "compare suppliers"]
    connection, used = None, 0
    tokens = []
    for n in range(REQUESTS):
        if connection is None or used >= 900:
            connection, used = http.client.HTTPConnection("127.0.0.1", port, timeout=20), 0
        used += 1
        prospect = rng.choice([f"v-{rng.randrange(300)}", "ada", "x" * rng.randrange(1, 300), f"{CANARY}-1"[:rng.randrange(1, 5)]])
        what = rng.random()
        if what < 0.80:
            request = ("GET", f"/v1/suggestions?prospect={prospect}&limit={rng.randrange(-1, 14)}", None)
        elif what < 0.90:
            body = json.dumps({"prospect": prospect[:200], "type": rng.choice(["query", "page", "feedback", "nonsense"]),
                               "text": rng.choice(texts), "consent": rng.choice(["granted", "denied"]), "content": rng.choice(["open-0", "x"])})
            request = ("POST", "/v1/signals", body)
        elif what < 0.97 and tokens:
            body = json.dumps({"token": rng.choice(tokens), "action": rng.choice(["impression", "click", "dismiss", "bad"])})
            request = ("POST", "/v1/feedback", body)
        else:
            request = (rng.choice(["GET", "PUT", "OPTIONS", "HEAD"]), rng.choice(["/v1/suggestion", "/openapi.json", "/v1/feedback", "/%2e%2e/", "/metrics"]), None)
        connection.request(request[0], request[1], request[2], {"Content-Type": "application/json"} if request[2] else {})
        answer = connection.getresponse()
        body = answer.read()
        answers[answer.status] = answers.get(answer.status, 0) + 1
        whole = (str(answer.headers) + body.decode(errors="replace")).lower()
        # The request's own prospect id may be said back; nothing else may carry a canary.
        if CANARY in whole.replace(prospect.lower(), ""):
            leaks += 1
            print("leak:", request, whole[:300])
        if b'"token"' in body:
            tokens += re.findall(r'"token":"([^"]+)"', body.decode())[:1]
            tokens = tokens[-50:]
        if answer.headers.get("Connection", "").lower() == "close":
            connection = None
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=20)
    print(f"{REQUESTS} public requests, {leaks} leaks, answers by status {dict(sorted(answers.items()))}")
    assert leaks == 0 and answers.get(200, 0) > REQUESTS / 3


if __name__ == "__main__":
    main()
