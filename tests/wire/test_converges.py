"""eastwest end to end: what teams tag is what ECS runs, and nothing else is ever written."""
import subprocess

import pytest

from fleet import NAMESPACE, connect, served, tags
from test_rollouts import BREAKER
from world import CREDENTIALS, clean_environment, program, wait_until

MEMBERS = {"cluster", "service", "serviceConnectConfiguration"}


@pytest.fixture
def guide(live_fleet):
    """The guide's services, tagged, and two that never opted in."""
    for name, port in (("django", 8000), ("fastapi", 8001)):
        live_fleet.service(name, {f"{name}-{port}-tcp": port}, tag=tags(
            mode="client-server", namespace=NAMESPACE, discovery_name=f"{name}-api"))
    live_fleet.service("cron", tag=tags(mode="client", namespace=NAMESPACE))
    live_fleet.service("legacy", {"legacy": 80})
    live_fleet.service("byhand", {"byhand": 81}, connect(served("byhand", port=81)))
    return live_fleet


def sweeps(live, count):
    """Waits until eastwest has begun `count` more sweeps: all but the last are over, and it has acted on them."""
    before = live.called("ecs.ListServices")
    wait_until(lambda: live.called("ecs.ListServices") >= before + count, f"{count} sweeps")


def test_tags_become_endpoints_and_an_idle_eastwest_writes_nothing(guide, live, controller):
    controller.wait_synced("django", "fastapi", "cron")
    (endpoint,) = guide.config("django")["services"]
    assert (endpoint["portName"], endpoint["discoveryName"]) == ("django-8000-tcp", "django-api")
    assert endpoint["clientAliases"][0]["port"] == 8000
    assert guide.config("cron")["enabled"] and not guide.config("cron").get("services")

    writes = live.writes()
    assert sorted(write["body"]["service"].rsplit("/", 1)[-1] for write in writes) == [
        "cron", "django", "fastapi"]
    assert all(set(write["body"]) == MEMBERS for write in writes)

    # What is seen last may be told after a service is in order: the clients of a new endpoint, the end of a rollout.
    sweeps(live, 2)
    logged = controller.log_lines()
    sweeps(live, 3)
    assert live.writes() == writes
    assert controller.log_lines() == logged


def test_services_that_did_not_opt_in_are_never_touched(guide, live, controller):
    before = {name: guide.describe(name)["deployments"][0]["id"] for name in ("legacy", "byhand")}
    controller.wait_synced("django", "fastapi", "cron")
    sweeps(live, 2)
    assert before == {name: guide.primary(name)["id"] for name in before}
    named = {write["body"]["service"] for write in live.writes()}
    assert not any(name in service for name in before for service in named)
    assert live.writes(operation="ecs.TagResource") == []


def test_a_changed_tag_is_rolled_out(guide, live, controller):
    controller.wait_synced("django")
    guide.tag("django", discovery_name="renamed")
    wait_until(lambda: guide.config("django")["services"][0].get("discoveryName") == "renamed",
               controller.output)
    controller.wait_synced("django")


def test_a_name_that_clients_can_call_is_what_comes_out(guide, live, controller):
    controller.wait_synced("django", "fastapi", "cron")
    guide.update("cron", forceNewDeployment=True)
    wait_until(lambda: live.reach("prod/cron", f"django-api.{NAMESPACE}", 8000)["ok"],
               lambda: live.reach("prod/cron", f"django-api.{NAMESPACE}", 8000))


def test_off_switches_off_and_a_removed_tag_only_lets_go(guide, live, controller):
    controller.wait_synced("django", "fastapi", "cron")
    guide.untag("fastapi", "mode", "namespace", "discovery-name")
    guide.tag("cron", mode="off")
    guide.untag("cron", "namespace")
    wait_until(lambda: not (guide.config("cron") or {}).get("enabled"), controller.output)
    controller.wait_synced("cron")
    sweeps(live, 2)
    assert live.writes()[-1]["body"]["serviceConnectConfiguration"] == {"enabled": False}
    assert guide.config("fastapi")["services"][0]["discoveryName"] == "fastapi-api"
    assert [w["body"]["service"] for w in live.writes()].count("fastapi") <= 1


