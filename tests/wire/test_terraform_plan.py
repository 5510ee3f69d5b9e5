"""`eastwest lint --terraform-plan`: a pull request learns of a bad tag, a taken name and the rollouts before it is merged.

The envelope of the plans is what Terraform 1.11.4 prints; the attributes are those of `aws_ecs_service` (see
crates/core/src/declaration/terraform/tests.rs).
"""
import json
import xml.etree.ElementTree as tree

import pytest

from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_offline import eastwest

ARN = "arn:aws:ecs:eu-west-1:123456789012"


def words(**given):
    """Tags as Terraform has them: a map."""
    return {tag["key"]: tag["value"] for tag in tags(**given)}


def values(name, given, cluster=CLUSTER):
    return {"id": f"{ARN}:service/{cluster}/{name}", "name": name, "cluster": f"{ARN}:cluster/{cluster}", "desired_count": 2,
            "service_connect_configuration": [], "tags": given, "tags_all": given}


def change(name, before=None, after=None, address=None, **more):
    actions = {(True, True): ["update"], (False, True): ["create"], (True, False): ["delete"]}[
        before is not None, after is not None]
    address = address or f"aws_ecs_service.{name}"
    return {"address": address, "mode": "managed", "type": "aws_ecs_service", "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": actions, "before": before and values(name, before), "after": after and values(name, after),
                       "after_unknown": {}, "before_sensitive": False, "after_sensitive": {}, **more}}


def plan_of(*changes, **more):
    return json.dumps({"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {},
                       "resource_changes": list(changes), "applyable": True, "complete": True, "errored": False, **more})


def linted(plan, *arguments, endpoint=None):
    """Lints a plan on standard input: the exit code and the findings."""
    code, out, err = eastwest("lint", "--json", "--terraform-plan", "-", *arguments, stdin=plan, endpoint=endpoint)
    assert out, err
    return code, json.loads(out)


def told(found, kind):
    return {(each["subject"], each.get("reason") or each.get("place")) for each in found["findings"] if each["kind"] == kind}


@pytest.fixture
def shop(fleet):
    """A server that holds a name, a client that is in order, and one service that nobody tagged."""
    fleet.service("catalog", {"web": 8080}, connect(served("web", "catalog", f"catalog.{NAMESPACE}", 8080)),
                  tag=tags(mode="client-server"))
    fleet.service("shop", {"web": 8080}, connect(), tag=tags(mode="client"))
    fleet.service("plain", {"web": 8080})
    fleet.settle()
    return fleet


@pytest.fixture(params=["--aws", "--from"])
def worlds(request, shop, sim, tmp_path):
    """The flags that name the world: AWS itself, and a folder captured from it, which must tell the same."""
    if request.param == "--aws":
        return lambda plan: linted(plan, "--aws", "--cluster", CLUSTER, endpoint=sim.url)

    def offline(plan):
        code, out, err = eastwest("capture", "--force", tmp_path / "world", "--cluster", CLUSTER, endpoint=sim.url)
        assert code == 0, out + err
        return linted(plan, "--from", tmp_path / "world")
    return offline


def test_a_bad_tag_is_an_error_and_a_good_one_is_not():
    good = words(mode="client-server", namespace=NAMESPACE, discovery_name="api")
    code, found = linted(plan_of(change("web", None, words(mode="clinet")), change("api", None, good)))
    assert code == 1 and found["formatVersion"] == 1
    assert told(found, "issue") == {("aws_ecs_service.web", "eastwest/mode")} and not told(found, "hold")
    assert found["findings"][0]["nearest"] == "client"
    assert found["proposed"] == 2 and "neither --from nor --aws is given" in found["notes"][0]
    assert linted(plan_of(change("api", None, good)))[0] == 0


