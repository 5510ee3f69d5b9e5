"""Pages whose commands are run: each one against a fresh simulator, and it shows what the page shows.

A block of the kind `console` has commands after `$ ` and below each what it prints; `…` stands for anything on its line,
and alone on a line for any number of lines. JSON on one line has its members in alphabetical order on the page, because the
order in an answer means nothing. A command `eastwest-sim` starts a simulator, and all that follows is for that one. A block
of the kind `python` whose first line is `# <name>.py` is that file, and is there from the page's beginning.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

import world

DOCS = pathlib.Path(__file__).parents[2] / "docs"
PAGE = "simulator.md"
# Every page with blocks of the kind `console` that is run here.
PAGES = (PAGE, "guide.md", "verify.md")
ADDRESS = "127.0.0.1:4599"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command:
    """One command of the page, and what the page says it prints."""

    def __init__(self, text, shown, line):
        self.text, self.shown, self.line = text, shown, line

    def starts_a_simulator(self):
        """Whether it starts one, in place of ending by itself."""
        return self.text.split()[0] == "eastwest-sim"

    def fails(self):
        """Whether the page shows AWS's refusal in the words of the AWS CLI."""
        return "An error occurred (" in self.shown


def is_whole(command):
    """Whether a shell would run this, and not wait for the next line."""
    try:
        shlex.split(command)
    except ValueError:  # a quotation is open
        return False
    return not command.endswith("\\")


def commands_of(text, line, page=PAGE):
    """The commands of one block, which begins on this line of a page."""
    found, lines = [], iter(enumerate(text.splitlines(), line))
    for number, said in lines:
        if not said.startswith("$ "):
            assert found, f"docs/{page}:{number}: a block begins with a command"
            found[-1].shown += said + "\n"
            continue
        command = said.removeprefix("$ ")
        while not is_whole(command):
            command += "\n" + next(lines)[1]
        found.append(Command(command, "", number))
    return found


def blocks(page, kind):
    """The texts of a page's blocks of this kind, each with the number of its first line."""
    whole = (DOCS / page).read_text()
    found = [block for block in FENCE.finditer(whole) if block[1] == kind]
    return [(block[2], whole.count("\n", 0, block.start()) + 2) for block in found]


def files(page):
    """A page's files: text by name."""
    named = {}
    for text, line in blocks(page, "python"):
        name = re.match(r"# (\w+\.py)\n", text)
        assert name, f"docs/{page}:{line}: the first line of a file is its name, as # try.py"
        named[name[1]] = text
    return named


def sessions(page):
    """A page's commands in order, cut where a simulator is started."""
    cut = []
    for command in [command for text, line in blocks(page, "console") for command in commands_of(text, line, page)]:
        if command.starts_a_simulator():
            cut.append([])
        cut[-1].append(command)
    return cut


def in_order(line):
    """A line of JSON with its members in alphabetical order; any other line as it is."""
    try:
        members = json.loads(line) if line.startswith(("{", "[")) else None
    except ValueError:  # one of several lines
        members = None
    if members is None:
        return line.rstrip()
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def matches(shown, printed):
    """Whether a program printed what the page shows."""
    lines = [r"(?:.*\n)*" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + "\n"
             for line in shown.splitlines()]
    tidy = "".join(in_order(line) + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(lines), tidy) is not None


def exports(session):
    """What a reader has exported by the end of this session."""
    words = [word for command in session if command.text.startswith("export ")
             for word in shlex.split(command.text)[1:]]
    return dict(word.split("=", 1) for word in words)


def start(command, simulator_of):
    """Starts the simulator of a command; its address, and what it has said."""
    flags = shlex.split(command.text)[1:]
    speed = flags[flags.index("--speed") + 1] if "--speed" in flags else 1
    rest = [flag for at, flag in enumerate(flags) if "--speed" not in (flag, flags[at - 1])]
    started = simulator_of(*rest, speed=speed)
    world.wait_until(started.output, "the simulator's first line")
    return started.url.removeprefix("http://"), started.output()


def run(text, folder, environment):
    """Runs one command as a reader's shell would; its exit code, and both its outputs as one text."""
    here = [str(pathlib.Path(program).parent) for program in (sys.executable, world.program("eastwest"))]
    settings = {**world.clean_environment(environment), "PATH": os.pathsep.join([*here, os.environ["PATH"]])}
    done = subprocess.run(["sh", "-c", text], cwd=folder, env=settings, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=world.PATIENCE, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(("page", "number"), [(page, at) for page in PAGES for at in range(len(sessions(page)))])
def test_the_page_shows_what_its_commands_print(page, number, simulator_of, tmp_path):
    everything = sessions(page)
    said = dict(word for session in everything[:number + 1] for word in exports(session).items())
    address, findings = None, []
    for command in everything[number]:
        if command.text.startswith("export "):
            continue
        if command.starts_a_simulator():
            address, printed = start(command, simulator_of)
            failed = False
            for name, text in files(page).items():
                (tmp_path / name).write_text(text.replace(ADDRESS, address))
        else:
            environment = {key: value.replace(ADDRESS, address) for key, value in said.items()}
            code, printed = run(command.text.replace(ADDRESS, address), tmp_path, environment)
            failed = code != 0
        printed = printed.replace(address, ADDRESS)
        if failed != command.fails() or not matches(command.shown, printed):
            findings.append(f"docs/{page}:{command.line}: {command.text}\n--- the page\n{command.shown}"
                            f"--- printed, and {'failed' if failed else 'passed'}\n{printed}")
    assert not findings, "the page is not true:\n" + "\n".join(findings)


def test_every_call_and_every_flag_is_on_the_page(sim):
    page = (DOCS / PAGE).read_text()
    commands = "\n".join(command.text for session in sessions(PAGE) for command in session)
    status, text = world.http("GET", f"{sim.url}/_sim/")
    assert status == 404
    calls = re.findall(r"([A-Z|]+) (/_sim/\w+)", json.loads(text)["message"])
    assert len(calls) > 7, calls
    for methods, path in calls:
        for method in methods.split("|"):
            flag = {"GET": r"-s '?", "POST": r"-s -d '[^']*' \\?\s*", "DELETE": r"-s -X DELETE "}[method]
            assert re.search(f"curl {flag}http://{ADDRESS}{path}", commands), f"no example of {method} {path}"

    status, text = world.http("POST", f"{sim.url}/_sim/faults", [{"op": "nothing", "kind": "denied"}])
    assert status == 400
    operations = re.findall(r"\b\w+\.\w+\b", json.loads(text)["message"].split("one of", 1)[1])
    assert len(operations) > 40, operations
    absent = [name for name in operations if f"`{name.split('.', 1)[1]}`" not in page]
    assert not absent, f"operations that the page does not name: {absent}"

    text = subprocess.run([world.program("eastwest-sim"), "--help"], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"--[a-z-]+", text)) - {"--help", "--version"}
    assert flags == set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)), "the flags of the page and of --help"


def test_an_example_that_is_not_true_is_found():
    assert matches("a … c\n…\nz\n", "a b c\n1\n2\nz\n")
    assert matches("", "")
    assert not matches("a\n", "a\nb\n")
    assert not matches("a\n", "")
    assert not matches("{\"ok\":true}\n", "{\"ok\":false}\n")
    assert matches("{\"a\":…,\"b\":1}\n", "{\"b\":1,\"a\":[2]}")
    assert [command.shown for command in commands_of("$ a '1\n2' \\\n 3\nb\n$ c\n", 1)] == ["b\n", ""]
