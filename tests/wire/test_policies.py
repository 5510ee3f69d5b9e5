"""`deploy/iam`: with the shipped policies everything works, without one of their actions something breaks and is named, and
what must be impossible is refused. The simulator evaluates them (`eastwest-sim --policy`)."""
import json
import pathlib
import subprocess

import pytest
from botocore.exceptions import ClientError

import policies
import rules
from documents import put, shown
from fleet import CLUSTER, NAMESPACE, Fleet, connect, served, tags
from world import program, wait_until

EVERY = policies.names()
# What the controller needs; what only `eastwest verify` needs is taken away in `test_verify.py`.
CONTROLLER = [name for name in EVERY if name != "verify"]
NEEDED = [action for action in policies.actions(*CONTROLLER) if action not in policies.ELSEWHERE]
# What the document asks for: two namespaces to make, a port to name, an endpoint with TLS, a service without a tag.
AUTHORITY = f"arn:aws:acm-pca:eu-west-1:{rules.ACCOUNT}:certificate-authority/1"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
DOCUMENT = {
    "version": 1, "namePorts": True, "limits": {"refreshEvery": "1s"},
    "namespaces": {"made.http": {"type": "http", "create": True},
                   "made.private": {"type": "private-dns", "vpc": "vpc-0a1b2c3d", "create": True}},
    "services": {
        f"{CLUSTER}/unnamed": {"mode": "client-server", "namespace": "made.http"},
        f"{CLUSTER}/private": {"mode": "client-server", "namespace": "made.private"},
        f"{CLUSTER}/secure": {"endpoints": [{"tls": {"ca": AUTHORITY, "role": policies.ROLE_OF_TLS}}]}}}


class Story:
    """A fleet that makes eastwest use every permission once."""

    def __init__(self, sim, judged, controller_of):
        self.sim = sim
        ecs, ssm = judged("ecs", sim), judged("ssm", sim)
        self.fleet = fleet = Fleet(sim, ecs, judged("servicediscovery", sim))
        sim.control("POST", "events", rules.PLAIN)
        url, _ = rules.wire(judged("events", sim), judged("sqs", sim))
        # A client that is older than the endpoint it needs has to be refreshed.
        fleet.service("client", {}, connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="web"))
        fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
        fleet.service("secure", {"secure": 8443}, tag=tags(mode="client-server", namespace=NAMESPACE))
        fleet.service("private", {"private": 9090})
        task = ecs.register_task_definition(
            family=policies.FAMILY, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
            taskRoleArn=policies.ROLE_OF_TASKS, executionRoleArn=policies.ROLE_OF_TASKS,
            tags=[{"key": "team", "value": "shop"}], containerDefinitions=[{
                "name": "app", "image": "example/app:1", "essential": True,
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}]}])
        fleet.service("unnamed", taskDefinition=task["taskDefinition"]["taskDefinitionArn"])
        # One whose last rollout was rolled back, so that its history is read.
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        fleet.service("flaky", {"flaky": 7070}, deploymentConfiguration=breaker)
        sim.advance(120)
        sim.rollout(f"{CLUSTER}/flaky", "fail")
        fleet.update("flaky", connect(served("flaky", "flaky", f"flaky.{NAMESPACE}", 7070)))
        sim.advance(600)
        fleet.tag("flaky", mode="client-server", namespace=NAMESPACE)
        # One that never completes, so that its rollout is looked at.
        fleet.service("slow", {"slow": 6060}, tag=tags(mode="client", namespace=NAMESPACE))
        sim.rollout(f"{CLUSTER}/slow", "stall")
        fleet.update("slow", connect())
        # With a key of its own: the account's key for Parameter Store asks nothing of the role.
        put(ssm, json.dumps(DOCUMENT), Type="SecureString", KeyId=KEY)
        put(ssm, json.dumps({"version": 1}), "/eastwest/more/one")
        self.controller = controller_of(
            sim.url, "--source", "tags", "--source", "ssm:/eastwest/prod", "--source", "ssm:/eastwest/more/",
            "--queue-url", url, "--notify-bus", "default", "--notify-speed", "60", "--rollouts-per-cluster", "20", "--rollouts-per-namespace", "20", cluster=None,
            environment=policies.RESTRICTED)

    def converge(self):
        """Waits until all is as wanted; a refresh, a revision and two namespaces among it."""
        self.controller.wait_synced("web", "secure", "private", "client")
        self.controller.wait_service("unnamed", "deploy")
        self.controller.wait_service("flaky", "RolledBack")
        self.controller.wait_metric(1, "eastwest_queue_up")
        wait_until(lambda: any(write["body"].get("forceNewDeployment") for write in self.sim.writes()),
                   lambda: str(self.sim.writes()))
        wait_until(lambda: self.sim.called("sqs.DeleteMessageBatch"), self.controller.output)
        self.controller.wait_metric(0, "eastwest_notifications_total", channel="eventBus", outcome="Failed")
        wait_until(lambda: self.controller.metric("eastwest_notifications_total", channel="eventBus", outcome="Sent"),
                   self.controller.output)


