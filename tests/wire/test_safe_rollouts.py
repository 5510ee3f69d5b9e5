"""Rollouts that keep services callable: servers first, stale clients refreshed, failures remembered, no value shown."""
import json
import subprocess

import pytest

import world
from controller import plan
from documents import SOURCES, document, put
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_converges import MEMBERS, sweeps
from test_rollouts import BREAKER
from world import wait_until

API = f"django-api.{NAMESPACE}"
SERVER = tags(mode="client-server", namespace=NAMESPACE, discovery_name="django-api")
CANARY = "canary-5e1f0c"
# Virtual seconds in which no test ends, however slow the machine: ten minutes of a clock sixty times as fast.
HOURS = 36000


def at_once(ssm):
    """A document that lets clients follow new endpoints at once; the words to have eastwest read it."""
    put(ssm, document(limits={"refreshEvery": "0"}))
    return SOURCES


def written(live):
    """What eastwest wrote, in order: the service, and the members of the body beside its name."""
    return [(write["body"]["service"].rsplit("/", 1)[-1], set(write["body"]) - {"cluster", "service"})
            for write in live.writes()]


def hold(controller, name):
    """The hold of a service in `/api/v1/plan`, or nothing."""
    found = [h for h in controller.json("/api/v1/plan")["holds"] if h["service"] == f"{CLUSTER}/{name}"]
    return found[0] if found else None


def wait_hold(controller, name, reason, *words):
    """Waits until a service is held for this reason, told in these words; the hold."""
    def held():
        found = hold(controller, name)
        as_wanted = found and found["reason"] == reason and all(word in json.dumps(found) for word in words)
        return found if as_wanted else None
    return wait_until(held, lambda: f"{reason}: {hold(controller, name)}\n{controller.output()}")


def rolled_back(fleet, name):
    """The latest service deployment, once ECS has taken it back; nothing before."""
    latest = fleet.ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"][0]
    return latest if latest["status"] == "ROLLBACK_SUCCESSFUL" else None


def env_task(fleet, family, ports, **values):
    """A revision whose container has these environment values."""
    mappings = [{"name": name, "containerPort": port, "protocol": "tcp", "appProtocol": "http"}
                for name, port in ports.items()]
    environment = [{"name": name, "value": value} for name, value in values.items()]
    made = fleet.ecs.register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=[{"name": family, "image": f"example/{family}:1", "essential": True,
                               "portMappings": mappings, "environment": environment}])
    return made["taskDefinition"]["taskDefinitionArn"]


def test_a_client_that_is_older_than_an_endpoint_it_needs_is_refreshed_once(
        live_fleet, live, live_ssm, controller_of, proxy_of):
    controller = controller_of(proxy_of(live), *at_once(live_ssm))
    live_fleet.service("django", {"django-8000-tcp": 8000}, connect(), tag=tags(mode="client", namespace=NAMESPACE))
    live_fleet.service("cron", config=connect(), tag=tags(
        mode="client", namespace=NAMESPACE, needs="django-api"))
    live_fleet.settle()
    controller.wait_synced("django")
    sweeps(live, 2)
    assert written(live) == [], "there is nothing to learn of yet"

    live_fleet.ecs.tag_resource(resourceArn=live_fleet.describe("django")["serviceArn"], tags=SERVER)
    wait_until(lambda: live.reach("prod/cron", API, 8000)["ok"],
               lambda: f"{live.reach('prod/cron', API, 8000)}\n{controller.output()}")
    controller.wait_synced("django", "cron")
    expected = [("django", {"serviceConnectConfiguration"}), ("cron", {"forceNewDeployment"})]
    assert written(live) == expected
    assert live.writes()[1]["body"]["forceNewDeployment"] is True
    sweeps(live, 3)
    assert written(live) == expected


