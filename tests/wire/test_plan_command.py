"""`eastwest plan`: what would be done, for people, for scripts and for pipelines. It never writes."""
import json
from xml.etree import ElementTree

import pytest

import world
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


def test_a_namespace_is_shown_by_its_name_and_its_id_stays_in_the_json(endpoint, cloudmap):
    [identifier] = [each["Id"] for each in cloudmap.list_namespaces()["Namespaces"]]
    out = plan(endpoint)[1]
    assert f"namespace     - -> {NAMESPACE}" in out and identifier not in out
    assert identifier in plan(endpoint, "--json")[1]


def test_one_service_is_shown_alone_and_so_is_its_exit_code(endpoint, fleet):
    fleet.service("calm", {"calm": 80})
    fleet.service("typo", {"typo": 80}, tag=tags(mode="clinet"))
    fleet.settle()
    code, out, err = plan(endpoint, "--service", "prod/web", "--detailed-exitcode")
    assert code == 2 and "~ prod/web: connect" in out and "typo" not in out, out + err
    code, out, _ = plan(endpoint, "--service", "prod/calm", "--detailed-exitcode")
    assert (code, out) == (0, "Nothing to change: prod/calm has not opted in.\n")
    page = json.loads(plan(endpoint, "--service", "prod/typo", "--json")[1])
    assert [row["service"] for row in page["holds"] + page["issues"]] == ["prod/typo"] * 2
    code, out, err = plan(endpoint, "--service", "prod/wbe")
    assert code == 1 and out == "" and "did you mean prod/web?" in err


def test_an_issue_stands_in_the_block_of_its_service(endpoint, fleet):
    fleet.service("typo", {"typo": 80}, tag=tags(mode="clinet"))
    fleet.settle()
    lines = plan(endpoint)[1].splitlines()
    at = lines.index("= prod/typo")
    assert lines[at - 1] == "Held, Ambiguous: 1 service"
    assert any(line.startswith('    ! issue: eastwest/mode="clinet"') for line in lines[at:at + 4]), lines


def test_a_part_of_the_plan_is_shown_alone_and_the_sums_stay(endpoint, fleet):
    fleet.service("typo", {"typo": 80}, tag=tags(mode="clinet"))
    fleet.settle()
    changes, held = (plan(endpoint, "--only", part)[1] for part in ("changes", "held"))
    assert "~ prod/web" in changes and "prod/typo" not in changes
    assert "= prod/typo" in held and "prod/web" not in held
    summary = plan(endpoint, "--summary")[1]
    assert "prod/" not in summary and summary.startswith("To connect")
    for out in (changes, held, summary):
        assert "Plan: 1 to connect, 0 to disconnect, 0 to refresh, 1 held" in out


def test_holds_of_one_reason_are_one_block_and_its_text_comes_once(endpoint, fleet):
    for at in range(12):
        fleet.service(f"s{at}", {"app": 80},
                      tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name=f"s{at}"))
    fleet.settle()
    out = plan(endpoint)[1]
    assert out.count("services in namespace") == 1, out
    assert "Held, MassChange: 13 services" in out and "= prod/s7: connect, 3 changes" in out


def test_colours_are_for_terminals_and_the_environment_has_the_last_word(endpoint):
    escape = "\x1b["
    assert escape not in plan(endpoint)[1], "it is no terminal"
    forced = {**world.CREDENTIALS, "NO_COLOR": "", "CLICOLOR_FORCE": "1"}
    assert "\x1b[33m~\x1b[0m" in plan(endpoint, environment=forced)[1]
    assert escape not in plan(endpoint, environment={**forced, "NO_COLOR": "1"})[1]
    assert escape not in plan(endpoint, "--json", environment=forced)[1]


def test_a_pipeline_gets_annotations_or_a_report(endpoint, fleet):
    fleet.service("typo", {"typo": 80}, tag=tags(mode="clinet"))
    fleet.settle()
    lines = plan(endpoint, "--format", "github")[1].splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert any(line.startswith("::error title=prod/typo::eastwest/mode=") for line in lines), lines
    report = ElementTree.fromstring(plan(endpoint, "--format", "junit")[1])
    [suite] = report.findall("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("prod", "2", "1")
    assert suite.find("testcase[@name='typo']/failure").get("type") == "Ambiguous"
    assert "connect" in suite.find("testcase[@name='web']/system-out").text
