"""Another version of eastwest takes over from this one, and gives back: with two copies, as ECS replaces them.

`cargo xtask upgrade` builds an older version and names it in EASTWEST_OTHER. Without that both are this version, and what
is tested is that copies can be replaced.
"""
import os
import re

import pytest

import world
from emulators import Moto
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_leases import LEASED, change, leader_of, make_table, wait_changed
from test_rollouts import BREAKER

THIS = world.program("eastwest")
OTHER = os.environ.get("EASTWEST_OTHER", THIS)
# What nothing changes while copies are replaced.
AT_REST = {"failing": {"reason": "RolledBack"}, "caller": {"sync": "Synced", "health": "Healthy"},
           "unreadable": {"reason": "Ambiguous"}}


@pytest.fixture
def start(live, controller_of, unjudged, tmp_path_factory):
    """Starts a copy of a version; all share a table of leases."""
    moto = Moto(tmp_path_factory.mktemp("dynamodb"))
    make_table(unjudged("dynamodb", moto))
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": moto.url}
    yield lambda program: controller_of(live.url, *LEASED, environment=environment, program=program)
    moto.stop()


@pytest.fixture
def fleet(live, live_fleet):
    """A server, its client, a service whose change ECS takes back, and one with a bad tag."""
    live_fleet.service("callee", {"web": 8080}, connect(served("web", "callee", f"callee.{NAMESPACE}", 8080)),
                       tags(mode="client-server", namespace=NAMESPACE))
    live_fleet.settle()
    live_fleet.service("caller", config=connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="callee"))
    live_fleet.service("failing", {"web": 8080}, connect(), **BREAKER)
    live_fleet.service("unreadable", tag=tags(mode="sideways"))
    live_fleet.service("web", {"web": 8080})
    live_fleet.settle()
    live.rollout(f"{CLUSTER}/failing", "fail", 20)
    live_fleet.tag("failing", mode="client-server", namespace=NAMESPACE)
    return live_fleet


def version(copy):
    """What a copy says that it is."""
    return re.search(r'eastwest_build_info\{version="([^"]+)"\}', copy.get("/metrics")[1])[1]


def at_rest(copy):
    """Waits until a copy says of each service at rest what is so."""
    for name, members in AT_REST.items():
        copy.wait_service(name, **members)


def test_two_copies_are_replaced_and_taken_back_and_each_change_is_written_once(live, fleet, start):
    running = [start(OTHER), start(OTHER)]
    leader_of(*running)
    for copy in running:
        at_rest(copy)
    writes, changes, versions = len(live.writes()), 0, [version(running[0])]
    for program in (THIS, OTHER):
        for _ in range(2):
            # ECS starts the new task before it stops the old one.
            fresh = start(program)
            fresh.wait_ready()
            gone = running.pop(0)
            code, messages = gone.terminate()
            assert code == 0 and messages[-1] == "stopped"
            running.append(fresh)
            changes += 1
            change(fleet, "web", changes)
            wait_changed(fleet, "web", changes)
            at_rest(fresh)
            fresh.wait_synced("web")
        versions.append(version(running[0]))
    assert len(live.writes()) == writes + changes
    before, after, taken_back = versions
    assert before == taken_back and (before == after) == (OTHER == THIS), versions
