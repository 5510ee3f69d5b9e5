"""Notifications: people are told what needs them, over a webhook that fails, hangs and lies, and over an event bus.

Meanwhile the loop goes on: services that opt in later converge.
"""
import json
import pathlib
import re

import pytest

import policies
import world
from emulators import Moto
from documents import put
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from receiver import Receiver

KEY = "canary-key-5f3a9c-0123456789"
PATH = "/services/T000/B000/canary-path-5f3a9c"
# A minute is a second.
SPEED = 60
FAST = ("--notify-speed", str(SPEED))
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "notifications.md"


@pytest.fixture
def receiver():
    """Somebody who receives."""
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def conflict(live_fleet):
    """Two services that want one name: the holder did not opt in."""
    live_fleet.service("holder", {"web": 8080}, connect(served("web", "web")))
    live_fleet.settle()
    live_fleet.service("first", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="web"))
    live_fleet.service("second", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="web"))
    return live_fleet


def told(receiver, *words):
    """Waits until a group that arrived has all these words; the group."""
    def found():
        return next((group for group in receiver.groups()
                     if all(word in json.dumps(group) for word in words)), None)
    return world.wait_until(found, lambda: f"{words} in {receiver.received}")


def converges(fleet, controller, name):
    """A service that opts in now is served all the same."""
    fleet.service(name, {name: 9000}, tag=tags(mode="client-server", namespace=NAMESPACE))
    controller.wait_synced(name)
    assert fleet.config(name)["enabled"]


def sends(controller_of, live, receiver, *more, environment=None):
    """eastwest that tells this receiver."""
    secrets = {**world.CREDENTIALS, "EASTWEST_NOTIFY_WEBHOOK": receiver.url(PATH), "EASTWEST_NOTIFY_SECRET": KEY}
    return controller_of(live.url, *FAST, *more, environment={**secrets, **(environment or {})})


