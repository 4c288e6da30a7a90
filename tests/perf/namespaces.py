"""Two network namespaces joined by a veth pair, whose ends hand what they receive to a CPU of one's choice.

    with namespaces.Pair(server_cpu=0, client_cpu=1) as pair:
        subprocess.run(pair.server.command("echo-coroutine", "--host", pair.server.address))

Nothing has a name on the machine and nothing has to be removed: a namespace lives as long as the processes in
it, and the one that holds it ends when its standard input closes, however this program ends.
"""

import contextlib
import gzip
import os
import shutil
import subprocess
from pathlib import Path

TOOLS = {"ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux", "mount": "mount"}
# Of TEST-NET-1 (RFC 5737); nothing else is in these namespaces.
ADDRESSES = {"server": "192.0.2.1", "client": "192.0.2.2"}


class NotTestable(Exception):
    """Says what is missing here."""


def mask(cpu):
    """The CPU as rps_cpus takes it: hexadecimal, a comma between groups of 32 bits."""
    groups = ["00000000"] * (cpu // 32)
    return ",".join([f"{1 << cpu % 32:x}", *groups])


def check():
    """NotTestable, where it is known before anything was tried."""
    if os.geteuid() != 0:
        raise NotTestable("network namespaces and receive steering need root")
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            raise NotTestable(f"the program {tool} is missing (package {package})")


def done(*command):
    """Runs it; what it printed. NotTestable with what it complained about."""
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, check=False)
    if ran.returncode != 0:
        raise NotTestable(f"`{' '.join(command)}` failed: {ran.stderr.strip() or ran.returncode}")
    return ran.stdout


class Namespace:
    """One of them, with the /sys of its own in which its devices are seen."""

    def __init__(self, role):
        self.address = ADDRESSES[role]
        self.device = f"veth-{role}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", "mount -t sysfs sysfs /sys && echo there && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)  # Ctrl-C is for us, who need it until the end
        if self.holder.stdout.readline() != "there\n":
            complaint = self.holder.stderr.read().strip()
            self.end()
            raise NotTestable(f"no network namespace can be made: {complaint}")

    def command(self, *command):
        """The command in this network namespace."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def set_up(self, cpu):
        done(*self.command("ip", "address", "add", f"{self.address}/24", "dev", self.device))
        for device in ("lo", self.device):
            done(*self.command("ip", "link", "set", device, "up"))
        queues = f"/sys/class/net/{self.device}/queues"
        inside = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "sh", "-c"]
        done(*inside, f"for file in {queues}/rx-*/rps_cpus; do echo {mask(cpu)} > $file || exit 1; done")
        for line in done(*inside, f"cat {queues}/rx-*/rps_cpus").split():
            if int(line.replace(",", ""), 16) != 1 << cpu:
                raise NotTestable(f"the kernel did not take {mask(cpu)} for rps_cpus of {self.device}: {line}")

    def end(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()


class Pair:
    """Gone with the block."""

    def __init__(self, server_cpu, client_cpu):
        check()
        self.left = contextlib.ExitStack()
        with self.left:
            self.server, self.client = (self.left.enter_context(closing(Namespace(role))) for role in ADDRESSES)
            done("ip", "link", "add", self.server.device, "netns", str(self.server.holder.pid), "type", "veth",
                 "peer", "name", self.client.device, "netns", str(self.client.holder.pid))
            self.server.set_up(server_cpu)
            self.client.set_up(client_cpu)
            self.left = self.left.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.left.close()


@contextlib.contextmanager
def closing(namespace):
    try:
        yield namespace
    finally:
        namespace.end()


def kernel_options(names):
    """What the kernel was built with, by name: "y", "m", "n", or "unknown" where that is not readable."""
    text = None
    with contextlib.suppress(OSError):
        text = gzip.decompress(Path("/proc/config.gz").read_bytes()).decode()
    if text is None:
        with contextlib.suppress(OSError):
            text = Path(f"/boot/config-{os.uname().release}").read_text()
    return options_in(text, names)


def options_in(text, names):
    if text is None:
        return {name: "unknown" for name in names}
    there = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("CONFIG_") and "=" in line)
    return {name: there.get(f"CONFIG_{name}", "n") for name in names}
