"""The pins: they are installed without their dependencies, so they must name each of them."""
import subprocess
import sys

# It asks for an older botocore than the AWS CLI has, and gets along with this one.
KNOWN = "ministack 1.5.33 has requirement botocore=="


def test_the_pins_name_every_package_that_another_one_needs():
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=120, check=False)
    assert [line for line in checked.stdout.splitlines() if not line.startswith(KNOWN)] == [], checked.stderr
