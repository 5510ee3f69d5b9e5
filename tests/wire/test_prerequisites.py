"""What the document has eastwest make itself: namespaces, and revisions in which ports have names."""
import json
import urllib.request

import pytest

from documents import SOURCES, document, entry, put, shown
from fleet import NAMESPACE, connect, served
from test_converges import sweeps
from world import PATIENCE, REGION, wait_until

HTTP = "servicediscovery.CreateHttpNamespace"
PRIVATE = "servicediscovery.CreatePrivateDnsNamespace"
REGISTER = "ecs.RegisterTaskDefinition"
MADE = {"eastwest.http": {"type": "http", "create": True},
        "eastwest.private": {"type": "private-dns", "vpc": "vpc-0a1b2c3d", "create": True}}
# What ECS adds to what was registered (API:TaskDefinition).
ADDED = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
         "registeredAt", "registeredBy"}


@pytest.fixture
def live_cloudmap(live, judged):
    """Cloud Map in the fast world, judged."""
    return judged("servicediscovery", live)


def namespaces(cloudmap):
    """Every namespace, as type by name; a name that is there twice fails."""
    found = cloudmap.list_namespaces()["Namespaces"]
    by_name = {each["Name"]: each["Type"] for each in found}
    assert len(by_name) == len(found), found
    return by_name


