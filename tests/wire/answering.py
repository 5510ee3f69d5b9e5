"""HTTP servers on this machine whose answers are a function."""
import email.utils
import http.server
import threading
import time


class Answering:
    """Answers each request with what `answer(request, body)` returns: status, content type, and body.

    `request` has `path`, `headers` and `command`. Its clock is `ahead` by so many seconds.
    """

    def __init__(self, answer, ahead=0):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes: without this each answer waits for a delayed ACK.
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, kind, text = answer(self, body)
                self.send_response_only(status)
                self.send_header("Date", email.utils.formatdate(time.time() + ahead, usegmt=True))
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST

            def log_message(self, *_):
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A connection that stays open keeps no test from ending.
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
