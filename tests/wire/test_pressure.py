"""HTTP under pressure: whoever reaches the port does what he likes, and the others are served."""
import json
import socket
import threading

import pytest

import crowd
import world
from crowd import Crowd
from fleet import connect, served, tags
from world import wait_until

# What docs/security.md promises.
MEMORY = 64 * 1024
CONNECTIONS = 256
# A fleet whose pages are large, and what a crowd that reads them may take, in KiB: a few copies, and not one for each.
SERVICES, COPIES = 4000, 16 * 1024
# Connections to AWS come and go.
SLACK = 32
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def pressed(live_fleet, live, controller_of):
    """eastwest with a token."""
    controller = controller_of(live.url, "--token", TOKEN, policy="observe")
    controller.wait_ready()
    return controller


@pytest.fixture
def pressed_and_large(simulator_of, controller_of):
    """eastwest over a fleet whose pages are megabytes."""
    sim = simulator_of("--services", str(SERVICES), "--opted-in", "100", speed=1)
    controller = controller_of(sim.url, "--rates", "100", cluster=None, policy="observe", interval="5m")
    controller.wait_ready()
    return controller


def served_within_bounds(controller):
    """`/livez` is answered, and no more memory was taken than is promised."""
    crowd.livez_answers_in_time(controller.port)
    assert crowd.memory(controller) < MEMORY


