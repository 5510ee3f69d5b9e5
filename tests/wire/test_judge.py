"""The judge itself: a check that finds nothing proves nothing."""
import json
import pathlib
import sys

import shape_check
import world
from conftest import client


def test_the_judge_catches_every_known_mutation():
    assert shape_check.selftest() == 0


def test_the_proxy_listens_on_a_port_that_is_free_and_logs_each_call(sim, tmp_path):
    log = tmp_path / "shape_check.jsonl"
    command = [sys.executable, pathlib.Path(shape_check.__file__), "proxy", "--quiet", "--log", log,
               "--listen", world.ANY_PORT, "--upstream", f"127.0.0.1:{sim.port}", "--services", "ecs"]
    proxy = world.Process(command, tmp_path / "proxy.log")
    try:
        port = proxy.wait_for_port(r"proxy 127\.0\.0\.1:(\d+) ->")
        assert client("ecs", f"http://127.0.0.1:{port}").list_clusters()["clusterArns"] == []
    finally:
        proxy.stop()
    (entry,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert (entry["op"], entry["status"]) == ("ecs.ListClusters", 200)
