"""`eastwest apply` for people: progress on a terminal, lines with their time elsewhere."""
import json
import re
import subprocess

import pytest

import world
from fleet import CLUSTER, NAMESPACE, tags
from terminal import Terminal


@pytest.fixture
def server(live, live_fleet):
    """A server that is to change and a client that waits for it."""
    live_fleet.service("api", {"api": 80},
                       tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="api"))
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE, needs="api"))
    live_fleet.settle()
    return live


def command(*arguments):
    """The words to start it."""
    return [world.program("eastwest"), "apply", "--cluster", CLUSTER, "--start-up-pause", "0s", "--interval", "1s",
            *arguments]


def environment(server):
    """Its environment."""
    return world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": server.url, "TERM": "xterm"})


def test_on_a_terminal_it_shows_what_runs_what_waits_and_the_time_left(server):
    for name in ("api", "web"):
        # Long enough to be seen on a busy machine.
        server.rollout(f"{CLUSTER}/{name}", "complete", seconds=240)
    with Terminal(command(), 100, environment(server), stderr=subprocess.DEVNULL) as terminal:
        assert terminal.end() == 0, terminal.said
    text = terminal.said.decode()
    assert re.search(r"prod/\w+ rolls out for 0:\d\d", text), text
    assert "left" in text or "no past deployment tells" in text, text
    # After the last time that progress was taken away, only lines that stay are left.
    end = text.rpartition("\x1b[J")[2]
    assert "everything is in order" in end and "rolls out" not in end, end


def test_without_a_terminal_each_transition_is_a_line_with_its_time(server):
    done = subprocess.run(command(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, env=environment(server), check=False)
    assert done.returncode == 0 and "\x1b" not in done.stdout, done.stdout + done.stderr
    for line in done.stdout.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S", line), line


def test_each_line_of_json_has_its_version(server):
    done = subprocess.run(command("--json"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, env=environment(server), check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["event"] == "done" and {line["formatVersion"] for line in lines} == {1}
