"""`graph`, `healthcheck`, `completions` and `man`, and which flags a help shows."""
import json
import shutil
import socket
import subprocess
import time
from xml.etree import ElementTree

import pytest

import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags


def run(*arguments, **more):
    """eastwest, run to its end: exit code, standard output, standard error."""
    environment = world.clean_environment(more)
    done = subprocess.run([world.program("eastwest"), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=world.PATIENCE, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_graph_shows_who_calls_whom(fleet, sim, proxy_of):
    fleet.service("api", {"api": 80}, connect(served("api", "api", f"api.{NAMESPACE}", 80)),
                  tags(mode="client-server", namespace=NAMESPACE, discovery_name="api"))
    fleet.settle()
    fleet.service("web", {"web": 80}, {"enabled": True, "namespace": NAMESPACE},
                  tags(mode="client", namespace=NAMESPACE, needs="api gone"))
    fleet.settle()
    settings = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": proxy_of(sim)}
    code, out, err = run("graph", NAMESPACE, "--json", "--cluster", CLUSTER, **settings)
    assert code == 0, err
    page = json.loads(out)
    [graph] = page["namespaces"]
    assert page["formatVersion"] == 1 and graph["namespace"]["name"] == NAMESPACE
    calls = {(edge["from"], edge["to"], edge["state"]) for edge in graph["edges"]}
    assert calls == {("prod/web", "prod/api", "reachable"), ("prod/web", "gone", "missing")}
    mermaid = run("graph", "--cluster", CLUSTER, **settings)[1]
    assert mermaid.startswith("flowchart LR") and f'-->|"api.{NAMESPACE}:80"|' in mermaid
    dot = run("graph", "--format", "dot", "--cluster", CLUSTER, **settings)[1]
    assert dot.startswith("digraph") and "nobody offers it" in dot
    code, svg, err = run("graph", NAMESPACE, "--format", "svg", "--cluster", CLUSTER, **settings)
    assert code == 0, err
    titles = [title.text for title in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 5 and any("prod/web" in title and "missing" in title for title in titles), titles
    code, out, err = run("graph", "nowhere", "--cluster", CLUSTER, **settings)
    assert code == 1 and out == "" and "no such namespace" in err
    assert sim.writes() == []


def test_the_health_check_is_about_the_eastwest_that_listens(live, controller):
    assert run("healthcheck", EASTWEST_LISTEN=f"0.0.0.0:{controller.port}") == (0, "", "")
    controller.terminate()
    code, _, err = run("healthcheck", "--listen", f"127.0.0.1:{controller.port}")
    assert code == 1 and "/livez does not answer" in err


def test_a_health_check_that_gets_no_answer_ends_within_two_seconds(silent_port):
    began = time.monotonic()
    code, _, err = run("healthcheck", "--listen", f"127.0.0.1:{silent_port}")
    assert code == 1 and "does not answer" in err
    assert time.monotonic() - began < 3


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_completions_are_understood_by_the_shell():
    for shell in ("bash", "zsh", "fish"):
        code, out, err = run("completions", shell, EASTWEST_POLICY="no such policy")
        assert code == 0 and "healthcheck" in out, err
    bash = run("completions", "bash")[1]
    program = shutil.which("bash")
    asked = bash + '\nCOMP_WORDS=(eastwest sta); COMP_CWORD=1; _eastwest eastwest sta; echo "${COMPREPLY[@]}"'
    done = subprocess.run([program, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["status"], done


def test_each_command_has_a_manual_page(tmp_path):
    assert run("man", str(tmp_path / "man1"))[0] == 0
    pages = {page.name for page in (tmp_path / "man1").iterdir()}
    assert {"eastwest.1", "eastwest-plan.1", "eastwest-status.1"} <= pages
    assert "\\-\\-detailed\\-exitcode" in (tmp_path / "man1" / "eastwest-plan.1").read_text()
    (tmp_path / "file").write_text("")
    code, _, err = run("man", str(tmp_path / "file"))
    assert code == 1 and "cannot write the pages" in err


def test_a_help_shows_the_flags_that_matter_to_its_command():
    assert "--listen" in run("run", "--help")[1] and "--listen" not in run("plan", "--help")[1]
    assert "--mass-change" in run("plan", "--help")[1] and "--mass-change" not in run("retry", "--help")[1]
    assert "--region" not in run("--help")[1]
