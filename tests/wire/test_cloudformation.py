"""`deploy/cloudformation/eastwest.yaml`: judged by cfn-lint, created on moto, and eastwest lives in what it made."""
import json
import pathlib
import subprocess
import sys

import pytest
from cfnlint.decode import cfn_yaml

import rules
import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from policies import shipped
from stack import REQUIRED, STACK, TEMPLATE, Credentials, Stack

ROOT = TEMPLATE.parents[2]
EVERYTHING = {"Policy": "sync", "Replicas": "2", "Document": "/eastwest/prod", "CreateNamespaces": "yes"}


@pytest.fixture
def aws(moto_server, unjudged):
    """Clients of a moto that has nothing."""
    moto_server.reset()
    return lambda service: unjudged(service, moto_server)


@pytest.fixture
def stack_of(aws):
    """Creates the stack with these parameters beside the required ones."""
    return lambda **parameters: Stack(aws, **parameters)


@pytest.fixture(scope="module")
def template():
    """The template as it is written."""
    return cfn_yaml.load(str(TEMPLATE))


def test_cfn_lint_has_nothing_to_say():
    command = [pathlib.Path(sys.executable).with_name("cfn-lint"), TEMPLATE]
    judged = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (judged.returncode, judged.stdout) == (0, ""), judged.stderr


def test_at_most_ten_parameters_and_only_four_must_be_given(template):
    parameters = template["Parameters"]
    assert len(parameters) <= 10
    assert {name for name, parameter in parameters.items() if "Default" not in parameter} == set(REQUIRED)
    assert all(parameter["Description"] for parameter in parameters.values())


