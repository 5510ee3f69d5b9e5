"""`eastwest verify`: what is fine, what is broken, what is unknown, out of the simulator's tasks and instances."""
import contextlib
import functools
import http.server
import json
import socket
import subprocess
import threading

import pytest
from botocore.validate import ParamValidator

import aws_cli
import policies
import shape_check
import world
from fleet import CLUSTER, NAMESPACE, Fleet, connect, served, tags


def verify(endpoint, *arguments, environment=None):
    """One run: exit code, standard output, standard error. Without an endpoint it has no AWS at all."""
    settings = {**(environment or world.CREDENTIALS), "AWS_ENDPOINT_URL": endpoint} if endpoint else {
        "AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [world.program("eastwest"), "verify", *map(str, arguments)], capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=world.PATIENCE, check=False, env=world.clean_environment(settings))
    return done.returncode, done.stdout, done.stderr


def report(endpoint, *arguments, **options):
    """The report as JSON, with the exit code."""
    code, out, err = verify(endpoint, "--json", *arguments, **options)
    assert out, err
    return code, json.loads(out)


def findings(page, service, level=None):
    """What was found of a service, as `check: message`, of one level or of all."""
    [found] = [each for each in page["services"] if each["service"] == service]
    parts = [found, *found["endpoints"], *found["calls"]]
    return [f"{each['check']}: {each['message']}" for part in parts for each in part["findings"]
            if level in (None, each["level"])]


def free_port():
    """A port that nothing uses: tests beside this one may have tasks with the same addresses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Story:
    """A server `api` with two tasks, and a client `web` that needs it, both in order."""

    def __init__(self, sim, fleet, endpoint, port=8080, **more):
        self.sim, self.fleet, self.endpoint, self.port = sim, fleet, endpoint, port
        fleet.service("api", {"http": port}, connect(served("http", "api", f"api.{NAMESPACE}", 80)),
                      tag=tags(mode="client-server", namespace=NAMESPACE, **more), desiredCount=2)
        fleet.settle()
        fleet.service("web", {"http": 8080}, connect(), enableExecuteCommand=True,
                      tag=tags(mode="client", namespace=NAMESPACE, needs="api"))
        fleet.settle()

    def tasks(self, service):
        """The tasks of a service as AWS describes them."""
        arns = self.fleet.ecs.list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"]
        return self.fleet.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]

    def addresses(self, service):
        """The addresses of its tasks."""
        return [task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in self.tasks(service)]

    def verify(self, *arguments):
        """Verifies this cluster."""
        return verify(self.endpoint, "--cluster", CLUSTER, *arguments)

    def report(self, *arguments):
        """The same as JSON."""
        return report(self.endpoint, "--cluster", CLUSTER, *arguments)


@pytest.fixture
def story_of(sim, fleet, proxy_of):
    """Makes the story; whatever is verified, nothing is ever written."""
    endpoint = proxy_of(sim)
    yield functools.partial(Story, sim, fleet, endpoint)
    assert sim.writes() == []


@pytest.fixture
def story(story_of):
    """The story as it is without a check."""
    return story_of()


def test_where_all_is_well_it_says_so_with_the_commands_that_show_it_from_a_task(story):
    code, out, err = story.verify("prod/api")
    assert code == 0, out + err
    assert "2 of 2 tasks of deployment ecs-svc/" in out and "the proxies of 2 of 2 tasks are healthy" in out
    assert "2, one for each running task" in out and "the tasks of prod/web know api.internal.myapp:80" in out
    [task] = story.tasks("web")
    command = (f"aws ecs execute-command --cluster prod --task {task['taskArn'].rsplit('/', 1)[1]} --container web "
               "--interactive --command ")
    assert f'{command}"getent hosts api.internal.myapp"' in out
    assert command + '"curl -sS -m 5' in out and "http://api.internal.myapp:80/" in out
    assert "nslookup and dig are the wrong test" in out and "/etc/hosts" in out
    assert "Verified: 0 broken, 0 unknown, 1 ok." in out
    # A whole fleet in order is short.
    code, out, _ = story.verify()
    assert code == 0 and len(out.splitlines()) < 8, out
    assert "ok  prod/api  endpoints: 1, calls: 0" in out and "Verified: 0 broken, 0 unknown, 2 ok." in out
    assert "prod/api\n" in story.verify("--all")[1]


def test_the_json_is_versioned_and_has_everything_the_text_has(story):
    code, page = story.report()
    assert (code, page["formatVersion"]) == (0, 1)
    assert page["summary"] == {"ok": 2, "unknown": 0, "broken": 0} and page["faults"] == []
    [api, web] = page["services"]
    assert (api["service"], api["level"]) == ("prod/api", "ok")
    [endpoint] = api["endpoints"]
    assert (endpoint["name"], endpoint["alias"]) == ("api", "api.internal.myapp:80")
    assert endpoint["tryIt"]["client"] == "prod/web" and endpoint["tryIt"]["needsExec"] is False
    assert {each["check"] for each in api["findings"]} == {"tasks", "proxies"}
    [call] = web["calls"]
    assert (call["client"], call["server"], call["name"]) == ("prod/web", "prod/api", "api")


def test_a_server_that_is_down_is_broken(story):
    story.fleet.update("api", desiredCount=0)
    story.fleet.settle()
    code, page = story.report()
    assert code == 2 and page["summary"]["broken"] == 1
    broken = findings(page, "prod/api", "broken")
    assert any("scaled to 0 tasks" in each and "nobody answers" in each for each in broken)
    assert any(each.startswith("instances: Cloud Map has no instance of it") for each in broken)
    # Its endpoint is there all the same, and the client knows it.
    assert findings(page, "prod/web", "broken") == []


def test_a_rollout_under_way_is_unknown_and_one_that_hangs_for_lack_of_tasks_too(story):
    story.sim.rollout("prod/api", "stall")
    story.fleet.update("api", forceNewDeployment=True)
    story.sim.advance(300)
    code, page = story.report("prod/api")
    assert code == 1, page
    assert any("its rollout runs: 0 of 2 tasks" in each for each in findings(page, "prod/api", "unknown"))


def test_proxies_that_are_unhealthy_are_named_by_their_tasks(story):
    story.sim.control("POST", "tasks", {"service": "prod/api", "proxies": "unhealthy"})
    code, out, _ = story.verify()
    assert code == 2
    ids = sorted(task["taskArn"].rsplit("/", 1)[1] for task in story.tasks("api"))
    assert f"2 of 2 tasks have an unhealthy proxy: {', '.join(ids)}" in out
    story.sim.control("POST", "tasks", {"service": "prod/api", "proxies": "unknown"})
    code, page = story.report("prod/api")
    assert code == 1 and "whose health ECS does not know" in findings(page, "prod/api", "unknown")[0]
    story.sim.control("POST", "tasks", {"service": "prod/api", "proxies": "healthy"})
    assert story.verify()[0] == 0


def test_a_client_that_is_older_than_the_endpoint_does_not_know_it(sim, fleet, proxy_of):
    fleet.service("web", {"http": 8080}, connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="api"))
    fleet.settle()
    fleet.service("api", {"http": 8080}, connect(served("http", "api", "api", 80)),
                  tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.settle()
    assert not sim.reach("prod/web", "api", 80)["ok"]
    code, page = report(proxy_of(sim), "--cluster", CLUSTER)
    assert code == 2
    [broken] = findings(page, "prod/web", "broken")
    assert "the tasks of prod/web do not know api:80: their deployment is older than the endpoint" in broken
    fleet.update("web", forceNewDeployment=True)
    fleet.settle()
    assert sim.reach("prod/web", "api", 80)["ok"]
    assert report(proxy_of(sim), "--cluster", CLUSTER)[0] == 0


def test_an_endpoint_that_is_wanted_and_not_deployed_is_broken(fleet, sim, proxy_of):
    fleet.service("api", {"http": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.settle()
    code, page = report(proxy_of(sim), "prod/api")
    assert code == 2
    assert findings(page, "prod/api", "broken") == ["deployed: it is wanted and not deployed; the plan deploys it: see eastwest plan"]


def test_instances_that_somebody_took_away_or_added_by_hand_are_seen(story):
    instances = story.fleet.cloudmap.discover_instances(
        NamespaceName=NAMESPACE, ServiceName="api")["Instances"]
    [service] = [each for each in story.fleet.cloudmap.list_services()["Services"] if each["Name"] == "api"]
    made = story.fleet.cloudmap.register_instance(
        ServiceId=service["Id"], InstanceId="by-hand", Attributes={"AWS_INSTANCE_IPV4": "10.9.9.9", "AWS_INSTANCE_PORT": "80"})
    story.sim.advance(10)
    assert made["OperationId"] and len(instances) == 2
    code, page = story.report("prod/api")
    assert code == 0, page
    [note] = findings(page, "prod/api", "note")
    assert "1 more belong to no running task, left over or registered by hand: by-hand" in note


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers each GET with the server's status, after its delay."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked.append((self.path, self.headers["Host"], self.headers["User-Agent"]))
        self.server.released.wait(self.server.delay)
        with contextlib.suppress(OSError):  # who was asked too slowly has gone
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def listening(address, port, status=200, delay=0):
    """A server in place of a task; what it was asked."""
    server = http.server.ThreadingHTTPServer((address, port), Answers)
    server.status, server.delay, server.asked, server.released = status, delay, [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def in_vpc(story_of):
    """The story with a check, and tasks at addresses where this test can listen."""
    story = story_of(port=free_port(), check="/health")
    story.sim.control("POST", "tasks", {"network": "loopback"})
    return story


def test_each_instance_is_connected_to_and_asked_for_its_check(in_vpc):
    one, other = in_vpc.addresses("api")
    with listening(one, in_vpc.port) as first, listening(other, in_vpc.port, 302) as second:
        code, page = in_vpc.report("--connect")
    assert code == 0, page
    for server in (first, second):
        [(path, host, agent)] = server.asked
        assert (path, host) == ("/health", "api.internal.myapp:80") and agent.startswith("eastwest/")
    [api] = [each for each in page["services"] if each["service"] == "prod/api"]
    rows = {row["address"]: row for row in api["endpoints"][0]["probes"]}
    assert set(rows) == {f"{address}:{in_vpc.port}" for address in (one, other)}
    assert sorted(row["status"] for row in rows.values()) == [200, 302]
    assert all(row["connectMs"] >= 0 and row["answerMs"] > 0 for row in rows.values())
    assert any(each.startswith("tcp: 2 of 2 instances accept a connection, in ") for each in findings(page, "prod/api"))
    assert any(each.startswith("http: 2 of 2 instances answer GET /health well, in ") for each in findings(page, "prod/api"))


def test_without_the_flag_nobody_is_connected_to(in_vpc):
    [one, _] = in_vpc.addresses("api")
    with listening(one, in_vpc.port) as server:
        code, out, _ = in_vpc.verify("--all")
    assert code == 0 and server.asked == []
    assert "Not verified: whether instances accept connections (--connect, inside the VPC)." in out
    code, out, err = in_vpc.verify("--connect-timeout", "1")
    assert (code, out) == (1, "") and "--connect" in err


def test_an_instance_that_refuses_and_one_that_answers_with_an_error_are_broken(in_vpc):
    one, other = in_vpc.addresses("api")
    with listening(one, in_vpc.port, 500):
        code, out, _ = in_vpc.verify("prod/api", "--connect")
    assert code == 2
    assert f"1 of 2 instances accept a connection: {other}:{in_vpc.port} refuses the connection" in out
    assert f"{one}:{in_vpc.port} answers HTTP 500 after" in out


def test_an_instance_that_is_slow_to_answer_is_given_up_in_time(in_vpc):
    one, other = in_vpc.addresses("api")
    with listening(one, in_vpc.port), listening(other, in_vpc.port, delay=60):
        code, page = in_vpc.report("prod/api", "--connect", "--connect-timeout", "1")
    assert code == 2
    [broken] = findings(page, "prod/api", "broken")
    assert broken.startswith("http: 1 of 2 instances answer GET /health well")
    assert f"{other}:{in_vpc.port} does not answer within 1 s" in broken


def test_an_instance_that_does_not_accept_in_time_is_given_up(in_vpc):
    one, other = in_vpc.addresses("api")
    with contextlib.ExitStack() as held, listening(other, in_vpc.port):
        deaf = held.enter_context(socket.socket())
        deaf.bind((one, in_vpc.port))
        deaf.listen(0)
        # Nobody accepts these, and Linux drops what comes after them.
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((one, in_vpc.port))
        code, page = in_vpc.report("prod/api", "--connect", "--connect-timeout", "1")
    assert code == 2
    [broken] = findings(page, "prod/api", "broken")
    assert f"1 of 2 instances accept a connection: {one}:{in_vpc.port} does not accept a connection within 1 s" in broken


def test_a_check_is_a_tag_that_changes_nothing_and_a_malformed_one_is_an_issue(story):
    def plan():
        settings = world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": story.endpoint})
        done = subprocess.run([world.program("eastwest"), "plan", "--json", "--cluster", CLUSTER], capture_output=True,
                              text=True, env=settings, timeout=world.PATIENCE, check=False)
        return json.loads(done.stdout)
    story.fleet.tag("api", check="/health/deep")
    page = plan()
    assert (page["steps"], page["holds"]) == ([], [])
    story.fleet.tag("api", check="health")
    page = plan()
    assert page["steps"] == [] and [hold["reason"] for hold in page["holds"]] == ["Ambiguous"]
    assert "/health" in json.dumps(page)
    code, found = story.report("prod/api")
    assert code == 1 and findings(found, "prod/api", "unknown")[0].startswith("wanted: what is wanted is not known")


def test_a_service_that_nobody_knows_or_that_did_not_opt_in_is_an_error(story):
    story.fleet.service("other", {"http": 80})
    story.fleet.settle()
    code, out, err = story.verify("prod/wbe")
    assert (code, out) == (1, "") and "did you mean prod/web?" in err
    code, out, err = story.verify("prod/other")
    assert (code, out) == (1, "") and "did not opt in" in err
    code, _, err = story.verify("web")
    assert code == 1 and "<cluster>/<service>" in err


@pytest.mark.parametrize("call", ["ecs.ListTasks", "ecs.DescribeTasks", "servicediscovery.ListInstances"])
def test_what_may_not_be_read_is_unknown_and_the_call_is_named(story, call):
    story.sim.fault(call, "denied", times=100)
    code, page = story.report()
    assert code == 1, page
    unknown = findings(page, "prod/api", "unknown")
    assert any(call in each and "allow this call in the IAM policy" in each for each in unknown), unknown
    assert findings(page, "prod/api", "broken") == []


def test_a_cluster_that_cannot_be_read_is_told(story):
    code, out, _ = verify(story.endpoint, "--cluster", "nowhere")
    assert code == 1 and "! cluster nowhere:" in out


def test_many_services_of_a_cluster_cost_few_calls(story):
    for number in range(12):
        story.fleet.service(f"job-{number}", {"http": 80}, connect(), tag=tags(mode="client", namespace=NAMESPACE, needs="none"))
    story.fleet.settle()
    story.sim.forget_calls()
    assert story.verify()[0] == 0
    assert story.sim.called("ecs.ListTasks") == 1 and story.sim.called("ecs.DescribeTasks") == 1
    assert story.sim.called("servicediscovery.ListInstances") == 1


def group(name, inbound=(), outbound=()):
    """A security group as EC2 describes it."""
    return {"GroupId": f"sg-{name}", "GroupName": name, "Description": name, "VpcId": "vpc-1", "OwnerId": "123456789012",
            "IpPermissions": list(inbound), "IpPermissionsEgress": list(outbound), "Tags": []}


def rule(ports=None, **peers):
    """A rule for a range of TCP ports, or for everything."""
    empty = {"UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
    ports = {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1]} if ports else {"IpProtocol": "-1"}
    return {**ports, **empty, **peers}


EVERYWHERE = rule(IpRanges=[{"CidrIp": "0.0.0.0/0"}])
FROM_WEB = {"UserIdGroupPairs": [{"GroupId": "sg-web", "UserId": "123456789012"}]}


@pytest.fixture
def network(story, tmp_path):
    """Captures the tasks' interfaces, and these security groups, as EC2 would answer."""
    def interface(task, name):
        details = {each["name"]: each["value"] for attachment in task["attachments"] for each in attachment["details"]}
        address = details["privateIPv4Address"]
        return {"NetworkInterfaceId": details["networkInterfaceId"], "PrivateIpAddress": address, "Status": "in-use",
                "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}], "Ipv6Addresses": [],
                "Groups": [{"GroupId": f"sg-{name}", "GroupName": name}], "VpcId": "vpc-1", "SubnetId": "subnet-0a1b2c3d"}

    def take(*groups):
        interfaces = [interface(task, name) for name in ("api", "web") for task in story.tasks(name)]
        answers = {"describe-security-groups": {"SecurityGroups": list(groups)},
                   "describe-network-interfaces": {"NetworkInterfaces": interfaces}}
        files = []
        for name, answer in answers.items():
            operation = "".join(word.title() for word in name.split("-"))
            shape = shape_check.MODELS.get("ec2").operation_model(operation).output_shape
            wrong = ParamValidator().validate(answer, shape)
            assert not wrong.has_errors(), wrong.generate_report()
            files.append(tmp_path / f"{name}.json")
            files[-1].write_text(json.dumps(answer))
        return files
    return take


def test_the_rule_that_is_missing_is_named_with_its_groups_and_its_port(story, network):
    files = network(group("api", [rule((443, 443), **FROM_WEB)], [EVERYWHERE]), group("web", outbound=[EVERYWHERE]))
    code, page = story.report("--from", *files)
    assert code == 2
    [broken] = findings(page, "prod/web", "broken")
    assert broken.startswith("groups: security groups do not let prod/web reach prod/api: "
                             "no inbound rule of sg-api (api) for TCP 8080 from sg-web (web) (10.")
    assert page["notes"] == ["only answers of EC2 were captured: all else is read from AWS"]
    files = network(group("api", [rule((8000, 9000), **FROM_WEB)], [EVERYWHERE]), group("web", outbound=[EVERYWHERE]))
    code, page = story.report("--from", *files)
    assert code == 0 and any(each.startswith("groups: security groups let prod/web") for each in findings(page, "prod/web"))


def test_a_prefix_list_is_unknown_and_a_network_of_addresses_is_not(story, network):
    listed = {"PrefixListIds": [{"PrefixListId": "pl-1"}]}
    files = network(group("api", [rule((8080, 8080), **listed)]), group("web", outbound=[EVERYWHERE]))
    code, page = story.report("--from", *files)
    assert code == 1 and "prefix list pl-1" in findings(page, "prod/web", "unknown")[0]
    inside = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    files = network(group("api", [rule((8080, 8080), **inside)]), group("web", outbound=[rule((8080, 8080), **inside)]))
    assert story.report("--from", *files)[0] == 0


def test_everything_out_of_files_is_what_aws_tells(story, network, tmp_path):
    aws = functools.partial(aws_cli.aws, story.sim)
    arns = [arn for name in ("api", "web")
            for arn in story.fleet.ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]]
    revisions = [story.fleet.describe(name)["taskDefinition"] for name in ("api", "web")]
    deployments = [aws("ecs", "list-service-deployments", "--cluster", CLUSTER, "--service", name) for name in ("api", "web")]
    targets = [each["targetServiceRevisionArn"] for text in deployments for each in json.loads(text)["serviceDeployments"]]
    texts = {
        "services": aws("ecs", "describe-services", "--cluster", CLUSTER, "--include", "TAGS", "--services", "api", "web"),
        "clusters": aws("ecs", "describe-clusters", "--clusters", CLUSTER),
        "namespaces": aws("servicediscovery", "list-namespaces"),
        "names": aws("servicediscovery", "list-services"),
        "definitions": "\n".join(aws("ecs", "describe-task-definition", "--task-definition", arn) for arn in revisions),
        "deployments": "\n".join(deployments),
        "revisions": aws("ecs", "describe-service-revisions", "--service-revision-arns", *targets),
        "tasks": aws("ecs", "describe-tasks", "--cluster", CLUSTER, "--tasks", *arns),
        "instances": json.dumps(story.fleet.cloudmap.discover_instances(NamespaceName=NAMESPACE, ServiceName="api")),
    }
    files = {}
    for name, text in texts.items():
        files[name] = tmp_path / f"{name}.json"
        files[name].write_text(text)
    groups = network(group("api", [rule((8080, 8080), **FROM_WEB)]), group("web", outbound=[EVERYWHERE]))
    _, live = story.report("--from", *groups)
    story.sim.forget_calls()
    code, offline = report(None, "--from", *files.values(), *groups)
    assert story.sim.calls() == {}
    assert live.pop("notes") and offline.pop("notes", []) == []
    assert (code, offline) == (0, live)
    for name, call in (("tasks", "aws ecs describe-tasks --cluster prod"),
                       ("instances", "aws servicediscovery discover-instances --namespace-name internal.myapp --service-name api")):
        left = [path for each, path in files.items() if each != name]
        code, page = report(None, "--from", *left)
        assert code == 1 and any(call in each for each in findings(page, "prod/api", "unknown")), page
    (tmp_path / "list.json").write_text(json.dumps({"Instances": [{"Id": "i", "Attributes": {}}]}))
    code, out, err = verify(None, "--from", tmp_path / "list.json")
    assert (code, out) == (1, "") and "discover-instances" in err


@pytest.mark.parametrize("without", [[], *([action] for action in policies.actions("verify"))])
def test_with_its_policy_it_reads_everything_and_without_one_action_it_names_that(without, simulator_of, judged, tmp_path):
    sim = simulator_of(*policies.flags(tmp_path, ["observe", "verify"], without))
    Story(sim, Fleet(sim, judged("ecs", sim), judged("servicediscovery", sim)), sim.url)
    code, out, err = verify(sim.url, "--cluster", CLUSTER, environment=policies.RESTRICTED)
    assert code == (1 if without else 0), out + err
    assert all(f"not authorized to perform: {action} " in out for action in without), out + err
