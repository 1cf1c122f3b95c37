#!/usr/bin/env python3
"""Asks a running juncture for its metrics as Prometheus would: rules, linter, a real scrape, and the API's description.

prometheus_check.py rules DIR            promtool check rules and test rules in DIR (config/prometheus)
prometheus_check.py scrape JUNCTURE      starts the demo, a Prometheus beside it, and looks at what it scraped
Exit 77: a tool is missing and JUNCTURE_TEST_REQUIRE does not name prometheus.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request


def need(tool):
    if shutil.which(tool):
        return
    print(f"left out: {tool} is not installed (config/packages-test.txt)")
    sys.exit(1 if "prometheus" in os.environ.get("JUNCTURE_TEST_REQUIRE", "") else 77)


def fetch(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def wait_for(what, check, seconds):
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            if value := check():
                return value
        except (OSError, ValueError, KeyError, IndexError) as error:
            last = error
        time.sleep(0.1)
    sys.exit(f"FAILED: no {what} within {seconds} s; last: {last}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def rules(folder):
    need("promtool")
    subprocess.run(["promtool", "check", "rules", "juncture.rules.yml"], cwd=folder, check=True)
    subprocess.run(["promtool", "test", "rules", "juncture.test.yml"], cwd=folder, check=True)


def check_routes(url):
    """The routes that are served are the rows of the request counter; the description must name the same."""
    text = fetch(url + "metrics")
    series = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(series) < 1500, f"{len(series)} series"
    served = set(re.findall(r'juncture_http_requests_total\{route="([^"]+)",method="([A-Z]+)",code="2xx"\}', text))
    asset = re.compile(r"^/[^/]+\.(js|css|svg|png|ico|woff2)$")
    served = {(path, method) for path, method in served if not asset.match(path)}
    described = {(path, method.upper()) for path, item in json.loads(fetch(url + "openapi.json"))["paths"].items()
                 for method in item if not asset.match(path)}
    assert served == described, f"served only: {served - described}; described only: {described - served}"
    print(f"{len(described)} routes as described; {len(series)} series, {len(text)} bytes")
    subprocess.run(["promtool", "check", "metrics"], input=text.encode(), check=True)


def check_scrape(url, folder):
    port = free_port()
    # Each group at the pace of the test: some are evaluated every five minutes only.
    rules = pathlib.Path(__file__).resolve().parents[2] / "config/prometheus/juncture.rules.yml"
    rules_file = folder / "juncture.rules.yml"
    rules_file.write_text(re.sub(r"^ +interval: .*\n", "", rules.read_text(), flags=re.M))
    target = urllib.parse.urlsplit(url).netloc
    config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(rules_file)],
              "scrape_configs": [{"job_name": "juncture", "static_configs": [{"targets": [target]}]}]}
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    api = f"http://127.0.0.1:{port}/api/v1/"

    def query(expression):
        answer = json.loads(fetch(api + "query?query=" + urllib.parse.quote(expression)))
        return float(answer["data"]["result"][0]["value"][1])

    prometheus = subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
    try:
        wait_for("scrape", lambda: query('up{job="juncture"}') == 1, 30)
        for _ in range(3):
            fetch(url + "-/healthy")
        wait_for("known counter", lambda: query(
            'juncture_http_requests_total{route="/-/healthy",method="GET",code="2xx"}') >= 3, 15)
        wait_for("build info", lambda: query("juncture_build_info") == 1, 15)
        groups = wait_for("evaluated rules", lambda: (
            lambda g: g if g and all(r.get("lastEvaluation", "0001").startswith("2") for x in g for r in x["rules"]) else None)(
                json.loads(fetch(api + "rules"))["data"]["groups"]), 40)
        broken = [(r["name"], r["lastError"]) for g in groups for r in g["rules"] if r.get("lastError")]
        assert not broken, broken
        count = sum(len(g["rules"]) for g in groups)
        assert count >= 9, count
        print(f"scraped every second: up, counters as sent, {count} rules evaluated without an error")
    finally:
        prometheus.terminate()
        prometheus.wait(20)


def scrape(binary):
    need("promtool")
    need("prometheus")
    with tempfile.TemporaryDirectory(prefix="juncture_prometheus_") as name:
        folder = pathlib.Path(name)
        port = free_port()
        url = f"http://127.0.0.1:{port}/"
        with open(folder / "demo.log", "wb") as log:
            demo = subprocess.Popen([binary, "demo", "--port", str(port), "--data", str(folder / "data")],
                                    stdout=log, stderr=log)
        try:
            wait_for("ready demo", lambda: json.loads(fetch(url + "-/ready"))["ready"], 30)
            check_routes(url)
            check_scrape(url, folder)
        except BaseException:
            sys.stdout.write((folder / "demo.log").read_text())
            raise
        finally:
            demo.terminate()
            demo.wait(20)


if __name__ == "__main__":
    {"rules": rules, "scrape": scrape}[sys.argv[1]](sys.argv[2])