@pytest.fixture
def story(simulator_of, judged, controller_of, tmp_path):
    """The story under every shipped policy, with these actions taken away."""
    def begin(without=()):
        folder = tmp_path / "iam"
        folder.mkdir()
        sim = simulator_of(*policies.flags(folder, EVERY, without), speed=60)
        return Story(sim, judged, controller_of)
    return begin


def test_the_whole_story_passes_under_the_shipped_policies(story):
    told = story()
    told.converge()
    assert "not authorized" not in shown(told.controller)
    [endpoint] = told.fleet.config("secure")["services"]
    assert endpoint["tls"]["roleArn"] == policies.ROLE_OF_TLS


def troubles(controller):
    """What `/readyz` says is in the way."""
    return json.loads(controller.get("/readyz")[1])["troubles"]


def named(controller, action):
    """What `/readyz` says of an action that is denied."""
    return [each for each in troubles(controller) if f"not authorized to perform: {action} " in each["what"]]


def said(controller, action):
    """The log lines of an action that is denied."""
    return controller.log_lines("AWS denies an action", f'"action":"{action}"')


@pytest.mark.parametrize("action", NEEDED)
def test_without_one_action_eastwest_names_it(action, story):
    controller = story(without=(action,)).controller
    [trouble, *_] = wait_until(lambda: named(controller, action), lambda: shown(controller))
    assert trouble["page"] == "deploy/README.md#the-policies"
    wait_until(lambda: said(controller, action), lambda: shown(controller))


# None of them keeps eastwest from asking for the others.
@pytest.mark.parametrize("taken", [
    ("ecs:DescribeTaskDefinition", "sqs:DeleteMessage", "events:PutEvents"),
    ("ecs:DescribeServiceDeployments", "ecs:UpdateService", "sqs:ReceiveMessage"),
    ("servicediscovery:ListServices", "sqs:ReceiveMessage", "ssm:GetParametersByPath")])
def test_without_several_actions_all_are_named_at_once_and_each_is_logged_once(taken, story):
    controller = story(without=taken).controller

    def all_at_once():
        found = [each for each in troubles(controller) if each["page"] == "deploy/README.md#the-policies"]
        lines = [[each for each in found if f"not authorized to perform: {action} " in each["what"]] for action in taken]
        return all(len(each) == 1 for each in lines)

    wait_until(all_at_once, lambda: shown(controller))
    assert {action: len(said(controller, action)) for action in taken} == dict.fromkeys(taken, 1)


@pytest.fixture
def leased(simulator_of, moto_server, judged, unjudged, controller_of):
    """eastwest with a lease table that `lease.json` guards, with these actions taken away."""
    guards = []

    def begin(without=()):
        moto_server.reset()
        unjudged("dynamodb", moto_server).create_table(
            TableName="eastwest", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}])
        guards.append(policies.Guarded(moto_server, policies.lessened("lease", without)))
        sim = simulator_of(speed=60)
        fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
        fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
        environment = {**policies.RESTRICTED, "AWS_ENDPOINT_URL_DYNAMODB": guards[-1].url}
        return sim, guards[-1], controller_of(sim.url, "--lease-table", "eastwest", environment=environment)

    yield begin
    for guard in guards:
        guard.stop()