def test_services_of_one_plan_that_want_the_same_name_are_told_without_any_world():
    good = words(mode="client-server", namespace=NAMESPACE, discovery_name="api")
    one, other = (change("web", None, good, f"module.shop[{at}].aws_ecs_service.web") for at in (0, 1))
    other["change"]["after"]["name"] = "web2"
    code, found = linted(plan_of(one, other))
    assert code == 1 and {reason for _, reason in told(found, "hold")} == {"Conflict"}
    assert all(subject.startswith("module.shop[") for subject, _ in told(found, "hold"))
    # In two namespaces, they are two names.
    other["change"]["after"]["tags_all"] = {**good, "eastwest/namespace": "other"}
    other["change"]["after"]["tags"] = other["change"]["after"]["tags_all"]
    assert linted(plan_of(one, other))[0] == 0
    # In no namespace and in clusters that only the apply tells, nobody knows.
    for each in (one, other):
        each["change"]["after"].update(cluster=None, tags=words(mode="client-server", discovery_name="api"), tags_all=None)
        each["change"]["after_unknown"] = {"cluster": True}
    assert linted(plan_of(one, other))[0] == 0


def test_a_name_that_somebody_else_holds_is_told(worlds):
    wants = words(mode="client-server", namespace=NAMESPACE, discovery_name="catalog")
    code, found = worlds(plan_of(change("newcomer", None, wants)))
    assert code == 1 and told(found, "hold") == {("aws_ecs_service.newcomer", "Conflict")}
    assert "prod/catalog" in found["findings"][0]["message"]
    assert "rollouts" not in found


def test_the_rollouts_are_told_before_they_happen_and_nothing_is_written(worlds, sim, shop):
    new = words(mode="client-server", namespace=NAMESPACE, discovery_name="plain", alias=f"plain.{NAMESPACE}:8080")
    code, found = worlds(plan_of(change("plain", {}, new), change("api", None, {**new, "eastwest/discovery-name": "api",
                                                                               "eastwest/alias": "api:80"})))
    assert code == 0, found
    rollouts = {row["service"]: row for row in found["rollouts"]}
    assert set(rollouts) == {"aws_ecs_service.plain", "aws_ecs_service.api"}
    plain = rollouts["aws_ecs_service.plain"]
    assert plain["action"] == "connect" and plain["tasks"] == 1 and any("plain" in line for line in plain["changes"])
    assert rollouts["aws_ecs_service.api"]["tasks"] == 2 and "changes" not in rollouts["aws_ecs_service.api"]
    assert sim.writes() == []


def test_what_a_change_of_tags_does_to_the_service_itself_is_told(worlds):
    old = words(mode="client-server")
    code, found = worlds(plan_of(change("catalog", old, {**old, "eastwest/mode": "off"})))
    [row] = found["rollouts"]
    assert (code, row["service"], row["action"]) == (0, "aws_ecs_service.catalog", "disconnect")
    # The same tags, and tags of others, are nothing.
    code, found = worlds(plan_of(change("catalog", old, {**old, "team": "shop"})))
    assert code == 0 and found["proposed"] == 0 and "rollouts" not in found


def test_a_service_that_goes_leaves_its_name_to_another(worlds):
    wants = words(mode="client-server", namespace=NAMESPACE, discovery_name="catalog")
    code, found = worlds(plan_of(change("catalog", words(mode="client-server"), None), change("newcomer", None, wants)))
    assert code == 0 and not told(found, "hold"), found
    assert [row["service"] for row in found["rollouts"]] == ["aws_ecs_service.newcomer"]


def test_what_is_wrong_already_is_not_the_fault_of_the_plan(worlds, shop):
    shop.service("broken", {"web": 8080}, tag=tags(mode="clinet"))
    good = words(mode="client", namespace=NAMESPACE)
    code, found = worlds(plan_of(change("new", None, good)))
    assert code == 0 and found["findings"] == []


