"""The programs under test as child processes, and the simulator's own controls.

Nothing here sleeps for a fixed time: a wait polls until its condition holds or its deadline passes.
"""
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

REGION = "eu-west-1"
# How long a condition may take on a slow, loaded machine; passing it is a failure, never a measurement. Less than the
# timeout of a test in pytest.ini, so that what was waited for is told.
PATIENCE = 180.0
# From one look at a condition to the next; twice as long each time, because many tests look at once.
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.2
# Whoever listens there takes a port that is free, and prints which.
ANY_PORT = "127.0.0.1:0"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@functools.lru_cache
def target_folder():
    """Cargo's target folder, wherever CARGO_TARGET_DIR or a configuration file put it."""
    root = pathlib.Path(__file__).resolve().parents[2]
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    text = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return pathlib.Path(json.loads(text)["target_directory"])


def program(name):
    """The path of a debug binary."""
    path = target_folder() / "debug" / name
    assert path.is_file(), f"{path} is missing; run: cargo build --workspace"
    return str(path)


def clean_environment(extra):
    """The caller's environment without anything that AWS tools or eastwest would read."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EASTWEST_"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
               "NO_COLOR": "1", "NO_PROXY": "127.0.0.1,localhost"}
    return {**kept, **nowhere, **extra}


def wait_until(condition, what, patience=PATIENCE):
    """Polls `condition` until it is truthy, and returns what it gave."""
    deadline, pause = time.monotonic() + patience, FIRST_PAUSE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    raise AssertionError(f"not within {patience:.0f} s: {what() if callable(what) else what}")


def http(method, url, body=None):
    """One request; the status and the text, whatever the status is."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


class Process:
    """A child process that writes to a file and ends with its test."""

    def __init__(self, command, log, environment=None):
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=clean_environment(environment or {}))

    def output(self):
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_for_port(self, line):
        """The port it listens on, once it has printed a line like this pattern, which has the port as its group."""
        def printed():
            # In this order: what it printed before it ended is there when its end is seen.
            ended, found = self.child.poll(), re.search(line, self.output())
            assert found or ended is None, f"ended with {ended}: {self.output()}"
            return found and int(found[1])
        return wait_until(printed, lambda: f"a line like {line}: {self.output()}")

    def stop(self):
        """Ends it, politely first; the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


class Simulator(Process):
    """eastwest-sim and its `/_sim/` controls. Its clock stands still unless a test moves it."""

    def __init__(self, folder, *arguments, speed=0):
        command = [program("eastwest-sim"), "--listen", ANY_PORT, "--speed", str(speed), *arguments]
        super().__init__(command, folder / "simulator.log")
        self.port = self.wait_for_port(r"listens on http://127\.0\.0\.1:(\d+);")
        self.url = f"http://127.0.0.1:{self.port}"

    def control(self, method, path, body=None):
        """A call under `/_sim/`, which must succeed; the JSON it answers."""
        status, text = http(method, f"{self.url}/_sim/{path}", body)
        assert status in (200, 204), f"{method} /_sim/{path}: {status} {text}"
        return json.loads(text) if text.strip() else None

    def clock(self, **change):
        """Moves (`advance_s`) or paces (`speed`) virtual time."""
        return self.control("POST", "clock", change)

    def advance(self, seconds):
        """Lets that many virtual seconds pass."""
        return self.clock(advance_s=seconds)

    def rollout(self, service, outcome, seconds=30):
        """How the next rollouts of `cluster/service` go."""
        return self.control("POST", "rollout",
                            {"service": service, "seconds": seconds, "outcome": outcome})

    def fault(self, op, kind, **more):
        """Makes the next call of `op` fail in this way."""
        return self.control("POST", "faults", [{"op": op, "kind": kind, **more}])

    def calls(self):
        """How often each operation was called."""
        return self.control("GET", "calls")

    def called(self, operation):
        """How often this operation was called."""
        return self.calls().get(operation, 0)

    def forget_calls(self):
        """Sets the counts back."""
        self.control("DELETE", "calls")

    def state(self):
        """The truth."""
        return self.control("GET", "state")

    def writes(self, operation="ecs.UpdateService", caller="aws-sdk-rust"):
        """The mutating calls of one operation by one kind of caller, in order."""
        entries = self.control("GET", "log")
        return [e for e in entries if e["operation"] == operation and caller in e["caller"]]

    def reach(self, caller, name, port):
        """Whether the running tasks of `caller` can call that name."""
        return self.control("GET", f"reach?from={caller}&name={name}&port={port}")