def test_a_lease_is_held_under_the_shipped_policy_and_no_other_item_is_within_reach(leased):
    sim, guard, controller = leased()
    controller.wait_synced("web")
    assert len(sim.writes()) == 1 and troubles(controller) == []
    table = policies.client("dynamodb", guard)
    own, other = ({"lease": {"S": f"{account}/eu-west-1/dev"}} for account in (rules.ACCOUNT, "999999999999"))
    table.put_item(TableName="eastwest", Item=own)
    assert table.get_item(TableName="eastwest", Key=own)["Item"] == own
    for call, members in ((table.put_item, {"TableName": "eastwest", "Item": other}),
                          (table.get_item, {"TableName": "eastwest", "Key": other}),
                          (table.get_item, {"TableName": "payments", "Key": own}),
                          (table.delete_item, {"TableName": "eastwest", "Key": own}),
                          (table.update_item, {"TableName": "eastwest", "Key": own}),
                          (table.scan, {"TableName": "eastwest"}), (table.delete_table, {"TableName": "eastwest"})):
        with pytest.raises(ClientError, match="not authorized to perform: dynamodb:"):
            call(**members)


@pytest.mark.parametrize("action", sorted(policies.ELSEWHERE))
def test_without_an_action_on_the_lease_table_it_is_named_and_nothing_is_written(action, leased):
    sim, _, controller = leased(without=(action,))
    [trouble, *_] = wait_until(lambda: named(controller, action), lambda: shown(controller))
    assert trouble["page"] == "deploy/README.md#the-policies"
    wait_until(lambda: said(controller, action), lambda: shown(controller))
    controller.wait_service("web", reason="NotLeader")
    assert sim.writes() == []


@pytest.fixture
def binding(simulator_of, judged, tmp_path):
    """Makes a fleet in two clusters, and clients that these policies bind."""
    def begin(names, **filled):
        sim = simulator_of(*policies.flags(tmp_path, names, **filled))
        fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
        fleet.ecs.create_cluster(clusterName="dev")
        for name, cluster in (("web", CLUSTER), (policies.OWN, CLUSTER), ("web", "dev")):
            fleet.service(name, {"web": 8080}, tag=tags(mode="client-server"), cluster=cluster)
        # What no tag opts in; the tag of another tool does not, nor does one of eastwest's others.
        fleet.service("untagged", {"web": 8080})
        fleet.service("others", {"web": 8080}, tag=[{"key": "mode", "value": "client"}, *tags(alias="web:80")])
        fleet.task_definition("other", {"web": 8080})
        fleet.settle()
        return sim, lambda service: policies.client(service, sim), fleet
    return begin


@pytest.fixture
def bound(binding):
    """A fleet in two clusters, and clients that every shipped policy binds."""
    sim, client, _ = binding(EVERY)
    return sim, client


SERVED = connect(served("web", "web"))
WEB = {"cluster": CLUSTER, "service": "web"}
ARN = f"arn:aws:ecs:eu-west-1:{rules.ACCOUNT}:"
TASK = {"containerDefinitions": [{"name": "a", "image": "a"}]}
TLS = connect({**served("web", "web"), "tls": {"issuerCertificateAuthority": {"awsPcaAuthorityArn": AUTHORITY},
                                              "roleArn": f"arn:aws:iam::{rules.ACCOUNT}:role/admin"}})
QUEUE = "http://127.0.0.1/123456789012/eastwest"


def update(**more):
    """An UpdateService of `prod/web` with more in it than Service Connect."""
    return "ecs", "update_service", {**WEB, "serviceConnectConfiguration": SERVED, **more}


def refresh(**more):
    """A refresh of `prod/web` with more in it."""
    return "ecs", "update_service", {**WEB, "forceNewDeployment": True, **more}


