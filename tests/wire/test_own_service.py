"""eastwest in a task of ECS: the task metadata endpoint tells which ECS service it is, and it never rolls itself out."""
import json

import pytest

import world
from answering import Answering
from fleet import CLUSTER, NAMESPACE, tags

TASK = "158d1c8083dd49d6b527399fd6414f5c"
# As the developer guide shows it (DG:task-metadata-endpoint-v4-examples), with our names in it.
METADATA = {
    "Cluster": CLUSTER,
    "TaskARN": f"arn:aws:ecs:eu-west-1:123456789012:task/{CLUSTER}/{TASK}",
    "Family": "eastwest",
    "ServiceName": "eastwest",
    "Revision": "26",
    "DesiredStatus": "RUNNING",
    "KnownStatus": "RUNNING",
    "PullStartedAt": "2020-10-02T00:43:06.202617438Z",
    "PullStoppedAt": "2020-10-02T00:43:06.31288465Z",
    "AvailabilityZone": "eu-west-1a",
    "VPCID": "vpc-1234567890abcdef0",
    "LaunchType": "FARGATE",
    "Containers": [{
        "DockerId": "ea32192c8553fbff06c9340478a2ff089b2bb5646fb718b4ee206641c9086d66",
        "Name": "eastwest",
        "DockerName": "eastwest-24-eastwest-cca48e8dcadd97805600",
        "Image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/eastwest:latest",
        "ImageID": "sha256:d691691e9652791a60114e67b365688d20d19940dde7c4736ea30e660d8d3553",
        "Labels": {"com.amazonaws.ecs.cluster": CLUSTER, "com.amazonaws.ecs.container-name": "eastwest"},
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": 10, "Memory": 128},
        "CreatedAt": "2020-10-02T00:15:07.620912337Z",
        "StartedAt": "2020-10-02T00:15:08.062559351Z",
        "Type": "NORMAL",
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["10.0.2.100"]}],
    }],
}


class Task(Answering):
    """Serves the metadata of one task; what it says can be changed."""

    def __init__(self):
        self.said, self.asked = METADATA, []
        super().__init__(self.answer)
        address = f"{self.url}/v4/{TASK}-0206271421"
        self.environment = {**world.CREDENTIALS, "ECS_CONTAINER_METADATA_URI_V4": address}

    def answer(self, request, _):
        """The task below `/task`; there is nothing else that eastwest may ask for."""
        self.asked.append(request.path)
        status = 200 if request.path == f"/v4/{TASK}-0206271421/task" else 404
        return status, "application/json", json.dumps(self.said).encode()


@pytest.fixture
def task():
    """The task of eastwest."""
    served = Task()
    yield served
    served.stop()


@pytest.fixture
def tagged(live_fleet):
    """eastwest's own service and another one; somebody tagged both."""
    for name in ("eastwest", "web"):
        live_fleet.service(name, {"http": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name=name))
    return live_fleet


def written(live):
    """The services that eastwest has written to."""
    return {write["body"]["service"].rpartition("/")[2] for write in live.writes()}


@pytest.mark.parametrize("cluster", [CLUSTER, f"arn:aws:ecs:eu-west-1:123456789012:cluster/{CLUSTER}"])
def test_its_own_service_is_held_and_never_written_to_though_it_is_tagged(live, tagged, task, controller_of, cluster):
    task.said = {**METADATA, "Cluster": cluster}
    controller = controller_of(live.url, environment=task.environment)
    controller.wait_synced("web")
    controller.wait_service("eastwest", reason="OwnService", sync="OutOfSync")
    # Another wish of a person changes nothing.
    tagged.tag("eastwest", discovery_name="other")
    tagged.tag("web", discovery_name="shop")
    controller.wait_service("eastwest", "other", reason="OwnService")
    world.wait_until(lambda: len(live.writes()) == 2, controller.output)
    controller.wait_synced("web")
    assert written(live) == {"web"} and tagged.config("eastwest") is None
    assert task.asked == [f"/v4/{TASK}-0206271421/task"]


def test_a_flag_lets_it_roll_itself_out(live, tagged, task, controller_of):
    controller = controller_of(live.url, "--own-service", "none", environment=task.environment)
    controller.wait_synced("web", "eastwest")
    assert written(live) == {"web", "eastwest"}


def test_an_endpoint_that_names_no_service_is_warned_of(live, tagged, task, controller_of):
    task.said = {key: value for key, value in METADATA.items() if key != "ServiceName"}
    controller = controller_of(live.url, policy="observe", environment=task.environment)
    controller.wait_ready()
    (line,) = controller.log_lines("WARN", "the task metadata endpoint does not tell which ECS service this is")
    assert "--own-service" in line


def test_the_task_names_the_holder_of_a_lease(live, tagged, task, controller_of, moto_server, unjudged):
    table = unjudged("dynamodb", moto_server)
    table.create_table(
        TableName="eastwest", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}])
    controller = controller_of(live.url, "--lease-table", "eastwest", "--lease-duration", "3s",
                               environment={**task.environment, "AWS_ENDPOINT_URL_DYNAMODB": moto_server.url})
    controller.wait_metric(1, "eastwest_leader", cluster=CLUSTER)
    (item,) = table.scan(TableName="eastwest")["Items"]
    assert item["holder"]["S"] == f"{TASK}:{controller.child.pid}"
