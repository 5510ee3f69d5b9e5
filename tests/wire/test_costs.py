"""The calls that `docs/costs.md` counts are the calls that two copies make at rest."""
import re
import time

import pytest

import rules
import world
from emulators import Moto
from fleet import NAMESPACE, Fleet, tags

PAGE = world.pathlib.Path(__file__).parents[2] / "docs" / "costs.md"
MONTH = 30 * 24 * 3600
# The calls are counted until the rarest has come so often.
RAREST, TIMES = "sqs.ReceiveMessage", 3
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
