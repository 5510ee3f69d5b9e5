"""The HTTP API as programs use it: pages, filters, events, problems. schemathesis holds all of it against its own
description."""
import concurrent.futures
import http.client
import json
import subprocess
import sys
import threading
import urllib.parse

import pytest

import crowd
import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from world import CREDENTIALS, clean_environment, program, wait_until

TOKEN = "a-token-of-the-tests"
PROBLEM = "application/problem+json"
STREAMS = 64
BEARER = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def ask(controller, method, path, body=None, headers=None):
    """Status, headers and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", controller.port, timeout=world.PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def problem(controller, method, path, body=None, headers=None):
    """The problem that a request causes: its status and its detail."""
    status, sent, text = ask(controller, method, path, body, headers)
    assert sent["content-type"] == PROBLEM, (status, sent, text)
    told = json.loads(text)
    assert told["status"] == status and told["type"] == "about:blank" and told["title"], told
    return status, told["detail"]


class Stream:
    """A stream of events, read line by line."""

    def __init__(self, controller, query="", headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", controller.port, timeout=world.PATIENCE)
        self.connection.request("GET", f"/api/v1/events{query}", headers={"Accept": "text/event-stream", **(headers or {})})
        self.answer = self.connection.getresponse()

    def next(self):
        """The next event that has data; none at the end of the stream."""
        event = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name in ("id", "event", "data"):
                event[name] = value
            elif not name and "data" in event:
                return {**event, "data": json.loads(event["data"])}
        return None

    def close(self):
        """Closes it."""
        self.connection.close()


@pytest.fixture
def told(live_fleet, live, controller_of):
    """eastwest with a token over a server, a client that is to change, one that is wrong and one of nobody."""
    live_fleet.service("api", {"http": 8080}, connect(served("http", "api", "api", 8080)),
                       tag=tags(mode="client-server", discovery_name="api", alias="api:8080"))
    live_fleet.service("web", tag=tags(mode="client", namespace=NAMESPACE, needs="api"))
    live_fleet.service("typo", tag=tags(mode="clinet"))
    live_fleet.service("stranger")
    live_fleet.settle()
    controller = controller_of(live.url, "--token", TOKEN, policy="observe")
    controller.wait_ready()
    controller.wait_service("web", sync="OutOfSync", reason="Observe")
    return controller


def names(page):
    """The services of a page, without their cluster."""
    return [row["service"].removeprefix(f"{CLUSTER}/") for row in page["services"]]


def test_services_come_in_pages_with_what_needs_a_person_first(told):
    whole = told.json("/api/v1/services")
    assert sorted(names(whole)) == ["api", "stranger", "typo", "web"] and "total" not in whole
    page = told.json("/api/v1/services?limit=2")
    assert (names(page), page["total"], page["limit"]) == (["typo", "web"], 4, 2)
    assert page["standings"] == {"broken": 1, "held": 1, "inOrder": 1, "notOptedIn": 1}
    rest = told.json("/api/v1/services?limit=2&offset=2")
    assert names(rest) == ["api", "stranger"]
    by_service = {row["service"]: row for row in whole["services"]}
    for row in page["services"] + rest["services"]:
        assert row == by_service[row["service"]], "a row says the same on every page"


@pytest.mark.parametrize("query, found", [
    ("standing=held", ["web"]),
    ("standing=broken,inOrder", ["typo", "api"]),
    ("sync=OutOfSync", ["web"]),
    ("health=Degraded", ["typo"]),
    ("q=CLINET", ["typo"]),
    ("q=api", ["api"]),
    (f"namespace={NAMESPACE}&sort=name", ["api", "web"]),
    ("cluster=nobody", []),
    ("sort=name", ["api", "stranger", "typo", "web"]),
    ("offset=1000000", []),
])
def test_services_are_filtered_sorted_and_searched(told, query, found):
    assert names(told.json(f"/api/v1/services?{query}")) == found


def test_namespaces_say_how_their_services_stand_and_graphs_who_calls_whom(told):
    here = [row for row in told.json("/api/v1/namespaces")["namespaces"] if row["name"] == NAMESPACE]
    assert [row["standings"] for row in here] == [{"held": 1, "inOrder": 1}]
    for wanted in (NAMESPACE, here[0]["id"]):
        graph = told.json(f"/api/v1/graph?namespace={wanted}")
        assert [node["id"] for node in graph["nodes"]] == [f"{CLUSTER}/api", f"{CLUSTER}/web"]
        edge, = graph["edges"]
        assert (edge["from"], edge["to"], edge["name"]) == (f"{CLUSTER}/web", f"{CLUSTER}/api", "api")
        assert (edge["state"], edge["inferred"], edge["alias"]) == ("stale", False, "api:8080")


@pytest.mark.parametrize("method, path, status, words", [
    ("GET", "/nothing", 404, "no such page"),
    ("POST", "/api/v1/services", 405, "does not answer POST"),
    ("DELETE", "/livez", 405, "does not answer DELETE"),
    ("GET", "/api/v1/services?limit=0", 400, "from 1 to 1000"),
    ("GET", "/api/v1/services?limit=5000", 400, "from 1 to 1000"),
    ("GET", "/api/v1/services?standing=fine", 400, "broken, held, toChange"),
    ("GET", "/api/v1/services?limt=1", 400, "did you mean limit?"),
    ("GET", "/api/v1/services?q=a&q=b", 400, "twice"),
    ("GET", "/api/v1/services/prod/wbe", 404, "did you mean prod/web?"),
    ("GET", "/api/v1/services/prod/%FF", 400, ""),
    ("GET", "/api/v1/services/prod/%2e%2e", 400, ""),
    ("GET", "/api/v1/services/nobody/web", 404, "is not watched"),
    ("GET", "/api/v1/graph", 400, "/api/v1/namespaces lists them"),
    ("GET", "/api/v1/graph?namespace=nobody", 404, NAMESPACE),
    ("GET", "/api/v1/events?after=now", 400, "no id of an event"),
    ("GET", "/api/v1/events?service=web", 400, "service="),
    ("GET", "/api/v1/events?kind=x", 400, "status, change"),
    ("GET", "/api/v1/services?q=", 400, "or leave it out"),
])
def test_every_refusal_is_a_problem_that_says_what_is_allowed(told, method, path, status, words):
    refused, detail = problem(told, method, path)
    assert refused == status and words in detail, detail


def test_a_host_that_is_not_known_is_a_problem_too(told):
    status, detail = problem(told, "GET", "/api/v1/plan", headers={"Host": "evil.example"})
    assert status == 421 and "--public-host" in detail


@pytest.mark.parametrize("headers, body, status", [
    ({}, "{}", 401),
    ({"Authorization": "Bearer wrong", "Content-Type": "application/json"}, "{}", 401),
    ({**BEARER, "Content-Type": "text/plain"}, "{}", 415),
    ({**BEARER, "Origin": "https://evil.example"}, "{}", 403),
    ({**BEARER, "Sec-Fetch-Site": "cross-site"}, "{}", 403),
    (BEARER, json.dumps({"service": "x" * 2000}), 413),
    (BEARER, "{", 400),
    (BEARER, json.dumps({"service": "web"}), 400),
    (BEARER, json.dumps({"servce": "prod/web"}), 400),
    (BEARER, json.dumps({"service": "prod/nobody"}), 404),
])
def test_what_has_no_token_or_no_shape_is_a_problem_and_nothing_is_looked_at(told, headers, body, status):
    assert problem(told, "POST", "/api/v1/reconcile", body, headers)[0] == status
    assert not told.log_lines("looks now")


def test_a_look_is_taken_at_once_and_not_at_the_next_sweep(live_fleet, live, controller_of):
    live_fleet.service("web")
    live_fleet.settle()
    controller = controller_of(live.url, "--token", TOKEN, interval="1h")
    controller.wait_ready()
    for asked in ({"service": f"{CLUSTER}/web"}, {}):
        words = {"mode": "client", "namespace": NAMESPACE} if asked else {"mode": "clinet"}
        live_fleet.tag("web", **words)
        status, _, text = ask(controller, "POST", "/api/v1/reconcile", json.dumps(asked), BEARER)
        assert (status, json.loads(text)) == (200, asked)
        if asked:
            controller.wait_synced("web")
        else:
            controller.wait_service("web", "Ambiguous")
    requests = controller.json("/api/v1/events?kind=request")["events"]
    assert [row.get("service") for row in requests] == [f"{CLUSTER}/web", None]


def test_without_a_token_nothing_can_be_asked_for(live_fleet, live, controller_of):
    controller = controller_of(live.url, policy="observe")
    controller.wait_ready()
    assert problem(controller, "POST", "/api/v1/reconcile", "{}", BEARER)[0] == 404
    described = controller.json("/api/v1/openapi.json")
    assert [path for path, item in described["paths"].items() if "post" in item] == []


def test_events_are_read_in_pages_from_where_a_reader_stopped(told):
    page = told.json("/api/v1/events?kind=status&limit=1000")
    sentences = {row["service"]: row["sentence"] for row in page["events"]}
    assert "clinet" in sentences[f"{CLUSTER}/typo"], page
    first = told.json("/api/v1/events?after=0-0&limit=1")
    assert first["restarted"] and len(first["events"]) == 1 and first["more"]
    rest = told.json(f"/api/v1/events?after={first['next']}&limit=1000")
    assert not rest["restarted"] and rest["lost"] == 0
    assert first["events"][0]["id"] not in [row["id"] for row in rest["events"]]
    one = told.json(f"/api/v1/events?service={CLUSTER}/typo")
    assert {row["service"] for row in one["events"]} == {f"{CLUSTER}/typo"}


def test_a_stream_goes_on_after_the_last_event_that_its_reader_had(told):
    stream = Stream(told, "?kind=request")
    for expected in range(2):
        assert ask(told, "POST", "/api/v1/reconcile", "{}", BEARER)[0] == 200
        event = stream.next()
        assert event["data"]["kind"] == "request" and event["id"] == event["data"]["id"], (expected, event)
    stream.close()
    assert ask(told, "POST", "/api/v1/reconcile", json.dumps({"service": f"{CLUSTER}/web"}), BEARER)[0] == 200
    again = Stream(told, "?kind=request", {"Last-Event-ID": event["id"]})
    assert again.next()["data"]["service"] == f"{CLUSTER}/web"
    again.close()


def test_a_stream_says_that_its_reader_comes_from_a_process_before_this_one(told):
    stream = Stream(told, headers={"Last-Event-ID": "17-4"})
    lost = stream.next()
    assert lost["event"] == "lost" and lost["data"] == {"lost": 0, "restarted": True}
    assert "event" not in stream.next(), "what is kept follows"
    stream.close()
    assert problem(told, "GET", "/api/v1/events",
                   headers={"Accept": "text/event-stream", "Last-Event-ID": "x"})[0] == 400


def test_a_hundred_streams_are_sixty_four_and_the_others_are_told_so(told):
    streams = [Stream(told) for _ in range(100)]
    statuses = [stream.answer.status for stream in streams]
    assert statuses.count(200) == STREAMS and statuses.count(503) == 100 - STREAMS, statuses
    refused = streams[statuses.index(503)].answer
    assert refused.getheader("content-type") == PROBLEM and "64 streams" in json.loads(refused.read())["detail"]
    crowd.livez_answers_in_time(told.port)
    assert ask(told, "POST", "/api/v1/reconcile", "{}", BEARER)[0] == 200
    with concurrent.futures.ThreadPoolExecutor(STREAMS) as readers:
        told_all = list(readers.map(lambda stream: stream.next(), [s for s in streams if s.answer.status == 200]))
    assert all(event["data"]["kind"] == "request" for event in told_all)
    for stream in streams:
        stream.close()
    wait_until(lambda: Stream(told).answer.status == 200, "a stream that is closed makes room")


def test_streams_end_when_eastwest_stops(told):
    stream = Stream(told)
    ended = threading.Thread(target=lambda: [None for _ in iter(stream.next, None)])
    ended.start()
    assert told.terminate()[0] == 0
    ended.join(timeout=world.PATIENCE)
    assert not ended.is_alive()


def test_a_reader_that_takes_nothing_holds_no_memory_and_nobody_up(told):
    """Fifty streams that are never read: the loop goes on, and the others are answered."""
    before = crowd.memory(told)
    request = b"GET /api/v1/events?after=0-0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    with crowd.Crowd(told.port, 50, request, buffer=4096):
        for _ in range(300):
            assert ask(told, "POST", "/api/v1/reconcile", "{}", BEARER)[0] == 200
        crowd.livez_answers_in_time(told.port)
        newest = told.json("/api/v1/events?kind=request&limit=1000")["events"]
        assert len(newest) == 300
        assert crowd.memory(told) < before + 16 * 1024


def test_pages_of_a_large_fleet_hold_the_memory_of_one(simulator_of, controller_of):
    sim = simulator_of("--services", "1500", speed=1)
    controller = controller_of(sim.url, cluster="", policy="observe")
    controller.wait_ready()
    whole = len(controller.get("/api/v1/services")[1])
    before = crowd.memory(controller)
    queries = [f"/api/v1/services?limit=500&offset={n}&sort={sort}"
               for n in range(0, 1500, 100) for sort in ("standing", "name", "since")]
    with concurrent.futures.ThreadPoolExecutor(10) as readers:
        pages = list(readers.map(controller.json, queries))
    assert {page["total"] for page in pages} == {1500}
    assert crowd.memory(controller) < before + 4 * whole / 1024


def test_schemathesis_finds_nothing_against_the_description(told, tmp_path):
    """Every page is asked for with what the description allows, and with what it does not."""
    described = tmp_path / "openapi.json"
    document = told.json("/api/v1/openapi.json")
    described.write_text(json.dumps(document))
    assert document["openapi"] == "3.1.0"
    report = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(described), "--url", told.url,
         "--header", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--max-examples", "30", "--seed", "1",
         "--phases", "examples,coverage,fuzzing", "--no-color", "--suppress-health-check", "all",
         "--request-timeout", "30", "--generation-database", "none"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=170, check=False, cwd=tmp_path)
    assert report.returncode == 0, report.stdout[-12000:] + report.stderr[-2000:]
    tested = [urllib.parse.unquote(line) for line in report.stdout.splitlines() if "/" in line]
    assert tested, report.stdout


def undescribed(document, schema, value, at=""):
    """The members of a value that its schema does not name, by their paths."""
    parts, described, items, rest = [schema], {}, None, None
    for part in parts:
        if "$ref" in part:
            parts.append(document["components"]["schemas"][part["$ref"].rpartition("/")[2]])
        for several in ("anyOf", "oneOf", "allOf"):
            parts += part.get(several, [])
        described.update(part.get("properties", {}))
        items = part.get("items", items)
        rest = part.get("additionalProperties", rest)
    if isinstance(value, list):
        if items is None:
            return {f"{at}[]"} if value and not any("prefixItems" in part for part in parts) else set()
        return set().union(*(undescribed(document, items, each, f"{at}[]") for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, member in value.items():
        if name not in described and not isinstance(rest, dict):
            found.add(f"{at}.{name}")
        else:
            found |= undescribed(document, described.get(name, rest), member, f"{at}.{name}")
    return found


def test_every_member_of_every_page_is_described(told, live_fleet):
    live_fleet.service("full", {"http": 8080}, connect(served("http", "full", "full", 8080)),
                       tag=tags(mode="client-server", discovery_name="full", alias="full:81", timeout="idle=9s",
                                namespace=NAMESPACE, needs="api", check="/health"))
    live_fleet.settle()
    told.wait_service("full", sync="OutOfSync", reason="Observe")
    document = told.json("/api/v1/openapi.json")
    pages = {"/api/v1/services": "", "/api/v1/namespaces": "", "/api/v1/plan": "", "/api/v1/events": "",
             "/api/v1/graph": f"?namespace={NAMESPACE}", "/api/v1/services/{cluster}/{service}": ""}
    for path, query in pages.items():
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for service in ("full", "typo", "stranger") if "{" in path else ("",):
            page = told.json(path.format(cluster=CLUSTER, service=service) + query)
            assert not undescribed(document, answer, page), path
    row = next(row for row in told.json("/api/v1/services")["services"] if row["service"] == f"{CLUSTER}/full")
    assert {"declared", "changes", "needs", "deployed", "status"} - row.keys() == {"status"}, "there was something to hold"
    assert undescribed(document, {"$ref": "#/components/schemas/PlanPage"}, {"idd": 1, "holds": [{"service": "a", "whyy": 1}]}) == {
        ".idd", ".holds[].whyy"}, "what is not described is found"


@pytest.mark.parametrize("how", ["--daemon", "--from-daemon", "EASTWEST_DAEMON"])
def test_the_commands_that_ask_a_running_eastwest_understand_one_flag_and_one_variable(told, how):
    for command, words in [("status", "prod/typo"), ("explain", "did you mean \"client\"?")]:
        run = [program("eastwest"), command, "prod/typo"]
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        if how.startswith("-"):
            run += [how, told.url]
        else:
            variables[how] = told.url
        ended = subprocess.run(run, env=clean_environment(variables), timeout=60, stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, check=False)
        assert words in ended.stdout, (command, ended)
