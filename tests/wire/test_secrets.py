"""Secrets are planted wherever eastwest reads something. None of them may come out: in no log, on no page, in no metric."""
import os
import signal
import urllib.error
import urllib.request

import pytest

import world
from documents import document, entry, put
from fleet import CLUSTER, NAMESPACE, tags
from receiver import Receiver
from refusal import Refusing

# One for each place, so that a failure names the place.
PLACES = ("secret-key", "session", "token", "wrong-token", "environment", "command", "label", "secret-name", "secure-string",
          "cookie", "query", "log-option", "tag", "tag-of-a-revision", "tag-of-a-namespace")
CANARY = {place: f"canary-{place}-5f3a9c" for place in PLACES}
PAGES = ("/metrics", "/livez", "/readyz", "/api/v1/services", "/api/v1/plan", f"/api/v1/services/{CLUSTER}/web",
         f"/api/v1/services/{CLUSTER}/broken", "/nothing")


@pytest.fixture
def receiver():
    """Whoever is told what needs a person."""
    made = Receiver()
    yield made
    made.stop()


def tells(receiver):
    """The flags that have eastwest tell it, sixty times as fast as usual."""
    return "--notify-webhook", receiver.url("/people"), "--notify-speed", "60"


def received(receiver):
    """All that reached it."""
    return "".join(f"{each['path']} {each['headers']} {each['body'].decode()}" for each in receiver.received)


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
def test_no_planted_secret_comes_out_at_any_level(levels, live, live_fleet, live_ssm, controller_of, receiver):
    container = {
        "name": "web", "image": "example/web:1", "essential": True,
        "command": ["serve", f"--password={CANARY['command']}", f"http://web:8080/?key={CANARY['command']}"],
        "environment": [{"name": "DATABASE", "value": f"postgres://user:{CANARY['environment']}@web:8080/db"}],
        "secrets": [{"name": "KEY", "valueFrom": f"arn:aws:ssm:eu-west-1:123456789012:parameter/{CANARY['secret-name']}"}],
        "dockerLabels": {"token": CANARY["label"]},
        "portMappings": [{"name": "web", "containerPort": 8080, "protocol": "tcp", "appProtocol": "http"}]}
    made = live_fleet.ecs.register_task_definition(
        family="web", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=[container], tags=[{"key": "token", "value": CANARY["tag-of-a-revision"]}])
    task = made["taskDefinition"]["taskDefinitionArn"]
    # Tags of others, beside ours. ECS takes its rollout back, so that people are told of it.
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    live_fleet.service("web", taskDefinition=task, deploymentConfiguration=breaker, tag=[
        *tags(mode="client-server", namespace=NAMESPACE), {"key": "deploy-token", "value": CANARY["tag"]}])
    live_fleet.service("plain", {"web": 8083}, tag=[{"key": "deploy-token", "value": CANARY["tag"]}])
    namespace = live_fleet.cloudmap.get_namespace(Id=live_fleet.namespace_id)["Namespace"]["Arn"]
    live_fleet.cloudmap.tag_resource(ResourceARN=namespace,
                                     Tags=[{"Key": "token", "Value": CANARY["tag-of-a-namespace"]}])
    # A driver whose options may hold a token.
    logs = {"logDriver": "splunk", "options": {"splunk-token": CANARY["log-option"], "splunk-url": "https://splunk"}}
    live_fleet.service("logged", {"web": 8081}, config={"enabled": True, "namespace": NAMESPACE, "logConfiguration": logs},
                       tag=tags(mode="client-server", namespace=NAMESPACE))
    live_fleet.service("broken", {"web": 8082}, tag=tags(mode="client-server", document="/eastwest/broken"))
    put(live_ssm, CANARY["secure-string"], "/eastwest/broken", Type="SecureString")
    put(live_ssm, document({"web": entry(mode=CANARY["secure-string"])}), Type="SecureString")
    live_fleet.settle()
    live.rollout(f"{CLUSTER}/web", "fail")
    live.fault("ecs.ListServiceDeployments", "denied", times=2)
    environment = {**world.CREDENTIALS, "AWS_SECRET_ACCESS_KEY": CANARY["secret-key"], "AWS_SESSION_TOKEN": CANARY["session"],
                   "EASTWEST_TOKEN": CANARY["token"], "RUST_LOG": levels}
    controller = controller_of(live.url, "--source", "tags", "--source", "ssm:/eastwest/prod", *tells(receiver),
                               environment=environment)
    # Else nothing would be there that could leak.
    world.wait_until(lambda: live_fleet.config("logged") and controller.service("broken"), controller.output)
    world.wait_until(lambda: "(hidden)" in controller.get("/api/v1/plan")[1], lambda: controller.get("/api/v1/plan")[1])
    # A secret stands in the document, and people are told of that.
    world.wait_until(lambda: "document" in {group["kind"] for group in receiver.groups()}, lambda: received(receiver))
    put(live_ssm, document(), Type="SecureString")

    def of_web():
        subjects = [each for group in receiver.groups() if group["kind"] == "takenBack" for each in group["subjects"]]
        return {"type": "service", "cluster": CLUSTER, "name": "web"} in subjects

    world.wait_until(of_web, lambda: f"{received(receiver)}\n{controller.output()}")
    os.kill(controller.child.pid, signal.SIGUSR1)
    answers = [asked(controller, page) for page in PAGES]
    answers += [asked(controller, f"/api/v1/plan?key={CANARY['query']}", Cookie=CANARY["cookie"]),
                asked(controller, f"/api/v1/services/{CANARY['query']}/x")]
    for token in ("token", "wrong-token"):
        answers.append(asked(controller, "/api/v1/retry", "POST", Authorization=f"Bearer {CANARY[token]}",
                             **{"Content-Type": "application/json"}))
    assert [answer[:3] for answer in answers[-2:]] == ["400", "401"], answers[-2:]
    controller.terminate()
    told = controller.output() + "".join(answers) + received(receiver)
    assert len(told) > 5000
    leaked = {place for place, canary in CANARY.items() if canary in told}
    # Who asks for a service that is not there is told its name, and nobody else is.
    assert leaked <= {"query"}
    assert CANARY["query"] not in controller.output() + received(receiver)