@pytest.mark.parametrize("opening", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"GET /livez HTTP/1.1\r\nX: " + b"a" * 390_000, id="a header without end"),
    pytest.param(b"GET /api/v1/services HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 5, id="pages that he does not read"),
    pytest.param(b"POST /api/v1/ack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n"
                 b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n{", id="a body without end"),
    pytest.param(crowd.HTTP2, id="HTTP/2"),
])
def test_2000_connections_leave_room_for_one_more_and_take_no_memory(pressed, opening):
    others = crowd.descriptors(pressed)
    with Crowd(pressed.port, 2000, opening, buffer=4096):
        served_within_bounds(pressed)
        wait_until(lambda: crowd.descriptors(pressed) <= others + CONNECTIONS + SLACK,
                   lambda: f"{crowd.descriptors(pressed)} descriptors, {others} before")
        served_within_bounds(pressed)


def test_2000_readers_of_large_pages_who_take_nothing_hold_one_copy(pressed_and_large):
    request = b"GET /api/v1/services HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    size = len(pressed_and_large.get("/api/v1/services")[1])
    assert CONNECTIONS * size > 10 * COPIES * 1024, "a copy for each of them would be seen"
    before = crowd.memory(pressed_and_large)
    with Crowd(pressed_and_large.port, 2000, request * 5, buffer=4096):
        crowd.livez_answers_in_time(pressed_and_large.port)
        assert crowd.memory(pressed_and_large) < before + COPIES
        # The program as it is tested is far larger than the one that is shipped, so what it has mapped does not count.
        assert crowd.memory(pressed_and_large, "RssAnon") < MEMORY


def test_an_endless_header_is_refused_and_a_slow_one_is_dropped(pressed):
    text = crowd.answer(pressed.port, b"GET /livez HTTP/1.1\r\nX: " + b"a" * 20_000)
    assert text == b"" or text.startswith(b"HTTP/1.1 431 "), text
    assert crowd.answer(pressed.port, b"GET /livez HTTP/1.1\r\nX: ") == b""


def test_http_2_is_not_spoken(pressed):
    assert crowd.answer(pressed.port, crowd.HTTP2) == b""


def test_a_flood_of_wrong_tokens_is_two_lines_at_most(pressed):
    request = (b"POST /api/v1/ack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
               b"Authorization: Bearer wrong\r\n\r\n")
    text = crowd.answer(pressed.port, request * 1999 + request.replace(b"Host", b"Connection: close\r\nHost"))
    assert text.count(b"HTTP/1.1 401 ") == 2000, text[-400:]
    # One at once, and one with the number of the others after a minute.
    assert len(pressed.log_lines("without the right token")) in (1, 2), pressed.output()


def test_a_name_in_host_must_be_known_and_every_page_says_nosniff(live_fleet, live, controller_of):
    controller = controller_of(live.url, "--public-host", "eastwest.example", policy="observe")

    def answer(path, host):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        return crowd.answer(controller.port, request.encode()).decode()

    for path in ("/livez", "/readyz", "/metrics", "/api/v1/services", "/api/v1/plan", "/nothing"):
        for host in ("127.0.0.1", f"10.1.2.3:{controller.port}", "localhost:1", "eastwest.example", "evil.example"):
            text = answer(path, host)
            assert "\r\nx-content-type-options: nosniff\r\n" in text, text
            is_refused = text.startswith("HTTP/1.1 421 ")
            assert is_refused == (host == "evil.example" and path != "/livez"), (path, host, text)


def test_an_endpoint_that_never_answers_is_named_at_once(controller_of):
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        controller = controller_of(f"http://127.0.0.1:{silent.getsockname()[1]}")
        line = wait_until(lambda: controller.log_lines("AWS does not answer"), controller.output)
        assert "AWS has answered no call for 4 s" in line[0], line
        assert not controller.log_lines("cluster cannot be read"), "it is said before the call has failed for good"
        status, text = controller.get("/readyz")
        assert status == 503 and json.loads(text)["waitingFor"][0].startswith("AWS has answered no call for "), text


def test_why_the_clusters_cannot_be_listed_is_on_the_page_and_in_one_line(live, controller_of):
    live.fault("ecs.ListClusters", "denied", times=100000)
    controller = controller_of(live.url, cluster=None)
    wait_until(lambda: "ecs.ListClusters: AccessDeniedException" in controller.get("/readyz")[1],
               lambda: controller.get("/readyz"))
    assert len(controller.log_lines("cannot be read", "AccessDenied")) == 1, controller.output()


def test_no_log_level_prints_what_requests_and_answers_hold(live_fleet, live, proxy_of, controller_of):
    logs = {"logDriver": "splunk", "options": {"splunk-url": "https://splunk.example", "splunk-token": "canary-of-an-option"}}
    live_fleet.service("web", {"web": 80}, connect(served("web", "old", "old", 80), logConfiguration=logs),
                       tag=tags(mode="client-server", discovery_name="web", alias="web:80"))
    live_fleet.settle()
    secrets = {**world.CREDENTIALS, "AWS_SECRET_ACCESS_KEY": "canary-of-a-key", "AWS_SESSION_TOKEN": "canary-of-a-session",
               "RUST_LOG": "trace"}
    controller = controller_of(proxy_of(live), environment=secrets)
    wait_until(live.writes, controller.output)
    served_pages = "".join(controller.get(path)[1] for path in ("/metrics", "/api/v1/services", "/api/v1/plan"))
    assert "canary" in json.dumps(live.state()), "the option is there, and it was sent"
    assert "canary" not in controller.output() + served_pages


def test_an_answer_without_end_is_a_fault_and_no_memory(controller_of):
    """300 MB of clusters: the ceiling is 32 MiB, and what they are made into."""
    def answer(listener):
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drown, args=(caller,), daemon=True).start()

    def drown(caller):
        with caller:
            caller.recv(65536)
            try:
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300000000\r\n\r\n{\"clusterArns\":[\"")
                for _ in range(300):
                    caller.sendall(b"a" * 1_000_000)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        controller = controller_of(f"http://127.0.0.1:{listener.getsockname()[1]}", cluster=None)
        wait_until(lambda: controller.log_lines("larger than 32 MiB"), controller.output)
        assert crowd.memory(controller) < 160 * 1024


def test_900_services_in_one_circle_of_needs_make_a_small_page_and_take_no_memory(live_fleet, live, controller_of):
    circle = 900
    task = live_fleet.task_definition("web", {"http": 8080})
    for each in range(circle):
        live_fleet.service(f"s{each}", taskDefinition=task,
                           tag=tags(mode="client-server", needs=f"s{(each + 1) % circle}"))
    controller = controller_of(live.url, policy="sync")
    controller.wait_ready()
    page = controller.json("/api/v1/plan")
    assert len(page["steps"]) + len(page["holds"]) == circle, page["summary"]
    # A row has what its own service needs and what holds it, and no list of the whole circle.
    assert len(json.dumps(page)) < circle * 2048
    served_within_bounds(controller)
