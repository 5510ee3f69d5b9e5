"""Every command that a page shows is one that the real program understands: it is parsed as it stands, and nothing runs.

`eastwest` reads one impossible setting from its environment, so it ends with that one complaint if it understands the rest.
Other programs get one flag more, which none of them has. `test_console_pages.py` runs whole pages, and `test_pages.py`
has the AWS CLI read every `aws` command.
"""
import pathlib
import re
import shlex
import subprocess

import world
from prometheus import tool

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "deploy").rglob("*.md")),
         *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name not in ("command-line.md", "metrics.md"))]
OPERATORS = "();<>|&\n"
IMPOSSIBLE = {"EASTWEST_TAG_PREFIX": "no way"}
COMPLAINT = re.compile(r'error: invalid configuration:\n  --tag-prefix "no way": [^\n]*\n*')
# A mention in a sentence need not say what follows.
SHORTENED = re.compile(r"error: (the following required arguments were not provided:|a value is required for )")
NO_SUCH = "--no-such-flag"
# They take no settings.
WITHOUT_SETTINGS = {"completions", "healthcheck", "help", "iam", "man", "metrics", "schema"}
OURS = {"eastwest-sim", "eastwest-demo"}
# In spans these are types of events and no commands.
DETAIL_TYPES = {"conflict", "recovered"}
# What the pages have Terraform do; there is no Terraform to ask.
OF_TERRAFORM = {"init": set(), "plan": {"-out"}, "apply": set(), "destroy": set(), "show": {"-json"}, "validate": set()}
# Pages of the HTTP interface that OpenAPI does not describe.
UNDESCRIBED = {"/", "/livez", "/readyz", "/metrics"}


