"""Without AWS: a plan, a check and an import for what the AWS CLI printed, and the schema of the document."""
import functools
import json
import pathlib
import subprocess
import sys

import pytest

import aws_cli
import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_rollouts import BREAKER

AWS = pathlib.Path(sys.executable).with_name("aws")


def eastwest(*arguments, stdin=None, endpoint=None):
    """One command; exit code, standard output, standard error. Without an endpoint it has no AWS at all."""
    settings = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint} if endpoint else {
        "AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [world.program("eastwest"), *map(str, arguments)], capture_output=True, text=True, input=stdin or "",
        timeout=world.PATIENCE, check=False, env=world.clean_environment(settings))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def aws(sim):
    """Runs `aws …` against the simulator; what it prints."""
    return functools.partial(aws_cli.aws, sim)


@pytest.fixture
def capture(aws, fleet, tmp_path):
    """Captures everything that is there; the files."""
    def take(*left_out):
        services = json.loads(aws("ecs", "list-services", "--cluster", CLUSTER))["serviceArns"]
        described = aws("ecs", "describe-services", "--cluster", CLUSTER, "--include", "TAGS",
                        "--services", *services)
        revisions = sorted({s["taskDefinition"] for s in json.loads(described)["services"]})
        # One by the CLI as a sample, the rest by boto3.
        rest = [fleet.ecs.describe_task_definition(taskDefinition=arn) for arn in revisions[1:]]
        texts = {
            "services": described,
            "clusters": aws("ecs", "describe-clusters", "--clusters", CLUSTER),
            "namespaces": aws("servicediscovery", "list-namespaces"),
            "names": aws("servicediscovery", "list-services", "--filters",
                         f"Name=NAMESPACE_ID,Values={fleet.namespace_id}"),
            "revisions": "\n".join([
                aws("ecs", "describe-task-definition", "--task-definition", revisions[0]),
                json.dumps(rest, default=str) if rest else ""]),
        }
        files = []
        for name, text in texts.items():
            if name not in left_out:
                files.append(tmp_path / f"{name}.json")
                files[-1].write_text(text)
        return files
    return take


@pytest.fixture
def busy(fleet):
    """A cluster with something of everything: in order, to change, held, wrong, and not opted in."""
    server = tags(mode="client-server", namespace=NAMESPACE, discovery_name="api")
    fleet.service("new", {"web": 8080}, tag=server)
    fleet.service("taken", {"web": 8080}, tag=server)
    unnamed = fleet.task_definition("nameless", {}, mappings=[{"containerPort": 80}])
    fleet.service("nameless", taskDefinition=unnamed, tag=server)
    fleet.service("wrong", {"web": 8080}, tag=tags(mode="clinet"))
    fleet.service("done", {"web": 8080}, connect(served("web", "done", "done", 80)),
                  tag=tags(mode="client-server"))
    fleet.service("off", {"web": 8080}, connect(served("web", "off")), tag=tags(mode="off"))
    fleet.service("stranger", {"web": 8080}, connect(served("web", "strange")))
    fleet.settle()
    return fleet


def plan_of(*arguments, **options):
    code, out, err = eastwest("plan", "--json", "--detailed-exitcode", *arguments, **options)
    assert code in (0, 2), out + err
    return code, json.loads(out)


def test_the_plan_for_captures_is_the_plan_for_what_was_captured(busy, sim, capture):
    files = capture()
    sim.forget_calls()
    code, offline = plan_of("--from", *files)
    assert sim.calls() == {}
    assert offline.pop("notes", []) == []
    live_code, live = plan_of("--cluster", CLUSTER, endpoint=sim.url)
    # How long past deployments took is known only where they were captured too.
    assert offline["cost"].pop("time", None) is None and live["cost"].pop("time") is not None
    assert (code, offline) == (live_code, live)
    assert code == 2 and len(offline["steps"]) == 2
    assert {hold["reason"] for hold in offline["holds"]} == {"Conflict", "Ineligible", "Ambiguous"}