def test_a_client_is_refreshed_once_for_all_the_endpoints_it_lacks(
        live_fleet, live, live_ssm, controller_of, proxy_of):
    for name, port in (("django", 8000), ("fastapi", 8001)):
        live_fleet.service(name, {f"{name}-{port}-tcp": port}, tag=tags(
            mode="client-server", namespace=NAMESPACE, discovery_name=f"{name}-api"))
    live_fleet.service("cron", config=connect(), tag=tags(
        mode="client", namespace=NAMESPACE, needs="django-api fastapi-api"))
    live_fleet.service("bystander", config=connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="none"))
    live_fleet.settle()
    controller = controller_of(proxy_of(live), *at_once(live_ssm))
    wait_until(lambda: all(live.reach("prod/cron", f"{name}.{NAMESPACE}", port)["ok"]
                           for name, port in (("django-api", 8000), ("fastapi-api", 8001))), controller.output)
    controller.wait_synced("django", "fastapi", "cron", "bystander")
    sweeps(live, 2)
    assert sorted(name for name, _ in written(live)) == ["cron", "django", "fastapi"]
    assert written(live)[-1] == ("cron", {"forceNewDeployment"})


@pytest.mark.parametrize(("mode", "refreshed"), [("never", False), ("inferred", True), (None, False)])
def test_inferred_needs_refresh_only_where_the_service_says_so(
        mode, refreshed, live_fleet, live, live_ssm, controller_of, proxy_of):
    task = env_task(live_fleet, "cron", {}, API=f"http://{API}:8000/v1")
    asked = {"refresh": mode} if mode else {}
    live_fleet.service("cron", config=connect(), taskDefinition=task,
                       tag=tags(mode="client", namespace=NAMESPACE, **asked))
    live_fleet.service("django", {"django-8000-tcp": 8000}, tag=SERVER)
    live_fleet.settle()
    controller = controller_of(proxy_of(live), *at_once(live_ssm))
    controller.wait_synced("django")
    if refreshed:
        wait_until(lambda: live.reach("prod/cron", API, 8000)["ok"], controller.output)
    sweeps(live, 3)
    assert [name for name, _ in written(live)] == ["django"] + ["cron"] * refreshed


@pytest.mark.parametrize("declared", [True, False])
def test_a_client_waits_until_the_server_it_needs_is_complete(
        declared, live_fleet, live, controller_of, proxy_of):
    task = None if declared else env_task(live_fleet, "cron", {}, API=f"http://{API}:8000")
    needs = {"needs": "django-api"} if declared else {}
    live_fleet.service("cron", taskDefinition=task, tag=tags(mode="client", namespace=NAMESPACE, **needs))
    live_fleet.service("django", {"django-8000-tcp": 8000}, tag=SERVER)
    live_fleet.settle()
    # So long that it goes on until the clock is moved.
    live.rollout("prod/django", "complete", HOURS)
    controller = controller_of(proxy_of(live))
    wait_until(live.writes, controller.output)
    live.clock(speed=0)
    held = wait_hold(controller, "cron", "WaitingForServer")
    assert "django" in json.dumps(held)
    sweeps(live, 2)
    assert written(live) == [("django", {"serviceConnectConfiguration"})]
    controller.wait_service("cron", "WaitingForServer")

    live.clock(speed=60, advance_s=HOURS)
    controller.wait_synced("django", "cron")
    names = [("django", {"serviceConnectConfiguration"}), ("cron", {"serviceConnectConfiguration"})]
    assert written(live) == names, "whoever comes after its server needs no refresh"
    assert live.reach("prod/cron", API, 8000)["ok"]
    listed = live_fleet.ecs.list_service_deployments
    server, client = (listed(cluster=CLUSTER, service=name)["serviceDeployments"][0] for name in ("django", "cron"))
    assert server["finishedAt"] <= client["createdAt"]


