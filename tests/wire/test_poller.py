"""The plain poller that eastwest is measured beside does what it says."""
import subprocess
import sys

import world
from fleet import tags

POLLER = world.pathlib.Path(__file__).parents[1] / "poller.py"
SERVICES = 130


def look(simulator):
    """What one round prints."""
    done = subprocess.run(
        [sys.executable, str(POLLER), "--rounds", "1"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=world.PATIENCE, check=False,
        env=world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": simulator.url}))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_poller_sees_every_service_in_the_fewest_calls_and_what_is_not_as_its_tags_ask(simulator_of, judged):
    simulator = simulator_of("--services", str(SERVICES))
    assert look(simulator)[-1].startswith(f"{SERVICES} services, 0 not in order, ")
    calls = {name: simulator.called(name) for name in ("ecs.ListServices", "ecs.DescribeServices")}
    # One list for each of two clusters, one of which is empty, and a second page.
    assert calls == {"ecs.ListServices": 3, "ecs.DescribeServices": 13}
    ecs = judged("ecs", simulator)
    arn = ecs.describe_services(cluster="fleet-0", services=["svc-00001"])["services"][0]["serviceArn"]
    ecs.tag_resource(resourceArn=arn, tags=tags(mode="client", discovery_name="other"))
    first, last = look(simulator)
    assert first == f"{arn}: endpoints, discovery-name"
    assert last.startswith(f"{SERVICES} services, 1 not in order, ")
