"""The process: what it serves, how it starts, how it ends."""
import json
import signal
import subprocess
import time

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
    controller.wait_metric(1, "eastwest_services", cluster="prod", sync="Synced")
    wait_until(lambda: controller.metric("eastwest_issues", cluster="prod") >= 1, lambda: controller.get("/metrics")[1])
    controller.wait_metric(1, "eastwest_changes_applied_total", cluster="prod")
    assert controller.metric("eastwest_passes_total") >= 1
    assert controller.metric("eastwest_last_sweep_timestamp_seconds", cluster="prod") > 0
    controller.wait_metric(1, "eastwest_aws_calls_total", operation="UpdateService")
    assert controller.metric("eastwest_build_info") == 1
    assert controller.metric("eastwest_settings_info", policy="sync") == 1
    assert controller.metric("process_resident_memory_bytes") > 0
    assert controller.metric("process_cpu_seconds_total") >= 0
    families = {line.split()[2] for line in controller.get("/metrics")[1].splitlines()
                if line.startswith("# TYPE")}
    assert all(name.startswith(("eastwest_", "process_")) for name in families), families


def test_the_plan_is_served_as_it_is_printed(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    controller = controller_of(proxy_of(live), policy="observe")
    controller.wait_service("web", "OutOfSync")
    assert "web" in json.dumps(controller.json("/api/v1/plan"))


def test_sigterm_ends_it_cleanly(live_fleet, live, controller):
    controller.wait_ready()
    code, messages = controller.terminate()
    assert code == 0 and messages[-1] == "stopped", controller.output()


def test_sigterm_ends_it_even_while_a_call_hangs(live_fleet, live, controller_of):
    live.fault("*", "timeout-before", times=100000)
    controller = controller_of(live.url)
    wait_until(lambda: live.calls(), "a call that hangs")
    # Had it waited for the call, it would say how that ended.
    assert controller.terminate() == (0, ["stopped"]), controller.output()


def test_sigterm_ends_it_even_while_a_change_hangs(live_fleet, live, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    live.fault("ecs.UpdateService", "timeout-after")
    controller = controller_of(live.url)
    wait_until(live.writes, controller.output)
    # It waits for the answer, but not for as long as the call may take; how long is held where it is defined.
    code, messages = controller.terminate()
    assert code == 0 and messages[-2:] == [
        "stopped before AWS answered a change; the next start reads its outcome", "stopped"]


def test_nothing_is_written_in_the_first_ten_seconds(live_fleet, live, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    before = time.monotonic()
    controller = controller_of(live.url, start_up_pause=None)
    wait_until(live.writes, controller.output)
    # The clock that eastwest goes by was started later and is read earlier than this one.
    assert time.monotonic() - before >= 10
    controller.wait_synced("web")
    assert not controller.log_lines("the start-up pause is shortened")


def test_a_shorter_start_up_pause_is_warned_of(live_fleet, live, controller):
    controller.wait_ready()
    assert len(controller.log_lines("WARN", "the start-up pause is shortened")) == 1


def test_every_log_line_is_json_with_a_level_and_a_message(live_fleet, live, proxy_of, controller_of):
    live_fleet.service("web", {"web": 80}, tag=tags(mode="client", namespace=NAMESPACE))
    controller = controller_of(proxy_of(live), start_up_pause=None)
    controller.wait_synced("web")
    controller.terminate()
    lines = [json.loads(line) for line in controller.output().splitlines()]
    assert lines and all("level" in line and "message" in line for line in lines)
    assert not [line for line in lines if line["level"] in ("ERROR", "WARN")], lines


def test_a_signal_logs_each_call_and_another_one_ends_that(live_fleet, live, controller):
    controller.wait_ready()
    assert not controller.log_lines("DEBUG")
    controller.child.send_signal(signal.SIGUSR1)
    wait_until(lambda: controller.log_lines("DEBUG", "sweep prod"), controller.output)
    controller.child.send_signal(signal.SIGUSR1)
    wait_until(lambda: controller.log_lines("the log level changed", "as at the start"), controller.output)
    assert controller.log_lines("the log level changed", "debug")


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