def blocks(text):
    """The shell of a page: its blocks of the kind `sh`, and of the kind `console` what follows `$ `."""
    for kind, block in re.findall(r"^```(sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if kind == "sh":
            yield block
            continue
        lines, goes_on = [], False
        for line in block.splitlines():
            if line.startswith("$ "):
                lines.append(line.removeprefix("$ "))
            elif goes_on:
                lines[-1] += "\n" + line
            goes_on = (line.startswith("$ ") or goes_on) and is_open(lines[-1])
        yield "\n".join(lines) + "\n"


def is_open(command):
    """Whether a shell would wait for another line."""
    try:
        shlex.split(command)
    except ValueError:
        return True
    return command.endswith("\\")


def tokens(shell):
    """The words of a text of the shell, and its operators. Comments and what a reader fills in are words no more."""
    shell = re.sub(r"(?:(?<=\s)|^)#.*$", "", shell.replace("\\\n", " "), flags=re.MULTILINE)
    lexer = shlex.shlex(re.sub(r"<[^>\n]+>", "x", shell), posix=True, punctuation_chars=OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    return list(lexer)


def commands(shell):
    """Each command of a text of the shell as its words."""
    words, redirects = [], False
    for token in [*tokens(shell), "\n"]:
        if not set(token) <= set(OPERATORS):
            if not redirects:
                words.append(token)
            redirects = False
        elif set(token) <= set("<>"):
            redirects = True
        else:
            while words and (re.match(r"\w+=", words[0]) or words[0] in ("do", "then", "{")):
                words.pop(0)
            if words:
                yield words
            words, redirects = [], False


def shown(*programs):
    """Every command of these programs in a block of a page: the page and the words."""
    for page in PAGES:
        for words in (words for shell in blocks(page.read_text()) for words in commands(shell)):
            if words[0] in programs:
                yield page.relative_to(ROOT), words


def mentioned(program):
    """Every command of a program in a span of code: the page and the words."""
    for page in PAGES:
        for span in re.findall(rf"(?<!`)`({program} [^`\n]+)`(?!`)", page.read_text()):
            yield from ((page.relative_to(ROOT), words) for words in commands(span) if words[0] == program)


def output(words, environment):
    """What a command prints on both outputs."""
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=world.PATIENCE, check=False, env=world.clean_environment(environment)).stdout


def not_understood(page, words):
    """What the program says that does not understand a command of a page; nothing if it does."""
    if words[0] == "eastwest" and words[1] not in WITHOUT_SETTINGS:
        said = output([world.program("eastwest"), *words[1:]], IMPOSSIBLE)
        understood = COMPLAINT.fullmatch(said)
    else:
        program = world.program(words[0]) if words[0] in {"eastwest", *OURS, "xtask"} else tool(words[0])
        said = output([program, *words[1:], NO_SUCH], {})
        understood = re.match(rf".*error: (unexpected argument '{NO_SUCH}'|unknown long flag '{NO_SUCH}')", said)
    return None if understood else f"{page}: {shlex.join(words)}\n{said}"


def refused(found):
    """What is wrong with these commands; each is asked about once."""
    once = {tuple(words): page for page, words in found}
    return [said for words, page in once.items() if (said := not_understood(page, words))]


def test_eastwest_understands_every_command_of_the_pages():
    found = list(shown("eastwest", *OURS))
    assert len(found) > 50, found
    in_sentences = [each for each in mentioned("eastwest") if each[1][1] not in DETAIL_TYPES]
    assert len(in_sentences) > 30, in_sentences
    wrong = refused(found) + [said for said in refused(in_sentences) if not SHORTENED.search(said)]
    assert not wrong, "\n".join(wrong)


def test_cargo_understands_every_command_of_the_pages():
    found = [*shown("cargo"), *mentioned("cargo")]
    assert len(found) > 20, found
    packages = {path.parent.name: re.search(r'^name = "(.+)"$', path.read_text(), re.MULTILINE)[1]
                for path in (ROOT / "crates").glob("*/Cargo.toml")}
    asked, wrong = [], []
    for page, words in found:
        rest = words[2:]
        if words[1] == "xtask" and rest != ["x"]:
            asked.append((page, ["xtask", *rest]))
        elif "-p" in rest:
            package = rest[rest.index("-p") + 1]
            if package not in packages.values():
                wrong.append(f"{page}: no package {package}")
            elif "--" in rest:
                asked.append((page, [package, *rest[rest.index("--") + 1:]]))
        elif words[1] == "lives":
            wrong += [f"{page}: no test {name}" for name in rest if not name.startswith("-") and not is_test_of_lives(name)]
    wrong += refused(asked)
    assert not wrong, "\n".join(wrong)


def is_test_of_lives(name):
    """Whether a test of the lives has this in its name."""
    return any(re.search(rf"fn \w*{name}|mod {name}", file.read_text()) for file in (ROOT / "tests/lives").rglob("*.rs"))


def test_promtool_and_terraform_have_the_commands_of_the_pages():
    wrong = []
    for page, (_, name, *rest) in shown("terraform"):
        flags = {word.partition("=")[0] for word in rest if word.startswith("-")}
        if not flags <= OF_TERRAFORM.get(name, {None} - flags) or name not in OF_TERRAFORM:
            wrong.append(f"{page}: terraform {name} {shlex.join(rest)}")
    wrong += refused(shown("promtool"))
    assert not wrong, "\n".join(wrong)


def test_every_path_that_curl_asks_for_is_served(live, controller_of):
    controller = controller_of(live.url, "--token", "a-token-of-the-tests")
    described = controller.json("/api/v1/openapi.json")["paths"]
    served = {path: {method.upper() for method in operations} for path, operations in described.items()}
    served |= {path: {"GET"} for path in UNDESCRIBED}
    wrong, seen = [], 0
    for page in PAGES:
        for shell in blocks(page.read_text()):
            for words in commands(shell):
                if words[0] != "curl":
                    continue
                method = "POST" if {"-d", "--data"} & set(words) else "GET"
                for word in words:
                    asked = re.fullmatch(r"(?:https?://[^/]+|\$\w+)(/[^?]*)(?:\?.*)?", word)
                    if not asked or asked[1].startswith("/_sim/") or "4599" in word or "$" in asked[1]:
                        continue
                    seen += 1
                    fits = [path for path in served if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), asked[1])]
                    if not any(method in served[path] for path in fits):
                        wrong.append(f"{page.relative_to(ROOT)}: {method} {word}")
    assert seen > 8 and not wrong, (seen, wrong)
