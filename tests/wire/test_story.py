"""The guide's story, by hand and with boto3 alone: what eastwest automates, as AWS does it."""
from fleet import CLUSTER, NAMESPACE, connect, served

API = served("django-8000-tcp", "django-api", f"django-api.{NAMESPACE}", 8000)


def test_a_service_becomes_callable_once_it_and_then_its_client_are_rolled(sim, fleet):
    fleet.service("django", {"django-8000-tcp": 8000})
    fleet.service("cron", config=connect())
    fleet.settle()
    assert fleet.config("django") is None
    assert not sim.reach("prod/cron", f"django-api.{NAMESPACE}", 8000)["ok"]

    fleet.update("django", connect(API))
    fleet.settle()
    reach = sim.reach("prod/cron", f"django-api.{NAMESPACE}", 8000)
    assert not reach["ok"] and reach["why"]

    fleet.update("cron", forceNewDeployment=True)
    fleet.settle()
    assert sim.reach("prod/cron", f"django-api.{NAMESPACE}", 8000)["ok"]
    assert not sim.reach("prod/cron", f"django-api.{NAMESPACE}", 9999)["ok"]
    assert not sim.reach("prod/cron", f"other.{NAMESPACE}", 8000)["ok"]


def test_configuration_belongs_to_a_deployment_and_changes_with_it(sim, fleet):
    fleet.service("django", {"django-8000-tcp": 8000})
    fleet.settle()
    answered = fleet.update("django", connect(API))
    assert "serviceConnectConfiguration" not in answered
    first, second = answered["deployments"]
    assert (first["status"], second["status"]) == ("PRIMARY", "ACTIVE")
    assert first["rolloutState"] == "IN_PROGRESS"
    assert first["serviceConnectConfiguration"]["enabled"] is True
    assert "serviceConnectConfiguration" not in second

    fleet.settle()
    (only,) = fleet.describe("django")["deployments"]
    assert (only["id"], only["rolloutState"]) == (first["id"], "COMPLETED")
    assert only["runningCount"] == only["desiredCount"] == 1
    (resource,) = only["serviceConnectResources"]
    assert resource["discoveryName"] == "django-api"
    assert resource["discoveryArn"].startswith("arn:aws:servicediscovery:")


def test_cloud_map_gets_a_service_and_an_instance_for_the_endpoint(fleet, cloudmap):
    fleet.service("django", {"django-8000-tcp": 8000}, connect(API), desiredCount=2)
    fleet.settle()
    (listed,) = cloudmap.list_services(
        Filters=[{"Name": "NAMESPACE_ID", "Values": [fleet.namespace_id]}])["Services"]
    assert listed["Name"] == "django-api"
    instances = cloudmap.list_instances(ServiceId=listed["Id"])["Instances"]
    assert len(instances) == 2
    assert {i["Attributes"]["AWS_INSTANCE_PORT"] for i in instances} == {"8000"}
    got = cloudmap.get_service(Id=listed["Id"])["Service"]
    assert got["Arn"] == fleet.primary("django")["serviceConnectResources"][0]["discoveryArn"]
    keys = {tag["Key"] for tag in cloudmap.list_tags_for_resource(ResourceARN=got["Arn"])["Tags"]}
    assert "AmazonECSManaged" in keys


def test_members_of_a_namespace_are_listed_by_its_name_and_by_its_arn(ecs, fleet, cloudmap):
    fleet.service("django", {"django-8000-tcp": 8000}, connect(API))
    fleet.service("cron", config=connect())
    fleet.service("outsider")
    fleet.settle()
    arn = cloudmap.get_namespace(Id=fleet.namespace_id)["Namespace"]["Arn"]
    for namespace in (NAMESPACE, arn):
        arns = ecs.list_services_by_namespace(namespace=namespace)["serviceArns"]
        assert sorted(a.rsplit("/", 1)[1] for a in arns) == ["cron", "django"]


def test_switching_off_takes_an_explicit_false_and_leaves_nothing_behind(sim, fleet, cloudmap):
    fleet.service("django", {"django-8000-tcp": 8000}, connect(API))
    fleet.settle()
    fleet.update("django", desiredCount=2)
    fleet.settle()
    assert fleet.config("django")["enabled"] is True

    fleet.update("django", {"enabled": False})
    fleet.settle()
    assert not (fleet.config("django") or {}).get("enabled")
    sim.advance(600)
    assert cloudmap.list_services()["Services"] == []


def test_a_cluster_default_serves_services_that_name_no_namespace(sim, ecs, fleet):
    made = ecs.create_cluster(clusterName="second",
                              serviceConnectDefaults={"namespace": "made.by.ecs"})["cluster"]
    sim.advance(60)
    (cluster,) = ecs.describe_clusters(clusters=["second"])["clusters"]
    assert cluster["status"] == "ACTIVE"
    assert cluster["serviceConnectDefaults"]["namespace"].startswith("arn:aws:servicediscovery:")
    task = fleet.task_definition("web", {"web": 80})
    service = ecs.create_service(
        cluster=made["clusterArn"], serviceName="web", taskDefinition=task, launchType="FARGATE",
        desiredCount=1, serviceConnectConfiguration=connect(served("web", port=80), namespace=None),
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}})["service"]
    config = service["deployments"][0]["serviceConnectConfiguration"]
    assert config["namespace"].endswith("made.by.ecs") or ":namespace/" in config["namespace"]


def test_revisions_keep_the_configuration_they_were_made_with(ecs, fleet):
    fleet.service("django", {"django-8000-tcp": 8000}, connect())
    fleet.settle()
    fleet.update("django", connect(API))
    fleet.settle()
    briefs = ecs.list_service_deployments(cluster=CLUSTER, service="django")["serviceDeployments"]
    assert [brief["status"] for brief in briefs] == ["SUCCESSFUL", "SUCCESSFUL"]
    revisions = [brief["targetServiceRevisionArn"] for brief in briefs]
    described = ecs.describe_service_revisions(serviceRevisionArns=revisions)["serviceRevisions"]
    configs = {r["serviceRevisionArn"]: r["serviceConnectConfiguration"] for r in described}
    assert configs[revisions[0]]["services"][0]["discoveryName"] == "django-api"
    assert not configs[revisions[1]].get("services")
    (deployment,) = ecs.describe_service_deployments(
        serviceDeploymentArns=[briefs[0]["serviceDeploymentArn"]])["serviceDeployments"]
    assert deployment["targetServiceRevision"]["arn"] == revisions[0]
