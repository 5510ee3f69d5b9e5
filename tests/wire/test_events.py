"""EventBridge and SQS of the simulator, wired by ordinary boto3 as on AWS; the judge has seen every answer."""
import json
import threading

import pytest

import world
from fleet import CLUSTER, connect, served, tags
from test_validation import refusal

RULE, QUEUE = "changes", "nudges"
DOCUMENTED = world.pathlib.Path(__file__).parents[1] / "events"
# Nothing of best effort is lost, nothing comes twice, and everything is there after a second.
PLAIN = {"lost_per_mille": 0, "doubled_per_mille": 0, "delay_ms": [200, 900], "reordered": False}


@pytest.fixture
def events(sim, judged):
    """EventBridge, judged."""
    return judged("events", sim)


@pytest.fixture
def sqs(sim, judged):
    """SQS, judged."""
    return judged("sqs", sim)


class Wired:
    """A rule that leads what it wants into a queue."""

    def __init__(self, sim, events, sqs, pattern):
        self.sim, self.sqs = sim, sqs
        sim.control("POST", "events", PLAIN)
        rule = events.put_rule(Name=RULE, EventPattern=json.dumps(pattern))["RuleArn"]
        self.url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        named = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        arn = named["Attributes"]["QueueArn"]
        statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
                     "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        put = events.put_targets(Rule=RULE, Targets=[{"Id": "queue", "Arn": arn}])
        assert put["FailedEntryCount"] == 0, put

    def heard(self):
        """The events that came within a virtual second, in order; they leave the queue."""
        self.sim.advance(1)
        found = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return found
            found += [json.loads(message["Body"]) for message in messages]
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            done = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
            assert not done.get("Failed"), done


@pytest.fixture
def wired(sim, events, sqs):
    """Makes the rule with a pattern."""
    return lambda **pattern: Wired(sim, events, sqs, pattern)


@pytest.fixture
def web(fleet):
    """A settled service with an endpoint."""
    fleet.service("web", {"web": 8080}, connect(served("web", "api")), tag=tags(mode="client"))
    fleet.settle()
    return fleet


def members(value):
    """The members of a value and below, without what depends on the call."""
    if not isinstance(value, dict):
        return type(value).__name__
    return {name: members(below) for name, below in value.items()
            if name not in ("requestParameters", "responseElements", "tags")}


def documented(name):
    """An event as AWS documents it."""
    return json.loads((DOCUMENTED / f"{name}.json").read_text())


def test_a_changed_tag_comes_twice_by_tag_and_by_the_call(web, wired):
    queue = wired(source=["aws.tag", "aws.ecs"], **{"detail-type": [
        "Tag Change on Resource", "AWS API Call via CloudTrail"]})
    web.tag("web", mode="client-server")
    change, call = sorted(queue.heard(), key=lambda event: event["source"], reverse=True)
    arn = web.describe("web")["serviceArn"]
    assert change["resources"] == [arn]
    assert change["detail"]["changed-tag-keys"] == ["eastwest/mode"]
    assert change["detail"]["tags"]["eastwest/mode"] == "client-server"
    assert members(change) == members(documented("tag-change"))
    assert call["detail"]["eventName"] == "TagResource"
    assert call["detail"]["requestParameters"]["resourceArn"] == arn
    assert "Boto3" in call["detail"]["userAgent"]
    assert members(call) == members(documented("cloudtrail-ecs-tag-resource"))
    web.untag("web", "mode")
    assert len(queue.heard()) == 2


