"""The calls that `docs/costs.md` counts are the calls that copies make at rest and in a sweep."""
import json
import math
import re
import time

import pytest

import rules
import world
from documents import put
from emulators import Moto
from fleet import NAMESPACE, Fleet, tags

PAGE = world.pathlib.Path(__file__).parents[2] / "docs" / "costs.md"
MONTH = 30 * 24 * 3600
# The calls are counted until the rarest has come so often.
RAREST, TIMES = "sqs.ReceiveMessage", 3
# A row of what a sweep or a reading beside it calls: the call, and how often.
SWEEP = re.compile(r"^\| `(\w+\.\w+)` \|.*\| (1|⌈\w/\d+⌉) \|$", re.M)
ROW = re.compile(r"^\| `(\w+\.\w+)` .*\| ([\d.]+) s \| ([\d,]+) \|$", re.M)


@pytest.fixture
def table(tmp_path, unjudged):
    """The table of leases, on moto."""
    server = Moto(tmp_path)
    unjudged("dynamodb", server).create_table(
        TableName="eastwest", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}])
    yield server.url
    server.stop()


@pytest.fixture
def copies(simulator_of, judged, table, controller_of):
    """Two copies at rest; the queue answers in real time."""
    sim = simulator_of(speed=1)
    fleet = Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim))
    url, _ = rules.wire(judged("events", sim), judged("sqs", sim))
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": table}
    flags = ("--lease-table", "eastwest", "--queue-url", url)
    running = [controller_of(sim.url, *flags, interval="5m", environment=environment) for _ in range(2)]
    for copy in running:
        copy.wait_ready()
    world.wait_until(lambda: sum(copy.metric("eastwest_leader") for copy in running) == 1, "one leads")
    return running


def counted(copies, call):
    """How often the copies made a call."""
    return sum(copy.metric("eastwest_aws_calls_total", operation=call.partition(".")[2]) for copy in copies)


def wait_for_rest(copies):
    """Waits until the service is in order for the one that leads, and then until no poll ends early for a while."""
    leader = next(copy for copy in copies if copy.metric("eastwest_leader") == 1)
    leader.wait_synced("web")

    def is_at_rest():
        before = counted(copies, RAREST)
        time.sleep(10)
        return counted(copies, RAREST) == before
    world.wait_until(is_at_rest, "no event comes any more", patience=180)


def test_the_page_counts_what_two_copies_call_at_rest(copies):
    rows = ROW.findall(PAGE.read_text())
    assert len(rows) == 3
    wait_for_rest(copies)
    before, began = {call: counted(copies, call) for call, _, _ in rows}, time.monotonic()
    world.wait_until(lambda: counted(copies, RAREST) >= before[RAREST] + TIMES, "a minute", patience=240)
    passed = time.monotonic() - began
    for call, every, month in rows:
        calls = counted(copies, call) - before[call]
        expected = passed / float(every)
        # At the ends of the time there may be one more or less, and a call takes a while itself.
        assert 0.7 * expected - 1 <= calls <= expected + 2, f"{call}: {calls} in {passed:.0f} s"
        assert int(month.replace(",", "")) == MONTH / float(every), call


SERVICES, SWEEPS = 105, 4


@pytest.fixture
def swept(simulator_of, unjudged, controller_of):
    """The world of a copy that sweeps many services, of which one opted in."""
    sim = simulator_of(speed=60)
    fleet = Fleet(sim, unjudged("ecs", sim), unjudged("servicediscovery", sim))
    task = fleet.task_definition("idle", {})
    for number in range(SERVICES - 1):
        fleet.service(f"idle-{number}", taskDefinition=task)
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    ssm, document = unjudged("ssm", sim), json.dumps({"version": 1})
    put(ssm, document)
    # Two pages of parameters.
    for number in range(11):
        put(ssm, document, f"/eastwest/more/{number}")
    controller = controller_of(sim.url, "--source", "tags,ssm:/eastwest/prod,ssm:/eastwest/more/", interval="5s")
    controller.wait_synced("web")
    return sim


def often(page, **numbers):
    """How often each call of the tables is made, for so many services, parameters, namespaces."""
    found = {}
    for call, count in SWEEP.findall(page):
        formula = re.fullmatch(r"⌈(\w)/(\d+)⌉", count)
        found[call] = math.ceil(numbers[formula[1]] / int(formula[2])) if formula else int(count)
    return found


def test_the_page_counts_what_a_sweep_calls_and_names_every_call(swept):
    page = PAGE.read_text()
    costs = often(page, N=SERVICES, P=11, M=1, S=1, D=1, C=1)
    of_sweep = ("ecs.DescribeClusters", "ecs.ListServices", "ecs.DescribeServices")
    # What is read rarely was read at the start.
    first = swept.calls()
    assert first["servicediscovery.ListNamespaces"] == costs["servicediscovery.ListNamespaces"]
    assert first["ecs.ListServicesByNamespace"] == costs["ecs.ListServicesByNamespace"]
    assert first["servicediscovery.ListServices"] == costs["servicediscovery.ListServices"]
    # The rollout is over, and its history was read.
    world.wait_until(lambda: quiet(swept, costs), lambda: str(swept.calls()))
    swept.forget_calls()
    world.wait_until(lambda: swept.called("ecs.DescribeClusters") >= SWEEPS, lambda: str(swept.calls()))
    calls = swept.calls()
    assert set(calls) <= set(costs), "a call that the page does not name"
    sweeps = calls["ecs.DescribeClusters"]
    for call in of_sweep:
        # The first sweep may be counted in part, and the last one.
        assert abs(calls[call] - sweeps * costs[call]) <= costs[call], (call, calls)
    parameters, paths = calls["ssm.GetParameter"], calls["ssm.GetParametersByPath"]
    assert 1 <= parameters <= sweeps + 1 and abs(paths - costs["ssm.GetParametersByPath"] * parameters) <= 2


def quiet(sim, costs):
    """Whether for a whole sweep nothing was called that the tables do not have."""
    sim.forget_calls()
    time.sleep(6)
    return set(sim.calls()) <= set(costs)