SUBNETS = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}
PUBLIC = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}}}
PROVIDER = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}
LATTICE = {"vpcLatticeConfigurations": [{"roleArn": policies.ROLE_OF_TASKS, "portName": "web",
                                         "targetGroupArn": "arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-1"}]}
VOLUMES = {"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": policies.ROLE_OF_TASKS}}]}
FORBIDDEN = {
    # More than Service Connect, for a service that opted in.
    "task definition": update(taskDefinition="other"),
    "subnets": update(**SUBNETS),
    "public address": update(**PUBLIC),
    "capacity provider": update(**PROVIDER),
    "ECS Exec": update(enableExecuteCommand=True),
    "VPC Lattice": update(**LATTICE),
    "EBS volumes": update(**VOLUMES),
    "managed tags": update(enableECSManagedTags=False),
    "propagated tags": update(propagateTags="SERVICE"),
    "role of TLS that is not named": ("ecs", "update_service", {**WEB, "serviceConnectConfiguration": TLS}),
    "refresh with a task definition": refresh(taskDefinition="other"),
    "refresh with subnets": refresh(**SUBNETS),
    "refresh with a capacity provider": refresh(**PROVIDER),
    "refresh with ECS Exec": refresh(enableExecuteCommand=True),
    "refresh with VPC Lattice": refresh(**LATTICE),
    "refresh with EBS volumes": refresh(**VOLUMES),
    "refresh with managed tags": refresh(enableECSManagedTags=False),
    "refresh with propagated tags": refresh(propagateTags="SERVICE"),
    # Others' services.
    "eastwest itself": ("ecs", "update_service", {"cluster": CLUSTER, "service": policies.OWN,
                                                 "serviceConnectConfiguration": SERVED}),
    "eastwest itself by ARN": ("ecs", "update_service", {
        "cluster": CLUSTER, "service": f"{ARN}service/{CLUSTER}/{policies.OWN}", "forceNewDeployment": True}),
    "another cluster": ("ecs", "update_service", {"cluster": "dev", "service": "web",
                                                 "serviceConnectConfiguration": SERVED}),
    "refresh in another cluster": ("ecs", "update_service", {"cluster": "dev", "service": "web",
                                                             "forceNewDeployment": True}),
    "another cluster by ARN": ("ecs", "update_service", {
        "cluster": "dev", "service": f"{ARN}service/dev/web", "serviceConnectConfiguration": SERVED}),
    # Making and deleting.
    "create a service": ("ecs", "create_service", {"cluster": CLUSTER, "serviceName": "new", "taskDefinition": "other"}),
    "delete a service": ("ecs", "delete_service", {**WEB, "force": True}),
    "create a cluster": ("ecs", "create_cluster", {"clusterName": "new"}),
    "change a cluster": ("ecs", "update_cluster", {"cluster": CLUSTER,
                                                   "serviceConnectDefaults": {"namespace": NAMESPACE}}),
    "delete a cluster": ("ecs", "delete_cluster", {"cluster": "dev"}),
    "another family": ("ecs", "register_task_definition", {"family": "other", **TASK}),
    "a privileged container": ("ecs", "register_task_definition", {
        "family": policies.FAMILY, "containerDefinitions": [{"name": "a", "image": "a", "privileged": True}]}),
    "a task role that is not named": ("ecs", "register_task_definition", {
        "family": policies.FAMILY, **TASK, "taskRoleArn": f"arn:aws:iam::{rules.ACCOUNT}:role/admin"}),
    "an execution role that is not named": ("ecs", "register_task_definition", {
        "family": policies.FAMILY, **TASK, "executionRoleArn": f"arn:aws:iam::{rules.ACCOUNT}:role/admin"}),
    "forget a task definition": ("ecs", "deregister_task_definition", {"taskDefinition": "other:1"}),
    # Tags are what opts in.
    "tag a service": ("ecs", "tag_resource", {"resourceArn": f"{ARN}service/{CLUSTER}/web", "tags": tags(mode="off")}),
    "untag a service": ("ecs", "untag_resource", {"resourceArn": f"{ARN}service/{CLUSTER}/web",
                                                  "tagKeys": ["eastwest/mode"]}),
    "tag a task definition": ("ecs", "tag_resource", {
        "resourceArn": f"{ARN}task-definition/{policies.FAMILY}:1", "tags": [{"key": "a", "value": "b"}]}),
    # Cloud Map, Parameter Store, EventBridge, SQS.
    "delete a namespace": ("servicediscovery", "delete_namespace", {"Id": "ns-1"}),
    "create a Cloud Map service": ("servicediscovery", "create_service", {"Name": "a", "NamespaceId": "ns-1"}),
    "delete a Cloud Map service": ("servicediscovery", "delete_service", {"Id": "srv-1"}),
    "register an instance": ("servicediscovery", "register_instance", {
        "ServiceId": "srv-1", "InstanceId": "i", "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.1"}}),
    "deregister an instance": ("servicediscovery", "deregister_instance", {"ServiceId": "srv-1", "InstanceId": "i"}),
    "write the document": ("ssm", "put_parameter", {"Name": "/eastwest/prod", "Value": "{}", "Type": "String"}),
    "delete the document": ("ssm", "delete_parameter", {"Name": "/eastwest/prod"}),
    "read another parameter": ("ssm", "get_parameter", {"Name": "/payments/key"}),
    "read other parameters": ("ssm", "get_parameters_by_path", {"Path": "/"}),
    "make a rule": ("events", "put_rule", {"Name": "a", "EventPattern": "{}"}),
    "send an event": ("events", "put_events", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]}),
    "send an event to another bus": ("events", "put_events", {"Entries": [{
        "Source": "eastwest", "DetailType": "b", "Detail": "{}", "EventBusName": "other"}]}),
    "send a message": ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}),
    "open the queue": ("sqs", "set_queue_attributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": "{}"}}),
    "empty the queue": ("sqs", "purge_queue", {"QueueUrl": QUEUE}),
    "take another queue's messages": ("sqs", "receive_message", {"QueueUrl": f"{QUEUE}-dead"}),
}


