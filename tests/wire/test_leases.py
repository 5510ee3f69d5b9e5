"""`--lease-table`: two copies of eastwest on one cluster, one lease table, and what happens to them.

The lease table is moto's, and ministack's; they share nothing with our simulator. Two judges look on: the simulator's log
of writes, and a witness before each copy, which tells who wrote and who held the lease then.
"""
import itertools
import os
import signal
import subprocess
import threading
import time

import pytest

import world
from emulators import Ministack, Moto
from fleet import CLUSTER, NAMESPACE, tags
from witness import Record, judge

TABLE = "eastwest"
# So short that a hand-over takes seconds; the shortest that is allowed is three.
DURATION = 3
LEASED = ("--lease-table", TABLE, "--lease-duration", f"{DURATION}s")
# How often a leader is lost: ten times in each run, more often by hand.
CYCLES = int(os.environ.get("EASTWEST_CYCLES", "10"))
# A copy that is told to stop gives its leases up within 1.5 s. On a machine that does much else it may take twice as long,
# and no lease here expires as soon as that.
HAND_OVER = 3.0


@pytest.fixture(scope="module", params=[Moto, Ministack])
def server(request, tmp_path_factory):
    """One of each for the file in each worker."""
    server = request.param(tmp_path_factory.mktemp("dynamodb"))
    yield server
    server.stop()


@pytest.fixture
def dynamodb(server, unjudged):
    """DynamoDB without a table."""
    server.reset()
    return unjudged("dynamodb", server)


def make_table(dynamodb, key="lease", kind="S"):
    """The table as the page of deployment says, or another one."""
    dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind}])


@pytest.fixture
def table(dynamodb):
    """The table of leases."""
    make_table(dynamodb)
    return dynamodb


@pytest.fixture
def record():
    """What each copy did. In no test does anybody write who does not hold the lease."""
    record = Record()
    yield record
    record.close()
    late, wrong = judge(record.entries)
    assert not wrong, f"written without the lease: {wrong} in {record.entries}"
    frozen = [entry for entry in record.entries if entry.operation == "SIGCONT"]
    assert len(late) <= len(frozen), f"more than one late write of a copy that was frozen: {late}"


@pytest.fixture
def environment_of(live, server, record):
    """Puts a witness before a copy: what it must have in its environment to be seen."""
    return lambda name: {**world.CREDENTIALS, "AWS_ENDPOINT_URL_ECS": record.proxy(name, live),
                         "AWS_ENDPOINT_URL_DYNAMODB": record.proxy(name, server)}


@pytest.fixture
def copies(live, environment_of, controller_of):
    """Starts copies of eastwest that share the table; each has a name in the record."""
    names = (f"copy {number}" for number in itertools.count(1))

    def start(*more):
        name = next(names)
        copy = controller_of(live.url, *LEASED, *more, environment=environment_of(name))
        copy.name = name
        return copy
    return start


def leads(copy):
    """Whether a copy says that it leads the cluster."""
    return copy.metric("eastwest_leader", cluster=CLUSTER) == 1


def leader_of(*running):
    """Waits until exactly one of these copies leads; that one."""
    def only_one():
        leading = [copy for copy in running if leads(copy)]
        return leading[0] if len(leading) == 1 else None
    return world.wait_until(only_one, lambda: "\n".join(copy.output() for copy in running))


def item(dynamodb):
    """The lease of the cluster."""
    found = dynamodb.scan(TableName=TABLE)["Items"]
    assert len(found) == 1, found
    return found[0]


def change(live_fleet, name, number):
    """A change that needs one write."""
    live_fleet.tag(name, mode="client-server", namespace=NAMESPACE, discovery_name=f"{name}-{number}")


def wait_changed(live_fleet, name, number):
    """Waits until that change is in force."""
    def wanted():
        config = live_fleet.config(name) or {}
        names = [endpoint.get("discoveryName") for endpoint in config.get("services", [])]
        return names == [f"{name}-{number}"]
    world.wait_until(wanted, lambda: f"{name}-{number}: {live_fleet.config(name)}")


