"""A pause by HTTP: what it holds, until when, who may ask, and what is refused."""
import json
import re

import pytest

from fleet import CLUSTER, NAMESPACE, tags
from test_api import BEARER, TOKEN, ask, problem


@pytest.fixture
def paused(live_fleet, live, controller_of):
    """eastwest with a token and a cluster that is paused before anything is to change in it."""
    live_fleet.service("web", {"web": 8080})
    controller = controller_of(live.url, "--token", TOKEN)
    controller.wait_ready()
    assert post(controller, "pause", {"cluster": CLUSTER, "minutes": 5})[0] == 200
    return controller


def post(controller, what, body, headers=None):
    """The status and the JSON of one request."""
    status, _, text = ask(controller, "POST", f"/api/v1/{what}", json.dumps(body), headers or BEARER)
    return status, json.loads(text)


def test_a_pause_holds_changes_until_it_is_ended_and_says_who_and_until_when(paused, live, live_fleet):
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    entry = paused.wait_service("web", reason="Paused", health="Suspended")
    said = rf"a person paused cluster {CLUSTER} by HTTP, until \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(said, entry["message"]), entry
    assert "POST /api/v1/resume" in entry["ends"]
    assert live.writes() == []
    assert post(paused, "resume", {"service": f"{CLUSTER}/web"})[0] == 404, "only what was paused goes on"
    assert post(paused, "resume", {"cluster": CLUSTER}) == (200, {"cluster": CLUSTER})
    paused.wait_synced("web")
    assert len(live.writes()) == 1
    sentences = [event["sentence"] for event in paused.json("/api/v1/events?kind=request")["events"]]
    assert sentences[0].startswith(f"a person paused cluster {CLUSTER} by HTTP, until "), sentences
    assert sentences[-1] == f"a person ended the pause of cluster {CLUSTER}"


def test_a_service_and_everything_are_paused_alike_and_the_longest_pause_is_shown(paused, live, live_fleet):
    status, answer = post(paused, "pause", {"service": f"{CLUSTER}/web"})
    assert (status, answer["service"]) == (200, f"{CLUSTER}/web") and answer["until"].endswith("Z")
    assert set(post(paused, "pause", {"minutes": 1440})[1]) == {"until"}
    live_fleet.tag("web", mode="client", namespace=NAMESPACE)
    paused.wait_service("web", "a person paused every change", reason="Paused")
    for body in ({}, {"cluster": CLUSTER}):
        assert post(paused, "resume", body)[0] == 200
    paused.wait_service("web", f"a person paused {CLUSTER}/web", reason="Paused")
    assert post(paused, "resume", {"cluster": CLUSTER, "service": f"{CLUSTER}/web"})[0] == 200
    paused.wait_synced("web")
    assert len(live.writes()) == 1


@pytest.mark.parametrize("body, status, words", [
    ({"service": f"{CLUSTER}/nobody"}, 404, "there is no ECS service"),
    ({"cluster": "dev"}, 404, "there is no watched cluster dev"),
    ({"cluster": "dev", "service": f"{CLUSTER}/web"}, 404, "in cluster dev"),
    ({"service": "web"}, 400, "<cluster>/<service>"),
    ({"cluster": ""}, 400, "a cluster's name"),
    ({"minutes": 0}, 400, "from 1 to 1440"),
    ({"minutes": 1441}, 400, "from 1 to 1440"),
    ({"minutes": 70000}, 400, "from 1 to 1440"),
    ({"minutes": "60"}, 400, "from 1 to 1440"),
    ({"minutes": 1.5}, 400, "from 1 to 1440"),
    ({"hours": 1}, 400, "from 1 to 1440"),
    ([], 400, "from 1 to 1440"),
])
def test_what_cannot_be_paused_is_refused_with_what_is_allowed(paused, body, status, words):
    got, detail = problem(paused, "POST", "/api/v1/pause", json.dumps(body), BEARER)
    assert got == status and words in detail, detail


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_only_who_has_the_token_and_is_no_other_site_may_ask(what, paused):
    body = json.dumps({"cluster": CLUSTER})
    for headers, status in (({"Content-Type": "application/json"}, 401),
                            ({**BEARER, "Authorization": "Bearer wrong-wrong-wrong-wrong"}, 401),
                            ({**BEARER, "Origin": "http://evil.example"}, 403),
                            ({**BEARER, "Sec-Fetch-Site": "cross-site"}, 403),
                            ({**BEARER, "Host": "evil.example"}, 421),
                            ({"Authorization": BEARER["Authorization"]}, 415)):
        assert problem(paused, "POST", f"/api/v1/{what}", body, headers)[0] == status, headers
    sentences = [event["sentence"] for event in paused.json("/api/v1/events?kind=request")["events"]]
    assert len(sentences) == 1, sentences


def test_without_a_token_nobody_can_ask(live_fleet, live, controller_of):
    controller = controller_of(live.url)
    controller.wait_ready()
    for what in ("pause", "resume"):
        assert problem(controller, "POST", f"/api/v1/{what}", "{}", BEARER)[0] == 404
