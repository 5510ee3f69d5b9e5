"""Two DynamoDBs that share nothing with one another, nor with us: moto's and ministack's."""
import pathlib
import sys

import world

MOTO = pathlib.Path(sys.executable).with_name("moto_server")


class Moto(world.Process):
    """moto's server on a port of its own."""

    def __init__(self, folder):
        super().__init__([MOTO, "-H", "127.0.0.1", "-p", "0"], folder / "moto.log")
        self.port = self.wait_for_port(r"Running on http://127\.0\.0\.1:(\d+)")
        self.url = f"http://127.0.0.1:{self.port}"

    def reset(self):
        """Forgets everything that was made."""
        assert world.http("POST", f"{self.url}/moto-api/reset")[0] == 200


class Ministack(world.Process):
    """ministack's application on a port of its own. Its own command would listen on every address."""

    def __init__(self, folder):
        command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", world.ANY_PORT]
        super().__init__(command, folder / "ministack.log", {"SERVICES": "dynamodb"})
        self.port = self.wait_for_port(r"Running on http://127\.0\.0\.1:(\d+)")
        self.url = f"http://127.0.0.1:{self.port}"

    def reset(self):
        """Forgets everything that was made."""
        assert world.http("POST", f"{self.url}/_ministack/reset")[0] == 200
