"""Rollouts over time, judged by botocore's own waiter and by what the deployments say."""
import threading

from fleet import CLUSTER, connect, served
from world import PATIENCE

API = served("web", "api")
BREAKER = {"deploymentConfiguration": {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "minimumHealthyPercent": 100, "maximumPercent": 200}}


def test_the_stable_waiter_returns_only_when_the_rollout_is_over(sim, fleet, judged):
    fleet.service("web", {"web": 8080})
    fleet.settle()
    fleet.update("web", connect(API))
    watcher, returned, asked = judged("ecs", sim), threading.Event(), threading.Semaphore(0)
    watcher.meta.events.register("after-call.ecs.DescribeServices", lambda **_: asked.release())

    def wait():
        watcher.get_waiter("services_stable").wait(
            cluster=CLUSTER, services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        returned.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    for _ in range(3):
        assert asked.acquire(timeout=PATIENCE) and not returned.is_set()
        assert fleet.primary("web")["rolloutState"] == "IN_PROGRESS"
        sim.advance(5)
    sim.advance(120)
    assert returned.wait(timeout=PATIENCE)
    thread.join()
    (only,) = fleet.describe("web")["deployments"]
    assert (only["rolloutState"], only["runningCount"]) == ("COMPLETED", 1)


def test_a_rollout_keeps_the_old_tasks_until_the_new_ones_run(sim, fleet):
    fleet.service("web", {"web": 8080}, desiredCount=4)
    fleet.settle()
    fleet.update("web", connect(API))
    seen = []
    for _ in range(60):
        service = fleet.describe("web")
        running = sum(d["runningCount"] for d in service["deployments"])
        assert 4 <= running <= 8 and service["runningCount"] == running
        seen.append(service["deployments"][0]["runningCount"])
        sim.advance(1)
    assert seen == sorted(seen) and (seen[0], seen[-1]) == (0, 4)


def test_the_circuit_breaker_takes_the_configuration_back(sim, fleet, ecs):
    fleet.service("web", {"web": 8080}, connect(), **BREAKER)
    fleet.settle()
    before = fleet.primary("web")
    sim.rollout("prod/web", "fail", 20)
    started = fleet.update("web", connect(API))["deployments"][0]["id"]
    sim.advance(25)
    deployments = fleet.describe("web")["deployments"]
    assert any(d["id"] == started and d["rolloutState"] == "FAILED" for d in deployments)
    assert not fleet.config("web").get("services")
    assert f"rolling back to deploymentId {before['id']}" in str(
        [d.get("rolloutStateReason") for d in deployments])
    sim.advance(600)
    (only,) = fleet.describe("web")["deployments"]
    assert (only["id"], only["rolloutState"]) == (before["id"], "COMPLETED")
    newest = ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"][0]
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_stalled_rollout_stays_in_progress(sim, fleet):
    fleet.service("web", {"web": 8080})
    fleet.settle()
    sim.rollout("prod/web", "stall")
    fleet.update("web", connect(API))
    sim.advance(3600)
    assert [d["rolloutState"] for d in fleet.describe("web")["deployments"]] == [
        "IN_PROGRESS", "COMPLETED"]


def test_a_newer_update_supersedes_a_running_one(sim, fleet, ecs):
    fleet.service("web", {"web": 8080})
    fleet.settle()
    first = fleet.update("web", connect(API))["deployments"][0]["id"]
    sim.advance(5)
    second = fleet.update("web", connect(served("web", "other")))["deployments"][0]["id"]
    assert first != second
    fleet.settle()
    (only,) = fleet.describe("web")["deployments"]
    assert only["id"] == second
    statuses = [d["status"] for d in ecs.list_service_deployments(
        cluster=CLUSTER, service="web")["serviceDeployments"]]
    assert statuses == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_only_what_concerns_the_tasks_starts_a_rollout(fleet):
    fleet.service("web", {"web": 8080})
    fleet.settle()
    before = fleet.primary("web")["id"]
    for quiet in ({"desiredCount": 2}, {"enableExecuteCommand": True},
                  {"propagateTags": "SERVICE"}, BREAKER):
        fleet.update("web", **quiet)
        assert fleet.primary("web")["id"] == before
    task = fleet.task_definition("web", {"web": 8080})
    for loud in ({"forceNewDeployment": True}, {"taskDefinition": task},
                 {"serviceConnectConfiguration": connect()}):
        fleet.update("web", **loud)
        assert fleet.primary("web")["id"] != before
        before = fleet.primary("web")["id"]
