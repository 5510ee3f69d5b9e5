"""`deploy/cloudformation/eastwest.yaml`: judged by cfn-lint, created on moto, and eastwest lives in what it made."""
import json
import pathlib
import subprocess
import sys

import pytest

import policies
import rules
import stack
import world
from documents import put, shown
from fleet import CLUSTER, NAMESPACE, Fleet, connect, served, tags
from stack import REQUIRED, STACK, TEMPLATE, Credentials, Stack, lower, normal

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
    return stack.read()


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
    for member in ("cpu", "memory", "networkMode", "requiresCompatibilities"):
        assert lower(task)[member] == wanted[member]
    for member in ("command", "user", "readonlyRootFilesystem", "linuxParameters", "portMappings", "healthCheck",
                   "stopTimeout"):
        assert lower(ours)[member] == theirs[member], member


def test_the_stack_grants_what_deploy_iam_says_and_no_more(stack_of):
    deployed = stack_of(**EVERYTHING)
    queue, table = deployed.outputs["QueueUrl"].rpartition("/")[2], deployed.outputs["LeaseTableName"]
    named = {"events": {":eastwest": f":{queue}"}, "lease": {"table/eastwest": f"table/{table}"}}
    made = deployed.policies()
    assert set(made) == {"observe", "converge", "document", "create-namespaces", "events", "lease"}
    for name, policy in made.items():
        assert normal(policy) == normal(policies.shipped(name, **named.get(name, {}))), name


@pytest.mark.parametrize("parameters, granted, copies", [
    ({}, {"observe", "events"}, 1),
    ({"Document": "/eastwest/prod"}, {"observe", "events", "document"}, 1),
    ({"Policy": "sync", "Replicas": "1"}, {"observe", "events", "converge"}, 1),
    ({"Policy": "upsert-only"}, {"observe", "events", "converge", "lease"}, 2),
])
def test_what_is_not_asked_for_is_not_granted(parameters, granted, copies, stack_of, aws):
    made = stack_of(**parameters)
    assert set(made.policies()) == granted
    assert len(aws("dynamodb").list_tables()["TableNames"]) == ("lease" in granted)
    assert ("EASTWEST_LEASE_TABLE" in made.environment()) == ("lease" in granted)
    [service] = aws("ecs").describe_services(cluster=CLUSTER, services=[STACK])["services"]
    assert service["desiredCount"] == copies


@pytest.mark.parametrize("parameters, said", [
    ({}, []),
    ({"Policy": "sync", "Document": "/eastwest/prod", "CreateNamespaces": "yes"}, []),
    ({"Policy": "sync", "CreateNamespaces": "yes"}, ["only a document"]),
    ({"Document": "/eastwest/prod", "CreateNamespaces": "yes"}, ["the policy observe"]),
    ({"CreateNamespaces": "yes"}, ["only a document", "the policy observe"]),
])
def test_a_stack_that_could_not_create_namespaces_is_refused(parameters, said):
    refused = stack.refusals(**parameters)
    assert len(refused) == len(said) and all(words in text for words, text in zip(said, refused)), refused


def test_the_first_start_waits_for_every_policy_of_its_role(template):
    service = template["Resources"]["Service"]
    waits = {(name, None) for name in service["DependsOn"]}
    for reference in service["Metadata"]["After"]:
        condition, named, otherwise = reference["Fn::If"]
        assert otherwise == {"Ref": "AWS::NoValue"}
        waits.add((named["Ref"], condition))
    granted = {(name, resource.get("Condition")) for name, resource in template["Resources"].items()
               if resource["Type"] == "AWS::IAM::Policy"}
    assert waits == granted | {("QueuePolicy", None)}


@pytest.mark.parametrize("image, repository", [
    ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/eastwest:0.1.0", "eastwest"),
    ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/eastwest:0.1.0@sha256:0a", "eastwest"),
    ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/eastwest@sha256:0a", "eastwest"),
    ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/eastwest@sha256:0a", "team"),
    ("eastwest:0.1.0", ""),
])
def test_the_execution_role_pulls_from_the_repository_of_the_image(image, repository, stack_of):
    [pull] = [one for one in stack_of(Image=image).pulls()["Statement"] if one["Sid"] == "Pull"]
    named = f"arn:aws:ecr:*:*:repository/{repository}"
    assert pull["Resource"] == [named, f"{named}/*"]


def filters(template):
    """The pattern of each metric filter."""
    return {name: resource["Properties"]["FilterPattern"] for name, resource in template["Resources"].items()
            if resource["Type"] == "AWS::Logs::MetricFilter"}


