"""The pictures of `docs/concepts.md` that eastwest draws: who can call whom, in three small fleets.

`python tests/wire/pictures.py` draws them again.
"""
import json
import pathlib
import subprocess
import tempfile

import world

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures"
NAMESPACE = "internal.myapp"
ARN = "arn:aws:ecs:eu-central-1:111122223333"


def service(name, began, needs="none", endpoint=None):
    """A service as the AWS CLI prints it: its deployment began then and completed a minute later."""
    task_definition = f"{ARN}:task-definition/{name}:1"
    connect = {"enabled": True, "namespace": NAMESPACE}
    if endpoint:
        alias = {"port": 8080, "dnsName": f"{endpoint}.{NAMESPACE}"}
        connect["services"] = [{"portName": "http", "discoveryName": endpoint, "clientAliases": [alias]}]
    tags = {"mode": "client-server" if endpoint else "client", "namespace": NAMESPACE, "needs": needs}
    deployment = {"id": f"ecs-svc/{name}", "status": "PRIMARY", "rolloutState": "COMPLETED", "createdAt": began,
                  "updatedAt": began + 60, "taskDefinition": task_definition, "serviceConnectConfiguration": connect}
    return {"serviceArn": f"{ARN}:service/prod/{name}", "serviceName": name, "clusterArn": f"{ARN}:cluster/prod",
            "status": "ACTIVE", "taskDefinition": task_definition, "deployments": [deployment],
            "tags": [{"key": f"eastwest/{key}", "value": value} for key, value in tags.items()]}


def fleet(web, orders, name="orders"):
    """A client, and the two servers that it needs: when the client's deployment began, when that of one server did."""
    return [service("catalog", 1000, endpoint="catalog"), service("orders", orders, endpoint=name),
            service("web", web, needs="catalog orders")]


FLEETS = {
    "reachable": fleet(web=3000, orders=1000),
    "stale": fleet(web=2000, orders=2500),
    "missing": fleet(web=3000, orders=4000, name="purchases"),
}


def draw(name):
    """The picture of one fleet."""
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder) / "services.json"
        capture.write_text(json.dumps({"services": FLEETS[name], "failures": []}))
        command = [world.program("eastwest"), "graph", NAMESPACE, "--format", "svg", "--from", capture]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=world.PATIENCE,
                              env=world.clean_environment({"AWS_EC2_METADATA_DISABLED": "true"}))
    return done.stdout


def path(name):
    """Where the picture is kept."""
    return FOLDER / f"{name}.svg"


if __name__ == "__main__":
    for each in FLEETS:
        path(each).write_text(draw(each))
