"""`eastwest capture`: what `--from` reads, in a folder, without what may be secret."""
import json
import re

import pytest

from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_offline import busy, eastwest, plan_of  # noqa: F401 (busy is a fixture)
from test_rollouts import BREAKER

PLACES = ("environment", "query", "entry-point", "command", "label", "secret-name", "health-check", "driver-option", "tag",
          "log-option", "secret-option", "bare-host", "cluster-tag", "volume")
CANARY = {place: f"canary-{place}-5f3a9c" for place in PLACES}


def captured(folder, endpoint, *arguments, code=0):
    """Captures into a folder; what the command printed."""
    ended, out, err = eastwest("capture", folder, *arguments, endpoint=endpoint)
    assert ended == code, out + err
    return out, err


def texts(folder):
    """All that the folder holds."""
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())["eastwestCapture"]


def same_plan(folder, endpoint, *flags):
    """The plan for the folder, which must be the plan made online."""
    offline = plan_of("--from", folder, *flags)
    assert offline == plan_of(*flags, endpoint=endpoint)
    assert "notes" not in offline[1]
    return offline[1]


def test_a_plan_from_the_folder_is_the_plan_made_online(busy, sim, fleet, tmp_path):  # noqa: F811
    # Names that are left over, in two namespaces, and a holder and a member in a cluster that is not captured.
    other = fleet.make_namespace("other.myapp")
    for namespace, name in ((fleet.namespace_id, "left"), (other, "web")):
        fleet.cloudmap.create_service(Name=name, NamespaceId=namespace, Type="HTTP")
    fleet.service("late", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="left"))
    fleet.ecs.create_cluster(clusterName="stage")
    fleet.service("holder", {"web": 8080}, connect(served("web", "held", "held", 80)), cluster="stage")
    fleet.service("wants", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="held"))
    fleet.service("caller", tag=tags(mode="client", namespace=NAMESPACE), taskDefinition=task(fleet, "caller", [
        {"name": "API", "value": f"http://late.{NAMESPACE}:8080"}, {"name": "DONE_HOST", "value": "done"}]))
    fleet.service("retried", {"web": 8080}, connect(), **BREAKER)
    fleet.settle()
    sim.rollout("prod/retried", "fail", 20)
    fleet.update("retried", connect(served("web", "retried", f"retried.{NAMESPACE}", 8080)))
    sim.advance(600)
    fleet.tag("retried", mode="client-server", namespace=NAMESPACE)
    sim.advance(600)

    out, err = captured(tmp_path / "world", sim.url, "--cluster", CLUSTER)
    assert re.match(r"\d+ services of prod in \d+ files: .*\nPlan for it with: eastwest plan --from ", out), out
    assert err == ""
    plan = same_plan(tmp_path / "world", sim.url, "--cluster", CLUSTER)
    reasons = {hold["reason"] for hold in plan["holds"]}
    assert {"Conflict", "RolledBack", "Ambiguous"} <= reasons and plan["steps"] and plan["cost"]["time"]
    assert plan["needs"]["prod/caller"]
    for flags in (("--policy", "upsert-only"), ("--mass-change", "1"), ("--namespace", "other.myapp")):
        same_plan(tmp_path / "world", sim.url, "--cluster", CLUSTER, *flags)
    # Without --cluster, the folder is what was captured, and the cluster of a neighbour is not.
    assert plan_of("--from", tmp_path / "world")[1]["summary"] == plan["summary"]
    explained = [eastwest("explain", "prod/caller", "--cluster", CLUSTER, *more)[1] for more in (
        ("--from", tmp_path / "world"),)]
    assert explained[0] == eastwest("explain", "prod/caller", "--cluster", CLUSTER, endpoint=sim.url)[1]


def test_a_whole_account_of_several_hundred_services_is_captured(simulator_of, tmp_path):
    sim = simulator_of("--services", "300")
    out, _ = captured(tmp_path / "all", sim.url, "--json")
    told = json.loads(out)
    assert (told["formatVersion"], told["services"], told["notRead"]) == (1, 300, [])
    assert told["files"] == [*manifest(tmp_path / "all")["files"], "manifest.json"]
    same_plan(tmp_path / "all", sim.url)
    imported = eastwest("import", "--json", "--from", tmp_path / "all")
    assert imported == eastwest("import", "--json", endpoint=sim.url)


def task(fleet, family, environment=(), **more):
    """A revision with an environment."""
    container = {"name": family, "image": f"example/{family}:1", "essential": True, "environment": list(environment),
                 "portMappings": [{"name": "web", "containerPort": 8080, "appProtocol": "http"}], **more}
    made = fleet.ecs.register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=[container])
    return made["taskDefinition"]["taskDefinitionArn"]