def test_a_rollout_comes_when_it_begins_and_when_it_is_complete(web, wired):
    queue = wired(source=["aws.ecs"], **{"detail-type": ["ECS Deployment State Change"]})
    web.update("web", connect(served("web", "other")))
    begun, = queue.heard()
    assert begun["detail"]["eventName"] == "SERVICE_DEPLOYMENT_IN_PROGRESS"
    assert begun["detail"]["deploymentId"] == web.primary("web")["id"]
    assert begun["resources"] == [web.describe("web")["serviceArn"]]
    assert members(begun) == members(documented("ecs-deployment-state-change"))
    web.settle()
    complete, = queue.heard()
    assert complete["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED"


def test_a_parameter_comes_with_its_name_and_without_its_value(ssm, wired):
    queue = wired(source=["aws.ssm"], detail={"name": [{"prefix": "/eastwest/"}]})
    for name, value in (("/eastwest/prod", "s3cr3t"), ("/other", "x")):
        ssm.put_parameter(Name=name, Value=value, Type="String", Description="d")
    ssm.put_parameter(Name="/eastwest/prod", Value="s3cr3t", Type="String", Description="d", Overwrite=True)
    ssm.delete_parameter(Name="/eastwest/prod")
    heard = queue.heard()
    assert [event["detail"]["operation"] for event in heard] == ["Create", "Update", "Delete"]
    assert {event["detail"]["name"] for event in heard} == {"/eastwest/prod"}
    assert members(heard[0]) == members(documented("ssm-parameter-store-change"))
    assert "s3cr3t" not in json.dumps(heard)


def test_a_namespace_comes_by_the_call_that_makes_it(cloudmap, wired):
    queue = wired(source=["aws.servicediscovery"])
    cloudmap.create_http_namespace(Name="shop.internal", CreatorRequestId="c")
    call, = queue.heard()
    assert call["detail"]["requestParameters"]["name"] == "shop.internal"
    assert members(call) == members(documented("cloudtrail-servicediscovery-create-http-namespace"))


def test_a_refused_call_comes_with_its_error(web, ecs, wired):
    queue = wired(source=["aws.ecs"], detail={"errorCode": [{"exists": True}]})
    code, text, _ = refusal(ecs.update_service, cluster=CLUSTER, service="nothing", desiredCount=2)
    ecs.update_service(cluster=CLUSTER, service="web", desiredCount=2)
    call, = queue.heard()
    assert (call["detail"]["errorCode"], call["detail"]["errorMessage"]) == (code, text)
    assert members(call) == members(documented("cloudtrail-ecs-update-service-refused"))


def test_a_waiting_receiver_gets_a_message_when_it_is_sent(sim, sqs):
    url = sqs.create_queue(QueueName="q", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    got = []
    waiting = threading.Thread(target=lambda: got.append(sqs.receive_message(QueueUrl=url)), daemon=True)
    waiting.start()
    world.wait_until(lambda: sim.called("sqs.ReceiveMessage"), "the receiver waits")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    waiting.join(world.PATIENCE)
    assert [message["Body"] for message in got[0]["Messages"]] == ["hello"]


def test_a_waiting_receiver_gets_an_event_when_virtual_time_brings_it(sim, wired, ecs):
    queue = wired(source=["aws.ecs"])
    got = []

    def receive():
        got.append(queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20))

    waiting = threading.Thread(target=receive, daemon=True)
    waiting.start()
    world.wait_until(lambda: sim.called("sqs.ReceiveMessage"), "the receiver waits")
    ecs.create_cluster(clusterName="late")
    sim.advance(1)
    waiting.join(world.PATIENCE)
    assert "CreateCluster" in got[0]["Messages"][0]["Body"]


def test_a_receiver_that_waits_in_vain_gets_an_empty_answer(sim, sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_queues_do_what_sqs_says(sqs, sim):
    made = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"}, tags={"team": "shop"})
    url = made["QueueUrl"]
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix="q")["QueueUrls"] == [url]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="none")
    attribute = {"DataType": "String", "StringValue": "blue"}
    sent = sqs.send_message(QueueUrl=url, MessageBody="one", MessageAttributes={"colour": attribute})
    batch = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "two", "DelaySeconds": 5}])
    assert [entry["Id"] for entry in batch["Successful"]] == ["a"]
    received, = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"],
                                    MessageAttributeNames=["All"])["Messages"]
    assert received["MessageId"] == sent["MessageId"]
    assert received["MessageAttributes"] == {"colour": attribute}
    assert received["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert received["Attributes"]["ApproximateReceiveCount"] == "1"
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
    handle = received["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    sim.advance(5)
    again = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in again) == ["one", "two"]
    changes = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 9} for n, m in enumerate(again)]
    done = sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)
    assert len(done["Successful"]) == 2
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"])
    sqs.purge_queue(QueueUrl=url)
    sim.advance(60)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    code, _, status = refusal(sqs.get_queue_url, QueueName="q")
    assert (code, status) == ("AWS.SimpleQueueService.NonExistentQueue", 400)


