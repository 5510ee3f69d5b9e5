"""Many callers at once, and none of them polite: raw sockets, so that nothing of a client's good manners hides what a server does."""
import os
import resource
import select
import socket
import time

import world

# `/livez` answers within a second, whatever others do. On a machine that does much else it may take longer, and as long as
# the health check of `deploy/task-definition.json` waits; who waits until others are dropped waits for ten.
LIVEZ = 5.0
# What each caller here needs for himself, and some to spare.
DESCRIPTORS = 4096
# The first bytes of every HTTP/2 connection (RFC 9113, 3.4), and empty settings.
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)


def allow_descriptors():
    """Lets this process hold thousands of sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))


class Crowd:
    """Connections to one port, which end with the block."""

    def __init__(self, port, count, opening=b"", buffer=None):
        allow_descriptors()
        self.sockets = []
        for _ in range(count):
            caller = socket.socket()
            if buffer:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            caller.settimeout(world.PATIENCE)
            caller.connect(("127.0.0.1", port))
            self.sockets.append(caller)
        self.send(opening)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for caller in self.sockets:
            caller.close()

    def send(self, words):
        """Everybody says this, as far as the server takes it: whom it has dropped says nothing."""
        waiting = {caller: memoryview(words) for caller in self.sockets} if words else {}
        for caller in waiting:
            caller.setblocking(False)
        until = time.monotonic() + 5
        while waiting and time.monotonic() < until:
            # `select` takes low descriptors only.
            poll = select.poll()
            by_number = {caller.fileno(): caller for caller in waiting}
            for number in by_number:
                poll.register(number, select.POLLOUT)
            for number, _ in poll.poll(100):
                caller = by_number[number]
                try:
                    sent = caller.send(waiting[caller][:65536])
                except BlockingIOError:
                    continue
                except OSError:
                    del waiting[caller]
                    continue
                waiting[caller] = waiting[caller][sent:]
                if not waiting[caller]:
                    del waiting[caller]


def answer(port, request, patience=world.PATIENCE):
    """What a server says to these bytes until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as caller:
        caller.sendall(request)
        text = b""
        try:
            while more := caller.recv(65536):
                text += more
        except ConnectionResetError:
            pass
        return text


def livez_answers_in_time(port):
    """`/livez` is answered to somebody who connects now, and soon enough for who restarts what does not answer."""
    began = time.monotonic()
    text = answer(port, b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    took = time.monotonic() - began
    assert text.startswith(b"HTTP/1.1 200 "), text
    assert took < LIVEZ, f"/livez took {took:.1f} s"


def descriptors(process):
    """How many descriptors a process has open, its connections among them."""
    return len(os.listdir(f"/proc/{process.child.pid}/fd"))


def memory(process, which="VmHWM"):
    """The peak of a process's memory, or what `which` names of it, in KiB."""
    with open(f"/proc/{process.child.pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith(f"{which}:"))
    return int(line.split()[1])


def threads(process):
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{process.child.pid}/task"))
