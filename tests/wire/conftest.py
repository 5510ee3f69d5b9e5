"""Fixtures: a simulator of its own for each test, and a judge on every answer it gives."""
import threading

import boto3
import pytest
from botocore.config import Config

import shape_check
import world
from controller import Controller
from emulators import Moto
from fleet import Fleet

JUDGED = ("error", "enum")
# What eastwest calls; to the judge, a call of any other service is one that nobody knows.
shape_check.MODELS.preload(["ecs", "servicediscovery", "sqs", "ssm"])


def client(service, url, **options):
    """A boto3 client for the simulator: one attempt, no surprises."""
    settings = Config(retries={"max_attempts": 0, "mode": "standard"}, inject_host_prefix=False,
                      connect_timeout=world.PATIENCE,
                      read_timeout=options.pop("read_timeout", world.PATIENCE))
    return boto3.client(service, endpoint_url=url, region_name=world.REGION, config=settings,
                        aws_access_key_id="test", aws_secret_access_key="test")


def pytest_collection_modifyitems(items):
    """The soak waits longest, so it begins first and the others run beside it."""
    items.sort(key=lambda item: item.path.name != "test_soak.py")


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch):
    """Nothing of the caller's AWS settings reaches a test."""
    environment = world.clean_environment({})
    for name in list(world.os.environ):
        if name not in environment:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", world.os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", world.os.devnull)


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory):
    """One moto for a file in each worker: it takes seconds to start, and shares nothing with our simulator."""
    moto = Moto(tmp_path_factory.mktemp("moto"))
    yield moto
    moto.stop()


@pytest.fixture
def simulator_of(tmp_path):
    """Starts simulators with the flags a test wants."""
    started = []

    def start(*arguments, **options):
        folder = tmp_path / f"simulator-{len(started)}"
        folder.mkdir()
        started.append(world.Simulator(folder, *arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def sim(simulator_of):
    """A simulator whose clock stands still."""
    return simulator_of()


@pytest.fixture
def recorder():
    """Judges what the simulator answers, against AWS's own models; findings fail the test."""
    judge = shape_check.Recorder()
    yield judge
    answers = [f for f in judge.problems(JUDGED) if f.direction == "response"]
    assert not answers, "the simulator's answers differ from AWS's models:\n" + "\n".join(
        sorted({str(finding) for finding in answers}))


@pytest.fixture
def judged(recorder):
    """Makes boto3 clients whose every answer is judged."""
    def make(service, simulator, **options):
        made = client(service, simulator.url, **options)
        recorder.attach(made)
        return made
    return make


@pytest.fixture
def unjudged():
    """Makes boto3 clients for answers that are wrong on purpose."""
    return lambda service, simulator, **options: client(service, simulator.url, **options)


@pytest.fixture
def ecs(sim, judged):
    """ECS, judged."""
    return judged("ecs", sim)


@pytest.fixture
def cloudmap(sim, judged):
    """Cloud Map, judged."""
    return judged("servicediscovery", sim)


@pytest.fixture
def ssm(sim, judged):
    """Parameter Store, judged."""
    return judged("ssm", sim)


@pytest.fixture
def fleet(sim, ecs, cloudmap):
    """A cluster `prod` with the namespace `internal.myapp`, and hands to fill it."""
    return Fleet(sim, ecs, cloudmap)


@pytest.fixture
def proxy_of():
    """Puts the judge between eastwest and a simulator; findings in either direction fail the test."""
    started = []

    def start(simulator):
        proxy = shape_check.Proxy(("127.0.0.1", 0), ("127.0.0.1", simulator.port))
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        started.append((proxy, thread))
        return f"http://127.0.0.1:{proxy.server_port}"

    yield start
    for proxy, thread in started:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
    entries = [entry for proxy, _ in started for entry in proxy.entries]
    findings = {f"{f['severity']} {f['direction']} {entry['op']} {f['path']}: {f['message']}"
                for entry in entries for f in entry["findings"] if f["severity"] in JUDGED}
    unknown = {entry["target"] for entry in entries if entry["op"] is None}
    failures = [failure for proxy, _ in started for failure in proxy.failures]
    assert not findings, "the wire differs from AWS's models:\n" + "\n".join(sorted(findings))
    assert not unknown, f"calls that no AWS model knows: {unknown}"
    assert not failures, "the judge failed:\n" + "\n".join(failures)


@pytest.fixture
def controller_of(tmp_path):
    """Starts `eastwest run` against an endpoint."""
    started = []

    def start(endpoint, *arguments, **options):
        folder = tmp_path / f"eastwest-{len(started)}"
        folder.mkdir()
        started.append(Controller(folder, endpoint, *arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def live(simulator_of):
    """A simulator whose clock runs sixty times as fast, for eastwest to live in."""
    return simulator_of(speed=60)


@pytest.fixture
def live_fleet(live, judged):
    """The fleet in the fast world."""
    return Fleet(live, judged("ecs", live), judged("servicediscovery", live))


@pytest.fixture
def live_ssm(live, judged):
    """Parameter Store in the fast world, judged."""
    return judged("ssm", live)


@pytest.fixture
def controller(live_fleet, live, proxy_of, controller_of):
    """eastwest under the policy `sync`, behind the judge, in a world that has its cluster."""
    return controller_of(proxy_of(live))