def test_sqs_refuses_in_its_own_words(sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    gone = url.replace("/q", "/gone")
    assert refusal(sqs.receive_message, QueueUrl=gone)[0] == "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(sqs.delete_message, QueueUrl=url, ReceiptHandle="bogus")[0] == "ReceiptHandleIsInvalid"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.purge_queue(QueueUrl=gone)
    unknown = refusal(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Colour"])
    assert unknown[0] == "InvalidAttributeName"
    assert refusal(sqs.send_message_batch, QueueUrl=url, Entries=[])[0] == "AWS.SimpleQueueService.EmptyBatchRequest"
    fifo = refusal(sqs.create_queue, QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    assert fifo[0] == "AWS.SimpleQueueService.UnsupportedOperation"


@pytest.mark.parametrize("kind, code, status", [
    ("throttle", "RequestThrottled", 400), ("denied", "AccessDenied", 403), ("error-before", "InternalFailure", 500)])
def test_calls_of_queues_fail_on_request(sqs, sim, kind, code, status):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    sim.fault("sqs.ReceiveMessage", kind)
    found = refusal(sqs.receive_message, QueueUrl=url)
    assert (found[0], found[2]) == (code, status)
    assert sqs.receive_message(QueueUrl=url)["Messages"]


def test_a_message_that_nobody_deletes_goes_to_the_dead_letter_queue(sqs, sim):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    url = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert sqs.receive_message(QueueUrl=url)["Messages"]
        sim.advance(30)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "poison"


def test_rules_and_targets_are_kept_listed_and_deleted(wired, events):
    wired(source=["aws.ecs"])
    assert events.describe_rule(Name=RULE)["State"] == "ENABLED"
    events.disable_rule(Name=RULE)
    assert events.list_rules(NamePrefix="ch")["Rules"][0]["State"] == "DISABLED"
    events.enable_rule(Name=RULE)
    target, = events.list_targets_by_rule(Rule=RULE)["Targets"]
    assert target["Arn"].endswith(f":{QUEUE}")
    assert refusal(events.delete_rule, Name=RULE)[0] == "ValidationException"
    assert events.remove_targets(Rule=RULE, Ids=["queue"])["FailedEntryCount"] == 0
    events.delete_rule(Name=RULE)
    assert refusal(events.describe_rule, Name=RULE)[0] == "ResourceNotFoundException"


def test_a_pattern_that_eventbridge_refuses_is_refused(events):
    for pattern in ("{", "{}", '{"source": "aws.ecs"}', '{"source": [{"contains": "ecs"}]}'):
        assert refusal(events.put_rule, Name=RULE, EventPattern=pattern)[0] == "InvalidEventPatternException"
    event = json.dumps(documented("tag-change"))

    def matches(pattern):
        return events.test_event_pattern(EventPattern=json.dumps(pattern), Event=event)["Result"]

    assert matches({"detail": {"changed-tag-keys": [{"prefix": "eastwest/"}]}})
    assert not matches({"detail": {"changed-tag-keys": [{"prefix": "other/"}]}})


def test_nobody_forges_an_event_of_aws(wired, events):
    queue = wired(source=[{"prefix": ""}])
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"id": 7})}
    answer = events.put_events(Entries=[entry, {**entry, "Source": "aws.ecs"}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1]["ErrorCode"] == "NotAuthorizedForSourceException"
    event, = queue.heard()
    assert (event["source"], event["detail"]) == ("shop", {"id": 7})


def test_lost_doubled_and_late_events_are_a_choice(wired, ecs, sim):
    queue = wired(source=["aws.ecs"])
    sim.control("POST", "events", {"doubled_per_mille": 1000})
    ecs.create_cluster(clusterName="twice")
    first, second = queue.heard()
    assert first["id"] == second["id"]
    sim.control("POST", "events", {"lost_per_mille": 1000, "doubled_per_mille": 0})
    ecs.create_cluster(clusterName="lost")
    assert not queue.heard()
    sim.control("POST", "events", {"lost_per_mille": 0, "delay_ms": [5000, 5000]})
    ecs.create_cluster(clusterName="late")
    assert not queue.heard()
    sim.advance(4)
    assert len(queue.heard()) == 1
    status, text = world.http("POST", f"{sim.url}/_sim/events", {"lost_per_mille": 1001})
    assert status == 400 and "0 to 1000" in text
