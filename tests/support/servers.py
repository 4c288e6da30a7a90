"""The one way in which the scripts of tests/ start a server: from its ready line, through its /stats,
to its end, after which nothing of it may be left.

    with servers.Server(["build/bin/echo-threads", "--port", "0"]) as server:
        print(server.where, server.stats()["requests"])
"""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

PATIENCE = 30  # seconds


class Server:
    """A program that prints "ready ... host=H port=P ..." when it serves. Ends with the block, in order."""

    def __init__(self, command, cpus=None, **options):
        pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=pin, **options)
        self.pid = self.process.pid
        try:
            self.host, self.port = self.ready()
        except BaseException:
            self.kill()
            raise

    def ready(self):
        """Waits until it serves; its host and its port."""
        line = self.process.stdout.readline()
        words = dict(word.split("=", 1) for word in line.split()[1:] if "=" in word)
        if not line.startswith("ready ") or not {"host", "port"} <= words.keys():
            raise RuntimeError(f"{self.process.args[0]} said {line!r} instead of its ready line")
        return words["host"], int(words["port"])

    @property
    def where(self):
        return f"{self.host}:{self.port}"

    def stats(self):
        with urllib.request.urlopen(f"http://{self.where}/stats", timeout=20) as reply:
            return json.load(reply)

    def group(self):
        """Its pid and those of all its descendants."""
        pids = [self.pid]
        for pid in pids:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):  # a thread that has just ended
                    pids += [int(child) for child in children.read_text().split()]
        return pids

    def stop(self):
        """Lets it finish; its exit status."""
        return self.end(lambda group: self.process.terminate())

    def kill(self):
        def all_of(group):
            for pid in group:  # the supervisor first: it would report and replace the others
                with contextlib.suppress(ProcessLookupError):  # it went with its parent
                    os.kill(pid, signal.SIGKILL)

        return self.end(all_of)

    def end(self, signalled):
        if self.process.poll() is None:
            group = self.group()
            signalled(group)
            self.process.wait(timeout=PATIENCE)
            deadline = time.monotonic() + PATIENCE
            while left := [pid for pid in group if runs(pid)]:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.process.args[0]} left behind: {left}")
                time.sleep(0.01)
        self.process.stdout.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def runs(pid):
    """False also for one that is dead and only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end_children():
    """Kills what this process has started and still runs: a signal can come before anybody looks after it."""
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, children.read_text().split()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