def test_captures_come_from_standard_input_and_from_other_tools_too(busy, sim, fleet, capture):
    files = capture("services")
    _, expected = plan_of("--from", *capture())
    answer = fleet.ecs.describe_services(
        cluster=CLUSTER, include=["TAGS"], services=[
            "new", "taken", "wrong", "done", "off", "stranger"])
    nameless = fleet.ecs.describe_services(cluster=CLUSTER, include=["TAGS"], services=["nameless"])
    text = "\n".join(json.dumps(part, default=str) for part in (answer, nameless))
    assert plan_of("--from", *files, "-", stdin=text)[1] == expected


def test_captured_deployments_tell_what_ecs_gave_up_before(sim, fleet, aws, capture, tmp_path):
    fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    fleet.settle()
    sim.rollout("prod/web", "fail", 20)
    wanted = served("web", "web", f"web.{NAMESPACE}", 8080)
    fleet.update("web", connect(wanted))
    sim.advance(600)
    fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    sim.advance(600)
    files = capture()
    _, forgetful = plan_of("--from", *files)
    assert [step["service"] for step in forgetful["steps"]] == ["prod/web"]

    listed = aws("ecs", "list-service-deployments", "--cluster", CLUSTER, "--service", "web")
    revisions = [each["targetServiceRevisionArn"] for each in json.loads(listed)["serviceDeployments"]]
    described = aws("ecs", "describe-service-revisions", "--service-revision-arns", *revisions)
    past = [tmp_path / "deployments.json", tmp_path / "service-revisions.json"]
    past[0].write_text(listed)
    code, out, _ = eastwest("plan", "--from", *files, past[0])
    assert code == 1 and "aws ecs describe-service-revisions --service-revision-arns arn:" in out
    past[1].write_text(described)
    code, offline = plan_of("--from", *files, *past)
    assert [hold["reason"] for hold in offline["holds"]] == ["RolledBack"] and not offline["steps"]
    assert (code, offline) == plan_of("--cluster", CLUSTER, endpoint=sim.url)
    assert "circuit breaker" in eastwest("explain", "prod/web", "--from", *files, *past)[1]


def test_what_was_not_captured_is_said_and_made_up_as_far_as_it_can_be(busy, capture):
    code, offline = plan_of("--from", *capture("namespaces", "clusters", "names"))
    assert code == 2
    notes = " ".join(offline["notes"])
    assert "namespaces were not captured: names are taken as written" in notes
    assert "describe-clusters --clusters prod" in notes and "servicediscovery list-services" in notes
    assert {step["service"] for step in offline["steps"]} == {"prod/new", "prod/off"}
    out = eastwest("plan", "--from", *capture("namespaces"))[1]
    assert out.startswith("i namespaces were not captured")


def test_a_task_definition_that_was_not_captured_holds_with_the_call_to_make(fleet, capture):
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.settle()
    code, out, _ = eastwest("plan", "--from", *capture("revisions"))
    assert code == 1
    assert "NotSeen" in out and "aws ecs describe-task-definition --task-definition web:1" in out


def test_files_that_are_no_captures_are_all_named(tmp_path, fleet, capture):
    fleet.service("web", {"web": 8080})
    good = capture()
    bad = {"list.json": '{"serviceArns": []}', "text.json": "hello", "empty.json": ""}
    for name, text in bad.items():
        (tmp_path / name).write_text(text)
    names = [tmp_path / name for name in [*bad, "gone.json"]]
    code, out, err = eastwest("plan", "--from", *good, *names)
    assert (code, out) == (1, "")
    for name in names:
        assert str(name) in err
    for words in ("aws ecs list-services", "not JSON", "it is empty", "describe-services --include TAGS"):
        assert words in err


def test_lint_names_what_a_person_must_mend(busy, capture):
    files = capture()
    code, out, err = eastwest("lint", *files)
    assert code == 1, err
    for words in ('prod/wrong: eastwest/mode="clinet"', "prod/taken: Conflict",
                  "prod/nameless: Ineligible"):
        assert words in out
    assert "prod/stranger" not in out and "prod/done" not in out
    found = json.loads(eastwest("lint", "--json", *files)[1])
    assert found["services"] == 6
    assert {finding.get("reason") for finding in found["findings"]} == {
        None, "Ambiguous", "Conflict", "Ineligible"}


def test_lint_checks_documents(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"version": 1, "services": {"prod/web": {"mode": "client"}}}')
    bad.write_text('{"version": 1, "services": {"prod/api": {"mode": "clinet"}}}')
    code, out, err = eastwest("lint", good)
    assert code == 0, out + err
    code, out, _ = eastwest("lint", good, bad)
    assert code == 1
    assert "/services/prod~1api/mode" in out and 'did you mean "client"' in out
    assert eastwest("lint", tmp_path / "gone.json")[0] == 1