def test_a_failed_rollout_is_shown_with_its_reason_and_never_sent_again(
        live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    live_fleet.settle()
    live.rollout("prod/web", "fail", 20)
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    endpoint = proxy_of(live)
    for pause in ("0s", None):
        controller = controller_of(endpoint, start_up_pause=pause)
        wait_hold(controller, "web", "RolledBack")
        failed = wait_until(lambda: rolled_back(live_fleet, "web"), "ECS has taken it back")
        assert "circuit breaker" in failed["statusReason"]
        words = (failed["status"], failed["statusReason"])
        wait_hold(controller, "web", "RolledBack", *words)
        controller.wait_service("web", *words, sync="OutOfSync", health="Degraded")
        # All that could make it forget: time, a look at everything, and its own end.
        live.advance(3600)
        sweeps(live, 2)
        wait_hold(controller, "web", "RolledBack", *words)
        assert written(live) == [("web", MEMBERS - {"cluster", "service"})]
        controller.stop()
    code, out, _ = plan(endpoint, "--detailed-exitcode")
    assert code in (0, 2) and failed["statusReason"] in out


def test_a_failed_rollout_is_sent_again_with_another_task_definition(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    live_fleet.settle()
    live.rollout("prod/web", "fail", 20)
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    controller = controller_of(proxy_of(live))
    wait_hold(controller, "web", "RolledBack")
    live.rollout("prod/web", "complete")
    live_fleet.update("web", taskDefinition=live_fleet.task_definition("web", {"web": 8080}))
    controller.wait_synced("web")
    assert len(live_fleet.config("web")["services"]) == 1
    assert len(live.writes()) == 2


def commands(endpoint):
    """What every command that looks prints, on both outputs."""
    settings = world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})
    for words in (["plan"], ["plan", "--json"], ["explain", "prod/cron"], ["explain", "--json", "prod/cron"],
                  ["import", "--all", "--cluster", CLUSTER], ["import", "--all", "--document", "--cluster", CLUSTER]):
        done = subprocess.run(
            [world.program("eastwest"), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=world.PATIENCE, env=settings, check=False)
        yield words, done.stdout + done.stderr


def test_no_value_of_an_environment_variable_is_ever_shown(live_fleet, live, proxy_of, controller_of):
    values = {"API": f"http://user:{CANARY}@{API}:8000/?key={CANARY}", "PASSWORD": CANARY,
              "HOSTS": f"{CANARY}:8000,{API}"}
    task = env_task(live_fleet, "cron", {"cron": 9000}, **values)
    live_fleet.service("cron", taskDefinition=task, tag=tags(mode="client", namespace=NAMESPACE, refresh="inferred"))
    # One that is held for its ports, one with a tag that is wrong, one whose rollout fails.
    unnamed = live_fleet.ecs.register_task_definition(
        family="nameless", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="512", memory="1024",
        containerDefinitions=[{"name": "app", "image": "example/app:1", "portMappings": [{"containerPort": 80}],
                               "environment": [{"name": "PASSWORD", "value": CANARY}]}])
    live_fleet.service("nameless", taskDefinition=unnamed["taskDefinition"]["taskDefinitionArn"], tag=tags(
        mode="client-server", namespace=NAMESPACE, discovery_name="nameless"))
    live_fleet.service("wrong", taskDefinition=task, tag=tags(mode="clinet"))
    live_fleet.service("web", config=connect(), taskDefinition=env_task(
        live_fleet, "web", {"web": 8080}, PASSWORD=CANARY), **BREAKER)
    live_fleet.service("django", {"django-8000-tcp": 8000}, connect(served(
        "django-8000-tcp", "django-api", API, 8000)), tag=SERVER)
    live_fleet.settle()
    live.rollout("prod/web", "fail", 20)
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    endpoint = proxy_of(live)
    controller = controller_of(endpoint)
    controller.wait_synced("cron", "django")
    wait_hold(controller, "web", "RolledBack")
    controller.wait_service("nameless", "Ineligible")
    controller.wait_service("wrong", "clinet")
    shown = {path: controller.get(path)[1] for path in (
        "/livez", "/readyz", "/metrics", "/api/v1/services", "/api/v1/services/prod/cron", "/api/v1/plan",
        "/api/v1/namespaces", f"/api/v1/graph?namespace={NAMESPACE}", "/api/v1/events?limit=1000", "/")}
    shown |= {" ".join(words): text for words, text in commands(endpoint)}
    controller.terminate()
    shown["log"] = controller.output()
    assert "prod/cron" in shown["/api/v1/services"] and "prod/cron" in shown["explain prod/cron"]
    assert '"state"' in shown[f"/api/v1/graph?namespace={NAMESPACE}"] and "prod/web" in shown["/api/v1/events?limit=1000"]
    assert [where for where, text in shown.items() if CANARY in text] == []