def test_the_rules_have_the_patterns_of_deploy_events(template):
    of_template = {name.removesuffix("Rule").lower(): resource["Properties"]["EventPattern"]
                   for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Events::Rule"}
    assert of_template == {name: json.loads(rules.pattern(name)) for name in rules.NAMES}


def test_only_the_rules_of_the_stack_may_send_to_its_queue(template):
    resources = template["Resources"]
    made = {name for name, resource in resources.items() if resource["Type"] == "AWS::Events::Rule"}
    [statement] = resources["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [like] = json.loads((rules.FOLDER / "queue-policy.json").read_text())["Statement"]
    same = ("Sid", "Effect", "Principal", "Action")
    assert {key: statement[key] for key in same} == {key: like[key] for key in same}
    assert list(statement["Condition"]) == ["ArnLike"]
    senders = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    assert {json.dumps(sender) for sender in senders} == {
        json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in made}


def test_the_queues_are_as_deploy_events_has_them(template):
    queue = template["Resources"]["Queue"]["Properties"]
    wanted = json.loads((rules.FOLDER / "queue.json").read_text())
    assert str(queue["MessageRetentionPeriod"]) == wanted["MessageRetentionPeriod"]
    assert queue["SqsManagedSseEnabled"] and wanted["SqsManagedSseEnabled"] == "true"
    redrive = json.loads(wanted["RedrivePolicy"])
    assert str(queue["RedrivePolicy"]["maxReceiveCount"]) == redrive["maxReceiveCount"]


def test_no_role_is_for_others_and_nothing_is_open_or_in_the_clear(template):
    resources = template["Resources"].values()
    of = lambda kind: [resource["Properties"] for resource in resources if resource["Type"] == kind]
    roles = of("AWS::IAM::Role")
    assert len(roles) == 2
    for role in roles:
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert "aws:SourceArn" in statement["Condition"]["ArnLike"]
        assert "ManagedPolicyArns" not in role
    assert all(queue["SqsManagedSseEnabled"] for queue in of("AWS::SQS::Queue"))
    assert all(table["SSESpecification"]["SSEEnabled"] for table in of("AWS::DynamoDB::Table"))
    [service] = of("AWS::ECS::Service")
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    [log] = of("AWS::Logs::LogGroup")
    assert log["RetentionInDays"] > 0


def test_the_task_definition_is_the_one_that_deploy_ships(template):
    task = template["Resources"]["TaskDefinition"]["Properties"]
    wanted = json.loads((ROOT / "deploy" / "task-definition.json").read_text())
    [ours], [theirs] = task["ContainerDefinitions"], wanted["containerDefinitions"]

    def lower(value):
        """Members spelt as the API spells them."""
        if isinstance(value, dict):
            return {key[0].lower() + key[1:]: lower(below) for key, below in value.items()}
        return [lower(below) for below in value] if isinstance(value, list) else value

    for member in ("cpu", "memory", "networkMode", "requiresCompatibilities"):
        assert lower(task)[member] == wanted[member]
    for member in ("command", "user", "readonlyRootFilesystem", "linuxParameters", "portMappings", "healthCheck",
                   "stopTimeout"):
        assert lower(ours)[member] == theirs[member], member


def test_the_stack_grants_what_deploy_iam_says_and_no_more(stack_of):
    stack = stack_of(**EVERYTHING)
    queue, table = stack.outputs["QueueUrl"].rpartition("/")[2], stack.outputs["LeaseTableName"]
    named = {"events": {":eastwest": f":{queue}"}, "lease": {"table/eastwest": f"table/{table}"}}
    made = stack.policies()
    assert set(made) == {"observe", "converge", "document", "create-namespaces", "events", "lease"}
    for name, policy in made.items():
        assert normal(policy) == normal(shipped(name, **named.get(name, {}))), name


def normal(policy):
    """A policy whose lists of one are that one, as IAM reads them."""
    if isinstance(policy, dict):
        return {key: normal(value) for key, value in policy.items()}
    if isinstance(policy, list):
        return normal(policy[0]) if len(policy) == 1 else [normal(value) for value in policy]
    return policy


@pytest.mark.parametrize("parameters, policies, copies", [
    ({}, {"observe", "events"}, 1),
    ({"Document": "/eastwest/prod"}, {"observe", "events", "document"}, 1),
    ({"Policy": "sync", "Replicas": "1"}, {"observe", "events", "converge"}, 1),
    ({"Policy": "upsert-only"}, {"observe", "events", "converge", "lease"}, 2),
])
def test_what_is_not_asked_for_is_not_granted(parameters, policies, copies, stack_of, aws):
    stack = stack_of(**parameters)
    assert set(stack.policies()) == policies
    assert len(aws("dynamodb").list_tables()["TableNames"]) == ("lease" in policies)
    assert ("EASTWEST_LEASE_TABLE" in stack.environment()) == ("lease" in policies)
    [service] = aws("ecs").describe_services(cluster=CLUSTER, services=[STACK])["services"]
    assert service["desiredCount"] == copies


def test_eastwest_starts_from_the_stack_and_converges_and_what_it_made_outlives_the_stack(
        moto_server, aws, stack_of, live, live_fleet, live_ssm, controller_of):
    stack = stack_of(**{**EVERYTHING, "CreateNamespaces": "no"})
    live_ssm.put_parameter(Name="/eastwest/prod", Type="String", Value=json.dumps({
        "version": 1, "services": {f"{CLUSTER}/api": {"needs": ["web"]}}}))
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    live_fleet.service("api", {"api": 8080}, tag=tags(mode="client", namespace=NAMESPACE))
    live_fleet.service("own", {"own": 8080}, connect(served("own", "own")))
    credentials = Credentials(aws("sts"), stack.outputs["TaskRoleArn"])
    environment = {
        **stack.environment(), "AWS_REGION": world.REGION, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials.url,
        "AWS_ENDPOINT_URL_SQS": moto_server.url, "AWS_ENDPOINT_URL_DYNAMODB": moto_server.url}
    try:
        # Everything comes from the task definition: its command, its variables, its role.
        assert stack.container()["command"] == ["run"]
        copies = [controller_of(live.url, cluster=None, policy=environment["EASTWEST_POLICY"], start_up_pause=None,
                                environment=environment) for _ in range(2)]
        for copy in copies:
            copy.wait_synced("web", "api")
            copy.wait_metric(1, "eastwest_lease_table")
            copy.wait_metric(1, "eastwest_queue_up")
        assert credentials.asked, "the role's credentials were asked for"
        # An event that a rule of the stack leads into its queue is taken.
        aws("events").put_events(Entries=[{
            "Source": "aws.ssm", "DetailType": "Parameter Store Change",
            "Detail": json.dumps({"operation": "Update", "name": "/eastwest/prod", "type": "String"})}])
        world.wait_until(lambda: sum(copy.metric("eastwest_nudges_total") for copy in copies) >= 1,
                         lambda: "".join(copy.output() for copy in copies))
        stands = {name: live_fleet.config(name) for name in ("web", "api", "own")}
        assert stands["web"]["services"][0]["discoveryName"] == "web" and stands["api"]["enabled"]
        ends = [copy.terminate()[0] for copy in copies]
    finally:
        credentials.stop()
    assert ends == [0, 0]
    written = len(live.writes())
    stack.delete()
    assert aws("dynamodb").list_tables()["TableNames"] == [] and aws("events").list_rules()["Rules"] == []
    assert aws("sqs").list_queues().get("QueueUrls", []) == [] and aws("iam").list_roles()["Roles"] == []
    live.advance(3600)
    assert {name: live_fleet.config(name) for name in stands} == stands
    assert len(live.writes()) == written == 2