def test_one_of_two_copies_writes_and_the_other_says_who_leads(live, live_fleet, table, copies):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    one, two = copies(), copies()
    leader = leader_of(one, two)
    watcher = two if leader is one else one
    leader.wait_synced("web")
    watcher.wait_synced("web")
    assert len(live.writes()) == 1
    shown = watcher.json("/api/v1/services")["clusters"][0]["leader"]
    assert item(table)["holder"]["S"] in shown and "leads cluster prod" in shown
    assert watcher.metric("eastwest_lease_table") == 1
    live_fleet.tag("web", discovery_name="shop", pause="true")
    watcher.wait_service("web", reason="NotLeader")


def test_a_copy_that_is_told_to_stop_hands_over_at_once(live, live_fleet, table, copies, record):
    live_fleet.service("web", {"web": 8080})
    one, two = copies(), copies()
    leader = leader_of(one, two)
    watcher = two if leader is one else one
    told_at = time.monotonic()
    code, messages = leader.terminate()
    assert code == 0 and messages[-1] == "stopped"
    assert not [message for message in messages if "before a lease was given up" in message]
    (release,) = record.releases(leader.name)
    assert release.at - told_at < HAND_OVER, "given up, and not left to expire"
    world.wait_until(lambda: leads(watcher), watcher.output)
    change(live_fleet, "web", 1)
    wait_changed(live_fleet, "web", 1)
    assert len(live.writes()) == 1


def test_a_copy_that_is_told_to_stop_while_it_writes_hands_over_once_the_answer_is_there(
        live, live_fleet, table, copies, record):
    live_fleet.service("web", {"web": 8080})
    copy = copies()
    leader_of(copy)
    record.hold_answers("UpdateService")
    change(live_fleet, "web", 1)
    world.wait_until(live.writes, copy.output)
    told_at = time.monotonic()
    # Some time after it was told to stop, and before it gives up waiting.
    threading.Timer(0.5, record.let_answers_go).start()
    code, messages = copy.terminate()
    assert code == 0 and not [message for message in messages if "before" in message], messages
    (write,), (release,) = record.of(copy.name, "UpdateService"), record.releases(copy.name)
    assert told_at < write.answered_at < release.at < told_at + HAND_OVER


def test_a_copy_that_is_told_to_stop_while_a_write_hangs_ends_in_time_and_leaves_its_lease_to_expire(
        live, live_fleet, table, copies, record):
    live_fleet.service("web", {"web": 8080})
    leader = copies()
    leader_of(leader)
    watcher = copies()
    watcher.wait_ready()
    record.hold_answers("UpdateService")
    change(live_fleet, "web", 1)
    world.wait_until(live.writes, leader.output)
    told_at = time.monotonic()
    code, messages = leader.terminate()
    assert time.monotonic() - told_at < HAND_OVER
    assert code == 0 and messages[-3:] == [
        "stopped before AWS answered a change; the next start reads its outcome",
        "stopped before a lease was given up; it expires by itself", "stopped"]
    assert not record.releases(leader.name), "whoever leads next must not write beside it"
    world.wait_until(lambda: leads(watcher), watcher.output)
    record.let_answers_go()
    change(live_fleet, "web", 2)
    wait_changed(live_fleet, "web", 2)
    assert len(live.writes()) == 2, "what the first one wrote was read and not written again"