def test_no_planted_secret_reaches_the_folder_and_what_is_inferred_stays(sim, fleet, tmp_path):
    fleet.service("api", {"web": 8080}, connect(served("web", "api", f"api.{NAMESPACE}", 8080)))
    environment = [
        {"name": "API", "value": f"http://user:{CANARY['environment']}@api.{NAMESPACE}:8080/?key={CANARY['query']}"},
        {"name": "DB_HOST", "value": CANARY["bare-host"]}]
    secret = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{CANARY['secret-name']}"
    definition = task(
        fleet, "web", environment, entryPoint=["sh", f"--token={CANARY['entry-point']}"],
        command=["serve", "--password", CANARY["command"], "--upstream", f"http://api.{NAMESPACE}:8080"],
        secrets=[{"name": "KEY", "valueFrom": secret}], dockerLabels={"token": CANARY["label"]},
        healthCheck={"command": ["CMD", CANARY["health-check"]]},
        logConfiguration={"logDriver": "splunk", "options": {"splunk-token": CANARY["driver-option"]}})
    logs = {"logDriver": "splunk", "options": {"splunk-token": CANARY["log-option"], "splunk-url": "https://splunk"},
            "secretOptions": [{"name": "splunk-key", "valueFrom": f"{secret}-{CANARY['secret-option']}"}]}
    fleet.service("web", taskDefinition=definition, config={"enabled": True, "namespace": NAMESPACE, "logConfiguration": logs},
                  tag=[*tags(mode="client", namespace=NAMESPACE), {"key": "token", "value": CANARY["tag"]},
                       {"key": "managed-by", "value": f"terraform {CANARY['tag']}"}])
    fleet.settle()
    captured(tmp_path / "world", sim.url, "--cluster", CLUSTER)
    written = texts(tmp_path / "world")
    assert "prod/web" in written and "terraform" in written and "splunk-token" in written
    assert {place for place, canary in CANARY.items() if canary in written} == set()
    plan = same_plan(tmp_path / "world", sim.url, "--cluster", CLUSTER)
    assert plan["needs"] == {"prod/web": [{"name": "api", "inferred": True}]}
    graph = eastwest("graph", "--json", "--cluster", CLUSTER, "--from", tmp_path / "world")
    assert graph == eastwest("graph", "--json", "--cluster", CLUSTER, endpoint=sim.url)


def denied(sim, operation, times=1000):
    sim.fault(operation, "denied", times=times)


@pytest.mark.parametrize("operation", [
    "ecs.DescribeTaskDefinition", "ecs.ListServiceDeployments", "servicediscovery.ListNamespaces", "ecs.DescribeServices",
    "ecs.ListServices", "ecs.DescribeClusters", "ecs.ListServicesByNamespace", "servicediscovery.ListServices"])
def test_a_call_that_is_denied_is_named_and_nothing_else_is_lost(operation, busy, sim, tmp_path):  # noqa: F811
    denied(sim, operation)
    out, err = captured(tmp_path / "world", sim.url, "--cluster", CLUSTER, code=1)
    assert "could not be made: the manifest names them." in out
    assert f"error: could not be read: {operation}" in err and "AccessDenied" in err
    calls = manifest(tmp_path / "world")["notRead"]
    assert {call["call"] for call in calls} == {operation} and {call["kind"] for call in calls} == {"Denied"}
    code, out, _ = eastwest("plan", "--json", "--cluster", CLUSTER, "--from", tmp_path / "world")
    offline = json.loads(out)
    [note] = [note for note in offline.pop("notes") if operation in note]
    assert "could not be read" in note
    online = eastwest("plan", "--json", "--cluster", CLUSTER, endpoint=sim.url)
    online = online[0], json.loads(online[1])
    if operation == "ecs.DescribeServices":
        # ECS then says of each service why, and not of the call.
        for plan in (offline, online[1]):
            for fault in plan["faults"]:
                fault.pop("message")
    assert (code, offline) == online
    assert code == 1


def test_clusters_that_cannot_be_listed_are_said_and_there_is_nothing_to_plan_for(sim, tmp_path):
    denied(sim, "ecs.ListClusters")
    _, err = captured(tmp_path / "world", sim.url, code=1)
    assert "ecs.ListClusters" in err
    code, out, _ = eastwest("plan", "--from", tmp_path / "world")
    assert code == 1 and "AccessDenied" in out


def test_a_folder_that_is_not_empty_is_not_overwritten(sim, fleet, tmp_path):
    folder = tmp_path / "world"
    captured(folder, sim.url)
    before = texts(folder)
    sim.forget_calls()
    _, err = captured(folder, sim.url, code=1)
    assert "is not empty: give another folder, or replace an earlier capture with --force" in err
    assert sim.calls() == {}, "nobody waits for nothing"
    fleet.service("new", {"web": 8080})
    captured(folder, sim.url, "--force")
    assert texts(folder) != before and "service/prod/new" in texts(folder)
    (folder / "notes.txt").write_text("mine")
    _, err = captured(folder, sim.url, "--force", code=1)
    assert 'it holds "notes.txt", which no capture wrote' in err and (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if "world" in path.name] == ["world"]


def test_bad_places_and_bad_folders_are_explained(sim, tmp_path):
    (tmp_path / "file").write_text("x")
    for place, words in (("file", "is a file"), ("no/such", "there is no folder")):
        assert words in captured(tmp_path / place, sim.url, code=1)[1]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no file in it ends with .json" in eastwest("plan", "--from", empty)[2]
    captured(empty, sim.url)
    newer = manifest(empty)
    (empty / "manifest.json").write_text(json.dumps({"eastwestCapture": {**newer, "format": 2}}))
    assert "its format is not 1" in eastwest("plan", "--from", empty)[2]
    (empty / "manifest.json").write_text(json.dumps({"eastwestCapture": {**newer, "files": ["../file"]}}))
    assert "does not list the files of a capture" in eastwest("plan", "--from", empty)[2]


def test_a_person_who_waits_is_told_what_is_still_to_be_read(sim, fleet, tmp_path):
    sim.fault("ecs.ListServices", "timeout-before", times=1)
    fleet.service("web", {"web": 8080})
    _, err = captured(tmp_path / "world", sim.url, "--cluster", CLUSTER)
    assert "still reading clusters: " in err
