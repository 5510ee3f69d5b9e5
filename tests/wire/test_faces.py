"""What people see of order, staleness and who calls whom: in the plan, in `explain`, over HTTP and in the metrics."""
import json
import subprocess

import pytest

import world
from controller import plan
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_safe_rollouts import API, HOURS, SERVER, at_once, env_task
from world import wait_until

DJANGO = served("django-8000-tcp", "django-api", API, 8000)


def explained(endpoint, name, *arguments):
    """What `eastwest explain` prints."""
    settings = world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})
    done = subprocess.run(
        [world.program("eastwest"), "explain", f"{CLUSTER}/{name}", *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=world.PATIENCE, env=settings, check=True)
    return done.stdout


@pytest.fixture
def stale(fleet, sim, proxy_of):
    """A client that is older than the endpoint it needs, in a world whose clock stands still."""
    fleet.service("django", {"django-8000-tcp": 8000})
    fleet.service("cron", config=connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="django-api"))
    fleet.settle()
    fleet.update("django", connect(DJANGO))
    fleet.settle()
    return proxy_of(sim)


def test_a_step_says_which_server_it_waits_for_and_who_says_that_it_needs_it(fleet, sim, proxy_of):
    fleet.service("django", {"django-8000-tcp": 8000}, tag=SERVER)
    fleet.service("cron", tag=tags(mode="client", namespace=NAMESPACE, needs="django-api"))
    task = env_task(fleet, "shop", {}, API=f"http://{API}:8000")
    fleet.service("shop", taskDefinition=task, tag=tags(mode="client", namespace=NAMESPACE))
    fleet.settle()
    endpoint = proxy_of(sim)
    _, out, err = plan(endpoint)
    print(out)
    lines = [line.strip() for line in out.splitlines() if line.strip().startswith("waits ")]
    assert len(lines) == 2, out + err
    assert "django-api of prod/django (declared)" in lines[0]
    assert "django-api of prod/django (inferred from its environment)" in lines[1]
    page = json.loads(plan(endpoint, "--json")[1])
    assert page["needs"] == {"prod/cron": [{"name": "django-api", "inferred": False}],
                             "prod/shop": [{"name": "django-api", "inferred": True}]}
    awaits = {step["service"]: step.get("awaits") for step in page["steps"]}
    assert awaits["prod/django"] is None and awaits["prod/cron"]["server"] == "prod/django"
    text = explained(endpoint, "shop")
    print(text)
    assert "inferred from its environment" in text and "8000" not in text
    assert "tag eastwest/needs" in explained(endpoint, "cron")


def test_a_refresh_is_a_step_with_what_the_client_lacks(stale):
    _, out, err = plan(stale)
    print(out)
    assert "* prod/cron: refresh in internal.myapp  # triggers a rollout" in out, out + err
    assert f"django-api as {API}:8000 of prod/django" in out
    assert "example/cron:1 may be another image by now" in out
    assert "1 to refresh" in out
    page = json.loads(plan(stale, "--json")[1])
    assert page["summary"]["refresh"] == 1
    assert page["steps"][0]["lacks"] == [{"name": "django-api", "alias": f"{API}:8000", "server": "prod/django"}]


def test_explain_sees_a_holder_in_another_cluster_and_asks_a_running_eastwest_for_the_same(
        live_fleet, proxy_of, controller_of, live):
    live_fleet.ecs.create_cluster(clusterName="other")
    live_fleet.service("django", {"django-8000-tcp": 8000}, connect(DJANGO), cluster="other")
    live_fleet.service("web", {"web": 8080}, tag=tags(
        mode="client-server", namespace=NAMESPACE, discovery_name="django-api"))
    live_fleet.settle()
    endpoint = proxy_of(live)
    text = explained(endpoint, "web")
    assert "discovery name django-api is held by other/django" in text
    controller = controller_of(endpoint, cluster="")
    controller.wait_service("web", "Conflict")
    assert explained(endpoint, "web", "--from-daemon", controller.url) == text
    page = json.loads(explained(endpoint, "web", "--from-daemon", controller.url, "--json"))
    assert page == json.loads(explained(endpoint, "web", "--json"))
    assert page == {"formatVersion": 1, **controller.json(f"/api/v1/services/{CLUSTER}/web")}
    status, why = controller.get(f"/api/v1/services/{CLUSTER}/wep")
    assert (status, json.loads(why)["detail"]) == (404, "there is no ECS service prod/wep; did you mean prod/web?")


