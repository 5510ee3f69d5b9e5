"""Two emulators of AWS that share nothing with one another, nor with us: moto and ministack."""
import pathlib
import sys

import world

MOTO = pathlib.Path(sys.executable).with_name("moto_server")


class Emulator(world.Process):
    """A server on a port of its own. What differs stands in the classes below."""
    COMMAND, ENVIRONMENT, RESET = [], {}, ""

    def __init__(self, folder):
        super().__init__(self.COMMAND, folder / "emulator.log", self.ENVIRONMENT)
        self.port = self.wait_for_port(r"Running on http://127\.0\.0\.1:(\d+)")
        self.url = f"http://127.0.0.1:{self.port}"

    def reset(self):
        """Forgets everything that was made."""
        assert world.http("POST", f"{self.url}/{self.RESET}")[0] == 200


class Moto(Emulator):
    """moto's server."""
    COMMAND = [MOTO, "-H", "127.0.0.1", "-p", "0"]
    RESET = "moto-api/reset"


class Ministack(Emulator):
    """ministack's application. Its own command would listen on every address."""
    COMMAND = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", world.ANY_PORT]
    ENVIRONMENT = {"SERVICES": "dynamodb"}
    RESET = "_ministack/reset"