def test_copies_that_are_killed_or_frozen_are_followed_and_each_change_is_written_once(
        live, live_fleet, table, copies, record):
    live_fleet.service("web", {"web": 8080})
    running = [copies(), copies()]
    frozen = []
    for cycle in range(CYCLES):
        leader = leader_of(*running)
        change(live_fleet, "web", cycle)
        if cycle % 3 == 0:
            # At a moment that nobody chose, so that some are lost before, some after their write.
            time.sleep((cycle * 37 % 100) / 100)
        if cycle % 2 == 0:
            leader.child.send_signal(signal.SIGKILL)
            leader.child.wait()
        else:
            leader.child.send_signal(signal.SIGSTOP)
            frozen.append(leader)
        running.remove(leader)
        world.wait_until(lambda: leads(running[0]), running[0].output)
        wait_changed(live_fleet, "web", cycle)
        running.append(copies())
        while frozen:
            # It wakes up when another one leads: what it knew is worth nothing.
            woken = frozen.pop()
            record.note(woken.name, "SIGCONT")
            woken.child.send_signal(signal.SIGCONT)
            world.wait_until(lambda woken=woken: not leads(woken), woken.output)
            woken.stop()
    running[0].wait_synced("web")
    live_writes, (late, _) = live.writes(), judge(record.entries)
    assert len(live_writes) == CYCLES + len(late), [write["effect"] for write in live_writes]


@pytest.mark.parametrize("fault, words", [
    ("missing", "ResourceNotFoundException"),
    ("wrong key", "ValidationException"),
])
def test_a_table_that_cannot_be_used_is_told_and_nothing_is_written(
        fault, words, live, live_fleet, dynamodb, copies):
    if fault == "wrong key":
        make_table(dynamodb, key="id")
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    copy = copies()
    copy.wait_service("web", words, reason="NotLeader")
    assert live.writes() == []
    assert copy.log_lines("lease", words)


def test_nobody_writes_while_the_table_is_gone_and_somebody_does_when_it_is_back(live, live_fleet, table, copies):
    live_fleet.service("web", {"web": 8080})
    copy = copies()
    world.wait_until(lambda: leads(copy), copy.output)
    table.delete_table(TableName=TABLE)
    world.wait_until(lambda: not leads(copy), copy.output)
    change(live_fleet, "web", 1)
    copy.wait_service("web", "ResourceNotFoundException", reason="NotLeader")
    assert live.writes() == []
    make_table(table)
    wait_changed(live_fleet, "web", 1)
    assert len(live.writes()) == 1


def test_an_item_that_somebody_spoilt_is_told_and_mended_by_its_expiry(live, live_fleet, table, copies):
    live_fleet.service("web", {"web": 8080})
    copy = copies()
    world.wait_until(lambda: leads(copy), copy.output)
    spoilt = {**item(table), "epoch": {"S": "seven"}}
    table.put_item(TableName=TABLE, Item=spoilt)
    world.wait_until(lambda: copy.log_lines("epoch is the text"), copy.output)
    change(live_fleet, "web", 1)
    wait_changed(live_fleet, "web", 1)
    assert item(table)["epoch"].get("N")


def apply(live, environment):
    """`eastwest apply`, run to its end."""
    return subprocess.run(
        [world.program("eastwest"), "apply", "--cluster", CLUSTER, "--start-up-pause", "0s", "--interval", "1s",
         *LEASED],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE, check=False,
        env=world.clean_environment({**environment, "AWS_ENDPOINT_URL": live.url}))


def test_apply_beside_a_copy_that_leads_waits_until_that_one_has_written(
        live, live_fleet, table, copies, environment_of, record):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    copy = copies()
    copy.wait_synced("web")
    live_fleet.tag("web", discovery_name="shop")
    done = apply(live, environment_of("apply"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(live.writes()) == 2, "the copy that leads has written, and apply has not"
    assert not record.of("apply", "UpdateService") and not record.of("apply", "PutItem")


def test_apply_takes_the_lease_where_nobody_leads_writes_and_gives_it_up(
        live, live_fleet, table, environment_of, record):
    live_fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    done = apply(live, environment_of("apply"))
    assert done.returncode == 0, done.stdout + done.stderr
    (write,), taking = record.of("apply", "UpdateService"), record.of("apply", "PutItem")[0]
    assert taking.lease() == DURATION and taking.at < write.at
    assert item(table)["durationMs"]["N"] == "0", "and whoever comes next need not wait"
    assert len(live.writes()) == 1
