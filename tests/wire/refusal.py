"""An AWS that refuses every call with one error, by a clock of its own."""
import email.utils
import http.server
import json
import threading
import time


class Refusing:
    """An HTTP server on this machine that answers as AWS's JSON protocol does."""

    def __init__(self, code, text, ahead=0):
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": text}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response_only(400)
                self.send_header("Date", email.utils.formatdate(time.time() + ahead, usegmt=True))
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
