"""`docs/reference/json.md`: every member that eastwest serves, prints or logs is on that page."""
import json
import pathlib
import re
import subprocess

import pytest

import world
from fleet import CLUSTER, NAMESPACE, connect, served, tags
from test_api import TOKEN
from test_pause import post

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/json.md").read_text()
CODE = ROOT / "crates/eastwest/src"
# Of the log's own; each line has them, so none may have them twice.
OF_EVERY_LINE = {"timestamp", "level", "message"}


def section(heading):
    """What stands below a heading of the page."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def named(text):
    """What a text names in the way of members and paths."""
    return set(re.findall(r"`([^`\n]+)`", text))


def is_name(key):
    """Whether a key is a member's name and not somebody's: a path, an ARN, a tag, a name with a dot or a hyphen."""
    return re.fullmatch(r"[a-z][A-Za-z]*", key) is not None


def members(value):
    """The names of the members of a JSON value, at every depth."""
    if isinstance(value, dict):
        return {key for key in value if is_name(key)}.union(*(members(each) for each in value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


def printed(endpoint, *arguments):
    """What a command prints, as JSON."""
    done = subprocess.run([world.program("eastwest"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=world.PATIENCE, check=False,
                          env=world.clean_environment({**world.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}))
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()] if "apply" in arguments else json.loads(done.stdout)


def absent(answers):
    """The members of these answers that the page does not name, by what was asked."""
    on_page = named(PAGE)
    lacking = {asked: sorted(members(answer) - on_page) for asked, answer in answers.items()}
    return {asked: names for asked, names in lacking.items() if names}


@pytest.fixture
def busy(live, live_fleet, controller_of):
    """A fleet in which everything has something to say, and an eastwest with a token that watches it."""
    live_fleet.service("api", {"http": 8080}, connect(served("http", "api", f"api.{NAMESPACE}", 8080)),
                       tag=tags(mode="client-server", discovery_name="api2"))
    live_fleet.service("taken", {"http": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE, discovery_name="api"))
    live_fleet.service("web", tag=tags(mode="client", namespace=NAMESPACE, needs="api missing"))
    live_fleet.service("unnamed", {}, tag=tags(mode="client-server", namespace=NAMESPACE))
    live_fleet.service("typo", tag=tags(mode="clinet"))
    live_fleet.service("stranger")
    live_fleet.settle()
    controller = controller_of(live.url, "--token", TOKEN, policy="observe")
    controller.wait_ready()
    controller.wait_service("web", sync="OutOfSync", reason="Observe")
    return controller


def test_every_member_that_is_served_is_on_the_page(busy):
    paths = ("services", "services?limit=1", f"services/{CLUSTER}/api", "plan", "namespaces",
             f"graph?namespace={NAMESPACE}", "events")
    answers = {path: busy.json(f"/api/v1/{path}") for path in paths}
    answers["/readyz"] = busy.json("/readyz")
    posts = {"reconcile": {}, "retry": {"service": f"{CLUSTER}/web"}, "pause": {"cluster": CLUSTER, "minutes": 5},
             "resume": {"cluster": CLUSTER}, "ack": {"plan": answers["plan"]["id"]}}
    answers |= {f"POST {what}": post(busy, what, body)[1] for what, body in posts.items()}
    # What may be there at all, whether or not this fleet has it.
    described = busy.json("/api/v1/openapi.json")
    schemas = [*described["components"]["schemas"].values(), *bodies(described["paths"])]
    answers["openapi.json"] = {name: None for schema in schemas for name in properties(schema)}
    assert len(answers["openapi.json"]) > 40, answers["openapi.json"]
    assert not absent(answers), f"docs/reference/json.md does not name {absent(answers)}"


def bodies(paths):
    """The schemas of everything that is sent and answered."""
    for operation in (operation for path in paths.values() for operation in path.values() if isinstance(operation, dict)):
        for part in [operation.get("requestBody", {}), *operation.get("responses", {}).values()]:
            yield from (content.get("schema", {}) for content in part.get("content", {}).values())


def properties(schema):
    """The names of a schema's properties, at every depth."""
    if isinstance(schema, list):
        for each in schema:
            yield from properties(each)
    elif isinstance(schema, dict):
        own = schema.get("properties", {})
        if isinstance(own, dict):
            yield from filter(is_name, own)
        for each in schema.values():
            yield from properties(each)


