"""The pages of `docs/`: the plans, messages, commands and paths that they show are those that the programs have."""
import json
import pathlib
import re
import shlex
import subprocess

import awscli
from awscli.clidriver import create_clidriver

import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
PARAMETER = "/p"
# What a service has beside the tag of an example; one of these brings the message about.
BESIDE = ({"mode": "client-server"}, {"mode": "client"}, {"mode": "client-server", "endpoint.other": "name=other"},
          {"mode": "client-server", "logs": "none"}, {})
ENTRY = '{"version": 1, "services": {%s}}'
DOCUMENTS = {
    "not JSON": '{"version":1,\n"freeze":true',
    "too deep, too many": "[" * 9 + "]" * 9,
    "another version": '{"version": 2}',
    "an unknown member": '{"version": 1, "servces": {}}',
    "a member twice": '{"version": 1, "freeze": true, "freeze": true}',
    "a missing member": '{"version": 1, "namespaces": {"a": {"type": "private-dns"}}}',
    "a wrong type": '{"version": 1, "freeze": "true"}',
    "out of range": '{"version": 1, "limits": {"rolloutsPerCluster": 1.5}}',
    "not a name": ENTRY % '"web": {}',
    "a letter that only looks like one": '{"version": 1, "claims": {"p\u0430y": ["prod/pay"]}}',
    "an endpoint of a client": ENTRY % '"prod/web": {"mode": "client", "endpoints": [{"port": "web"}]}',
    "a window that never opens": '{"version": 1, "windows": [{"deny": "0 0 30 2 *", "duration": "1h"}]}',
    "an allow window that is always denied":
        '{"version": 1, "windows": [{"allow": "0 22 * * *", "duration": "1h"}, {"deny": "0 0 * * *", "duration": "1d"}]}',
    "two that disagree": None,
}
TWO = {f"{PARAMETER}/a": ENTRY % '"prod/web": {"mode": "client"}', f"{PARAMETER}/b": ENTRY % '"prod/web": {"mode": "off"}'}


def eastwest(*arguments, endpoint=None):
    """One command; what it prints on both outputs."""
    settings = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint} if endpoint else {"AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run([world.program("eastwest"), *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=world.PATIENCE, check=False,
                          env=world.clean_environment(settings))
    return done.stdout


