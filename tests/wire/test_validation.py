"""What ECS refuses, in its own words; nothing of a refused call takes effect."""
import pytest
from botocore.exceptions import ClientError

from fleet import CLUSTER, connect, served

# What is wrong, and what ECS says about it.
REFUSED = {
    "a port that the task definition does not name": (
        connect(served("nope")), "InvalidParameterException",
        "portName(nope) does not refer to any named PortMapping in the container definitions"),
    "a namespace that does not exist": (
        connect(served("web"), namespace="nowhere"), "NamespaceNotFoundException",
        "Failed to retrieve namespace for nowhere"),
    "no namespace anywhere": (
        connect(served("web"), namespace=None), "InvalidParameterException",
        "Namespace is missing"),
    "an ingress port of the system": (
        connect(served("web", ingressPortOverride=1024)), "InvalidParameterException",
        "IngressPortOverride cannot use ports <= 1024."),
    "a request timeout on TCP": (
        connect(served("raw", timeout={"perRequestTimeoutSeconds": 0})),
        "InvalidParameterException", "Per request timeout 0 can't be set for tcp application."),
    "an endpoint without aliases": (
        connect({"portName": "web"}), "InvalidParameterException",
        "clientAliases must have 1 element."),
    "an endpoint with an empty list of aliases": (
        connect({"portName": "web", "clientAliases": []}), "InvalidParameterException",
        "clientAliases must have 1 element."),
    "two aliases for one endpoint": (
        connect({"portName": "web", "clientAliases": [{"port": 80}, {"port": 81}]}),
        "InvalidParameterException", "exceeds the max limit of 1"),
    "a DNS name with a space": (
        connect(served("web", dns="two words")), "InvalidParameterException",
        "The DNS name that you provided is invalid"),
}


def refusal(call, **arguments):
    """The error code, the text and the HTTP status of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], answer["Error"]["Message"], status


@pytest.fixture
def web(fleet):
    """A service with an HTTP port and a TCP port, outside of Service Connect."""
    mappings = [{"name": "web", "containerPort": 8080, "appProtocol": "http"},
                {"name": "raw", "containerPort": 5432}]
    fleet.service("web", taskDefinition=fleet.task_definition("web", {}, mappings=mappings))
    fleet.settle()
    return fleet


@pytest.mark.parametrize("what", REFUSED)
def test_ecs_refuses(what, web):
    config, code, text = REFUSED[what]
    said = refusal(web.ecs.update_service, cluster=CLUSTER, service="web",
                   serviceConnectConfiguration=config)
    assert (said[0], said[2]) == (code, 400) and text in said[1]
    assert len(web.describe("web")["deployments"]) == 1
    assert web.config("web") is None


def test_a_taken_discovery_name_is_refused_naming_the_namespace_and_not_the_holder(web, cloudmap):
    web.update("web", connect(served("web", "api")))
    web.settle()
    task = web.task_definition("late", {"late": 8080})
    web.service("late", taskDefinition=task)
    arn = cloudmap.get_namespace(Id=web.namespace_id)["Namespace"]["Arn"]
    said = refusal(web.ecs.update_service, cluster=CLUSTER, service="late",
                   serviceConnectConfiguration=connect(served("late", "api")))
    assert said[0] == "InvalidParameterException"
    assert f"SC service is already used by {arn}" in said[1]
    assert "prod/web" not in said[1]


def test_a_protocol_cannot_change_under_a_name(web):
    web.update("web", connect(served("web", "api")))
    web.settle()
    mappings = [{"name": "web", "containerPort": 8080, "appProtocol": "grpc"}]
    task = web.task_definition("web", {}, mappings=mappings)
    said = refusal(web.ecs.update_service, cluster=CLUSTER, service="web", taskDefinition=task)
    assert said[0] == "InvalidParameterException"
    assert "The following config cannot be changed for a SC service." in said[1]
    assert "ScServiceStableConfig(" in said[1]


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_service_connect_is_refused_to_other_deployment_controllers(controller, web):
    web.service("blue", {"blue": 80}, deploymentController={"type": controller})
    said = refusal(web.ecs.update_service, cluster=CLUSTER, service="blue",
                   serviceConnectConfiguration=connect())
    assert said[0] == "InvalidParameterException" and said[1]


def test_what_does_not_exist_is_said_to_be_missing(web):
    update = web.ecs.update_service
    config = connect()
    assert refusal(update, cluster="nope", service="web",
                   serviceConnectConfiguration=config)[0] == "ClusterNotFoundException"
    assert refusal(update, cluster=CLUSTER, service="nope",
                   serviceConnectConfiguration=config)[0] == "ServiceNotFoundException"
    assert refusal(web.ecs.list_services, cluster="nope")[0] == "ClusterNotFoundException"
    answer = web.ecs.describe_services(cluster=CLUSTER, services=["web", "nope"])
    assert [s["serviceName"] for s in answer["services"]] == ["web"]
    assert [f["reason"] for f in answer["failures"]] == ["MISSING"]


def test_after_service_connect_is_switched_off_primary_says_so(web):
    web.update("web", connect(served("web", "api")))
    web.settle()
    web.update("web", {"enabled": False})
    web.settle()
    assert web.config("web") == {"enabled": False}
    assert web.primary("web").get("serviceConnectResources", []) == []


def test_a_deleted_service_cannot_be_updated_and_drains_away(web, sim):
    web.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    assert web.describe("web")["status"] == "DRAINING"
    said = refusal(web.ecs.update_service, cluster=CLUSTER, service="web", desiredCount=2)
    assert said[0] == "ServiceNotActiveException"
    sim.advance(600)
    assert web.describe("web")["status"] == "INACTIVE"
    assert web.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []


def test_a_name_is_given_once_and_ten_names_are_the_most_one_may_ask_for(web):
    said = refusal(web.service, name="web", ports={"web": 80})
    assert said[0] == "InvalidParameterException"
    eleven = [f"s{n}" for n in range(11)]
    assert refusal(web.ecs.describe_services, cluster=CLUSTER,
                   services=eleven)[0] == "InvalidParameterException"
    assert refusal(web.ecs.describe_services, cluster=CLUSTER,
                   services=[])[0] == "InvalidParameterException"


def test_a_running_service_is_deleted_only_by_force(web):
    said = refusal(web.ecs.delete_service, cluster=CLUSTER, service="web")
    assert said[0] == "InvalidParameterException"
    assert web.describe("web")["status"] == "ACTIVE"
