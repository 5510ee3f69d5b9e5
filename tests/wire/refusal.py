"""An AWS that refuses every call with one error, by a clock of its own."""
import json

from answering import Answering


class Refusing(Answering):
    """Answers as AWS's JSON protocol does."""

    def __init__(self, code, text, ahead=0):
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": text}).encode()
        super().__init__(lambda *_: (400, "application/x-amz-json-1.1", body), ahead)
