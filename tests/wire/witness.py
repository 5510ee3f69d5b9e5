"""A witness before each copy of eastwest: which copy called what, when, and who held the lease then.

A copy calls ECS and DynamoDB through proxies of its own, so that two copies of one name and one user agent are told
apart. One lock orders what they pass to the table, so the order in the record is the order in the table.
"""
import dataclasses
import http.client
import http.server
import json
import threading
import time

# Longer than any test waits.
UPSTREAM_PATIENCE = 300


@dataclasses.dataclass
class Entry:
    """One call of a copy, or what was done to the copy. `at` is when the call had come whole, and its answer is none
    while it is under way."""
    at: float
    copy: str
    operation: str
    body: dict
    status: int | None = None
    answered_at: float | None = None

    def lease(self):
        """How long the lease is held from this call on, in seconds; none if it wrote no lease."""
        if self.operation != "PutItem" or self.status != 200:
            return None
        return int(self.body["Item"]["durationMs"]["N"]) / 1000


class Record:
    """What all copies of one test did, in order."""

    def __init__(self):
        self.entries, self.lock = [], threading.Lock()
        self.proxies = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.held = ()

    def proxy(self, copy, upstream):
        """The URL at which this copy reaches the server."""
        proxy = Proxy(self, copy, upstream)
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self.proxies.append((proxy, thread))
        return f"http://127.0.0.1:{proxy.server_port}"

    def note(self, copy, what):
        """Notes what is done to a copy."""
        with self.lock:
            self.entries.append(Entry(time.monotonic(), copy, what, {}))

    def hold_answers(self, *operations):
        """From now on, calls of these operations take effect, and nobody learns of it before `let_answers_go`."""
        self.held = operations
        self.may_answer.clear()

    def let_answers_go(self):
        """Passes on what was held, and holds nothing more."""
        self.may_answer.set()

    def of(self, copy, operation):
        """The calls of one operation by one copy."""
        with self.lock:
            return [entry for entry in self.entries if (entry.copy, entry.operation) == (copy, operation)]

    def releases(self, copy):
        """The calls by which a copy gave its lease up."""
        return [entry for entry in self.of(copy, "PutItem") if entry.lease() == 0]

    def close(self):
        """Ends the proxies."""
        self.let_answers_go()
        for proxy, thread in self.proxies:
            proxy.shutdown()
            thread.join()
            proxy.server_close()


def judge(entries):
    """The writes of who did not hold the lease: those in the one window that is known, and all others.

    A copy that is frozen after it has checked the lease and before it has sent its write sends that one write when it
    wakes up, before it does anything else.
    """
    holder, held_until = None, 0.0
    just_woken = set()
    late, wrong = [], []
    for entry in entries:
        lease = entry.lease()
        if lease is not None:
            # The holder counts from when it has sent this, which was before it came here.
            holder, held_until = entry.copy, entry.at + lease
        if entry.operation == "UpdateService" and not (entry.copy == holder and entry.at < held_until):
            (late if entry.copy in just_woken else wrong).append(entry)
        just_woken.discard(entry.copy)
        if entry.operation == "SIGCONT":
            just_woken.add(entry.copy)
    return late, wrong


class Proxy(http.server.ThreadingHTTPServer):
    """Passes the calls of one copy on to `upstream`, a process with a port."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, record, copy, upstream):
        super().__init__(("127.0.0.1", 0), Passing)
        self.record, self.copy, self.upstream = record, copy, upstream

    def handle_error(self, request, client_address):
        """A copy that was killed reads no answer; what it then misses is seen in the record."""


class Passing(http.server.BaseHTTPRequestHandler):
    """One connection of a copy."""
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this each answer waits for a delayed ACK.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        """Passes a call on and notes it."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        record = self.server.record
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        entry = Entry(0, self.server.copy, operation, json.loads(body or "{}"))
        if operation == "PutItem":
            with record.lock:
                answer = self.pass_on(entry, body)
                record.entries.append(entry)
        else:
            with record.lock:
                entry.at = time.monotonic()
                record.entries.append(entry)
            answer = self.pass_on(entry, body)
        if operation in record.held:
            record.may_answer.wait(UPSTREAM_PATIENCE)
        entry.answered_at = time.monotonic()
        self.answer(*answer)

    def pass_on(self, entry, body):
        """What the server says to it."""
        entry.at = entry.at or time.monotonic()
        server = http.client.HTTPConnection("127.0.0.1", self.server.upstream.port, timeout=UPSTREAM_PATIENCE)
        server.request("POST", self.path, body, {name: value for name, value in self.headers.items()
                                                 if name.lower() != "connection"})
        said = server.getresponse()
        answer = said.status, said.getheaders(), said.read()
        server.close()
        entry.status = said.status
        return answer

    def answer(self, status, headers, body):
        """Gives the answer to the copy."""
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