@pytest.fixture
def connected(fleet):
    """Services that use Service Connect in every way a tag can and cannot say."""
    fleet.service("plain", {"web": 8080}, connect(served("web")))
    fleet.service("client", {"web": 8080}, connect())
    fleet.service("full", {"web": 8080}, connect(
        served("web", "full", "full", 80, timeout={"idleTimeoutSeconds": 60, "perRequestTimeoutSeconds": 5},
               ingressPortOverride=9001),
        logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}}))
    fleet.service("several", {"web": 8080, "rpc": 9090}, connect(
        served("web", "old", "old", 80), served("web", "new", "new", 80), served("rpc", "rpc", "rpc", 90)))
    fleet.service("firelens", {"web": 8080}, connect(
        served("web", "fire", "fire", 80),
        logConfiguration={"logDriver": "splunk", "options": {"splunk-token": "hush-hush"}}))
    fleet.service("ours", {"web": 8080}, connect(served("web", "ours", "ours", 80)),
                  tag=tags(mode="client-server"))
    fleet.service("none", {"web": 8080})
    fleet.settle()
    return fleet


def test_the_imported_tags_change_nothing(connected, sim, tmp_path, controller_of, proxy_of):
    code, script, err = eastwest("import", "--cluster", CLUSTER, endpoint=sim.url)
    assert code == 0, err
    assert script.count("aws ecs tag-resource --resource-arn ") == 5
    assert "hush-hush" not in script and "kept as deployed" in script
    assert sim.writes("ecs.TagResource") == [], "import itself writes nothing"

    path = tmp_path / "import.sh"
    path.write_text(script)
    environment = world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": sim.url})
    environment["PATH"] = f"{AWS.parent}:{environment['PATH']}"
    done = subprocess.run(["sh", path], capture_output=True, text=True, timeout=world.PATIENCE,
                          check=False, env=environment)
    assert done.returncode == 0, done.stderr
    code, page = plan_of("--cluster", CLUSTER, endpoint=sim.url)
    assert code == 0 and page["summary"]["inSync"] == 6, page
    assert page["issues"] == []

    sim.clock(speed=60)
    controller = controller_of(proxy_of(sim))
    controller.wait_synced("plain", "client", "full", "several", "firelens", "ours")
    assert sim.writes() == []


def test_an_import_of_a_cluster_that_does_not_exist_says_so_and_prints_no_script(sim):
    code, script, err = eastwest("import", "--cluster", "nope", endpoint=sim.url)
    assert (code, script) == (1, ""), err
    assert "there is no cluster 'nope'" in err


def test_an_import_from_captures_is_the_import_from_aws(connected, sim, capture):
    live = eastwest("import", "--json", "--cluster", CLUSTER, endpoint=sim.url)
    offline = eastwest("import", "--json", "--from", *capture())
    assert live[0] == 0 and live == offline
    told = json.loads(live[1])
    assert told["formatVersion"] == 1
    by_arn = told["tags"]
    assert len(by_arn) == 5
    several = by_arn[connected.describe("several")["serviceArn"]]
    assert several["eastwest/endpoint.web"] == "name=old alias=old:80"
    assert several["eastwest/endpoint.8080"] == "name=new alias=new:80"
    everything = json.loads(eastwest("import", "--json", "--all", "--from", *capture())[1])
    assert len(everything["tags"]) == 6


def test_the_imported_document_is_a_good_one(connected, tmp_path, capture):
    code, text, err = eastwest("import", "--document", "--from", *capture())
    assert code == 0, err
    assert "hush-hush" not in text and "prod/firelens: kept as deployed: the proxy's logs" in err
    document = json.loads(text)
    assert document["services"]["prod/full"]["endpoints"][0]["timeout"] == {"idle": "1m", "request": "5s"}
    path = tmp_path / "document.json"
    path.write_text(text)
    code, out, _ = eastwest("lint", path)
    assert code == 0, out


def test_the_schema_is_json_and_names_its_draft():
    code, out, _ = eastwest("schema")
    assert code == 0
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")
