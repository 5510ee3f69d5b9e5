"""The demo, as a new user runs it, and its fleet in which things go wrong."""
import socket
import subprocess

import pytest

import world


def free_addresses(count):
    """Addresses that nothing listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = ["127.0.0.1:{}".format(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def demo(*arguments):
    """What the demo prints until everything is as it should be."""
    sim, listen = free_addresses(2)
    command = [world.program("eastwest-demo"), "--once", "--sim", sim, "--listen", listen, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False,
                          env=world.clean_environment({}))
    assert done.returncode == 0, done.stdout + done.stderr
    return listen, done.stdout


@pytest.mark.parametrize("fleet", ["guide", "retail-store"])
def test_a_fleet_converges_and_the_first_line_is_the_dashboard(fleet):
    listen, said = demo("--fleet", fleet)
    assert said.splitlines()[0] == f"Open the dashboard: http://{listen}/"
    calls = said.partition("These calls get through now:")[2]
    assert "  ok  " in calls and "  NO  " not in calls, said


def test_what_goes_wrong_on_purpose_is_told_with_its_reason():
    _, said = demo("--fleet", "chaos")
    told = said.partition("All of it has gone wrong")[2]
    for reason in ("Conflict", "Contended", "CannotCall", "Ambiguous", "RolledBack", "MassChange"):
        assert f"  {reason}" in told, said
