"""A soak: faults, events and changes for a while, after which eastwest holds no more than before.

Two minutes in each run of the tests, and longer by hand: `cargo xtask soak --minutes 60 --services 5000`.
"""
import itertools
import json
import os
import random
import time

import pytest

import rules
import soak
import world
from fleet import tags

MINUTES = float(os.environ.get("EASTWEST_SOAK_MINUTES", "2"))
SERVICES = int(os.environ.get("EASTWEST_SOAK_SERVICES", "1000"))
# Virtual seconds in each second: a rollout takes three seconds, an event at most as long.
SPEED = 10
# Seconds from one sample, one change and one fault to the next. eastwest takes a quarter of AWS's rates, and for a while a
# third of that after a throttle: at this pace nothing piles up.
EVERY = {"sample": 1.0, "change": 4.0, "fault": 4.0}
CLUSTER, NAMESPACE = "fleet-0", "mesh-0"
# So many services come and go: more would not fit into the namespace.
GUESTS = 5
# What strikes, one after the other: first what takes long to get over. Nothing that AWS refuses for good, which needs a
# person.
FAULTS = [{"op": op, "kind": kind, "times": times} for op, kind, times in [
    ("ecs.UpdateService", "timeout-after", 1), ("ecs.DescribeServices", "timeout-before", 1),
    ("ecs.UpdateService", "throttle", 1), ("ecs.DescribeServices", "throttle", 1),
    ("ecs.UpdateService", "error-after", 1), ("sqs.ReceiveMessage", "error-before", 2),
    ("ecs.DescribeServices", "stale", 5), ("ecs.DescribeServices", "partial", 1),
    ("ecs.ListServices", "partial", 1), ("ecs.ListServiceDeployments", "error-before", 2),
    ("sqs.DeleteMessage", "throttle", 2), ("ecs.DescribeClusters", "throttle", 2),
    ("ecs.UpdateService", "error-before", 1), ("ecs.UpdateService", "html", 1),
    ("ecs.ListServices", "html", 1), ("sqs.ReceiveMessage", "throttle", 3),
    ("ecs.ListServices", "error-before", 2), ("ecs.DescribeServices", "stale", 5),
]]
KINDS = {rule["kind"] for rule in FAULTS}
# A queue whose changes pile up while a fault lasts needs no consent and no turn here.
SETTINGS = ("--mass-change", "1000", "--rollouts-per-cluster", "1000", "--rollouts-per-namespace", "1000")


class Changes:
    """What people do meanwhile: they change tags, make services and delete them."""

    def __init__(self, simulator, ecs):
        self.simulator, self.ecs = simulator, ecs
        self.random, self.numbers, self.guests = random.Random(7), itertools.count(1), []
        services = simulator.state()["services"]
        self.arn = "arn:aws:ecs:{}:{}:service/{{}}".format(world.REGION, rules.ACCOUNT)
        self.opted_in = sorted(key for key, service in services.items() if service["tags"])
        self.managed, self.wanted = set(self.opted_in), {}

    def __call__(self):
        number = next(self.numbers)
        if number % 3 == 0:
            self.come_and_go(number)
        key = self.random.choice(self.opted_in)
        # Longer than five minutes, which is what no timeout means.
        self.wanted[key] = 60 * (6 + number % 50)
        self.ecs.tag_resource(resourceArn=self.arn.format(key), tags=tags(timeout=f"idle={self.wanted[key]}s"))

    def come_and_go(self, number):
        """A new service of a name that was never there, and the end of an older one."""
        name = f"guest-{number}"
        self.ecs.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition="fleet", desiredCount=1, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}},
            tags=tags(mode="client-server", namespace=NAMESPACE))
        self.guests.append(name)
        self.managed.add(f"{CLUSTER}/{name}")
        if len(self.guests) > GUESTS:
            self.ecs.delete_service(cluster=CLUSTER, service=self.guests.pop(0), force=True)

    def unmet(self):
        """The services that are not as they were asked to be, each with the endpoints that are in force."""
        services = self.simulator.state()["services"]
        tuned = {key: endpoints(services[key]) for key in self.wanted}
        made = {name: endpoints(services[f"{CLUSTER}/{name}"]) for name in self.guests}
        return {**{key: found for key, found in tuned.items() if idle(found) != [self.wanted[key]]},
                **{name: found for name, found in made.items() if len(found) != 1}}


def endpoints(service):
    """The endpoints in force of a service."""
    primary = next(each for each in service["deployments"] if each["status"] == "PRIMARY")
    return (primary.get("serviceConnectConfiguration") or {}).get("services") or []


def idle(found):
    """The idle timeouts of endpoints, in seconds."""
    return [(each.get("timeout") or {}).get("idleTimeoutSeconds") for each in found]