def test_what_must_be_impossible_is_refused(bound):
    sim, client = bound
    # Else all could be refused for another reason.
    client("ecs").update_service(**WEB, serviceConnectConfiguration=SERVED)
    sim.advance(120)
    client("ecs").update_service(**WEB, forceNewDeployment=True)
    sim.advance(120)
    before, allowed = sim.state()["services"], []
    assert len(FORBIDDEN) >= 40
    for name, (service, method, members) in FORBIDDEN.items():
        try:
            getattr(client(service), method)(**members)
            allowed.append(name)
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            if code not in ("AccessDeniedException", "AccessDenied"):
                allowed.append(f"{name}: {refused}")
    assert allowed == []
    assert sim.state()["services"] == before


BY_TAG = [name for name in EVERY if name != "document-opt-in"]


def test_without_the_document_only_a_service_with_the_tag_is_changed(binding):
    sim, client, fleet = binding(BY_TAG)
    ecs, writes = client("ecs"), ({"serviceConnectConfiguration": SERVED}, {"forceNewDeployment": True})
    before = sim.state()["services"]
    for service in ("untagged", "others"):
        for members in writes:
            with pytest.raises(ClientError, match="not authorized to perform: ecs:UpdateService"):
                ecs.update_service(cluster=CLUSTER, service=service, **members)
    assert sim.state()["services"] == before
    for members in writes:
        ecs.update_service(**WEB, **members)
        sim.advance(120)
    # Whoever takes the tag off takes the permission with it.
    fleet.untag("web", "mode")
    for members in writes:
        with pytest.raises(ClientError, match="not authorized to perform: ecs:UpdateService"):
            ecs.update_service(**WEB, **members)


def test_where_the_document_opts_in_the_tag_is_not_asked_for(bound):
    sim, client = bound
    for members in ({"serviceConnectConfiguration": SERVED}, {"forceNewDeployment": True}):
        client("ecs").update_service(cluster=CLUSTER, service="untagged", **members)
        sim.advance(120)


