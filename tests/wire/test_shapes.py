"""Every operation of the simulator is called once here, so that the judge has seen every answer."""
import pytest

from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_validation import refusal


@pytest.fixture
def web(fleet):
    """A settled service with an endpoint, two tasks and a tag."""
    fleet.service("web", {"web": 8080}, connect(served("web", "api")), desiredCount=2,
                  tag=tags(mode="client"))
    fleet.settle()
    return fleet


def test_tasks_are_listed_and_described(web, ecs):
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
    assert len(arns) == 2
    answer = ecs.describe_tasks(cluster=CLUSTER, tasks=[*arns, "0" * 32])
    assert {task["lastStatus"] for task in answer["tasks"]} == {"RUNNING"}
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_clusters_are_listed_changed_and_deleted(web, ecs, sim):
    assert ecs.list_clusters()["clusterArns"] == [web.cluster_arn]
    ecs.update_cluster(cluster=CLUSTER, serviceConnectDefaults={"namespace": NAMESPACE})
    sim.advance(60)
    described = ecs.describe_clusters(clusters=[CLUSTER, "nope"], include=["ATTACHMENTS", "TAGS"])
    assert described["clusters"][0]["serviceConnectDefaults"]["namespace"].startswith("arn:")
    assert [failure["reason"] for failure in described["failures"]] == ["MISSING"]
    assert refusal(ecs.delete_cluster, cluster=CLUSTER)[0] == "ClusterContainsServicesException"
    ecs.create_cluster(clusterName="empty")
    ecs.delete_cluster(cluster="empty")
    assert ecs.list_clusters()["clusterArns"] == [web.cluster_arn]


def test_task_definitions_are_kept_by_revision(web, ecs):
    second = web.task_definition("web", {"web": 8080, "admin": 9090})
    assert second.endswith("web:2")
    described = ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])
    assert described["taskDefinition"]["revision"] == 2
    ports = described["taskDefinition"]["containerDefinitions"][0]["portMappings"]
    assert [port["name"] for port in ports] == ["web", "admin"]
    ecs.deregister_task_definition(taskDefinition=second)
    assert ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 1
    listed = ecs.list_task_definitions(familyPrefix="web")["taskDefinitionArns"]
    assert len(listed) == 1 and listed[0].endswith("web:1")


def test_a_running_deployment_can_be_stopped(web, ecs, sim):
    web.update("web", connect(served("web", "other")))
    sim.advance(2)
    newest = ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"][0]
    ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"],
                                stopType="ROLLBACK")
    sim.advance(600)
    assert web.config("web")["services"][0]["discoveryName"] == "api"


def test_a_paused_blue_green_deployment_can_be_continued(web, ecs, sim):
    web.update("web", connect(served("web", "other")), deploymentConfiguration={
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5,
        "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
                            "timeoutConfiguration": {"timeoutInMinutes": 60, "action": "ROLLBACK"}}]})
    sim.advance(600)
    listed = ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
    arn = listed[0]["serviceDeploymentArn"]

    def described():
        return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    paused = described()
    (hook,) = paused["lifecycleHookDetails"]
    assert (paused["status"], paused["lifecycleStage"]) == ("IN_PROGRESS", "POST_SCALE_UP")
    assert (hook["targetType"], hook["status"]) == ("PAUSE", "AWAITING_ACTION")
    assert (hook["timeoutAction"], "expiresAt" in hook) == ("ROLLBACK", True)
    assert [d["runningCount"] for d in web.describe("web")["deployments"]] == [2, 2]
    said = refusal(ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId="nope")
    assert said[0] == "InvalidParameterException"
    ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    sim.advance(600)
    assert (described()["status"], described()["lifecycleStage"]) == ("SUCCESSFUL", "CLEAN_UP")
    assert len(web.describe("web")["deployments"]) == 1