def test_the_log_of_a_bug_and_of_what_needs_a_person_is_counted_and_nothing_else(
        template, simulator_of, judged, controller_of, tmp_path):
    (tmp_path / "nothing.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "servicediscovery:*", "Resource": "*"}]}))
    sim = simulator_of("--policy", str(tmp_path / "nothing.json"), speed=60)
    fleet, ssm = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim)), judged("ssm", sim)
    put(ssm, json.dumps({"version": 1, "namespaces": {"taken": {"type": "http", "create": True}}}))
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.service("bad", {"bad": 8080}, tag=tags(mode="neither"))
    sim.fault("servicediscovery.CreateHttpNamespace", "denied", times=100)
    controller = controller_of(sim.url, "--source", "tags,ssm:/eastwest/prod")
    controller.wait_synced("web")
    controller.wait_service("bad", "Ambiguous")
    world.wait_until(lambda: "could not be created" in controller.output(), controller.output)
    put(ssm, "{")
    world.wait_until(lambda: "is not in force" in controller.output(), controller.output)
    # Another one whose role may read nothing.
    denied = controller_of(sim.url, environment=policies.RESTRICTED)
    world.wait_until(lambda: "cluster cannot be read" in denied.output(), denied.output)
    lines = [json.loads(line) for copy in (controller, denied) for line in copy.output().splitlines()]
    pattern = filters(template)["NeedsPersonFilter"]
    counted = {(line["message"], line.get("service")) for line in lines if stack.matches(pattern, line)}
    assert counted == {
        ("service status", f"{CLUSTER}/bad"), ("the latest reading of the document is not in force", None),
        ("could not be created", None), ("cluster cannot be read", None)}
    errors = filters(template)["ErrorsFilter"]
    assert not any(stack.matches(errors, line) for line in lines)
    assert stack.matches(errors, {"level": "ERROR", "message": "a plan broke a rule; nothing is written"})


def test_every_alarm_and_every_filter_is_taken(template, aws):
    aws("logs").create_log_group(logGroupName="/eastwest/eastwest")
    for name, resource in template["Resources"].items():
        given = resource.get("Properties", {})
        if resource["Type"] == "AWS::Logs::MetricFilter":
            [to] = given["MetricTransformations"]
            aws("logs").put_metric_filter(
                logGroupName="/eastwest/eastwest", filterName=name, filterPattern=given["FilterPattern"],
                metricTransformations=[{"metricNamespace": to["MetricNamespace"], "metricName": name,
                                        "metricValue": to["MetricValue"]}])
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            spoken = {key: value for key, value in given.items()
                      if key not in ("AlarmActions", "OKActions", "Dimensions", "MetricName")}
            aws("cloudwatch").put_metric_alarm(AlarmName=name, MetricName=str(given["MetricName"]), **spoken)
    # Each filter fills the metric of an alarm, by the same name.
    made = {name: resource["Properties"] for name, resource in template["Resources"].items()}
    for name in filters(template):
        [to] = made[name]["MetricTransformations"]
        alarm = made[name.replace("Filter", "Alarm")]
        assert (alarm["Namespace"], alarm["MetricName"]) == (to["MetricNamespace"], to["MetricName"])
    assert len(aws("cloudwatch").describe_alarms()["MetricAlarms"]) == 5


@pytest.fixture
def lives(aws, stack_of, simulator_of, judged, controller_of, moto_server, tmp_path):
    """A stack, a world in which its role may do what the stack's policies say, and copies that run as its task does."""
    return lambda **parameters: Life(stack_of(**parameters), aws, moto_server.url, simulator_of, judged, controller_of,
                                     tmp_path)


class Life:
    """Everything of the copies comes from the task definition: the command, the variables, the role."""

    def __init__(self, deployed, aws, moto, simulator_of, judged, controller_of, folder):
        self.stack, self.aws, self.moto, self.controller_of = deployed, aws, moto, controller_of
        flags = []
        for name, policy in deployed.policies().items():
            (folder / f"{name}.json").write_text(json.dumps(policy))
            flags += ["--policy", str(folder / f"{name}.json")]
        self.sim = simulator_of(*flags, speed=60)
        self.ssm = judged("ssm", self.sim)
        self.fleet = Fleet(self.sim, judged("ecs", self.sim), judged("servicediscovery", self.sim))
        self.credentials = Credentials(
            aws("sts"), deployed.outputs["TaskRoleArn"], policies.RESTRICTED["AWS_ACCESS_KEY_ID"])

    def start(self, copies):
        """Starts copies of the task."""
        assert self.stack.container()["command"] == ["run"]
        environment = {
            **self.stack.environment(), "AWS_REGION": world.REGION, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.credentials.url,
            "AWS_ENDPOINT_URL_SQS": self.moto, "AWS_ENDPOINT_URL_DYNAMODB": self.moto}
        return [self.controller_of(self.sim.url, cluster=None, policy=environment["EASTWEST_POLICY"],
                                   start_up_pause=None, environment=environment) for _ in range(copies)]


