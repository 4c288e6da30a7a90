"""The servers that `make perf` starts: ours, the reference programs of this folder, nginx."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RAW = ("raw", "64")
HTTP = ("http", "/echo/hi")

NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 60s;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "hi"; }} }} }}
"""


def ours(model, *flags):
    return [f"echo-{model}", "--port", "0", *flags]


class Server:
    """A running server; ends with the block."""

    def __init__(self, options, argv):
        self.folder = None
        if argv[0] == "nginx":
            argv = self.nginx()
        else:
            argv = [f"{options.bin_dir}/{argv[0]}", *argv[1:]]
            self.port = None
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, options.cpus[:1]))
        if self.port is None:
            ready = self.process.stdout.readline()
            if "port=" not in ready:
                sys.exit(f"error: {argv[0]} said {ready!r} instead of its ready line")
            self.port = ready.split("port=")[1].split()[0]
        else:
            self.wait_for_port()

    def nginx(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.folder = tempfile.mkdtemp()
        config = Path(self.folder, "nginx.conf")
        config.write_text(NGINX.format(folder=self.folder, port=self.port))
        return ["nginx", "-c", str(config), "-p", self.folder]

    def wait_for_port(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", int(self.port))).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit("error: nginx does not listen")

    def group(self):
        """Its pid and those of all its descendants."""
        pids = [self.process.pid]
        for pid in pids:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):  # a thread that has just ended
                    pids += [int(child) for child in children.read_text().split()]
        return pids

    def cpu_s(self):
        """CPU time of the group so far; of a process that means all its threads, ended ones too."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.group())  # as in clock_getres(2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.group():  # the supervisor first: it would report and replace the others
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it went with its parent
        self.process.wait()
        if self.folder:
            shutil.rmtree(self.folder)