def examples(page):
    """The kinds of issues that a page lists, and the example of each as a pattern; `…` stands for anything."""
    table = (DOCS / page).read_text().split("| kind | example |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("| ").split(" | ", 1) for line in table.splitlines()]
    return {kind: re.escape(shown.strip("`").replace("\\|", "|")).replace("…", ".*") for kind, shown in rows}


def captured(name, tags):
    """A service with these tags, as the AWS CLI prints it."""
    return {"serviceArn": f"arn:aws:ecs:r:1:service/prod/{name}", "serviceName": name, "status": "ACTIVE",
            "clusterArn": "arn:aws:ecs:r:1:cluster/prod", "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:1",
            "deployments": [{"id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
            "tags": [{"key": f"eastwest/{key}", "value": value} for key, value in tags.items()]}


def test_every_issue_on_the_page_of_tags_is_what_eastwest_says(tmp_path):
    page = (DOCS / "tags.md").read_text()
    shown = re.findall(r'^(?:\|[^|`]+\| `)?eastwest/([^=`]+)="([^"]*)": ', page, re.MULTILINE)
    services = [captured(f"s{number}-{beside}", {**BESIDE[beside], key: value})
                for number, (key, value) in enumerate(shown) for beside in range(len(BESIDE))]
    # What is captured twice counts once, so it may be split as the calls to AWS are.
    files = []
    for start in range(0, len(services), 10):
        files.append(tmp_path / f"services-{start}.json")
        files[-1].write_text(json.dumps({"services": services[start:start + 10], "failures": []}))
    said = eastwest("plan", "--from", *files)
    patterns = {**examples("tags.md"), "advice": re.escape(re.search(r"^eastwest/port=.*$", page, re.MULTILINE)[0])}
    assert len(patterns) > 14, patterns
    untrue = [kind for kind, pattern in patterns.items() if not re.search(f": {pattern}$", said, re.MULTILINE)]
    assert not untrue, f"docs/tags.md shows what eastwest does not say: {untrue}\n{said}"


def test_every_issue_on_the_page_of_the_document_is_what_eastwest_says(sim, fleet, ssm):
    patterns = examples("document.md")
    assert patterns.keys() == DOCUMENTS.keys(), "each kind on docs/document.md has its text here"
    untrue = []
    for kind, pattern in patterns.items():
        texts = {PARAMETER: DOCUMENTS[kind]} if DOCUMENTS[kind] else TWO
        for name, text in texts.items():
            ssm.put_parameter(Name=name, Value=text, Type="String")
        source = PARAMETER if PARAMETER in texts else f"{PARAMETER}/"
        said = eastwest("plan", "--cluster", CLUSTER, "--source", f"ssm:{source}", endpoint=sim.url)
        for name in texts:
            ssm.delete_parameter(Name=name)
        if not re.search(f"document {pattern}$", said, re.MULTILINE):
            untrue.append(f"{kind}:\n{said}")
    assert not untrue, "docs/document.md shows what eastwest does not say:\n" + "\n".join(untrue)


def shown(page, beginning):
    """The block of a page that begins so."""
    blocks = re.findall(r"^```text\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    found = [block for block in blocks if block.startswith(beginning)]
    assert len(found) == 1, f"{page}: {len(found)} blocks begin with {beginning!r}"
    return found[0]


def test_the_plans_on_the_page_of_rollouts_are_what_eastwest_prints(sim, fleet):
    def says(beginning, *command):
        block, said = shown("rollouts.md", beginning), eastwest(*command, endpoint=sim.url)
        assert block in said, f"docs/rollouts.md\n--- the page\n{block}--- printed\n{said}"

    plan = ("plan", "--cluster", CLUSTER)
    fleet.service("django", {"django-8000-tcp": 8000},
                  tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="django-api"))
    container = {"name": "shop", "image": "example/shop:1", "essential": True,
                 "environment": [{"name": "API", "value": f"http://django-api.{NAMESPACE}:8000"}]}
    shop = fleet.ecs.register_task_definition(
        family="shop", containerDefinitions=[container], networkMode="awsvpc", cpu="512", memory="1024",
        requiresCompatibilities=["FARGATE"])["taskDefinition"]["taskDefinitionArn"]
    fleet.service("shop", taskDefinition=shop, tag=tags(mode="client", namespace=NAMESPACE))
    fleet.service("cron", {}, connect())
    fleet.settle()
    says("~ prod/django: connect", *plan)
    says("prod/shop\n", "explain", "prod/shop")

    # The client is there before its server's endpoint.
    fleet.update("django", connect(served("django-8000-tcp", "django-api", f"django-api.{NAMESPACE}", 8000)))
    fleet.settle()
    fleet.tag("cron", mode="client", needs="django-api")
    says("* prod/cron: refresh", *plan)

    fleet.update("cron", forceNewDeployment=True)
    fleet.settle()
    fleet.untag("shop", "mode")
    fleet.tag("django", mode="off")
    says("- prod/django: disconnect", *plan)


def test_every_command_and_every_path_is_on_the_page_about_running_it(sim, controller_of):
    page = (DOCS / "running.md").read_text()
    listed = eastwest("--help").split("Commands:", 1)[1].split("Options:", 1)[0]
    commands = re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)
    assert "run" in commands and "apply" in commands
    absent = [name for name in commands if name != "help" and f"| `{name}` |" not in page]
    running = controller_of(sim.url)
    status, text = running.get("/nothing")
    assert status == 404
    paths = re.findall(r"/[a-z0-9/<>]+(?:\.json)?", text)
    assert "/metrics" in paths, text
    absent += [path for path in paths if f"`GET {path}`" not in page]
    assert not absent, f"docs/running.md does not name {absent}"


def test_every_reason_has_its_entry_in_the_runbook():
    code = (ROOT / "crates/core/src/plan/reason.rs").read_text()
    reasons = re.findall(r"^    ([A-Z]\w+),$", code.split("pub enum Reason {", 1)[1].split("\n}\n", 1)[0], re.MULTILINE)
    assert {"NotSeen", "MassChange", "Leaving"} <= set(reasons), reasons
    entries = dict(re.findall(r"^## (\w+)\n\n(.+?)(?=^## |\Z)", (DOCS / "runbook.md").read_text(), re.MULTILINE | re.DOTALL))
    absent = [reason for reason in reasons if len(entries.get(reason, "").split()) < 6]
    assert not absent, f"docs/runbook.md does not say what to do about {absent}"


def test_every_source_that_is_cited_is_on_the_page_of_sources():
    page = (DOCS / "reference/sources.md").read_text()
    code = "".join(path.read_text() for path in (ROOT / "crates").rglob("src/**/*.rs"))
    comments = "\n".join(re.findall(r"//.*", code))
    keys = set(re.findall(r"[(,;] ?([A-Z][A-Z0-9]{1,5}):[A-Za-z]", comments))
    assert {"DG", "API", "SD"} <= keys, keys
    guide = set(re.findall(r"\bDG:([a-z0-9-]+)", code))
    for path in [*DOCS.rglob("*.md"), ROOT / "deploy/README.md"]:
        guide |= set(re.findall(r"Developer Guide,\s([a-z0-9]+-[a-z0-9-]+)", path.read_text()))
    absent = [key for key in sorted(keys) if f"| `{key}:<" not in page]
    absent += [name for name in sorted(guide) if f"| [{name}](" not in page]
    assert not absent, f"docs/reference/sources.md lacks {absent}"


def aws_commands():
    """Every command of the AWS CLI in a shell block of a page: the page and the words."""
    pages = [ROOT / "README.md", ROOT / "deploy/README.md", *sorted(DOCS.rglob("*.md"))]
    for page in pages:
        for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            # What a reader fills in is some word.
            text = re.sub(r"<[^>\n]+>", "x", block.replace("\\\n", " "))
            for command in re.findall(r"(?<!-)\baws ((?:'[^']*'|[^|>;\n'])+)", text):
                yield page, shlex.split(command)


def test_the_aws_cli_understands_every_command_of_the_pages(capsys, monkeypatch):
    # The CLI sets this when it is imported, and the tests begin without any such variable.
    monkeypatch.setenv("AWS_DATA_PATH", str(pathlib.Path(awscli.__file__).with_name("data")))
    cli, refused = create_clidriver(), []
    commands = list(aws_commands())
    assert len(commands) > 9, commands
    for page, words in commands:
        # `xargs` adds the value of the last option. A skeleton is printed in place of the call, once all is understood.
        words = [*words, *(["x"] if words[-1].startswith("--") else []), "--generate-cli-skeleton", "input"]
        code = cli.main(words)
        if code != 0:
            refused.append(f"{page.relative_to(ROOT)}: aws {shlex.join(words)}\n{capsys.readouterr().err}")
    assert not refused, "\n".join(refused)
