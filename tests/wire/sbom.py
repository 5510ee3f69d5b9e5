"""The CycloneDX list of what is compiled into `eastwest`: how one makes it, and what is wrong with one."""
import subprocess

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import world

ROOT = world.pathlib.Path(__file__).resolve().parents[2]


def make(path):
    """Writes the list for this machine into a file."""
    done = subprocess.run(["cargo", "xtask", "sbom", "--output", str(path)], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def wrong(path):
    """Why CycloneDX's own schema refuses the list; `None` if it does not."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
