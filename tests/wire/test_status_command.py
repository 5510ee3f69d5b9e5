"""`eastwest status`: how the services stand, what needs a person first."""
import json
import signal
import subprocess

import pytest

import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from terminal import Terminal


@pytest.fixture
def endpoint(fleet, sim, proxy_of):
    """A service in order, one to change, one whose declaration is wrong, and one that did not opt in."""
    fleet.service("calm", {"calm": 80}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="calm"),
                  serviceConnectConfiguration=connect(served("calm", "calm", f"calm.{NAMESPACE}", 80)))
    fleet.service("web", {"web": 8080},
                  tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="api"))
    fleet.service("typo", {"typo": 80}, tag=tags(mode="clinet"))
    fleet.service("other", {"other": 80})
    fleet.settle()
    yield proxy_of(sim)
    assert sim.writes() == []


def command(*arguments):
    """The words to start it."""
    return [world.program("eastwest"), "status", *arguments, "--cluster", CLUSTER]


def environment(endpoint):
    """Its environment."""
    return world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})


def status(endpoint, *arguments):
    """Run to its end: exit code, standard output, standard error."""
    done = subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, env=environment(endpoint), check=False)
    return done.returncode, done.stdout, done.stderr


def test_what_needs_a_person_comes_first_and_the_exit_code_says_so(endpoint):
    code, out, err = status(endpoint)
    assert code == 2, out + err
    rows = [line.split()[:2] for line in out.splitlines()]
    assert rows[1] == ["broken", "prod/typo"] and rows[2][:1] == ["to"], out
    assert "prod/calm" not in out and "1 broken, 1 to change, 1 in order, 1 not opted in" in out
    assert "prod/calm" in status(endpoint, "--all")[1]


def test_one_service_and_its_exit_code(endpoint):
    code, out, _ = status(endpoint, "prod/calm")
    assert code == 0 and "in order" in out and "prod/typo" not in out
    assert status(endpoint, "prod/typo")[0] == 2
    code, out, err = status(endpoint, "prod/clam")
    assert code == 1 and out == "" and "did you mean prod/calm?" in err
    code, _, err = status(endpoint, "clam")
    assert code == 1 and "<cluster>/<service>" in err


def test_the_json_has_a_version_and_every_service(endpoint):
    page = json.loads(status(endpoint, "--json")[1])
    assert page["formatVersion"] == 1 and page["faults"] == []
    assert [(row["service"], row["standing"]) for row in page["services"]] == [
        ("prod/typo", "broken"), ("prod/web", "toChange"), ("prod/calm", "inOrder"), ("prod/other", "notOptedIn")]
    assert page["summary"]["broken"] == 1 and page["summary"]["held"] == 0


def test_a_cluster_that_cannot_be_read_is_an_error(endpoint):
    done = subprocess.run([world.program("eastwest"), "status", "--cluster", "nope"], capture_output=True,
                          text=True, timeout=world.PATIENCE, env=environment(endpoint), check=False)
    assert done.returncode == 1 and "cluster nope" in done.stdout


def test_without_a_terminal_a_watch_prints_a_line_for_each_change_and_ends_on_ctrl_c(endpoint, fleet):
    child = subprocess.Popen(command("--watch", "--interval", "1s"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True, env=environment(endpoint))
    try:
        first = [child.stdout.readline() for _ in range(2)]
        assert "prod/typo: broken, Ambiguous" in first[0] and "prod/web: to change" in first[1]
        fleet.untag("typo", "mode")
        assert "prod/typo: not opted in" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=world.PATIENCE)
        assert (rest, child.returncode) == ("", 0)
    finally:
        child.kill()


def test_on_a_terminal_a_watch_writes_over_its_page_and_leaves_the_terminal_as_it_was(endpoint):
    with Terminal(command("--watch", "--interval", "1s"), 80, environment(endpoint)) as terminal:
        while terminal.said.count(b"Ctrl-C ends it") < 2:
            assert terminal.more(), terminal.said
        terminal.child.send_signal(signal.SIGINT)
        assert terminal.end() == 2
    said = terminal.said
    page, _, after = said.partition(b"\x1b[?1049l")
    assert b"\x1b[?1049h" in page and b"prod/typo" in page, said
    assert b"\x1b[?25h" in after and b"1 broken" in after, said


def test_a_running_eastwest_is_asked_in_place_of_aws(endpoint, live_fleet, live, controller):
    live_fleet.service("lost", {"lost": 80}, tag=tags(mode="clinet"))
    controller.wait_service("lost", reason="Ambiguous")
    code, out, err = status("http://127.0.0.1:9", "--from-daemon", controller.url)
    assert code == 2 and "broken" in out and "prod/lost" in out and "since" in out, out + err
    page = json.loads(status("http://127.0.0.1:9", "--from-daemon", controller.url, "--json")[1])
    [row] = [row for row in page["services"] if row["service"] == "prod/lost"]
    assert (row["standing"], row["reason"]) == ("broken", "Ambiguous") and row["since"]
    code, out, err = status("http://127.0.0.1:9", "--from-daemon", "http://127.0.0.1:9")
    assert code == 1 and out == "" and "does not answer" in err