def live(controller, changes, simulator):
    """Changes and faults at a steady pace, until the time is over and each kind of fault has struck; the samples."""
    began, samples = time.monotonic(), []
    due, faults = dict.fromkeys(EVERY, 0.0), itertools.cycle(FAULTS)
    work = {"sample": lambda: samples.append(soak.sample(controller, time.monotonic() - began)),
            "change": changes, "fault": lambda: simulator.control("POST", "faults", [next(faults)])}
    while time.monotonic() - began < 60 * MINUTES or struck(simulator) != KINDS:
        for name, at in due.items():
            if time.monotonic() - began >= at:
                work[name]()
                due[name] = at + EVERY[name]
        time.sleep(max(0, min(due.values()) - (time.monotonic() - began)))
    return samples


def struck(simulator):
    """The kinds of faults that have struck."""
    return set(simulator.control("GET", "faults")["struck"])


def test_faults_events_and_changes_leave_nothing_behind(simulator_of, judged, controller_of):
    simulator = simulator_of("--services", str(SERVICES), speed=SPEED)
    ecs = judged("ecs", simulator)
    url, _ = rules.wire(judged("events", simulator), judged("sqs", simulator))
    controller = controller_of(simulator.url, "--queue-url", url, *SETTINGS, cluster=None, interval="20s")
    controller.wait_ready()
    changes = Changes(simulator, ecs)
    samples = live(controller, changes, simulator)
    simulator.control("DELETE", "faults")
    wait_converged(controller, changes)
    print(f"\n{soak.table(samples)}\n{sum(simulator.calls().values())} calls, {len(simulator.writes())} of them changes")
    others = {path(write["body"]) for write in simulator.writes()} - changes.managed
    assert not others, "changes of services that did not opt in"
    lines = [line for line in controller.log_lines() if "the start-up pause is shortened" not in line]
    uncaused = soak.uncaused(lines, struck(simulator))
    assert not uncaused, "\n".join(uncaused)
    assert not soak.leaks(samples), f"{soak.leaks(samples)}\n{soak.table(samples)}"
    code, messages = controller.terminate()
    assert code == 0 and messages[-1] == "stopped"


def wait_converged(controller, changes):
    """Waits until the simulator's truth is as asked for. What eastwest says of it is asked first, because it is cheap."""
    world.wait_until(lambda: controller.metric("eastwest_services", sync="OutOfSync") == 0,
                     lambda: f"out of sync:\n{controller.get('/api/v1/plan')[1][:4000]}")
    # What an event that was lost would have told comes with a sweep, which reads some forty services a second.
    world.wait_until(lambda: not changes.unmet(), lambda: f"not converged: {changes.unmet()}",
                     world.PATIENCE + SERVICES / 20)


def path(body):
    """The service that a change names, as `cluster/service`."""
    return "/".join(body[member].rpartition("/")[2] for member in ("cluster", "service"))


def series(**rises):
    """An hour of samples that come and go by their bounds, and of which some rise by so much."""
    noise = random.Random(1)
    names = list(soak.BOUNDS)

    def value(name, part):
        return 1000 + noise.uniform(-1, 1) * soak.BOUNDS[name].rise + part * rises.get(name, 0)
    return [soak.Sample(float(second), *(value(name, second / 3600) for name in names)) for second in range(3600)]


def test_a_series_that_only_comes_and_goes_is_no_leak():
    assert not soak.leaks(series())


@pytest.mark.parametrize("name", soak.BOUNDS)
def test_a_series_that_grows_among_others_that_do_not_is_a_leak(name):
    found = soak.leaks(series(**{name: 2 * soak.BOUNDS[name].rise}))
    assert len(found) == 1 and found[0].startswith(f"{name} rose by "), found


def test_what_grows_in_the_warm_up_or_for_a_moment_is_no_leak():
    steady = series()
    early = [soak.dataclasses.replace(each, memory=each.memory - 50_000) for each in steady[:1000]] + steady[1000:]
    assert not soak.leaks(early)
    spike = [soak.dataclasses.replace(each, memory=each.memory + 50_000) if 2000 < each.seconds < 2100 else each
             for each in steady]
    assert not soak.leaks(spike)


def test_a_line_of_trouble_needs_a_fault_that_causes_it():
    throttled = json.dumps({"level": "WARN", "message": "change not accepted", "fault": "ThrottlingException: Rate exceeded"})
    wrong = json.dumps({"level": "ERROR", "message": "a bug", "fault": "ThrottlingException: Rate exceeded"})
    plain = json.dumps({"level": "INFO", "message": "stopped"})
    deleted = json.dumps({"level": "WARN", "message": "change not accepted", "fault": "ServiceNotActiveException: no"})
    assert soak.uncaused([throttled, wrong, plain, deleted], {"throttle", "stale"}) == [wrong]
    assert soak.uncaused([throttled, wrong, plain], {"html", "stale"}) == [throttled, wrong]