def test_values_that_are_unknown_or_sensitive_are_said_and_shown_nowhere():
    canary = "canary-sensitive-5f3a9c"
    given = words(mode="client-server", alias=canary, namespace=NAMESPACE)
    sensitive = change("web", None, given, after_sensitive={"tags": {"eastwest/alias": True},
                                                            "tags_all": {"eastwest/alias": True}})
    unknown = change("api", None, words(mode="client"), after_unknown={"tags": {"eastwest/namespace": True}, "tags_all": True})
    code, found = linted(plan_of(sensitive, unknown))
    assert code == 0 and {each["weight"] for each in found["findings"]} == {"advice"}
    assert told(found, "issue") == {("aws_ecs_service.web", "eastwest/alias"), ("aws_ecs_service.api", "eastwest/namespace")}
    for form in ("text", "github", "junit", "json"):
        out = eastwest("lint", "--terraform-plan", "-", "--format", form, stdin=plan_of(sensitive, unknown))[1]
        assert canary not in out and "sensitive" in out, form


def test_pipelines_read_it(shop, sim, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(plan_of(
        change("web", None, words(mode="clinet")),
        change("plain", {}, words(mode="client", namespace=NAMESPACE)),
        change("evil", None, words(mode="client\n::error::stolen"), address='aws_ecs_service.evil["a,b:c"]')))
    flags = ("lint", "--terraform-plan", file, "--aws", "--cluster", CLUSTER)
    code, out, _ = eastwest(*flags, "--format", "github", endpoint=sim.url)
    assert code == 1
    lines = out.splitlines()
    assert all(line.startswith(("::error title=", "::warning title=", "::notice title=")) for line in lines), out
    assert any(line.startswith("::error title=aws_ecs_service.web::eastwest/mode=") for line in lines), out
    assert any("rollout%3A aws_ecs_service.plain::connect triggers a rollout (1 task)" in line for line in lines), out
    suites = tree.fromstring(eastwest(*flags, "--format", "junit", endpoint=sim.url)[1])
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert cases["aws_ecs_service.web"].find("failure") is not None
    assert "rollout" in cases["aws_ecs_service.plain"].find("system-out").text
    code, out, _ = eastwest(*flags, endpoint=sim.url)
    assert code == 1 and out.splitlines()[-1].startswith("3 services of the plan: "), out
    assert "rollout: aws_ecs_service.plain: connect triggers a rollout (1 task)\n    " in out


def test_what_is_no_plan_is_explained(tmp_path):
    for text, expected in (
            ("", "it is empty"), ("{", "not JSON"), ("PK\x03\x04", "not JSON"),
            ('{"version": 4, "serial": 1, "lineage": "x"}', "it is a state file"),
            ('{"format_version": "1.0", "values": {}}', "it is the JSON of a state"),
            ('{"format_version": "9.0", "resource_changes": []}', 'format_version is "9.0"')):
        code, out, _ = eastwest("lint", "--terraform-plan", "-", stdin=text)
        assert code == 1 and expected in out, out
    huge = tmp_path / "huge.json"
    with open(huge, "wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    code, out, _ = eastwest("lint", "--terraform-plan", huge)
    assert code == 1 and "larger than 64 MiB: leave out what is not checked with `jq" in out
    code, out, err = eastwest("lint", "--aws", "x.json")
    assert code != 0 and "--terraform-plan" in err


def test_a_world_that_cannot_be_read_is_said(shop, sim):
    sim.fault("ecs.DescribeTaskDefinition", "denied", times=100)
    wants = words(mode="client-server", namespace=NAMESPACE)
    code, found = linted(plan_of(change("plain", {}, wants)), "--aws", "--cluster", CLUSTER, endpoint=sim.url)
    assert code == 1 and told(found, "hold") == {("aws_ecs_service.plain", "NotSeen")}
    code, found = linted(plan_of(change("nobody", {}, wants)), "--aws", "--cluster", CLUSTER, endpoint=sim.url)
    assert told(found, "issue") == {("aws_ecs_service.nobody", "service")}
