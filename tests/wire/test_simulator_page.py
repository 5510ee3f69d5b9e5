"""The page `docs/simulator.md`: every command on it is run against a fresh simulator, and shows what the page shows.

A block of the kind `console` has commands after `$ ` and below each what it prints; `…` stands for anything on its line,
and alone on a line for any number of lines. A command `eastwest-sim` starts a simulator, and all that follows is for that
one. A block of the kind `python` whose first line is `# <name>.py` is that file.
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

PAGE = pathlib.Path(__file__).parents[2] / "docs/simulator.md"
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


def commands_of(text, line):
    """The commands of one block, which begins on this line of the page."""
    found, lines = [], iter(enumerate(text.splitlines(), line))
    for number, said in lines:
        if not said.startswith("$ "):
            assert found, f"docs/simulator.md:{number}: a block begins with a command"
            found[-1].shown += said + "\n"
            continue
        command = said.removeprefix("$ ")
        while command.endswith("\\"):
            command += "\n" + next(lines)[1]
        found.append(Command(command, "", number))
    return found


def sessions():
    """What the page has a reader do, cut where a simulator is started: files and commands, in order."""
    page = PAGE.read_text()
    cut = []
    for block in FENCE.finditer(page):
        kind, text = block.groups()
        line = page.count("\n", 0, block.start()) + 2
        if kind == "python":
            name = re.match(r"# (\w+\.py)\n", text)
            assert name, f"docs/simulator.md:{line}: the first line of a file is its name: # try.py"
            cut[-1].append((name[1], text))
        for command in commands_of(text, line) if kind == "console" else []:
            if command.starts_a_simulator():
                cut.append([])
            cut[-1].append(command)
    return cut


def matches(shown, printed):
    """Whether a program printed what the page shows."""
    lines = [r"(?:.*\n)*" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + "\n"
             for line in shown.splitlines()]
    tidy = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(lines), tidy) is not None


def exports(session):
    """What a reader has exported by the end of this session."""
    words = [word for step in session if isinstance(step, Command) and step.text.startswith("export ")
             for word in shlex.split(step.text)[1:]]
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
    here = pathlib.Path(sys.executable).parent
    settings = {**world.clean_environment(environment), "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", text], cwd=folder, env=settings, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=world.PATIENCE, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("number", range(len(sessions())))
def test_the_page_shows_what_its_commands_print(number, simulator_of, tmp_path):
    everything = sessions()
    said = [word for session in everything[:number + 1] for word in exports(session).items()]
    address = None
    for step in everything[number]:
        if not isinstance(step, Command):
            name, text = step
            (tmp_path / name).write_text(text.replace(ADDRESS, address))
            continue
        if step.starts_a_simulator():
            address, printed = start(step, simulator_of)
            failed = False
        elif step.text.startswith("export "):
            continue
        else:
            environment = {key: value.replace(ADDRESS, address) for key, value in said}
            code, printed = run(step.text.replace(ADDRESS, address), tmp_path, environment)
            failed = code != 0
        printed = printed.replace(address, ADDRESS)
        place = f"docs/simulator.md:{step.line}: {step.text}"
        assert failed == step.fails(), f"{place}\nended in another way than the page says:\n{printed}"
        assert matches(step.shown, printed), f"{place}\n--- the page\n{step.shown}--- printed\n{printed}"


def test_every_call_and_every_flag_is_on_the_page(sim):
    page = PAGE.read_text()
    commands = "\n".join(step.text for session in sessions() for step in session if isinstance(step, Command))
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
