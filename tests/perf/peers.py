"""The servers that `make perf` starts: ours, the reference programs of this folder, nginx."""

import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers

RAW = ("raw", "64")
HTTP = ("http", "/echo/hi")

NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 19000; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 60s;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "hi"; }} }} }}
"""


def ours(model, *flags):
    return [f"echo-{model}", "--port", "0", *flags]


class Server(servers.Server):
    """A running server; killed with the block, since not every peer ends in order."""

    def __init__(self, options, argv):
        self.folder = None
        command = self.nginx() if argv[0] == "nginx" else [f"{options.bin_dir}/{argv[0]}", *argv[1:]]
        super().__init__(command, cpus=options.cpus[:1])

    def nginx(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.nginx_port = free.getsockname()[1]
        self.folder = tempfile.mkdtemp()
        config = Path(self.folder, "nginx.conf")
        config.write_text(NGINX.format(folder=self.folder, port=self.nginx_port))
        return ["nginx", "-c", str(config), "-p", self.folder]

    def ready(self):
        if self.folder is None:
            return super().ready()
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.nginx_port)).close()
                return "127.0.0.1", self.nginx_port
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nginx does not listen")

    def cpu_s(self):
        """CPU time of the group so far; of a process that means all its threads, ended ones too."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.group())  # as in clock_getres(2)

    def __exit__(self, *_):
        self.kill()
        if self.folder:
            shutil.rmtree(self.folder)