def test_an_endpoint_that_goes_names_the_clients_that_need_it(fleet, sim, proxy_of):
    fleet.service("django", {"django-8000-tcp": 8000}, connect(DJANGO), tag=tags(mode="off"))
    fleet.service("cron", config=connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="django-api"))
    fleet.settle()
    _, out, err = plan(proxy_of(sim))
    print(out)
    assert "django-api goes, and prod/cron can no longer call it" in out, out + err


def test_a_need_of_nobody_is_advice_everywhere_and_no_reason_to_wait(live_fleet, live, controller):
    live_fleet.service("cron", tag=tags(mode="client", namespace=NAMESPACE, needs="djago-api"))
    live_fleet.service("django", {"django-8000-tcp": 8000}, connect(DJANGO), tag=SERVER)
    live_fleet.settle()
    controller.wait_synced("django")
    entry = controller.wait_service("cron", "djago-api", "django-api", "advice", sync="Synced", health="Degraded",
                                    reason="CannotCall")
    issue, = entry["issues"]
    assert (issue["read"], issue["nearest"], issue["weight"]) == ("djago-api", "django-api", "advice")
    assert entry["needs"] == [{"name": "djago-api", "inferred": False}]
    shown = [row for row in controller.json("/api/v1/plan")["issues"] if row["service"] == "prod/cron"]
    assert shown[0]["read"] == "djago-api"
    controller.wait_metric(0, "eastwest_issues", cluster=CLUSTER)
    controller.wait_metric(1, "eastwest_advice", cluster=CLUSTER)


def test_stale_clients_and_refreshes_are_counted(live_fleet, live, live_ssm, controller_of, proxy_of):
    live_fleet.service("django", {"django-8000-tcp": 8000})
    live_fleet.service("cron", config=connect(), tag=tags(
        mode="client", namespace=NAMESPACE, needs="django-api", pause="true"))
    live_fleet.settle()
    live_fleet.update("django", connect(DJANGO))
    live_fleet.settle()
    controller = controller_of(proxy_of(live), *at_once(live_ssm))
    controller.wait_metric(1, "eastwest_stale_clients", cloudmap_namespace=NAMESPACE)
    controller.wait_metric(1, "eastwest_holds", cluster=CLUSTER, reason="Paused")
    entry = controller.wait_service("cron", "prod/django")
    assert entry["lacks"][0]["server"] == "prod/django"
    # Counted are rollouts that were seen running, so this one runs until it is seen.
    live.rollout("prod/cron", "complete", HOURS)
    live_fleet.untag("cron", "pause")
    controller.wait_metric(1, "eastwest_rollouts_in_progress", cluster=CLUSTER)
    live.advance(HOURS)
    wait_until(lambda: live.reach("prod/cron", API, 8000)["ok"], controller.output)
    controller.wait_synced("cron")
    controller.wait_metric(1, "eastwest_rollout_duration_seconds_count")
    controller.wait_metric(1, "eastwest_rollouts_total", cluster=CLUSTER, outcome="Completed")
    controller.wait_metric(0, "eastwest_service_info", cluster=CLUSTER, ecs_service="cron")
    controller.wait_metric(0, "eastwest_stale_clients", cloudmap_namespace=NAMESPACE)
    controller.wait_metric(
        1, "eastwest_changes_applied_total", cluster=CLUSTER, action="Refresh", outcome="Accepted")
