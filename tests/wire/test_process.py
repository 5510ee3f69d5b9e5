"""The process: what it serves, how it starts, how it ends."""
import json
import subprocess

import world
from fleet import NAMESPACE, tags
from world import wait_until


def test_it_is_alive_at_once_and_ready_after_the_first_sweep(live_fleet, live, controller_of):
    live.fault("ecs.ListServices", "throttle", times=100000)
    controller = controller_of(live.url)
    assert controller.get("/livez")[0] == 200
    assert controller.get("/readyz")[0] == 503
    live.control("DELETE", "faults")
    controller.wait_ready()
    assert controller.get("/nothing")[0] == 404


def test_metrics_tell_what_stands_in_the_plan(live_fleet, live, controller):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    live_fleet.service("typo", tag=tags(mode="clinet"))
    controller.wait_synced("web")
    controller.wait_service("typo", "clinet")
    wait_until(lambda: controller.metric("eastwest_services", cluster="prod", sync="Synced") == 1,
               lambda: controller.get("/metrics")[1])
    assert controller.metric("eastwest_issues", cluster="prod") >= 1
    assert controller.metric("eastwest_changes_applied_total", cluster="prod") == 1
    assert controller.metric("eastwest_passes_total") >= 1
    assert controller.metric("eastwest_last_sweep_timestamp_seconds", cluster="prod") > 0
    assert controller.metric("eastwest_aws_calls_total", operation="UpdateService") == 1
    assert controller.metric("eastwest_build_info") == 1
    families = {line.split()[2] for line in controller.get("/metrics")[1].splitlines()
                if line.startswith("# TYPE")}
    assert all(name.startswith(("eastwest_", "process_")) for name in families), families


def test_the_plan_is_served_as_it_is_printed(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    controller = controller_of(proxy_of(live), policy="observe")
    controller.wait_service("web", "OutOfSync")
    assert "web" in json.dumps(controller.json("/api/v1/plan"))


def test_sigterm_ends_it_cleanly_within_two_seconds(live_fleet, live, controller):
    controller.wait_ready()
    code, seconds = controller.terminate()
    assert code == 0, controller.output()
    assert seconds < 2


def test_sigterm_ends_it_even_while_a_call_hangs(live_fleet, live, controller_of):
    live.fault("*", "timeout-before", times=100000)
    controller = controller_of(live.url)
    wait_until(lambda: live.calls(), "a call that hangs")
    code, seconds = controller.terminate()
    assert code == 0 and seconds < 3, controller.output()


def test_every_log_line_is_json_with_a_level_and_a_message(live_fleet, live, controller):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    controller.wait_synced("web")
    lines = [json.loads(line) for line in controller.output().splitlines()]
    assert lines and all("level" in line for line in lines)
    assert not [line for line in lines if line["level"] in ("ERROR", "WARN")], lines


def test_no_secret_is_ever_printed(live_fleet, live, controller_of):
    secret = {**world.CREDENTIALS, "AWS_SECRET_ACCESS_KEY": "canary-of-a-secret"}
    controller = controller_of(live.url, environment=secret)
    controller.wait_ready()
    served = "".join(controller.get(path)[1] for path in ("/metrics", "/api/v1/services"))
    assert "canary-of-a-secret" not in controller.output() + served


def test_a_port_that_is_taken_is_said_at_once(live_fleet, live):
    command = [world.program("eastwest"), "run", "--cluster", "prod",
               "--listen", f"127.0.0.1:{live.port}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=world.PATIENCE, check=False,
        stdin=subprocess.DEVNULL,
        env=world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": live.url}))
    assert done.returncode != 0 and str(live.port) in done.stdout + done.stderr
