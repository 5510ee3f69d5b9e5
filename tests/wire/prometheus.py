"""A real Prometheus that scrapes eastwest each second, and `promtool`, which checks what `deploy/` ships for them."""
import json
import pathlib
import re
import shutil
import subprocess
import urllib.parse

import pytest
import yaml

import world

FOLDER = pathlib.Path(__file__).parents[2] / "deploy"
RULES = FOLDER / "prometheus" / "rules.yml"
DASHBOARD = FOLDER / "grafana" / "eastwest.json"
TABLE = subprocess.run([world.program("eastwest"), "metrics"], check=True, capture_output=True, text=True).stdout
TABLE = {metric["name"]: metric for group in json.loads(TABLE)["groups"] for metric in group["metrics"]}


def tool(name):
    """A program of Prometheus: of this machine, or unpacked by `cargo xtask test`."""
    unpacked = world.target_folder() / "prometheus" / "usr" / "bin" / name
    found = shutil.which(name) or (str(unpacked) if unpacked.is_file() else None)
    if not found:
        pytest.skip(f"NOT CHECKED by a real Prometheus: there is no {name}; cargo xtask test unpacks it where apt-get can")
    return found


def rules():
    """Every rule, with its group."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def alerts():
    """Every alert by its name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def metrics_of(query):
    """The metrics that a query names, as the table names them; what a recording rule makes has a colon."""
    names = re.findall(r"(?<![:\w])(?:eastwest|process)_\w+(?![:\w])", query)
    ends = re.compile("_(bucket|sum|count)$")
    return {name if name in TABLE else ends.sub("", name) for name in names}


def panels():
    """The panels of the dashboard, without the titles of its rows."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def panel_queries():
    """The queries of all panels that Prometheus answers, with Grafana's variables as Grafana would fill them in."""
    variables = {"$job": ".*", "$cluster": ".*", "$__rate_interval": "1m"}
    found = [target["expr"] for panel in panels() for target in panel["targets"] if "expr" in target]
    for variable, value in variables.items():
        found = [query.replace(variable, value) for query in found]
    return found


class Prometheus(world.Process):
    """Prometheus with the shipped rules, hastened."""

    # What lasts for long in life; a test waits for seconds.
    THRESHOLDS = {"EastwestNotSweeping": ("> 1800", "> 5"), "EastwestDocumentStale": ("> 600", "> 1"),
                  "EastwestDriftPersists": ("> 3600", "> 1")}

    def __init__(self, folder):
        self.targets = folder / "targets.json"
        self.targets.write_text("[]")
        (folder / "rules.yml").write_text(yaml.safe_dump(self.hastened()))
        (folder / "prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "unnamed", "file_sd_configs": [
                {"files": ["targets.json"], "refresh_interval": "1s"}]}]}))
        command = [tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                   f"--web.listen-address={world.ANY_PORT}"]
        super().__init__(command, folder / "prometheus.log")
        self.port = self.wait_for_port(r'msg="Listening on" address=127\.0\.0\.1:(\d+)')
        self.url = f"http://127.0.0.1:{self.port}"
        self.scraped = []

    @classmethod
    def hastened(cls):
        """The rules, with no alert that waits, and with short thresholds of time."""
        shipped = yaml.safe_load(RULES.read_text())
        for group in shipped["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)
                long, short = cls.THRESHOLDS.get(rule.get("alert"), ("", ""))
                assert long in rule["expr"], f"{rule['alert']} has no {long}"
                rule["expr"] = rule["expr"].replace(long, short) if long else rule["expr"]
        return shipped

    def scrape(self, job, *controllers):
        """Begins to scrape these."""
        self.scraped += [{"targets": [f"127.0.0.1:{each.port}"], "labels": {"job": job}} for each in controllers]
        unfinished = self.targets.with_suffix(".new")
        unfinished.write_text(json.dumps(self.scraped))
        unfinished.rename(self.targets)

    def get(self, path, **parameters):
        """The data of an answer, which must be a success."""
        status, text = world.http("GET", f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        assert status == 200, f"{path} {parameters}: {status} {text}"
        return json.loads(text)["data"]

    def query(self, query):
        """The samples that a query finds now."""
        return self.get("query", query=query)["result"]

    def firing(self):
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}

    def wait_firing(self, *names):
        """Waits until all these alerts fire at once."""
        world.wait_until(lambda: set(names) <= self.firing(),
                         lambda: f"{set(names) - self.firing()} do not fire; what does: {self.firing()}")
        return set(names)

    def wait_quiet(self, name):
        """Waits until this alert fires no more: each group of rules has its own moment, so alerts do not end at once."""
        world.wait_until(lambda: name not in self.firing(), lambda: f"{name} still fires")
