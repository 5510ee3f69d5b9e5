"""Bad input and a bad world: a clear message everywhere a person looks, no write, nobody else harmed."""
import http.server
import json
import threading

import pytest

import world
from controller import plan
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_converges import sweeps
from world import wait_until

SERVER = {"mode": "client-server", "namespace": NAMESPACE}
# A bad service, and the words that must be found wherever it is told about.
TOLD = {
    "typo": ("eastwest/mode", "clinet", "client"),
    "unknown": ("nowhere.internal",),
    "portless": ("nope",),
    "thief": ("shared-api", "prod/holder"),
    "windows": ("Windows",),
    "blue": ("CODE_DEPLOY",),
}


class WebSite(http.server.BaseHTTPRequestHandler):
    """Answers everything with 200 and a page."""

    def do_POST(self):
        """Reads the call and answers with a page."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        page = b"<!doctype html><html><title>Welcome</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def web_site():
    """The address of a web server that knows nothing of AWS."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebSite)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bad(live_fleet):
    """One service for each way to be wrong, one that holds a name, and one that is right."""
    fleet = live_fleet
    fleet.service("holder", {"holder": 80},
                  connect(served("holder", "shared-api", f"shared-api.{NAMESPACE}", 80)))
    fleet.settle()
    fleet.service("typo", tag=tags(mode="clinet", namespace=NAMESPACE))
    fleet.service("unknown", {"unknown": 80},
                  tag=tags(mode="client-server", namespace="nowhere.internal"))
    fleet.service("portless", {"portless": 80}, tag=tags(**SERVER, port="nope"))
    fleet.service("thief", {"thief": 80}, tag=tags(**SERVER, discovery_name="shared-api"))
    platform = {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "cpuArchitecture": "X86_64"}
    windows = fleet.task_definition("windows", {"windows": 80}, runtimePlatform=platform)
    fleet.service("windows", taskDefinition=windows, tag=tags(**SERVER))
    fleet.service("blue", {"blue": 80}, tag=tags(**SERVER),
                  deploymentController={"type": "CODE_DEPLOY"})
    fleet.service("right", {"right": 80}, tag=tags(**SERVER))
    return fleet


def test_every_bad_service_is_told_about_and_the_others_converge(bad, live, controller):
    controller.wait_synced("right")
    for name, words in TOLD.items():
        entry = controller.wait_service(name, *words, health="Degraded")
        assert entry["sync"] != "Synced", entry
    sweeps(live, 2)
    written = {write["body"]["service"].rsplit("/", 1)[-1] for write in live.writes()}
    assert written == {"right"}


def test_each_message_is_logged_once(bad, live, controller):
    for name, words in TOLD.items():
        controller.wait_service(name, *words)
    sweeps(live, 3)
    for name, words in TOLD.items():
        lines = controller.log_lines(name, *words)
        assert len(lines) == 1, f"{name}: {lines}\n{controller.output()}"


def test_plan_says_the_same_in_text_and_in_json(bad, live, proxy_of):
    endpoint = proxy_of(live)
    _, text, _ = plan(endpoint)
    _, document, _ = plan(endpoint, "--json")
    for name, words in TOLD.items():
        for said in (text, json.dumps(json.loads(document))):
            assert all(word in said for word in (name, *words)), f"{name} {words}: {said}"
    assert live.writes() == []


def test_the_holder_learns_who_wants_its_name(bad, controller):
    bad.tag("holder", **SERVER)
    controller.wait_service("holder", "prod/thief")


def test_a_cluster_that_does_not_exist_is_said_to_be_missing(live_fleet, live, proxy_of,
                                                              controller_of):
    endpoint = proxy_of(live)
    code, out, err = plan(endpoint, cluster="nope")
    assert code == 1 and "no cluster 'nope'" in out + err
    controller = controller_of(endpoint, cluster="nope")
    wait_until(lambda: controller.log_lines("no cluster 'nope'"), controller.output)
    assert controller.get("/readyz")[0] == 503 and controller.get("/livez")[0] == 200
    assert live.writes() == []


def test_a_missing_cluster_does_not_stop_the_others(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(**SERVER))
    controller = controller_of(proxy_of(live), "--cluster", "nope")
    controller.wait_synced("web")


def test_a_denied_call_is_named_and_what_it_needs_is_held(live_fleet, live, proxy_of,
                                                           controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(**SERVER))
    live.fault("ecs.DescribeTaskDefinition", "denied", times=100000)
    endpoint = proxy_of(live)
    controller = controller_of(endpoint)
    controller.wait_service("web", "ecs.DescribeTaskDefinition", "IAM policy")
    assert "DescribeTaskDefinition" in "".join(plan(endpoint)[1:])
    sweeps(live, 2)
    assert live.writes() == []
    live.control("DELETE", "faults")
    controller.wait_synced("web")


def test_a_proxy_that_answers_html_is_said_to_be_no_aws_endpoint(live_fleet, live, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(**SERVER))
    live.fault("*", "html", times=100000)
    code, out, err = plan(live.url)
    assert code == 1 and "HTML" in out + err and "AWS_ENDPOINT_URL" in out + err
    controller = controller_of(live.url)
    wait_until(lambda: controller.log_lines("AWS_ENDPOINT_URL", "ecs.ListServices"), controller.output)
    # It fails again before the next attempt is made, and says nothing of that.
    failed = live.called("ecs.ListServices")
    wait_until(lambda: live.called("ecs.ListServices") >= failed + 2, controller.output)
    assert len(controller.log_lines("AWS_ENDPOINT_URL", "ecs.ListServices")) == 1
    assert controller.get("/readyz")[0] == 503
    live.control("DELETE", "faults")
    controller.wait_synced("web")


def test_a_web_site_is_said_to_be_no_aws_endpoint(web_site, controller_of):
    code, out, err = plan(web_site)
    assert code == 1 and "HTML" in out + err and "AWS_ENDPOINT_URL" in out + err
    controller = controller_of(web_site)
    wait_until(lambda: controller.log_lines("HTML", "AWS_ENDPOINT_URL"), controller.output)
    assert controller.get("/livez")[0] == 200 and controller.get("/readyz")[0] == 503


def test_without_credentials_it_says_which_ways_there_are(live_fleet, live, controller_of):
    without = {"AWS_REGION": world.REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    code, out, err = plan(live.url, environment=without)
    assert code == 1 and "AWS_ACCESS_KEY_ID" in out + err
    controller = controller_of(live.url, environment=without)
    wait_until(lambda: controller.log_lines("AWS_ACCESS_KEY_ID"), controller.output)
    assert controller.get("/livez")[0] == 200 and controller.get("/readyz")[0] == 503


def test_a_lost_answer_is_read_back_and_never_sent_twice(live_fleet, live, proxy_of,
                                                          controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(**SERVER))
    live.fault("ecs.UpdateService", "error-after")
    controller_of(proxy_of(live)).wait_synced("web")
    sweeps(live, 2)
    assert len(live.writes()) == 1
    assert CLUSTER in live.writes()[0]["body"]["cluster"]
