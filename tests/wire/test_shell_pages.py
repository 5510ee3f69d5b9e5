"""Pages whose shell blocks are run, one command after the other, over a small fleet on the simulator: each succeeds.

What a block says besides is not compared, because these pages show no output. A command is left out only if what it needs is
not here, and the list of those is below.
"""
import json
import pathlib
import re

import pytest

from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_api import TOKEN
from test_console_pages import is_whole, run
import world

DOCS = pathlib.Path(__file__).parents[2] / "docs"
# Each page, and how many of its commands are run at least.
PAGES = {"offline.md": 18, "running.md": 11, "terraform-and-cdk.md": 2, "api.md": 18}
# There is no Terraform, no Graphviz and no EC2; and these do not end.
LEFT_OUT = re.compile(r"^terraform |dot -T|aws ec2|groups\.json|eastwest run|--watch|text/event-stream|Last-Event-ID|^export |^#")
# In the page the running eastwest has this address.
DAEMON = "http://127.0.0.1:8080"
# Something is to change, or a person is needed.
FOUND_SOMETHING = 2
# What only a wrong example gets: nothing is held that could be acknowledged or sent once more, and that is 404.
WRONG = re.compile(r'"status":4(?!04)')


def commands(page):
    """The commands of a page's shell blocks in order, each with the number of its line."""
    text = (DOCS / page).read_text()
    for block in re.finditer(r"^```(?:sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        command, line = "", text.count("\n", 0, block.start()) + 1
        for number, said in enumerate(block[1].splitlines(), line + 1):
            if not command and said.startswith("{"):  # what a command printed
                continue
            command = f"{command}\n{said.removeprefix('$ ')}" if command else said.removeprefix("$ ")
            if is_whole(command) and not re.sub(r"\s#.*", "", command).rstrip().endswith("|"):
                yield number, command
                command = ""


@pytest.fixture
def around(sim, fleet, controller_of, tmp_path):
    """A fleet with a server, a client and a service that did not opt in; an eastwest that watches it; what a folder holds."""
    fleet.service("web", {"http": 8080}, connect(served("http", "api", f"api.{NAMESPACE}", 8080)),
                  tag=tags(mode="client-server", namespace=NAMESPACE))
    fleet.service("checkout", {}, tag=tags(mode="client", namespace=NAMESPACE, needs="api"))
    fleet.service("plain", {"http": 8080}, connect(served("http", "plain", f"plain.{NAMESPACE}", 8080)))
    fleet.settle()
    daemon = controller_of(sim.url, "--token", TOKEN, policy="observe")
    daemon.wait_ready()
    daemon.wait_service("checkout", sync="OutOfSync")
    settings = {"AWS_ENDPOINT_URL": sim.url, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true", "EASTWEST_CLUSTER": CLUSTER,
                "EASTWEST_TOKEN": TOKEN}
    return {**world.CREDENTIALS, **settings}, daemon


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_the_page_runs(page, around, tmp_path):
    environment, daemon = around
    ran, failed, before = 0, [], f"EASTWEST={daemon.url} TOKEN={TOKEN} cluster={CLUSTER}\n"
    for line, command in commands(page):
        if LEFT_OUT.search(command):
            continue
        command = command.replace(DAEMON, daemon.url)
        if re.match(r"\w+\(\) {", command):  # a function that what follows calls
            before += command + "\n"
            continue
        document = tmp_path / "document.json"
        if command.startswith("eastwest lint document.json"):
            document.write_text(json.dumps({"version": 1}))
        code, printed = run(before + command, tmp_path, environment)
        document.unlink(missing_ok=True)
        ran += 1
        if code not in (0, FOUND_SOMETHING) or WRONG.search(printed) and "limit=5000" not in command:
            failed.append(f"docs/{page}:{line}: {command}\n--- ends with {code} and prints\n{printed[:1500]}")
    assert not failed, "\n".join(failed)
    assert ran >= PAGES[page], f"{ran} commands of docs/{page} were run"
