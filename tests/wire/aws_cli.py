"""The AWS CLI within this process: to start it takes a second of a core, and captures are made of many calls.

`test_cli.py` starts it as people do.
"""
import contextlib
import functools
import io
import os
import pathlib
from unittest import mock

import awscli.clidriver

import world


# Where the CLI keeps its own data; it sets this when it is imported, and no test keeps settings of AWS.
DATA = {"AWS_DATA_PATH": str(pathlib.Path(awscli.clidriver.__file__).with_name("data"))}


@functools.lru_cache
def driver():
    """What `aws` runs; its settings are those of the first call, its endpoint is each call's own."""
    return awscli.clidriver.create_clidriver()


def aws(sim, *arguments):
    """Runs `aws …` against a simulator, which must succeed; what it prints."""
    out, err = io.StringIO(), io.StringIO()
    environment = world.clean_environment({**world.CREDENTIALS, **DATA})
    with (mock.patch.dict(os.environ, environment, clear=True),
          contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)):
        code = driver().main(["--endpoint-url", sim.url, "--output", "json", *arguments])
    assert code == 0, err.getvalue()
    return out.getvalue()