@pytest.mark.parametrize("names", [EVERY, BY_TAG], ids=["every policy", "by tag"])
def test_only_the_namespace_of_the_policy_is_joined(names, binding, simulator_of, judged):
    # A policy stands before the simulator does; its ids are the same at each start.
    sim = simulator_of()
    own = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim)).namespace_id
    sim, client, fleet = binding(names, REPLACE_NAMESPACE=own)
    assert fleet.namespace_id == own
    other = fleet.make_namespace("other.myapp")
    arn = f"arn:aws:servicediscovery:eu-west-1:{rules.ACCOUNT}:namespace/"
    before = sim.state()["services"]
    for namespace in ("other.myapp", other, f"{arn}{other}"):
        with pytest.raises(ClientError, match="not authorized to perform: ecs:UpdateService"):
            client("ecs").update_service(
                **WEB, serviceConnectConfiguration=connect(served("web", "web"), namespace=namespace))
    assert sim.state()["services"] == before
    # A refresh and a switch-off name no namespace.
    for members in ({"serviceConnectConfiguration": SERVED}, {"forceNewDeployment": True},
                    {"serviceConnectConfiguration": connect(served("web", "web"), namespace=f"{arn}{own}")},
                    {"serviceConnectConfiguration": {"enabled": False}}):
        client("ecs").update_service(**WEB, **members)
        sim.advance(120)


@pytest.mark.parametrize("size", [{"cpu": "256"}, {"memory": "512"}])
def test_the_size_of_a_task_is_pinned_though_no_client_can_send_it_yet(size, bound):
    sim, client = bound
    ecs, [member] = client("ecs"), size
    # Once it can, this belongs to `FORBIDDEN`.
    assert member not in ecs.meta.service_model.operation_model("UpdateService").input_shape.members

    def enlarged(params, **_):
        params["body"] = json.dumps({**json.loads(params["body"]), **size}).encode()

    ecs.meta.events.register("before-call.ecs.UpdateService", enlarged)
    before = sim.state()["services"]
    for members in ({"serviceConnectConfiguration": SERVED}, {"forceNewDeployment": True}):
        with pytest.raises(ClientError, match="not authorized to perform: ecs:UpdateService"):
            ecs.update_service(**WEB, **members)
    assert sim.state()["services"] == before


def test_a_desired_count_is_what_no_key_can_pin(bound):
    # The page of deployment says so. If AWS ever gives a key for it, this is where it shows.
    _, client = bound
    service = client("ecs").update_service(**WEB, forceNewDeployment=True, desiredCount=3)["service"]
    assert service["desiredCount"] == 3


def test_only_the_right_people_set_the_tags_of_eastwest(simulator_of, judged, tmp_path):
    path = tmp_path / "who-may-tag.json"
    path.write_text(filled("who-may-tag"))
    sim = simulator_of("--policy", str(path))
    fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
    arn = fleet.service("web", {"web": 8080})["serviceArn"]
    ecs = policies.client("ecs", sim)
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "shop"}])
    for more in (tags(mode="client"), [{"key": "team", "value": "b"}, *tags(alias="sts:443")]):
        with pytest.raises(ClientError, match="not authorized to perform: ecs:TagResource"):
            ecs.tag_resource(resourceArn=arn, tags=more)
    with pytest.raises(ClientError, match="not authorized to perform: ecs:UntagResource"):
        ecs.untag_resource(resourceArn=arn, tagKeys=["eastwest/mode"])


def filled(name, **more):
    """An example, filled in."""
    text = (policies.FOLDER / "examples" / f"{name}.json").read_text()
    for placeholder, value in {**policies.FILLED, **more}.items():
        text = text.replace(placeholder, value)
    assert "REPLACE_" not in text, text
    return text