def test_every_member_that_a_command_prints_is_on_the_page(live, busy, tmp_path):
    at = ("--cluster", CLUSTER)
    commands = [("plan", *at), ("status", *at), ("graph", *at), ("explain", f"{CLUSTER}/api"), ("verify", *at),
                ("import", *at), ("capture", str(tmp_path / "captured"), *at)]
    answers = {" ".join(command[:1]): printed(live.url, *command, "--json") for command in commands}
    answers["lint"] = printed(live.url, "lint", *map(str, sorted((tmp_path / "captured").glob("*.json"))), "--json")
    answers["manifest"] = json.loads((tmp_path / "captured" / "manifest.json").read_text())
    answers["apply"] = printed(live.url, "apply", *at, "--json", "--start-up-pause", "0s", "--timeout", "60s")
    assert not absent(answers), f"docs/reference/json.md does not name {absent(answers)}"


def arguments(text, start):
    """The text up to the parenthesis that closes the one before `start`."""
    depth, at, in_text = 1, start, False
    while depth:
        char = text[at]
        if in_text:
            at += char == "\\"
            in_text = char != '"'
        else:
            in_text = char == '"'
            depth += (char in "([{") - (char in ")]}")
        at += 1
    return text[start:at - 1]


def lines_of_the_log():
    """Each line that the program may log: its message and its members, as the source has them."""
    for file in sorted(CODE.rglob("*.rs")):
        if file.stem == "tests" or "tests" in file.parts:
            continue
        code = file.read_text().split("#[cfg(test)]")[0]
        for begin in re.finditer(r"\b(?:info|warn|error|debug|say)!\(", code):
            said = arguments(code, begin.end())
            message = re.search(r'"((?:[^"\\]|\\.)*)"\s*,?\s*$', said)
            if message is None:  # the macro itself hands on what it is given
                assert said == "$($line)+", f"{file.name}: {said}"
                continue
            fields = re.split(r",\s*", re.sub(r"\([^()]*(?:\([^()]*\))*[^()]*\)", "", said[:message.start()]))
            names = [re.match(r"[%?]?(\w+)", field.strip())[1] for field in fields if field.strip()]
            # `say!` takes the level first.
            yield message[1], set(names[1:] if begin[0] == "say!(" else names)


def rows_of_the_log():
    """Each message of the table as a pattern, and its members."""
    for row in re.findall(r"^\| (`.*) \| (.*?) ?\|$", section("The log"), re.MULTILINE):
        message = re.match(r"`([^`]+)`", row[0])[1]
        if message != "message":
            yield re.escape(message).replace("…", ".*"), named(row[1])


def test_the_table_of_log_lines_is_what_the_program_logs():
    code, rows = list(lines_of_the_log()), list(rows_of_the_log())
    assert len(code) > 40, code
    wrong = []
    for pattern, shown in rows:
        found = [fields for message, fields in code if re.fullmatch(pattern, message)]
        real = set().union(*found)
        if not found or real != shown:
            wrong.append(f"{pattern}: the page has {sorted(shown)}, the code {sorted(real) if found else 'no such line'}")
    wrong += [f"{message}: a member twice" for message, fields in code if fields & OF_EVERY_LINE]
    wrong += [f"no row: {message}" for message, _ in code if not any(re.fullmatch(row, message) for row, _ in rows)]
    assert not wrong, "docs/reference/json.md, the log:\n" + "\n".join(wrong)
