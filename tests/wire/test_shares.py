"""How much of AWS's quotas a process takes: a command that looks once takes most of it, and the daemon leaves most of it.

What is compared is how many calls come in a span of time, which no machine makes more.
"""
import subprocess

import pytest

import world
from witness import Record

# ECS grants 100 calls of `DescribeServices` and its like at once, and 20 in each second after it (design of the simulator's
# quotas, `ServiceRead`): so a daemon, which takes a quarter, makes at most 25 + 5 * SPAN in a span.
SERVICES, SPAN = 1500, 4.0
OF_A_DAEMON = 25 + 5 * SPAN


@pytest.fixture
def record():
    """Sees every call."""
    record = Record()
    yield record
    record.close()


@pytest.fixture
def large(simulator_of):
    """More services than a quarter of the quota reads in a while."""
    return simulator_of("--services", str(SERVICES), speed=1)


def busiest(record, caller):
    """The most calls of `DescribeServices` that came within one span."""
    came = [entry.at for entry in record.of(caller, "DescribeServices")]
    return max(sum(first <= at < first + SPAN for at in came) for first in came)


def look(large, record, command):
    """Runs a command that looks once to its end, in the sight of the record."""
    proxied = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": record.proxy(command[0], large)}
    done = subprocess.run([world.program("eastwest"), *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, env=world.clean_environment(proxied), check=False)
    assert done.returncode in (0, 2) and len(record.of(command[0], "DescribeServices")) >= SERVICES / 10, done.stderr


@pytest.mark.parametrize("command", ["plan", "explain", "import"])
def test_a_command_that_looks_once_takes_more_of_the_quota_than_a_daemon_may(large, record, command):
    one = next(iter(large.state()["services"]))
    look(large, record, [command, *([one] if command == "explain" else [])])
    assert busiest(record, command) > 1.3 * OF_A_DAEMON


def test_a_daemon_leaves_three_quarters_of_the_quota_to_others(large, record, controller_of):
    controller = controller_of(record.proxy("run", large), cluster=None, policy="observe", interval="1m")
    world.wait_until(lambda: len(record.of("run", "DescribeServices")) > OF_A_DAEMON, controller.output)
    assert busiest(record, "run") <= OF_A_DAEMON