@pytest.mark.parametrize("team, may", [("platform", False), ("simulated", True)])
def test_under_the_service_control_policy_only_the_platform_team_sets_the_tags(team, may, simulator_of, judged, tmp_path):
    # A service control policy grants nothing: beside it stands one that allows everything.
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
    texts = {"all": json.dumps(allow), "scp": filled("who-may-tag-scp", REPLACE_ROLE_OF_THE_PLATFORM_TEAM=team)}
    flags = []
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
        flags += ["--policy", str(tmp_path / f"{name}.json")]
    sim = simulator_of(*flags)
    fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
    arn = fleet.service("web", {"web": 8080}, tag=tags(mode="client"))["serviceArn"]
    ecs = policies.client("ecs", sim)
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "shop"}])
    new = {"cluster": CLUSTER, "serviceName": "new", "taskDefinition": "web", "desiredCount": 1}
    wanted = ((ecs.tag_resource, {"resourceArn": arn, "tags": tags(alias="api:80")}),
              (ecs.untag_resource, {"resourceArn": arn, "tagKeys": ["eastwest/mode"]}),
              (ecs.create_service, {**new, "tags": tags(mode="client")}))
    for call, members in wanted:
        if may:
            call(**members)
        else:
            with pytest.raises(ClientError, match="not authorized to perform"):
                call(**members)
    if not may:
        ecs.create_service(**new)


def test_a_key_decrypts_nothing_but_the_parameters_that_may_be_read(simulator_of, judged, tmp_path):
    others = [name for name in EVERY if name != "document" and "kms:Decrypt" in policies.actions(name)]
    assert others == []
    # Somebody else lets the role read every parameter: the key is the last thing in the way.
    allow = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:GetParametersByPath"], "Resource": ["*"]}]}
    path = tmp_path / "all.json"
    path.write_text(json.dumps(allow))
    sim = simulator_of(*policies.flags(tmp_path, ["document"]), "--policy", str(path))
    writer, reader = judged("ssm", sim), policies.client("ssm", sim)
    alien = f"arn:aws:kms:eu-west-1:999999999999:key/{KEY}"
    for name, key in (("/eastwest/prod", KEY), ("/eastwest", KEY), ("/payments/key", KEY), ("/eastwestern", KEY),
                      ("/eastwest/alien", alien)):
        put(writer, "secret", name, Type="SecureString", KeyId=key)
    put(writer, "secret", "/payments/plain", Type="SecureString")
    for name in ("/eastwest/prod", "/eastwest"):
        assert reader.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "secret"
    for call, members in ((reader.get_parameter, {"Name": "/payments/key"}), (reader.get_parameter, {"Name": "/eastwestern"}),
                          (reader.get_parameter, {"Name": "/eastwest/alien"}),
                          (reader.get_parameters_by_path, {"Path": "/payments"}),
                          (reader.get_parameters_by_path, {"Path": "/eastwest"})):
        with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt on resource: arn:aws:kms:"):
            call(**members, WithDecryption=True)
    # Neither what stays encrypted nor what the account's own key encrypts asks for a key.
    assert reader.get_parameter(Name="/payments/key")["Parameter"]["Value"] != "secret"
    assert reader.get_parameter(Name="/payments/plain", WithDecryption=True)["Parameter"]["Value"] == "secret"


def test_a_role_is_passed_by_its_name_and_to_one_service_only():
    passed = {name: [statement for statement in policies.shipped(name)["Statement"]
                     if "iam:PassRole" in statement["Action"]] for name in EVERY}
    found = {name: statements for name, statements in passed.items() if statements}
    roles = {"name-ports": ("ecs-tasks.amazonaws.com", policies.ROLE_OF_TASKS),
             "tls": ("ecs.amazonaws.com", policies.ROLE_OF_TLS)}
    assert set(found) == set(roles)
    for name, (service, role) in roles.items():
        [statement] = found[name]
        assert statement["Action"] == ["iam:PassRole"] and statement["Resource"] == [role]
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": service}}


def test_a_policy_that_is_not_understood_is_refused_at_the_start(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "a", "Resource": "*"}]}')
    for file, why in ((path, "NotAction"), (pathlib.Path("/nowhere.json"), "No such file")):
        ended = subprocess.run([program("eastwest-sim"), "--listen", "127.0.0.1:0", "--policy", str(file)],
                               capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 1 and str(file) in ended.stderr and why in ended.stderr, ended.stderr