@pytest.mark.parametrize("levels", ["info", "trace"])
def test_of_an_error_of_aws_one_short_line_is_shown_without_keys(levels, controller_of, receiver):
    # AWS's words say what to do, so people see them. What may be secret in them is not shown: keys, and what comes after the
    # first 300 characters. Of refused credentials nothing is (`test_start.py`): that text quotes what was signed.
    key, end = "AKIACANARY5F3A9C0123", "canary-end-5f3a9c"
    text = (f"User: arn:aws:iam::123456789012:user/a\nis not authorized to perform: ecs:ListServices\u202e with {key} "
            f"on resource: * {'x' * 400} {end}")
    aws = Refusing("AccessDeniedException", text)
    try:
        controller = controller_of(aws.url, *tells(receiver), environment={**world.CREDENTIALS, "RUST_LOG": levels})
        world.wait_until(lambda: "is not authorized" in controller.get("/readyz")[1], controller.output)
        world.wait_until(lambda: "is not authorized" in received(receiver), lambda: received(receiver))
        answers = [asked(controller, page) for page in (*PAGES, "/", "/events", "/api/v1/events")]
        controller.terminate()
    finally:
        aws.stop()
    for told in (controller.output(), "".join(answers), received(receiver)):
        assert "user/a is not authorized to perform: ecs:ListServices" in told, told
        assert "(access key)" in told and key not in told, told
        assert end not in told and "\u202e" not in told and "\\u202e" not in told, told
    assert controller.log_lines("AWS denies an action", '"action":"ecs:ListServices"')