def test_a_human_edit_is_taken_back(guide, live, controller):
    controller.wait_synced("django")
    guide.update("django", connect(served("django-8000-tcp", "by-hand", port=8000)))
    wait_until(lambda: guide.config("django")["services"][0].get("discoveryName") == "django-api",
               controller.output)
    controller.wait_synced("django")


def test_what_was_not_declared_is_carried_over(live_fleet, live, controller):
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/proxy"}}
    endpoint = served("web", "web-api", port=8080, timeout={"idleTimeoutSeconds": 600})
    live_fleet.service("web", {"web": 8080}, connect(endpoint, logConfiguration=logs),
                       tag=tags(mode="client-server"))
    controller.wait_synced("web")
    sweeps(live, 2)
    assert live.writes() == []
    live_fleet.tag("web", discovery_name="other")
    wait_until(lambda: live_fleet.config("web")["services"][0].get("discoveryName") == "other",
               controller.output)
    config = live_fleet.config("web")
    assert config["services"][0]["timeout"] == {"idleTimeoutSeconds": 600}
    assert config["logConfiguration"]["options"] == {"awslogs-group": "/proxy"}


def test_a_configuration_that_ecs_rolled_back_is_not_sent_again(
        live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    live_fleet.settle()
    live.rollout("prod/web", "fail", 20)
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    endpoint = proxy_of(live)
    first = controller_of(endpoint)
    first.wait_service("web", "RolledBack", health="Degraded")
    sweeps(live, 3)
    assert len(live.writes()) == 1 and not live_fleet.config("web").get("services")

    first.stop()
    second = controller_of(endpoint, start_up_pause=None)
    second.wait_service("web", "RolledBack")
    sweeps(live, 3)
    assert len(live.writes()) == 1

    live.rollout("prod/web", "complete")
    live_fleet.tag("web", discovery_name="another")
    second.wait_synced("web")
    assert live_fleet.config("web")["services"][0]["discoveryName"] == "another"


def test_a_person_has_what_was_rolled_back_sent_once_more(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    live_fleet.settle()
    live.rollout("prod/web", "fail", 20)
    live_fleet.tag("web", mode="client-server", namespace=NAMESPACE)
    environment = {**CREDENTIALS, "EASTWEST_TOKEN": "a-token-of-the-tests"}
    controller = controller_of(proxy_of(live), environment=environment)
    retry = [program("eastwest"), "retry", "prod/web", "--daemon", controller.url]

    def asked(token):
        environment = clean_environment({**CREDENTIALS, "EASTWEST_TOKEN": token})
        return subprocess.run(retry, env=environment, timeout=60, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)

    wait_until(lambda: controller.service("web"), controller.output)
    controller.wait_service("web", "RolledBack", health="Degraded")
    assert len(live.writes()) == 1
    refused = asked("another-token-of-the-tests")
    assert refused.returncode == 1 and "Authorization" in refused.stderr
    live.rollout("prod/web", "complete")
    done = asked("a-token-of-the-tests")
    assert (done.returncode, done.stderr) == (0, ""), done
    controller.wait_synced("web")
    assert len(live.writes()) == 2 and live_fleet.config("web").get("services")
    again = asked("a-token-of-the-tests")
    assert again.returncode == 1 and "not held" in again.stderr


@pytest.mark.parametrize(("policy", "written"), [("observe", set()), ("upsert-only", {"web"})])
def test_a_policy_bounds_what_is_written(
        policy, written, live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    live_fleet.service("cron", config=connect(), tag=tags(mode="off"))
    live_fleet.settle()
    controller = controller_of(proxy_of(live), policy=policy)
    controller.wait_service("cron", "OutOfSync", "Observe")
    if written:
        controller.wait_synced("web")
    else:
        controller.wait_service("web", "OutOfSync", "Observe")
    sweeps(live, 2)
    assert {write["body"]["service"].rsplit("/", 1)[-1] for write in live.writes()} == written
    assert live_fleet.config("cron")["enabled"] is True
