"""The Terraform module as python-hcl2 reads it, and the page of its inputs and outputs.

`python tests/wire/terraform.py` writes the page.
"""
import json
import pathlib
import re

import hcl2

import hcl

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "terraform"
PAGE = FOLDER / "README.md"
HEAD = """\
<!-- Written by `python tests/wire/terraform.py`; edit the module, not this page. -->

# The Terraform module

It makes what [the CloudFormation template](../README.md#in-minutes) makes, out of the same policies (`deploy/iam`) and event
patterns (`deploy/events`). [`example/main.tf`](example/main.tf) uses it.

The tests parse it with two grammars of HCL, hold it to the layout of `terraform fmt` (indentation, aligned `=`, spaces),
evaluate its expressions for several inputs, and compare what comes of them with the template as the emulator makes it: policies,
trust, queue, container, alarms.

**Unvalidated:** the provider's schema is not to be had there, so nobody has run `terraform validate` or `plan` on it yet. Run
them first.
"""
# What the data sources tell.
ACCOUNT, REGION = "123456789012", "eu-west-1"
KNOWN = {"data.aws_partition.this": {"partition": "aws"}, "data.aws_region.this": {"name": REGION},
         "data.aws_caller_identity.this": {"account_id": ACCOUNT}}
GIVEN = {"cluster": "prod", "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/eastwest:0.1.0",
         "subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]}


def module(**inputs):
    """The module with these inputs beside the required ones."""
    return hcl.Module(FOLDER, KNOWN, **{**GIVEN, **inputs})


def bare(line):
    """A line without what stands in its texts and its comment."""
    return re.sub(r"#.*", "", re.sub(r'"(?:\\.|[^"\\])*"', lambda text: '"' + "x" * (len(text[0]) - 2) + '"', line))


def net(code):
    """How many more brackets are opened than closed."""
    return sum(code.count(one) for one in "([{") - sum(code.count(one) for one in ")]}")


def laid_out(source):
    """A file as `terraform fmt` lays it out, as far as indentation, the `=` of neighbouring lines, and spaces go."""
    lines, opened = [], []
    for line in source.splitlines():
        line, code = line.strip(), bare(line.strip())
        change = net(code)
        closed = -change
        while closed > 0 and opened:
            taken = min(closed, opened[-1])
            closed, opened[-1] = closed - taken, opened[-1] - taken
            if not opened[-1]:
                opened.pop()
        # What is assigned on one line is aligned with its neighbours; what goes on over several lines is not.
        at = re.search(r"(?<![=!<>])=(?![=>])", code)
        cell = at.start() if at and at.start() and net(code[at.start():]) == 0 else None
        lines.append(("  " * len(opened) if line else "", line, cell))
        if change > 0:
            opened.append(change)
    for number, (indent, line, cell) in enumerate(lines):
        if cell is not None:
            first, last = number, number
            while first and lines[first - 1][2] is not None:
                first -= 1
            while last + 1 < len(lines) and lines[last + 1][2] is not None:
                last += 1
            wide = max(len((where + text[:at]).rstrip()) for where, text, at in lines[first:last + 1])
            yield f"{(indent + line[:cell]).rstrip():<{wide}} {line[cell:]}"
        else:
            yield indent + line


def spaced_out(line):
    """Whether there are two spaces in a row, other than before the line and before an `=`."""
    return re.search(r"\S {2,}(?![ =])", bare(line).strip()) is not None


def read():
    """All files of the module, by name."""
    return {path.name: hcl2.loads(path.read_text()) for path in sorted(FOLDER.glob("*.tf"))}


def text(value):
    """A string without the quotes that python-hcl2 keeps; anything else as it is written."""
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value)
    return value if isinstance(value, str) else json.dumps(value)


def blocks(kind):
    """The blocks of one kind with one label, such as `variable`, by this label."""
    found = {}
    for file in read().values():
        for block in file.get(kind, []):
            found.update({text(name): body for name, body in block.items()})
    return found


def resources(kind="resource"):
    """The resources, or the data sources, as `type.name`."""
    found = {}
    for file in read().values():
        for block in file.get(kind, []):
            for made, named in block.items():
                found.update({f"{text(made)}.{text(name)}": body for name, body in named.items()})
    return found


def shown(default):
    """A default as the page shows it."""
    return text(default) or '""'


def page():
    """The page of inputs and outputs."""
    rows = ["", "## Inputs", "", "| name | type | default | |", "|---|---|---|---|"]
    for name, body in blocks("variable").items():
        default = f"`{shown(body['default'])}`" if "default" in body else "required"
        kind = body["type"].removeprefix("${").removesuffix("}")
        rows.append(f"| `{name}` | `{kind}` | {default} | {text(body['description'])} |")
    rows += ["", "## Outputs", "", "| name | |", "|---|---|"]
    rows += [f"| `{name}` | {text(body['description'])} |" for name, body in blocks("output").items()]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
