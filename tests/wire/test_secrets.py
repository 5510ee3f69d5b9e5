"""Secrets are planted wherever eastwest reads something. None of them may come out: in no log, on no page, in no metric."""
import os
import signal
import urllib.request

import pytest

import world
from documents import document, entry, put
from fleet import CLUSTER, NAMESPACE, tags

# One for each place, so that a failure names the place.
PLACES = ("secret-key", "session", "token", "wrong-token", "environment", "command", "label", "secret-name", "secure-string",
          "cookie", "query", "log-option")
CANARY = {place: f"canary-{place}-5f3a9c" for place in PLACES}
PAGES = ("/metrics", "/livez", "/readyz", "/api/v1/services", "/api/v1/plan", f"/api/v1/services/{CLUSTER}/web",
         f"/api/v1/services/{CLUSTER}/broken", "/nothing")


def asked(controller, path, method="GET", **headers):
    """A request with these headers; the status line, the headers and the text of the answer."""
    request = urllib.request.Request(controller.url + path, method=method, headers=headers,
                                     data=b"{}" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=world.PATIENCE) as answer:
            return f"{answer.status} {answer.headers} {answer.read().decode()}"
    except urllib.error.HTTPError as refused:
        with refused:
            return f"{refused.code} {refused.headers} {refused.read().decode()}"


@pytest.mark.parametrize("levels", ["info", "trace"])
def test_no_planted_secret_comes_out_at_any_level(levels, live, live_fleet, live_ssm, controller_of):
    container = {
        "name": "web", "image": "example/web:1", "essential": True,
        "command": ["serve", f"--password={CANARY['command']}", f"http://web:8080/?key={CANARY['command']}"],
        "environment": [{"name": "DATABASE", "value": f"postgres://user:{CANARY['environment']}@web:8080/db"}],
        "secrets": [{"name": "KEY", "valueFrom": f"arn:aws:ssm:eu-west-1:123456789012:parameter/{CANARY['secret-name']}"}],
        "dockerLabels": {"token": CANARY["label"]},
        "portMappings": [{"name": "web", "containerPort": 8080, "protocol": "tcp", "appProtocol": "http"}]}
    made = live_fleet.ecs.register_task_definition(
        family="web", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=[container])
    task = made["taskDefinition"]["taskDefinitionArn"]
    live_fleet.service("web", taskDefinition=task, tag=tags(mode="client-server", namespace=NAMESPACE))
    # A driver whose options may hold a token.
    logs = {"logDriver": "splunk", "options": {"splunk-token": CANARY["log-option"], "splunk-url": "https://splunk"}}
    live_fleet.service("logged", {"web": 8081}, config={"enabled": True, "namespace": NAMESPACE, "logConfiguration": logs},
                       tag=tags(mode="client-server", namespace=NAMESPACE))
    live_fleet.service("broken", {"web": 8082}, tag=tags(mode="client-server", document="/eastwest/broken"))
    put(live_ssm, CANARY["secure-string"], "/eastwest/broken", Type="SecureString")
    put(live_ssm, document({"web": entry(mode=CANARY["secure-string"])}), Type="SecureString")
    live.fault("ecs.ListServiceDeployments", "denied", times=2)
    environment = {**world.CREDENTIALS, "AWS_SECRET_ACCESS_KEY": CANARY["secret-key"], "AWS_SESSION_TOKEN": CANARY["session"],
                   "EASTWEST_TOKEN": CANARY["token"], "RUST_LOG": levels}
    controller = controller_of(live.url, "--source", "tags", "--source", "ssm:/eastwest/prod", environment=environment)
    # Else nothing would be there that could leak.
    world.wait_until(lambda: live_fleet.config("logged") and controller.service("broken"), controller.output)
    world.wait_until(lambda: "(hidden)" in controller.get("/api/v1/plan")[1], lambda: controller.get("/api/v1/plan")[1])
    os.kill(controller.child.pid, signal.SIGUSR1)
    answers = [asked(controller, page) for page in PAGES]
    answers += [asked(controller, f"/api/v1/plan?key={CANARY['query']}", Cookie=CANARY["cookie"]),
                asked(controller, f"/api/v1/services/{CANARY['query']}/x")]
    for token in ("token", "wrong-token"):
        answers.append(asked(controller, "/api/v1/retry", "POST", Authorization=f"Bearer {CANARY[token]}",
                             **{"Content-Type": "application/json"}))
    assert [answer[:3] for answer in answers[-2:]] == ["400", "401"], answers[-2:]
    controller.terminate()
    told = controller.output() + "".join(answers)
    assert len(told) > 5000
    leaked = {place for place, canary in CANARY.items() if canary in told}
    # Who asks for a service that is not there is told its name, and nobody else is.
    assert leaked <= {"query"}
    assert CANARY["query"] not in controller.output()
