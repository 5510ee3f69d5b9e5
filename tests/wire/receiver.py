"""A receiver of notifications that answers well, fails, hangs and lies."""
import http.server
import json
import socket
import threading

# More than anybody would read.
ENDLESS = b"x" * 65536


class Receiver:
    """An HTTP server on this machine. What it does with the next messages is told it by name."""

    def __init__(self):
        self.received, self.behaviours, self.elsewhere = [], [], []
        self.usual = "ok"
        self._stopping = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                if self.path.startswith("/elsewhere"):
                    receiver.elsewhere.append(body)
                behaviour = receiver.behaviours.pop(0) if receiver.behaviours else receiver.usual
                receiver.received.append({"path": self.path, "headers": dict(self.headers), "body": body,
                                          "behaviour": behaviour})
                getattr(receiver, f"_{behaviour}")(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Who goes away in the midst of an endless answer is no error."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, path):
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def arrived(self, behaviour="ok"):
        """The messages that were answered so, as JSON."""
        return [json.loads(each["body"]) for each in self.received if each["behaviour"] == behaviour]

    def groups(self):
        """All groups that arrived."""
        return [group for message in self.arrived() for group in message["groups"]]

    def stop(self):
        """Ends it, and whoever hangs in it."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @staticmethod
    def _answer(handler, status, body=b"", **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _ok(self, handler):
        self._answer(handler, 200, b"ok")

    def _fails(self, handler):
        # A page of an error often quotes the address.
        self._answer(handler, 500, f"cannot serve {handler.path}".encode())

    def _refuses(self, handler):
        self._answer(handler, 403, f"{handler.path} is revoked".encode())

    def _limits(self, handler):
        self._answer(handler, 429, b"", Retry_After="3")

    def _redirects(self, handler):
        self._answer(handler, 307, b"", Location=self.url("/elsewhere"))

    def _closes(self, handler):
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    def _garbage(self, handler):
        handler.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")
        handler.close_connection = True

    def _hangs(self, handler):
        self._stopping.wait(60)
        handler.close_connection = True

    def _endless(self, handler):
        """Says that all is well, and never ends."""
        handler.send_response(200)
        handler.end_headers()
        while not self._stopping.is_set():
            handler.wfile.write(ENDLESS)
