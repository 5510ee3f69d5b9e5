"""What stands in the way at the start: each thing is named, all at once, with the page that helps; `/readyz` says the same."""
import email.utils
import http.server
import json
import pathlib
import socket
import threading
import time

import pytest

import world
from fleet import tags
from world import wait_until

ROOT = pathlib.Path(__file__).parents[2]
HOUR = 3600


class Refusal(http.server.BaseHTTPRequestHandler):
    """Refuses every call as AWS refuses credentials, by a clock of its own."""

    code, ahead = "", 0

    def do_POST(self):
        """Reads the call, and refuses it."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        # AWS's own text quotes what was signed.
        body = json.dumps({"__type": f"com.amazonaws#{self.code}", "message": "canary-of-a-signature"}).encode()
        self.send_response_only(400)
        self.send_header("Date", email.utils.formatdate(time.time() + self.ahead, usegmt=True))
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def refusing():
    """Starts an AWS that refuses with this code, and whose clock is so many seconds ahead of ours."""
    started = []

    def start(code, ahead=0):
        handler = type("Handler", (Refusal,), {"code": code, "ahead": ahead})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        started.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


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
    trouble = wait_trouble(controller, "no cluster")
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
