"""What stands in the way at the start: each thing is named, all at once, with the page that helps; `/readyz` says the same."""
import json
import pathlib
import socket

import pytest

import world
from documents import SOURCES, document, put
from fleet import NAMESPACE, tags
from refusal import Refusing
from world import wait_until

ROOT = pathlib.Path(__file__).parents[2]
HOUR = 3600


@pytest.fixture
def refusing():
    """Starts an AWS that refuses with this code, and whose clock is so many seconds ahead of ours."""
    started = []

    def start(code, ahead=0):
        # AWS's own text quotes what was signed.
        started.append(Refusing(code, "canary-of-a-signature", ahead))
        return started[-1].url

    yield start
    for server in started:
        server.stop()


def readiness(controller):
    """The status of `/readyz`, and its members."""
    status, text = controller.get("/readyz")
    return status, json.loads(text)


def wait_trouble(controller, *words):
    """Waits until `/readyz` has a trouble with all these words; the trouble."""
    def found():
        troubles = readiness(controller)[1]["troubles"]
        return next((each for each in troubles if all(word in each["what"] for word in words)), None)
    return wait_until(found, lambda: f"{words} in {readiness(controller)}\n{controller.output()}")


def is_there(page):
    """Whether the page of a trouble has the part that it names."""
    file, _, anchor = page.partition("#")
    lines = (ROOT / file).read_text().splitlines()
    return anchor in {line.lstrip("#").strip().lower().replace(" ", "-") for line in lines if line.startswith("#")}


@pytest.mark.parametrize("code, ahead, words", [
    ("InvalidSignatureException", HOUR, ("the clock of this machine is 60 min behind AWS's", "set the clock")),
    ("InvalidSignatureException", -HOUR, ("the clock of this machine is 60 min ahead of AWS's", "set the clock")),
    ("ExpiredTokenException", 0, ("they have expired",)),
    ("UnrecognizedClientException", 0, ("AWS does not accept the credentials;",))])
def test_why_credentials_are_refused_is_named(code, ahead, words, refusing, controller_of):
    controller = controller_of(refusing(code, ahead))
    trouble = wait_trouble(controller, code, *words)
    assert trouble["page"] == "docs/troubleshooting.md#credentials" and is_there(trouble["page"])
    wait_until(lambda: controller.log_lines("cluster cannot be read", words[0], trouble["page"]), controller.output)
    status, told = readiness(controller)
    assert status == 503 and any(words[0] in each for each in told["waitingFor"]), told
    assert "canary" not in controller.output() + json.dumps(told)


def test_everything_that_is_missing_is_named_at_once_with_its_page(live_fleet, live, controller_of):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server"))
    live.fault("servicediscovery.ListNamespaces", "denied", times=100000)
    controller = controller_of(
        live.url, "--cluster", "nope", "--source", "tags", "--source", "ssm:/eastwest/gone", "--source", "ssm:/eastwest/lost",
        "--queue-url", f"{live.url}/123456789012/no-queue")
    found = [wait_trouble(controller, *words) for words in (
        ("cluster nope", "no cluster 'nope'"), ("/eastwest/gone", "ssm.GetParameter"), ("/eastwest/lost", "ssm.GetParameter"),
        ("the queue", "NonExistentQueue"))]
    for trouble in found:
        assert trouble["page"] == "docs/troubleshooting.md#what-is-not-there" and is_there(trouble["page"]), trouble
    found.append(wait_trouble(controller, "the list of namespaces", "servicediscovery:ListNamespaces"))
    assert found[-1]["page"] == "deploy/README.md#the-policies"
    assert {each["what"] for each in found} <= {each["what"] for each in readiness(controller)[1]["troubles"]}
    controller.wait_service("web", "servicediscovery.ListNamespaces", "IAM policy")
    assert live.writes() == []


def test_in_a_wrong_region_the_cluster_is_said_to_be_missing(live_fleet, live, controller_of):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server"))
    controller = controller_of(live.url, environment={**world.CREDENTIALS, "AWS_REGION": "us-east-1"})
    trouble = wait_trouble(controller, "there is no cluster 'prod' in us-east-1; check --cluster and --region")
    assert trouble["page"] == "docs/troubleshooting.md#what-is-not-there"
    assert readiness(controller)[0] == 503 and live.writes() == []


def test_without_a_network_the_start_says_where_to_look(controller_of):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    controller = controller_of(f"http://127.0.0.1:{port}")
    trouble = wait_trouble(controller, "check the network path")
    assert trouble["page"] == "deploy/README.md#the-network" and is_there(trouble["page"])
    assert readiness(controller)[0] == 503 and controller.get("/livez")[0] == 200


def test_what_is_denied_names_the_action_and_the_policies(live_fleet, live, controller_of):
    live.fault("ecs.ListServices", "denied", times=100000)
    controller = controller_of(live.url)
    trouble = wait_trouble(controller, "ecs.ListServices", "IAM policy")
    assert trouble["page"] == "deploy/README.md#the-policies" and is_there(trouble["page"])
    live.control("DELETE", "faults")
    wait_until(lambda: readiness(controller) == (200, {"ready": True, "waitingFor": [], "troubles": []}), controller.output)


def test_several_denied_actions_are_named_at_once_and_forgotten_when_they_are_allowed(
        live_fleet, live, live_ssm, controller_of):
    # Without the first one all can be listed, and one service waits.
    denied = {"ecs.DescribeTaskDefinition": "ecs:DescribeTaskDefinition", "ssm.GetParameter": "ssm:GetParameter",
              "servicediscovery.ListNamespaces": "servicediscovery:ListNamespaces"}
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    put(live_ssm, document())
    for operation in denied:
        live.fault(operation, "denied", times=100000)
    controller = controller_of(live.url, *SOURCES)

    def all_at_once():
        whole = [each["what"] for each in readiness(controller)[1]["troubles"]]
        return all(any(f"to perform: {action} " in what for what in whole) for action in denied.values())

    wait_until(all_at_once, lambda: f"{readiness(controller)}\n{controller.output()}")
    live.control("DELETE", "faults")
    wait_until(lambda: readiness(controller) == (200, {"ready": True, "waitingFor": [], "troubles": []}),
               lambda: f"{readiness(controller)}\n{controller.output()}")
    controller.wait_synced("web")
    for action in denied.values():
        [line] = controller.log_lines("AWS denies an action", f'"action":"{action}"')
        page = json.loads(line)["page"]
        assert page == "deploy/README.md#the-policies" and is_there(page)
