"""eastwest as a black box: started as its users start it, judged by what it serves and prints."""
import json
import signal
import subprocess
import time

import world
from fleet import CLUSTER


class Controller(world.Process):
    """`eastwest run` with its HTTP interface."""

    def __init__(self, folder, endpoint, *arguments, cluster=CLUSTER, policy="sync",
                 environment=world.CREDENTIALS):
        self.port = world.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [world.program("eastwest"), "run", "--policy", policy, "--interval", "1s",
                   "--listen", f"127.0.0.1:{self.port}", "--log-format", "json", *arguments]
        if cluster:
            command += ["--cluster", cluster]
        super().__init__(command, folder / "eastwest.log",
                         {**environment, "AWS_ENDPOINT_URL": endpoint})
        self.wait_for_port(self.port)

    def get(self, path):
        """Status and text of a GET."""
        return world.http("GET", self.url + path)

    def json(self, path):
        """The JSON of a GET that must succeed."""
        status, text = self.get(path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def wait_ready(self):
        """Returns once the first complete view is there."""
        world.wait_until(lambda: self.get("/readyz")[0] == 200,
                         lambda: f"/readyz: {self.get('/readyz')}\n{self.output()}")

    def service(self, name, cluster=CLUSTER):
        """The entry of one service in `/api/v1/services`, or nothing."""
        found = [entry for entry in self.json("/api/v1/services")["services"]
                 if entry["service"] == f"{cluster}/{name}"]
        return found[0] if found else None

    def wait_service(self, name, *words):
        """Waits until the entry of a service contains all these words; the entry."""
        def entry():
            found = self.service(name)
            text = json.dumps(found)
            return found if found and all(word in text for word in words) else None
        return world.wait_until(
            entry, lambda: f"{words} in {self.service(name)}\n{self.output()}")

    def wait_synced(self, *names):
        """Waits until all these services are in order."""
        for name in names:
            self.wait_service(name, '"Synced"', '"Healthy"')

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            key, _, value = line.rpartition(" ")
            wanted = all(f'{label}="{text}"' in key for label, text in labels.items())
            if key.partition("{")[0] == name and wanted:
                total += float(value)
        return total

    def log_lines(self, *words):
        """The log lines that contain all these words."""
        return [line for line in self.output().splitlines() if all(w in line for w in words)]

    def terminate(self):
        """SIGTERM; the exit code and the seconds it took."""
        start = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout=world.PATIENCE)
        return code, time.monotonic() - start


def plan(endpoint, *arguments, environment=world.CREDENTIALS, cluster=CLUSTER):
    """`eastwest plan`, run to its end: exit code, standard output, standard error."""
    command = [world.program("eastwest"), "plan", *arguments, "--cluster", cluster]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE,
        env=world.clean_environment({**environment, "AWS_ENDPOINT_URL": endpoint}), check=False)
    return done.returncode, done.stdout, done.stderr