def test_early_success_linear_and_canary_come_back_as_sent(web, ecs, sim):
    ways = [
        {"strategy": "ROLLING", "earlySuccessCriteria": {
            "enable": True, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"}},
        {"strategy": "LINEAR", "earlySuccessCriteria": {"enable": False},
         "linearConfiguration": {"stepPercent": 12.5, "stepBakeTimeInMinutes": 0}},
        {"strategy": "CANARY", "bakeTimeInMinutes": 1,
         "canaryConfiguration": {"canaryPercent": 0.5, "canaryBakeTimeInMinutes": 0}},
    ]
    for way in ways:
        web.update("web", deploymentConfiguration=way, forceNewDeployment=True)
        shown = web.describe("web")["deploymentConfiguration"]
        assert {name: shown[name] for name in way} == way
        sim.advance(600)
        newest = ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
        assert newest[0]["status"] == "SUCCESSFUL"


def test_namespaces_and_their_operations_are_listed(web, cloudmap, sim):
    made = cloudmap.create_http_namespace(Name="plain", CreatorRequestId="once")["OperationId"]
    sim.advance(10)
    assert cloudmap.get_operation(OperationId=made)["Operation"]["Status"] == "SUCCESS"
    listed = {n["Name"]: n for n in cloudmap.list_namespaces()["Namespaces"]}
    assert {name: listed[name]["Type"] for name in listed} == {
        NAMESPACE: "DNS_PRIVATE", "plain": "HTTP"}
    by_type = [{"Name": "TYPE", "Values": ["HTTP"]}]
    assert [n["Name"] for n in cloudmap.list_namespaces(Filters=by_type)["Namespaces"]] == ["plain"]
    assert any(o["Id"] == made for o in cloudmap.list_operations()["Operations"])
    said = refusal(cloudmap.delete_namespace, Id=web.namespace_id)
    assert said[0] == "ResourceInUse"
    cloudmap.delete_namespace(Id=listed["plain"]["Id"])
    sim.advance(10)
    assert [n["Name"] for n in cloudmap.list_namespaces()["Namespaces"]] == [NAMESPACE]


def test_instances_are_got_and_discovered(web, cloudmap):
    service = cloudmap.list_services()["Services"][0]
    instance = cloudmap.list_instances(ServiceId=service["Id"])["Instances"][0]
    got = cloudmap.get_instance(ServiceId=service["Id"], InstanceId=instance["Id"])["Instance"]
    assert got["Attributes"] == instance["Attributes"]
    found = cloudmap.discover_instances(NamespaceName=NAMESPACE, ServiceName="api")["Instances"]
    assert len(found) == 2


def test_instances_are_registered_discovered_and_deregistered_by_hand(web, cloudmap, sim):
    made = cloudmap.create_service(Name="queue", NamespaceId=web.namespace_id, Type="HTTP",
                                   HealthCheckCustomConfig={"FailureThreshold": 1})
    service = made["Service"]["Id"]
    attributes = {"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "5672", "team": "web"}
    one = {"ServiceId": service, "InstanceId": "broker-1"}
    operation = cloudmap.register_instance(**one, CreatorRequestId="once",
                                           Attributes=attributes)["OperationId"]
    said = refusal(cloudmap.register_instance, **one, Attributes=attributes)
    assert said[0] == "DuplicateRequest"
    sim.advance(10)
    ended = cloudmap.get_operation(OperationId=operation)["Operation"]
    assert (ended["Type"], ended["Status"]) == ("REGISTER_INSTANCE", "SUCCESS")
    assert ended["Targets"] == {"SERVICE": service, "INSTANCE": "broker-1"}
    of_service = [{"Name": "SERVICE_ID", "Values": [service]}]
    assert [o["Id"] for o in cloudmap.list_operations(Filters=of_service)["Operations"]] == [operation]
    got = cloudmap.get_instance(**one)["Instance"]
    assert (got["Attributes"], got["CreatorRequestId"]) == (attributes, "once")
    assert cloudmap.get_service(Id=service)["Service"]["InstanceCount"] == 1
    question = {"NamespaceName": NAMESPACE, "ServiceName": "queue"}
    found = cloudmap.discover_instances(**question, QueryParameters={"team": "web"},
                                        HealthStatus="HEALTHY")["Instances"]
    assert [(i["InstanceId"], i["HealthStatus"], i["Attributes"]) for i in found] == [
        ("broker-1", "HEALTHY", attributes)]
    assert cloudmap.discover_instances(**question, QueryParameters={"team": "x"})["Instances"] == []
    said = refusal(cloudmap.delete_service, Id=service)
    assert said[0] == "ResourceInUse" and "contains registered instances" in said[1]
    cloudmap.deregister_instance(**one)
    sim.advance(10)
    assert refusal(cloudmap.deregister_instance, **one)[0] == "InstanceNotFound"
    cloudmap.delete_service(Id=service)


def test_a_cloud_map_service_has_attributes_of_its_own(web, cloudmap):
    service = cloudmap.list_services()["Services"][0]
    cloudmap.update_service_attributes(ServiceId=service["Id"], Attributes={"a": "1", "b": "2"})
    cloudmap.update_service_attributes(ServiceId=service["Arn"], Attributes={"a": "3"})
    cloudmap.delete_service_attributes(ServiceId=service["Id"], Attributes=["b"])
    shown = cloudmap.get_service_attributes(ServiceId=service["Id"])["ServiceAttributes"]
    assert (shown["ServiceArn"], shown["Attributes"]) == (service["Arn"], {"a": "3"})
    many = {f"k{n}": "v" for n in range(30)}
    said = refusal(cloudmap.update_service_attributes, ServiceId=service["Id"], Attributes=many)
    assert said[0] == "ServiceAttributesLimitExceededException"


def test_cloud_map_services_can_be_made_tagged_and_deleted_by_hand(web, cloudmap):
    made = cloudmap.create_service(Name="leftover", NamespaceId=web.namespace_id, Type="HTTP")
    arn = made["Service"]["Arn"]
    cloudmap.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "web"}])
    cloudmap.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert cloudmap.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    cloudmap.delete_service(Id=made["Service"]["Id"])
    assert refusal(cloudmap.get_service, Id=made["Service"]["Id"])[0] == "ServiceNotFound"
    taken = cloudmap.list_services()["Services"][0]
    assert refusal(cloudmap.delete_service, Id=taken["Id"])[0] == "ResourceInUse"