def verifier():
    """The function that the page shows to whoever receives."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)[1]
    names = {}
    exec(compile(code, str(PAGE), "exec"), names)  # pylint: disable=exec-used
    return names["is_from_eastwest"]


def test_what_needs_a_person_is_told_once_in_one_message_and_so_is_its_end(conflict, live, controller_of, receiver):
    controller = sends(controller_of, live, receiver)
    group = told(receiver, "conflict", "first")
    assert {subject["name"] for subject in group["subjects"]} == {"first", "second"}, "what is alike is one group"
    assert (group["kind"], group["state"], group["count"]) == ("conflict", "begins", 2)
    message = receiver.arrived()[0]
    assert message["version"] == 1 and message["first"] and message["region"] == world.REGION
    assert message["account"] == "123456789012" and len(receiver.arrived()) == 1
    converges(conflict, controller, "other")
    for name in ("first", "second"):
        conflict.tag(name, discovery_name=name)
    over = told(receiver, '"over"', "second")
    assert over["kind"] == "conflict"
    controller.wait_synced("first", "second")
    begun = [group for group in receiver.groups() if group["state"] == "begins"]
    assert len(begun) == 1, f"told once: {begun}"
    controller.wait_metric(0, "eastwest_notifications_total", channel="webhook", outcome="Failed")
    assert controller.metric("eastwest_notifications_total", channel="webhook", outcome="Sent") == len(receiver.arrived())


def test_the_function_on_the_page_knows_a_message_from_a_forgery(conflict, live, controller_of, receiver):
    sends(controller_of, live, receiver)
    told(receiver, "conflict")
    is_from_eastwest = verifier()
    got = receiver.received[0]
    header = {name.lower(): value for name, value in got["headers"].items()}["eastwest-signature"]
    at = int(re.match(r"t=(\d+),", header)[1])
    assert is_from_eastwest(KEY, header, got["body"], at + 10)
    assert not is_from_eastwest(KEY, header, got["body"] + b" ", at + 10), "another body"
    assert not is_from_eastwest("another-key-0123456789", header, got["body"], at + 10)
    assert not is_from_eastwest(KEY, header, got["body"], at + 3600), "an hour old"
    for broken in ("", "t=1", "v1=00", "t=x,v1=00", header.replace("t=", "t=1")):
        assert not is_from_eastwest(KEY, broken, got["body"], at + 10), broken


@pytest.mark.parametrize("behaviour", ["fails", "refuses", "limits", "redirects", "closes", "garbage"])
def test_what_did_not_arrive_is_told_again_and_the_loop_goes_on(
        behaviour, conflict, live, controller_of, receiver):
    receiver.behaviours = [behaviour] * 3
    controller = sends(controller_of, live, receiver)
    world.wait_until(lambda: receiver.received, controller.output)
    converges(conflict, controller, "other")
    told(receiver, "conflict", "first")
    controller.wait_metric(3, "eastwest_notifications_total", channel="webhook", outcome="Failed")
    assert receiver.elsewhere == [], "no redirect is followed"
    assert len(controller.log_lines("a message to people did not arrive", f"http://127.0.0.1:{receiver.port}")) == 3


def test_a_receiver_that_hangs_delays_nothing_but_its_own_messages(conflict, live, controller_of, receiver):
    receiver.behaviours = ["hangs"]
    controller = sends(controller_of, live, receiver)
    world.wait_until(lambda: receiver.received, controller.output)
    for name in ("one", "two", "three"):
        converges(conflict, controller, name)
    told(receiver, "conflict", "first")
    assert controller.log_lines("no answer within 10 s")


def test_an_endless_answer_is_not_read(conflict, live, controller_of, receiver):
    receiver.behaviours = ["endless"]
    controller = sends(controller_of, live, receiver)
    controller.wait_metric(1, "eastwest_notifications_total", channel="webhook", outcome="Sent")
    before = controller.metric("process_resident_memory_bytes")
    converges(conflict, controller, "other")
    assert controller.metric("process_resident_memory_bytes") < before + 64 * 2**20


def test_a_channel_gets_no_more_than_its_limit_and_everything_in_the_end(conflict, live, controller_of, receiver):
    # Each has a reason of its own, so that each is a group: far more than the limit lets through one by one.
    controller = sends(controller_of, live, receiver)
    told(receiver, "conflict", "first")
    count = 30
    for number in range(count):
        conflict.service(f"bad{number}", tag=tags(mode=f"wrong{number}"))
        if number % 3 == 0:
            world.wait_until(lambda name=f"bad{number}": controller.service(name), controller.output)
    world.wait_until(
        lambda: len({s["name"] for g in receiver.groups() for s in g["subjects"] if s["name"].startswith("bad")}) == count,
        lambda: f"{receiver.groups()}\n{controller.output()}")
    for message in receiver.arrived():
        assert len(message["groups"]) <= 10, message
        assert len(json.dumps(message)) < 200_000
    names = [s["name"] for g in receiver.groups() for s in g["subjects"]]
    assert len(names) == len(set(names)), "nothing twice"
    assert controller.metric("eastwest_notifications_dropped_total") == 0


def test_after_a_restart_what_stands_is_told_in_one_message_that_says_so(conflict, live, controller_of, receiver):
    first = sends(controller_of, live, receiver)
    told(receiver, "conflict", "first")
    first.terminate()
    count = len(receiver.arrived())
    sends(controller_of, live, receiver)
    world.wait_until(lambda: len(receiver.arrived()) > count, lambda: str(receiver.received))
    again = receiver.arrived()[count]
    assert again["first"] and [group["kind"] for group in again["groups"]] == ["conflict"]


@pytest.mark.parametrize("levels", ["info", "trace"])
def test_no_secret_of_a_channel_comes_out(levels, conflict, live, controller_of, receiver):
    receiver.behaviours = ["fails", "refuses", "closes", "redirects"]
    controller = sends(controller_of, live, receiver, environment={"RUST_LOG": levels})
    told(receiver, "conflict", "first")
    pages = "".join(controller.get(page)[1] for page in ("/metrics", "/", "/events", "/api/v1/events", "/api/v1/plan"))
    controller.terminate()
    everything = controller.output() + pages
    assert "a message to people did not arrive" in everything
    assert "canary" not in everything
    assert not any(KEY.encode() in each["body"] or "canary-path" in str(each["headers"]) for each in receiver.received)


def test_secrets_may_stand_in_files(conflict, live, controller_of, receiver, tmp_path):
    address, key = tmp_path / "address", tmp_path / "key"
    address.write_text(receiver.url(PATH) + "\n")
    key.write_text(KEY + "\n")
    controller_of(live.url, *FAST, "--notify-webhook", f"file:{address}", "--notify-secret", f"file:{key}")
    told(receiver, "conflict", "first")
    got = receiver.received[0]
    header = {name.lower(): value for name, value in got["headers"].items()}["eastwest-signature"]
    assert got["path"] == PATH and verifier()(KEY, header, got["body"], int(header[2:].split(",")[0]))


def test_slack_gets_its_form_and_no_text_of_a_user_calls_people(live_fleet, live, live_ssm, controller_of, receiver):
    live_fleet.service("web", tag=tags(mode="client"))
    put(live_ssm, json.dumps({"version": 1, "<!channel> & <http://evil|here>": 1}))
    sends(controller_of, live, receiver, "--notify-format", "slack", "--source", "ssm:/eastwest/prod")
    message = world.wait_until(lambda: receiver.arrived(), lambda: str(receiver.received))[0]
    assert set(message) == {"text", "unfurl_links", "unfurl_media"} and message["unfurl_links"] is False
    assert "1 thing needs a person" in message["text"] and "the document" in message["text"]
    assert "&lt;!channel&gt; &amp; &lt;http://evil" in message["text"], message["text"]
    assert "<" not in message["text"] and ">" not in message["text"], message["text"]


def test_the_bus_gets_an_event_for_each_group_and_a_rule_leads_them_on(conflict, live, controller_of, judged):
    events, sqs = judged("events", live), judged("sqs", live)
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = f"arn:aws:sqs:{world.REGION}:123456789012:people"
    allow = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(allow)})
    pattern = {"source": ["eastwest"], "detail": {"kind": ["conflict"]}}
    events.put_rule(Name="people", EventPattern=json.dumps(pattern))
    assert events.put_targets(Rule="people", Targets=[{"Id": "q", "Arn": arn}])["FailedEntryCount"] == 0
    live.fault("events.PutEvents", "throttle", times=2)
    controller = controller_of(live.url, *FAST, "--notify-bus", "default")

    def received():
        return sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")

    messages = world.wait_until(received, controller.output)
    event = json.loads(messages[0]["Body"])
    assert (event["source"], event["detail-type"]) == ("eastwest", "eastwest conflict")
    assert event["detail"]["version"] == 1 and event["detail"]["count"] == 2
    assert {subject["name"] for subject in event["detail"]["subjects"]} == {"first", "second"}
    controller.wait_metric(2, "eastwest_notifications_total", channel="eventBus", outcome="Failed")
    controller.wait_metric(1, "eastwest_notifications_total", channel="eventBus", outcome="Sent")
    converges(conflict, controller, "other")


def test_a_bus_that_may_not_be_used_stops_nothing(simulator_of, judged, controller_of, tmp_path):
    live = simulator_of(*policies.flags(tmp_path, policies.names(), without=["events:PutEvents"]), speed=60)
    from fleet import Fleet  # pylint: disable=import-outside-toplevel
    fleet = Fleet(live, judged("ecs", live), judged("servicediscovery", live))
    fleet.service("bad", tag=tags(mode="wrong"))
    controller = controller_of(live.url, *FAST, "--notify-bus", "default", environment=policies.RESTRICTED)
    world.wait_until(lambda: controller.log_lines("not authorized to perform: events:PutEvents"), controller.output)
    converges(fleet, controller, "web")


def test_of_two_copies_only_the_one_that_leads_tells(
        conflict, live, controller_of, receiver, tmp_path_factory, unjudged):
    moto = Moto(tmp_path_factory.mktemp("moto"))
    try:
        unjudged("dynamodb", moto).create_table(
            TableName="eastwest", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}])
        lease = ("--lease-table", "eastwest", "--lease-duration", "3s")
        environment = {"AWS_ENDPOINT_URL_DYNAMODB": moto.url}
        copies = [sends(controller_of, live, receiver, *lease, environment=environment) for _ in range(2)]
        told(receiver, "conflict", "first")

        def leads(copy):
            return copy.metric("eastwest_leader", cluster=CLUSTER) == 1

        leader = next(copy for copy in copies if leads(copy))
        other = next(copy for copy in copies if copy is not leader)
        # The other has seen it stand for so long that it was told.
        world.wait_until(lambda: leads(leader) and not leads(other), other.output)
        for name in ("one", "two", "three"):
            converges(conflict, leader, name)
        count = len(receiver.arrived())
        assert len([group for group in receiver.groups() if group["state"] == "begins"]) == 1
        leader.terminate()
        world.wait_until(lambda: leads(other), other.output)
        for name in ("first", "second"):
            conflict.tag(name, discovery_name=name)
        told(receiver, '"over"', "first")
        later = receiver.arrived()[count:]
        assert all(group["state"] == "over" for message in later for group in message["groups"]), later
    finally:
        moto.stop()


def test_a_bad_address_is_refused_at_the_start_and_not_shown(tmp_path):
    for address, why in (("http://hooks.example/canary", "--notify-plain-http"), ("https://a:canary@hooks.example/", "user name"),
                         ("hooks.example/canary", "https://"), ("file:/nowhere", "No such file")):
        code, output = started(tmp_path, {"EASTWEST_NOTIFY_WEBHOOK": address})
        assert code == 1 and why in output and "canary" not in output, output
    code, output = started(tmp_path, {"EASTWEST_NOTIFY_WEBHOOK": "https://hooks.example/x", "EASTWEST_NOTIFY_SECRET": "canary"})
    assert code == 1 and "16 to 512" in output and "canary" not in output, output
    code, output = started(tmp_path, {"EASTWEST_NOTIFY_BUS": "a b", "EASTWEST_NOTIFY_DRIFT_AFTER": "soon"})
    assert code == 1 and "--notify-bus" in output and "--notify-drift-after" in output, output


def started(folder, environment):
    """eastwest that ends at once: its exit code, and what it says."""
    process = world.Process([world.program("eastwest"), "run", "--listen", world.ANY_PORT], folder / "refused.log",
                            {**world.CREDENTIALS, **environment})
    code = process.child.wait(timeout=60)
    return code, process.output()
