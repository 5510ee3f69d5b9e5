"""A program on a terminal of its own."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import world


class Terminal:
    """A program that has a terminal of 24 lines. What it says is read as it comes, and no read waits for ever."""

    def __init__(self, command, columns, environment, **options):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.child = subprocess.Popen(command, stdin=theirs, stdout=theirs,
                                      env={**environment, "TERM": "xterm"}, **options)
        os.close(theirs)
        self.said = b""
        self.deadline = time.monotonic() + world.PATIENCE

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        os.close(self.ours)

    def more(self):
        """Reads what comes next; false once the other end is closed."""
        ready, _, _ = select.select([self.ours], [], [], max(0, self.deadline - time.monotonic()))
        assert ready, f"nothing more was said in time: {self.said}"
        try:
            more = os.read(self.ours, 4096)
        except OSError:  # The other end is closed: it has ended.
            return False
        self.said += more
        return bool(more)

    def end(self):
        """Reads all that it says until it ends; its exit code."""
        while self.more():
            pass
        return self.child.wait(timeout=world.PATIENCE)