def call(sim, operation, **body):
    """One call as raw JSON: boto3 knows only its own members, in requests and in answers."""
    request = urllib.request.Request(sim.url, data=json.dumps(body).encode(), method="POST", headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/ecs/aws4_request, "
                         "SignedHeaders=host, Signature=0"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def test_namespaces_are_made_once_and_used(live_fleet, live, live_ssm, live_cloudmap, proxy_of,
                                           controller_of):
    # One for each namespace, and one of a namespace that is only said to be known and is not there.
    wanted = {"web": "eastwest.http", "api": "eastwest.private", "lost": "only.known"}
    for name in wanted:
        live_fleet.service(name, {"web": 8080})
    known = {"only.known": {"type": "http"}}
    services = {name: entry("web", name, namespace=space) for name, space in wanted.items()}
    put(live_ssm, document(services, namespaces={**MADE, **known}))
    endpoint = proxy_of(live)
    first = controller_of(endpoint, *SOURCES)
    first.wait_synced("web", "api")
    there = {NAMESPACE: "DNS_PRIVATE", "eastwest.http": "HTTP", "eastwest.private": "DNS_PRIVATE"}
    assert namespaces(live_cloudmap) == there
    first.wait_service("lost", '"NoNamespace"', "only.known")
    for name in ("web", "api"):
        assert live_fleet.config(name)["services"][0]["discoveryName"] == name

    first.child.kill()
    first.child.wait()
    second = controller_of(endpoint, *SOURCES, start_up_pause=None)
    second.wait_synced("web", "api")
    # Nothing is deleted when the document no longer speaks of it.
    put(live_ssm, document(services))
    sweeps(live, 3)
    assert [write["body"]["Name"] for write in live.writes(HTTP)] == ["eastwest.http"]
    (private,) = live.writes(PRIVATE)
    assert (private["body"]["Name"], private["body"]["Vpc"]) == ("eastwest.private", "vpc-0a1b2c3d")
    assert namespaces(live_cloudmap) == there
    assert live.writes("servicediscovery.DeleteNamespace") == []


def test_a_crash_while_a_namespace_is_being_made_makes_no_second_one(fleet, sim, ssm, cloudmap, proxy_of,
                                                                     controller_of):
    fleet.service("web", {"web": 8080})
    fleet.settle()
    put(ssm, document({"web": entry("web", "api", namespace="eastwest.http")},
                      namespaces={"eastwest.http": MADE["eastwest.http"]}))
    endpoint = proxy_of(sim)
    before = len(cloudmap.list_operations()["Operations"])
    # The clock stands still: the operation goes on only after the crash.
    first = controller_of(endpoint, *SOURCES)
    wait_until(lambda: sim.writes(HTTP), lambda: shown(first))
    first.child.kill()
    first.child.wait()
    assert "eastwest.http" not in namespaces(cloudmap)

    second = controller_of(endpoint, *SOURCES, start_up_pause=None)
    wait_until(lambda: len(sim.writes(HTTP)) == 2, lambda: shown(second))
    sim.clock(speed=60)
    second.wait_synced("web")
    assert namespaces(cloudmap)["eastwest.http"] == "HTTP"
    assert len(cloudmap.list_operations()["Operations"]) == before + 1
    assert len({json.dumps(write["body"], sort_keys=True) for write in sim.writes(HTTP)}) == 1
    sweeps(sim, 3)
    assert len(sim.writes(HTTP)) == 2


def test_a_namespace_that_cannot_be_made_is_said_and_made_once_it_can(live_fleet, live, live_ssm,
                                                                      live_cloudmap, controller_of):
    live_fleet.service("web", {"web": 8080})
    put(live_ssm, document({"web": entry("web", "api", namespace="eastwest.http")},
                           namespaces={"eastwest.http": MADE["eastwest.http"]}))
    live.fault(HTTP, "denied", times=100000)
    controller = controller_of(live.url, *SOURCES)
    wait_until(lambda: controller.log_lines("could not be created", "eastwest.http", HTTP), controller.output)
    controller.wait_service("web", '"NoNamespace"')
    live.control("DELETE", "faults")
    wait_until(lambda: "eastwest.http" in namespaces(live_cloudmap), controller.output)


# As a pipeline would send it, in the year after next: with members that no SDK of today knows.
UNNAMED = {
    "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512",
    "memory": "1024", "futureMember": {"deep": [1, {"deeper": "kept"}]}, "futureList": ["a", "b"],
    "runtimePlatform": {"operatingSystemFamily": "LINUX", "futurePlatform": True},
    "containerDefinitions": [
        {"name": "web", "image": "example/web:1", "essential": True, "futureSwitch": False,
         "environment": [{"name": "TOKEN", "value": "canary-of-a-secret"}],
         "portMappings": [{"containerPort": 8080, "protocol": "tcp", "futureRange": "1-2"}],
         "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}}},
        {"name": "side", "image": "example/side:1", "essential": False, "cpu": 0,
         "dependsOn": [{"containerName": "web", "condition": "START"}]},
    ],
    "volumes": [{"name": "scratch", "futureVolume": {"size": 1.5}}],
    "tags": [{"key": "team", "value": "shop"}, {"key": "cost", "value": ""}],
}


def revision(sim, reference):
    """What was registered, as far as ECS shows it, and its tags."""
    answer = call(sim, "DescribeTaskDefinition", taskDefinition=reference, include=["TAGS"])
    members = {k: v for k, v in answer["taskDefinition"].items() if k not in ADDED}
    return members, sorted((tag["key"], tag["value"]) for tag in answer["tags"])


def test_a_revision_that_names_the_port_is_registered_once_and_never_deployed(live_fleet, live, live_ssm,
                                                                              controller_of):
    # No judge between: it takes members that no model knows for a mistake.
    given = call(live, "RegisterTaskDefinition", **UNNAMED)["taskDefinition"]["taskDefinitionArn"]
    live_fleet.service("web", taskDefinition=given)
    put(live_ssm, document({"web": entry(name="api")}))
    first = controller_of(live.url, *SOURCES)
    first.wait_service("web", '"Ineligible"', "has no name", "web-8080-tcp")
    sweeps(live, 2)
    assert live.writes(REGISTER) == []

    put(live_ssm, document({"web": entry(name="api")}, namePorts=True))
    first.wait_service("web", "web:2 names it; deploy that revision, eastwest never does")
    first.child.kill()
    first.child.wait()
    second = controller_of(live.url, *SOURCES, start_up_pause=None)
    second.wait_service("web", "web:2 names it; deploy that revision, eastwest never does")
    sweeps(live, 3)
    assert len(live.writes(REGISTER)) == 1

    expected, tags = revision(live, "web:1")
    assert expected["futureMember"] == UNNAMED["futureMember"], "the simulator keeps what it was sent"
    assert tags == [("cost", ""), ("team", "shop")]
    expected["containerDefinitions"][0]["portMappings"][0]["name"] = "web-8080-tcp"
    assert revision(live, "web:2") == (expected, tags)
    assert "canary-of-a-secret" not in first.output() + shown(second)

    service = live_fleet.describe("web")
    assert service["taskDefinition"] == given and len(service["deployments"]) == 1
    assert live.writes() == []
    live_fleet.update("web", taskDefinition="web:2")
    second.wait_synced("web")
    assert live_fleet.config("web") == connect(
        served("web-8080-tcp", "api", f"api.{NAMESPACE}"),
        namespace=live_fleet.config("web")["namespace"])
    assert len(live.writes(REGISTER)) == 1
