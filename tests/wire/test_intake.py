"""`--queue-url`: what a message brings forward, and what it cannot do."""
import json

import pytest

import rules
import world
from documents import PARAMETER, document, entry, put
from fleet import NAMESPACE, connect, served, tags

EVENTS = world.pathlib.Path(__file__).parents[1] / "events"
# Sweeps come too late to help.
NO_SWEEPS = {"interval": "24h"}


@pytest.fixture
def live_events(live, judged):
    """EventBridge in the fast world, judged."""
    return judged("events", live)


@pytest.fixture
def live_sqs(live, judged):
    """SQS in the fast world, judged."""
    return judged("sqs", live)


@pytest.fixture
def queues(live, live_events, live_sqs):
    """The shipped rules and queues in the fast world, with events that come soon and once."""
    live.control("POST", "events", rules.PLAIN)
    return rules.wire(live_events, live_sqs)


def writes(sim, count):
    """Waits until there were so many changes, and no more."""
    world.wait_until(lambda: len(sim.writes()) >= count, lambda: f"{count} writes, not {sim.writes()}")
    assert len(sim.writes()) == count


def sample(name):
    """An event as AWS documents it."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_each_documented_event_is_matched_by_a_shipped_rule_and_nothing_else_is(events_of):
    refused, unwanted = "cloudtrail-ecs-update-service-refused", "cloudtrail-servicediscovery-create-service"
    # AWS repeats a steady state every few hours, which says nothing new.
    steady = "ecs-service-action"
    names = [path.stem for path in sorted(EVENTS.glob("*.json"))]
    assert len(names) > 10
    for name in names:
        matched = events_of(sample(name))
        assert bool(matched) == (name not in (refused, unwanted, steady)), f"{name}: {matched}"
    for change in (
            {"source": "aws.ec2"}, {"detail-type": "ECS Task State Change"},
            {"detail": {**sample("tag-change")["detail"], "changed-tag-keys": ["team"]}},
            {"detail": {**sample("tag-change")["detail"], "resource-type": "task"}}):
        assert not events_of({**sample("tag-change"), **change}), change
    completed = sample("ecs-service-action")
    completed["detail"]["eventName"] = "SERVICE_DEPLOYMENT_COMPLETED"
    assert events_of(completed) == ["deployments"]
    other = sample("ssm-parameter-store-change")
    other["detail"]["name"] = "/other/prod"
    assert not events_of(other)


def test_the_policy_to_read_is_the_one_of_the_queue():
    attributes = json.loads((rules.FOLDER / "queue.json").read_text())
    assert json.loads(attributes["Policy"]) == json.loads((rules.FOLDER / "queue-policy.json").read_text())


@pytest.fixture
def events_of(sim, judged):
    """The shipped rules that match an event."""
    client = judged("events", sim)

    def matched(event):
        text = json.dumps(event)
        return [name for name in rules.NAMES
                if client.test_event_pattern(EventPattern=rules.pattern(name), Event=text)["Result"]]
    return matched


def test_a_changed_tag_is_written_without_a_sweep(live, live_fleet, queues, controller_of):
    live_fleet.service("web", {"web": 8080})
    controller = controller_of(live.url, "--queue-url", queues[0], **NO_SWEEPS)
    controller.wait_ready()
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    writes(live, 1)
    controller.wait_synced("web")
    assert controller.metric("eastwest_nudges_total", kind="Service") > 0
    assert controller.metric("eastwest_event_to_write_seconds_count") == 1
    assert controller.metric("eastwest_queue_up") == 1


def test_a_new_service_a_new_document_and_a_new_namespace_are_seen_without_a_sweep(
        live, live_fleet, live_ssm, queues, controller_of):
    put(live_ssm, document())
    controller = controller_of(live.url, "--queue-url", queues[0],
                               "--source", f"tags,ssm:{PARAMETER}", **NO_SWEEPS)
    controller.wait_ready()
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    writes(live, 1)
    put(live_ssm, document({"web": entry("web", "shop")}))
    writes(live, 2)
    controller.wait_synced("web")
    live_fleet.service("api", {"api": 8080}, tag=tags(mode="client-server", namespace="later.local"))
    controller.wait_service("api", "NoNamespace")
    live_fleet.make_namespace("later.local")
    writes(live, 3)


def test_events_that_are_lost_doubled_late_and_out_of_order_lead_to_one_write_for_each_change(
        live, live_fleet, queues, controller_of):
    live.control("POST", "events", rules.BAD)
    names = [f"s{number}" for number in range(6)]
    for name in names:
        live_fleet.service(name, {"web": 8080})
    # What is lost comes with a sweep, a virtual quarter of an hour later.
    controller = controller_of(live.url, "--queue-url", queues[0],
                               "--rollouts-per-namespace", "6", "--rollouts-per-cluster", "6", interval="15s")
    controller.wait_ready()
    for name in names:
        live_fleet.tag(name, mode="client-server", namespace=NAMESPACE, discovery_name=name)
    controller.wait_synced(*names)
    assert len(live.writes()) == len(names)


def test_what_anybody_puts_into_the_queue_changes_nothing_and_what_is_no_event_goes_to_the_dead_letters(
        live, live_fleet, live_sqs, queues, controller_of):
    live_fleet.service("web", {"web": 8080}, connect(served("web", "api")), tag=tags(mode="client-server"))
    url, dead = queues
    controller = controller_of(live.url, "--queue-url", url, **NO_SWEEPS)
    controller.wait_synced("web")
    forged = sample("cloudtrail-ecs-update-service")
    forged["detail"]["requestParameters"]["serviceConnectConfiguration"] = {"enabled": False}
    foreign = json.dumps(sample("tag-change")).replace(rules.ACCOUNT, "999999999999")
    odd = ["{", "[]", "[" * 100_000, "null", json.dumps({"source": "aws.ecs"}), "x" * 200_000]
    for body in [json.dumps(forged), foreign, json.dumps(sample("tag-change")), *odd]:
        live_sqs.send_message(QueueUrl=url, MessageBody=body)
    world.wait_until(lambda: controller.metric("eastwest_nudges_total", kind="Unread") >= len(odd),
                     lambda: controller.get("/metrics")[1])

    def dead_letters():
        found = live_sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])
    world.wait_until(lambda: dead_letters() == len(odd), lambda: f"{dead_letters()} dead letters")
    assert live.writes() == []
    assert controller.get("/livez")[0] == 200


def test_a_queue_that_is_not_there_is_told_once_and_stops_no_sweep(live, live_fleet, queues, controller_of):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    controller = controller_of(live.url, "--queue-url", queues[0] + "-gone")
    controller.wait_synced("web")
    controller.wait_metric(0, "eastwest_queue_up")
    assert "NonExistentQueue" in controller.json("/api/v1/services")["queue"]["trouble"]
    assert len(controller.log_lines("messages of the queue cannot be received")) == 1


def test_messages_of_another_sqs_are_received_and_deleted(live, live_fleet, moto_server, unjudged, controller_of):
    queue = unjudged("sqs", moto_server)
    url = queue.create_queue(QueueName="eastwest")["QueueUrl"]
    live_fleet.service("web", {"web": 8080})
    controller = controller_of(live.url, "--queue-url", url, **NO_SWEEPS,
                               environment={**world.CREDENTIALS, "AWS_ENDPOINT_URL_SQS": moto_server.url})
    controller.wait_ready()
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    event = {**sample("tag-change"), "resources": [live_fleet.describe("web")["serviceArn"]]}
    queue.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    writes(live, 1)

    def left():
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = queue.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return [found[name] for name in names]
    world.wait_until(lambda: left() == ["0", "0"], left)
