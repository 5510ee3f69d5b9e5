"""eastwest as a black box: started as its users start it, judged by what it serves and prints."""
import json
import signal
import subprocess

import world
from fleet import CLUSTER

# How many seconds after SIGTERM ECS kills a container, unless its task definition says otherwise.
KILLED_AFTER = 30

class Controller(world.Process):
    """`eastwest run` with its HTTP interface.

    It may write at once, unless a test is about a start: no `start_up_pause` is given then, and it waits as it does for
    its users.
    """

    def __init__(self, folder, endpoint, *arguments, cluster=CLUSTER, policy="sync", start_up_pause="0s",
                 interval="1s", environment=world.CREDENTIALS, program=None):
        command = [program or world.program("eastwest"), "run", "--policy", policy, "--interval", interval,
                   "--listen", world.ANY_PORT, "--log-format", "json", *arguments]
        if cluster:
            command += ["--cluster", cluster]
        if start_up_pause:
            command += ["--start-up-pause", start_up_pause]
        super().__init__(command, folder / "eastwest.log",
                         {**environment, "AWS_ENDPOINT_URL": endpoint})
        self.port = self.wait_for_port(r'"listen":"127\.0\.0\.1:(\d+)"')
        self.url = f"http://127.0.0.1:{self.port}"

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

    def wait_service(self, name, *words, **members):
        """Waits until the entry of a service contains all these words and has these members; the entry."""
        def entry():
            found = self.service(name)
            text = json.dumps(found)
            as_wanted = found and all(word in text for word in words) and all(
                found.get(member) == value for member, value in members.items())
            return found if as_wanted else None
        return world.wait_until(
            entry, lambda: f"{words} and {members} in {self.service(name)}\n{self.output()}")

    def wait_synced(self, *names):
        """Waits until all these services are in order."""
        for name in names:
            self.wait_service(name, sync="Synced", health="Healthy")

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            key, _, value = line.rpartition(" ")
            wanted = all(f'{label}="{text}"' in key for label, text in labels.items())
            if key.partition("{")[0] == name and wanted:
                total += float(value)
        return total

    def wait_metric(self, value, name, **labels):
        """Waits until a metric's samples that carry these labels add up to this value."""
        world.wait_until(lambda: self.metric(name, **labels) == value,
                         lambda: f"{name} {labels} is not {value}:\n{self.get('/metrics')[1]}\n{self.output()}")

    def log_lines(self, *words):
        """The log lines that contain all these words, as far as they are written to their end."""
        whole, _, _ = self.output().rpartition("\n")
        return [line for line in whole.splitlines() if all(word in line for word in words)]

    def terminate(self):
        """SIGTERM; the exit code and the messages logged from then on."""
        before = len(self.log_lines())
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout=KILLED_AFTER)
        return code, [json.loads(line)["message"] for line in self.log_lines()[before:]]


def plan(endpoint, *arguments, environment=world.CREDENTIALS, cluster=CLUSTER):
    """`eastwest plan`, run to its end: exit code, standard output, standard error."""
    command = [world.program("eastwest"), "plan", *arguments, "--cluster", cluster]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.PATIENCE,
        env=world.clean_environment({**environment, "AWS_ENDPOINT_URL": endpoint}), check=False)
    return done.returncode, done.stdout, done.stderr
