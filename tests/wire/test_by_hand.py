"""The commands of `deploy/README.md` for a setup by hand: run as they stand there, they make it and take it away."""
import json
import re
import shlex

import pytest

import rules
import world
from aws_cli import aws
from fleet import CLUSTER, NAMESPACE, Fleet

PAGE = world.pathlib.Path(__file__).parents[2] / "deploy" / "README.md"
FILLED = {"<cluster>": CLUSTER, "<region>": world.REGION, "<account>": rules.ACCOUNT, "<namespace>": NAMESPACE}


def blocks(section, kind="sh"):
    """The blocks of code in one section of the page."""
    text = re.search(rf"^(#+) {section}\n(.*?)(?=^#{{1,3}} |\Z)", PAGE.read_text(), re.M | re.S)[2]
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def commands(section, filled):
    """The words of each `aws` command in a section, filled in."""
    for block in blocks(section):
        for placeholder, value in filled.items():
            block = block.replace(placeholder, value)
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[0] == "aws":
                yield words[1:]


@pytest.fixture
def moto(moto_server, unjudged):
    """A moto that has a cluster and the task definition, and its clients."""
    moto_server.reset()
    make = lambda service: unjudged(service, moto_server)
    make("ecs").create_cluster(clusterName=CLUSTER)
    make("ecs").register_task_definition(family="eastwest", containerDefinitions=[{"name": "a", "image": "a", "memory": 512}])
    moto_server.client = make
    return moto_server


@pytest.fixture
def filled(moto, tmp_path):
    """The placeholders of the commands; the files that they name lie where these are filled in as well."""
    for path in rules.FOLDER.glob("*.json"):
        text = path.read_text().replace("REPLACE_REGION", world.REGION).replace("REPLACE_ACCOUNT_ID", rules.ACCOUNT)
        (tmp_path / path.name).write_text(text)
    ec2 = moto.client("ec2")
    return {**FILLED, "deploy/events/": f"{tmp_path}/", "<subnet>": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            "<group>": ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]}


def left(moto):
    """What there is of the setup."""
    [service] = moto.client("ecs").describe_services(cluster=CLUSTER, services=["eastwest"])["services"]
    return {"services": int(service["status"] == "ACTIVE"), "rules": len(moto.client("events").list_rules()["Rules"]),
            "queues": len(moto.client("sqs").list_queues().get("QueueUrls", [])),
            "tables": len(moto.client("dynamodb").list_tables()["TableNames"])}


def test_the_commands_make_a_setup_and_take_it_away(moto, filled):
    for section in ("The task definition", "Two copies: the lease table", "Events: a changed tag is written within seconds"):
        for words in commands(section, filled):
            aws(moto, *words)
    assert left(moto) == {"services": 1, "rules": 5, "queues": 2, "tables": 1}
    # An event that a rule takes comes into the queue.
    moto.client("events").put_events(Entries=[{
        "Source": "aws.ssm", "DetailType": "Parameter Store Change",
        "Detail": json.dumps({"operation": "Update", "name": "/eastwest/prod", "type": "String"})}])
    url = moto.client("sqs").get_queue_url(QueueName="eastwest")["QueueUrl"]
    assert "/eastwest/prod" in moto.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"]
    gone = list(commands("Uninstalling", filled))
    assert gone[0][:2] == ["cloudformation", "delete-stack"]
    for words in gone[1:]:
        aws(moto, *words)
    assert left(moto) == {"services": 0, "rules": 0, "queues": 0, "tables": 0}


def test_service_connect_is_set_up_on_its_own_service_by_the_command_of_the_page(sim, judged):
    fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
    fleet.service("eastwest", {"eastwest-8080-tcp": 8080})
    fleet.service("grafana", {}, {"enabled": True, "namespace": NAMESPACE})
    fleet.settle()
    [command] = [words for words in commands("Its pages, from a private subnet", FILLED) if words[0] == "ecs"]
    aws(sim, *command)
    fleet.settle()
    [endpoint] = fleet.config("eastwest")["services"]
    assert endpoint["clientAliases"] == [{"port": 8080, "dnsName": "eastwest"}]
    # Who started before does not know the name, as the page says.
    assert not sim.reach(f"{CLUSTER}/grafana", "eastwest", 8080)["ok"]
    fleet.update("grafana", forceNewDeployment=True)
    fleet.settle()
    assert sim.reach(f"{CLUSTER}/grafana", "eastwest", 8080)["ok"]


def test_the_token_is_a_secret_of_the_container(moto):
    secrets, statement = (json.loads(block) for block in blocks("The token", "json"))
    [secret] = secrets["secrets"]
    assert [secret["valueFrom"]] == statement["Resource"] and secret["name"] == "EASTWEST_TOKEN"
    task = json.loads((PAGE.parent / "task-definition.json").read_text())
    task["containerDefinitions"][0].update(secrets)
    made = moto.client("ecs").register_task_definition(**task)["taskDefinition"]["containerDefinitions"][0]
    assert made["secrets"] == secrets["secrets"]
