"""`eastwest plan`: what would be done, for people, for scripts and for pipelines. It never writes."""
import json

import pytest

from controller import plan
from fleet import NAMESPACE, connect, served, tags


@pytest.fixture
def endpoint(fleet, sim, proxy_of):
    """The judged endpoint of a world with one service that wants an endpoint."""
    fleet.service("web", {"web": 8080},
                  tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="api"))
    fleet.settle()
    yield proxy_of(sim)
    assert sim.writes() == []


def test_a_change_is_shown_with_what_it_does(endpoint):
    code, out, err = plan(endpoint)
    assert code == 0, err
    for word in ("prod/web", "api", NAMESPACE):
        assert word in out


def test_the_exit_code_tells_changes_from_nothing_to_do(endpoint, fleet):
    assert plan(endpoint, "--detailed-exitcode")[0] == 2
    alias = f"api.{NAMESPACE}"
    fleet.update("web", connect(served("web", "api", alias, 8080)))
    fleet.settle()
    code, out, err = plan(endpoint, "--detailed-exitcode")
    assert code == 0, out + err
    assert plan(endpoint, "--detailed-exitcode", cluster="nope")[0] == 1


def test_the_json_is_one_document_that_names_the_service(endpoint):
    code, out, err = plan(endpoint, "--json")
    assert code == 0, err
    assert "web" in json.dumps(json.loads(out))


def test_defaults_come_from_flags(endpoint, fleet):
    fleet.untag("web", "namespace")
    assert NAMESPACE in plan(endpoint, "--namespace", NAMESPACE)[1]


def test_another_tag_prefix_means_other_tags(endpoint, fleet):
    assert plan(endpoint, "--tag-prefix", "mesh/", "--detailed-exitcode")[0] == 0
    arn = fleet.describe("web")["serviceArn"]
    fleet.ecs.tag_resource(resourceArn=arn, tags=[{"key": "mesh/mode", "value": "client"},
                                                  {"key": "mesh/namespace", "value": NAMESPACE}])
    assert plan(endpoint, "--tag-prefix", "mesh/", "--detailed-exitcode")[0] == 2


def test_unknown_flags_and_bad_values_are_refused_before_any_call(endpoint, sim):
    sim.forget_calls()
    for arguments in (["--nonsense"], ["--policy", "yolo"]):
        code, _, err = plan(endpoint, *arguments)
        assert code == 1 and err
    assert sim.calls() == {}
