"""Parameter Store by moto, an implementation that shares nothing with our simulator.

SSM goes to moto and the rest to the simulator, by the SDK's own `AWS_ENDPOINT_URL_SSM` beside `AWS_ENDPOINT_URL`.
"""
import json

import pytest

import world
from controller import plan
from documents import PARAMETER, SOURCES, document, entry, put, shown, trouble
from fleet import NAMESPACE
from test_converges import sweeps
from world import wait_until


@pytest.fixture
def moto(moto_server):
    """moto without a parameter."""
    moto_server.reset()
    return moto_server


@pytest.fixture
def store(moto, unjudged):
    """Parameter Store by moto; the shape of its answers is moto's affair."""
    return unjudged("ssm", moto)


@pytest.fixture
def both(moto):
    """The environment in which SSM alone is at moto."""
    return {**world.CREDENTIALS, "AWS_ENDPOINT_URL_SSM": moto.url}


def plan_of(sim, both, source=PARAMETER):
    """The plan with this document, as the page it is printed as."""
    code, out, err = plan(sim.url, "--json", "--source", f"ssm:{source}", environment=both)
    assert out, err
    return code, json.loads(out)


def opted_in(page):
    """The services that the plan would change."""
    return [step["service"] for step in page["steps"]] + [hold["service"] for hold in page["holds"]]


@pytest.fixture
def web(fleet):
    """A service without tags."""
    fleet.service("web", {"web": 8080})
    fleet.settle()
    return fleet


def test_a_parameter_is_read_by_its_name(web, sim, store, both):
    put(store, document({"web": entry("web", "api")}))
    code, page = plan_of(sim, both)
    assert code == 0 and opted_in(page) == ["prod/web"]
    assert page["document"]["inForce"] and "trouble" not in page["document"]
    assert "ssm.GetParameter" not in sim.calls(), "SSM is at moto"


def test_a_path_is_read_page_by_page(fleet, sim, store, both):
    task = fleet.task_definition("web", {"web": 8080})
    names = [f"web-{number:02}" for number in range(12)]
    for name in names:
        fleet.service(name, taskDefinition=task)
        put(store, document({name: entry(mode="client")}), f"{PARAMETER}/teams/{name}")
    put(store, document({"outside": entry()}), f"{PARAMETER}-other/x")
    fleet.settle()
    # Else twelve parameters would prove nothing: moto gives ten on a page, as AWS does.
    first = store.get_parameters_by_path(Path=PARAMETER, Recursive=True, MaxResults=10)
    assert len(first["Parameters"]) == 10 and first["NextToken"]
    _, page = plan_of(sim, both, f"{PARAMETER}/")
    assert page["document"]["services"] == 12 and "trouble" not in page["document"]
    assert sorted(opted_in(page)) == [f"prod/{name}" for name in names]


@pytest.mark.parametrize("source", [PARAMETER, "/eastwest/"])
def test_a_secret_comes_in_the_clear_and_is_not_shown(source, web, sim, store, both):
    put(store, document({"web": entry("web", "api")}), Type="SecureString")
    # moto puts `kms:<key>:` before the text where AWS encrypts it: no document either, without WithDecryption.
    assert not store.get_parameter(Name=PARAMETER)["Parameter"]["Value"].startswith("{")
    _, page = plan_of(sim, both, source)
    assert opted_in(page) == ["prod/web"]
    put(store, document({"web": entry(mode="canary-of-a-secret")}), Type="SecureString")
    _, page = plan_of(sim, both, source)
    assert not page["document"]["inForce"] and "(hidden)" in page["document"]["trouble"]
    assert "canary-of-a-secret" not in json.dumps(page)


def test_a_document_of_eight_kilobytes_is_read_whole(web, sim, store, both):
    text = document({"web": entry("web", "api")})
    text = text[:-1] + " " * (8192 - len(text)) + "}"
    # AWS takes more than 4,096 bytes in the advanced tier only; moto takes them in any.
    put(store, text, Tier="Advanced")
    _, page = plan_of(sim, both)
    assert opted_in(page) == ["prod/web"] and "trouble" not in page["document"]


@pytest.mark.parametrize("source", [PARAMETER, f"{PARAMETER}/"])
def test_a_parameter_that_is_not_there_is_said_to_be_missing(source, web, sim, both, store):
    put(store, document(), "/eastwest/other")
    code, page = plan_of(sim, both, source)
    assert code == 1 and source in page["document"]["trouble"]
    assert page["steps"] == [] and not page["document"]["inForce"]


def test_new_versions_are_seen_while_it_runs_and_a_missing_one_takes_nothing_away(
        live_fleet, live, store, both, controller_of):
    live_fleet.service("web", {"web": 8080})
    put(store, document({"web": entry("web", "one")}))
    controller = controller_of(live.url, *SOURCES, environment=both)
    controller.wait_synced("web")
    for name in ("two", "three"):
        put(store, document({"web": entry("web", name)}))
        wait_until(lambda name=name: live_fleet.config("web")["services"][0]["discoveryName"] == name,
                   lambda: shown(controller))
        controller.wait_synced("web")
    store.delete_parameter(Name=PARAMETER)
    wait_until(lambda: f"there is no parameter {PARAMETER}" in (trouble(controller) or ""),
               lambda: shown(controller))
    sweeps(live, 2)
    controller.wait_service("web", sync="Synced")
    assert len(live.writes()) == 3
    put(store, document({"web": entry("web", "four", namespace=NAMESPACE)}))
    wait_until(lambda: live_fleet.config("web")["services"][0]["discoveryName"] == "four",
               lambda: shown(controller))
