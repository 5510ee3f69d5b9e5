"""The Terraform module as python-hcl2 reads it, and the page of its inputs and outputs.

`python tests/wire/terraform.py` writes the page.
"""
import json
import pathlib

import hcl2

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "terraform"
PAGE = FOLDER / "README.md"
HEAD = """\
<!-- Written by `python tests/wire/terraform.py`; edit the module, not this page. -->

# The Terraform module

It makes what [the CloudFormation template](../README.md#in-minutes) makes, out of the same policies (`deploy/iam`) and event
patterns (`deploy/events`). [`example/main.tf`](example/main.tf) uses it.

**Unvalidated:** the tests parse the module, resolve its references and compare it with the template. The provider's schema
is not to be had there, so nobody has run `terraform validate`, `plan` or `fmt` on it yet. Run them first.
"""


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
