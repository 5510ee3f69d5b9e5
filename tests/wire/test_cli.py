"""The ordinary AWS CLI against the simulator: the commands a person would copy from the guide."""
import json
import pathlib
import subprocess
import sys

import pytest

import world
from fleet import CLUSTER, connect, served

AWS = pathlib.Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(sim):
    """Runs `aws ecs …` against the simulator; the JSON it prints."""
    def run(*arguments, fails=False):
        done = subprocess.run(
            [AWS, "--endpoint-url", sim.url, "--output", "json", "ecs", *arguments],
            capture_output=True, text=True, timeout=world.PATIENCE, check=False,
            stdin=subprocess.DEVNULL, env=world.clean_environment(world.CREDENTIALS))
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else json.loads(done.stdout or "null")
    return run


def test_the_cli_lists_describes_tags_and_updates(aws, fleet):
    arn = fleet.service("web", {"web": 8080})["serviceArn"]
    fleet.settle()
    assert aws("list-services", "--cluster", CLUSTER)["serviceArns"] == [arn]
    aws("tag-resource", "--resource-arn", arn, "--tags", "key=eastwest/mode,value=client")
    described = aws("describe-services", "--cluster", CLUSTER, "--services", "web",
                    "--include", "TAGS")["services"][0]
    assert described["tags"] == [{"key": "eastwest/mode", "value": "client"}]

    config = connect(served("web", "api"))
    updated = aws("update-service", "--cluster", CLUSTER, "--service", "web",
                  "--service-connect-configuration", json.dumps(config))["service"]
    assert updated["deployments"][0]["serviceConnectConfiguration"]["enabled"] is True
    fleet.settle()
    assert fleet.config("web")["services"][0]["discoveryName"] == "api"

    aws("untag-resource", "--resource-arn", arn, "--tag-keys", "eastwest/mode")
    assert aws("list-tags-for-resource", "--resource-arn", arn)["tags"] == []


def test_the_cli_walks_every_page_by_itself(aws, fleet):
    task = fleet.task_definition("web", {"web": 8080})
    for number in range(12):
        fleet.service(f"web-{number}", taskDefinition=task)
    assert len(aws("list-services", "--cluster", CLUSTER)["serviceArns"]) == 12


def test_the_cli_shows_a_refusal_in_the_words_of_ecs(aws, fleet):
    fleet.service("web", {"web": 8080})
    said = aws("update-service", "--cluster", CLUSTER, "--service", "web",
               "--service-connect-configuration", json.dumps(connect(served("nope"))), fails=True)
    assert "InvalidParameterException" in said
    assert "portName(nope) does not refer to any named PortMapping" in said