def test_parameters_are_put_read_and_deleted(ssm):
    assert ssm.put_parameter(Name="/e/a", Value="1", Type="String")["Version"] == 1
    assert refusal(ssm.put_parameter, Name="/e/a", Value="2",
                   Type="String")[0] == "ParameterAlreadyExists"
    assert ssm.put_parameter(Name="/e/a", Value="2", Type="String", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="/e/a")["Parameter"]["Value"] == "2"
    both = ssm.get_parameters(Names=["/e/a", "/e/none"])
    assert len(both["Parameters"]) == 1 and both["InvalidParameters"] == ["/e/none"]
    history = ssm.get_parameter_history(Name="/e/a")["Parameters"]
    assert [(each["Version"], each["Value"]) for each in history] == [(1, "1"), (2, "2")]
    ssm.delete_parameter(Name="/e/a")
    assert refusal(ssm.get_parameter, Name="/e/a")[0] == "ParameterNotFound"


@pytest.mark.parametrize("service, operation", [("ec2", "describe_vpcs"), ("sts", "get_caller_identity")])
def test_an_operation_of_another_protocol_is_refused_in_that_protocol(service, operation, sim, judged):
    said = refusal(getattr(judged(service, sim), operation))
    assert said[0] == "InvalidAction" and said[2] == 400
    assert "is not valid for this web service" in said[1]