def test_eastwest_starts_from_the_stack_and_converges_and_what_it_made_outlives_the_stack(lives, aws):
    life = lives(**EVERYTHING)
    fleet = life.fleet
    put(life.ssm, json.dumps({
        "version": 1, "limits": {"refreshEvery": "1s"}, "namespaces": {"made.http": {"type": "http", "create": True}},
        "services": {f"{CLUSTER}/api": {"needs": ["web"]}}}))
    # A client that is older than the endpoint it needs has to be refreshed.
    fleet.service("old", {}, connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="web"))
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.service("api", {"api": 8080}, tag=tags(mode="client", namespace=NAMESPACE))
    fleet.service("own", {"own": 8080}, connect(served("own", "own")))
    # The stack's own service, which nobody changes, whatever its tags say.
    fleet.service(STACK, {STACK: 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    try:
        copies = life.start(2)
        for copy in copies:
            copy.wait_synced("web", "api", "old")
            copy.wait_metric(1, "eastwest_lease_table")
            copy.wait_metric(1, "eastwest_queue_up")
        world.wait_until(lambda: "made.http" in str(fleet.cloudmap.list_namespaces()), lambda: shown(copies[0]))
        world.wait_until(lambda: any(write["body"].get("forceNewDeployment") for write in life.sim.writes()),
                         lambda: str(life.sim.writes()))
        assert life.credentials.asked, "the role's credentials were asked for"
        # An event that a rule of the stack leads into its queue is taken.
        aws("events").put_events(Entries=[{
            "Source": "aws.ssm", "DetailType": "Parameter Store Change",
            "Detail": json.dumps({"operation": "Update", "name": "/eastwest/prod", "type": "String"})}])
        world.wait_until(lambda: sum(copy.metric("eastwest_nudges_total") for copy in copies) >= 1,
                         lambda: "".join(copy.output() for copy in copies))
        # The policies of the stack deny nothing that eastwest tried.
        assert not any("not authorized" in shown(copy) for copy in copies)
        stands = {name: fleet.config(name) for name in ("web", "api", "old", "own")}
        assert stands["web"]["services"][0]["discoveryName"] == "web" and stands["api"]["enabled"]
        assert not (fleet.config(STACK) or {}).get("enabled")
        ends = [copy.terminate()[0] for copy in copies]
    finally:
        life.credentials.stop()
    assert ends == [0, 0]
    written = len(life.sim.writes())
    life.stack.delete()
    assert aws("dynamodb").list_tables()["TableNames"] == [] and aws("events").list_rules()["Rules"] == []
    assert aws("sqs").list_queues().get("QueueUrls", []) == [] and aws("iam").list_roles()["Roles"] == []
    life.sim.advance(3600)
    assert {name: fleet.config(name) for name in stands} == stands
    assert len(life.sim.writes()) == written


def test_a_running_stack_is_switched_to_observe_and_scaled_to_nothing(lives, stack_of, aws):
    life = lives(Policy="sync", Replicas="2")
    life.fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    try:
        first = life.start(2)
        for copy in first:
            copy.wait_synced("web")
        # What ECS sends them when a deployment, or a desired count of 0, takes their tasks away.
        assert [copy.terminate()[0] for copy in first] == [0, 0]
        written = len(life.sim.writes())
        life.fleet.service("api", {"api": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
        life.sim.advance(3600)
        assert len(life.sim.writes()) == written, "nobody is left who writes"
        # moto updates no stack whose template stays the same, so it is made once more. The simulator still allows what
        # the first one granted: that nothing is written does not rest on a denial.
        life.stack.delete()
        life.stack = stack_of(Policy="observe")
        assert set(life.stack.policies()) == {"observe", "events"}
        [service] = aws("ecs").describe_services(cluster=CLUSTER, services=[STACK])["services"]
        assert service["desiredCount"] == 1
        [observer] = life.start(service["desiredCount"])
        observer.wait_service("api", "Observe")
        life.sim.advance(3600)
        assert len(life.sim.writes()) == written and not (life.fleet.config("api") or {}).get("enabled")
        life.stack.delete()
        life.stack = stack_of(Policy="sync")
        assert observer.terminate()[0] == 0
        life.start(2)[0].wait_synced("web", "api")
    finally:
        life.credentials.stop()
    assert len(life.sim.writes()) == written + 1
