"""What the three servers' mains do the same way: flags, listening, the ready line, logs, signals."""

from __future__ import annotations

import argparse
import errno
import os
import re
import resource
import select
import signal
import socket
import sys
import time
from typing import Callable, FrozenSet, List, NoReturn, Optional, Set

from counters import INTERPRETER
from deadline import Limits
from protocol import Settings
from units import parse_duration, parse_size
from work import LONGEST

VERSION = "0.2.0"  # of all programs: the contract suite holds it against theirs

EXIT_FAILED = 1
# A second signal so soon after the first is its echo: timeout(1) sends it to the process and to its group.
MOMENT = 0.05  # seconds

_OF_TERMINALS = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_CPUS = re.compile(r"[0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*")


class Options(argparse.Namespace):
    """The flags that all three share, in bytes and seconds."""

    model: str
    host: str
    port: int
    backlog: int
    cpu: float
    wait: float
    protocol: str
    max_connections: int = sys.maxsize
    idle_timeout: float
    request_timeout: float
    max_request: int
    drain_timeout: float
    cpus: FrozenSet[int] = frozenset()  # empty = all

    def settings(self) -> Settings:
        return Settings(self.model, self.protocol, self.max_request, self.cpu, self.wait)

    def limits(self) -> Limits:
        return Limits(self.idle_timeout, self.request_timeout)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.replace("\n", " ")
        fail(message[len("argument "):] if message.startswith("argument ") else message, status=2)


def command_line(description: str, model: str, port: int) -> argparse.ArgumentParser:
    """With the common flags; a server adds its own. Mistakes end with one line and exit status 2."""
    parser = _Parser(prog=model, description=description, allow_abbrev=False,
                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.set_defaults(model=model)
    add = parser.add_argument
    add("--version", action="version", version=f"{model} {VERSION} ({INTERPRETER})")
    add("--host", default="127.0.0.1", help="address to listen on (IPv4, IPv6 or a name)")
    add("--port", default=port, type=number(0, 65535), metavar="N", help="port to listen on; 0: the kernel picks one")
    add("--backlog", default=4096, type=number(1, 65535), metavar="N", help="connections that may wait to be accepted")
    add("--cpu", default="0s", type=duration(LONGEST), metavar="DURATION",
        help="CPU work of a request that does not say otherwise (?cpu=)")
    add("--wait", default="0s", type=duration(LONGEST), metavar="DURATION",
        help="waiting of a request that does not say otherwise (?wait=)")
    add("--protocol", default="auto", choices=("auto", "echo", "http"),
        help="what is spoken: decided by the first bytes, raw echo only, HTTP only")
    add("--max-connections", default=argparse.SUPPRESS, type=number(1, 10**9), metavar="N",
        help="connections served at a time; more get 503 or are closed (default: unlimited)")
    add("--idle-timeout", default="60s", type=duration(), metavar="DURATION",
        help="close a connection after this long without a byte between requests, or of a reply that is not taken; "
             "0 = never")
    add("--request-timeout", default="10s", type=duration(), metavar="DURATION",
        help="time to receive one whole HTTP request; 0 = --idle-timeout without a byte")
    add("--max-request", default="1MiB", type=size(1024, 1 << 32), metavar="SIZE", help="largest HTTP head + body")
    add("--drain-timeout", default="10s", type=duration(), metavar="DURATION",
        help="on SIGTERM or SIGINT: how long requests in flight may take to finish")
    add("--cpus", default=argparse.SUPPRESS, type=_cpus, metavar="LIST",
        help="CPUs to run on, like 0 or 0,2-3 (default: all)")
    return parser


def number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got '{text[:40]}'")
        return int(text)

    return parse


def duration(most: float = float("inf"), least: float = 0.0) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            seconds = parse_duration(text)
        except ValueError as wrong:
            raise argparse.ArgumentTypeError(str(wrong)) from None
        if not least <= seconds <= most:
            raise argparse.ArgumentTypeError(
                f"must be {f'at most {most:g}s' if seconds > most else f'at least {least * 1e6:g}us'}, got {text}")
        return seconds

    return parse


def size(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            found = parse_size(text)
        except ValueError as wrong:
            raise argparse.ArgumentTypeError(str(wrong)) from None
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"must be {_in_words(least)} to {_in_words(most)}, got {text}")
        return found

    return parse


def _in_words(size: int) -> str:
    for unit, bytes_of_it in (("GiB", 1 << 30), ("KiB", 1 << 10)):
        if size >= bytes_of_it:
            return f"{size // bytes_of_it}{unit}"
    return str(size)


def _cpus(text: str) -> FrozenSet[int]:
    found: Set[int] = set()
    if _CPUS.fullmatch(text):
        for part in text.split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    if not found or not os.sched_getaffinity(0).issuperset(found):
        raise argparse.ArgumentTypeError(
            f"is not a list of CPUs of this process, write CPU numbers like 0 or 0,2-3, got '{text[:40]}'")
    return frozenset(found)


def fail(message: str, status: int = EXIT_FAILED) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def log_line(options: Options, message: str) -> None:
    # one write a line, so that lines of several processes do not mix
    os.write(2, f"{options.model}[{os.getpid()}]: {message}\n".encode(errors="replace"))


def prepare_process(options: Options) -> None:
    """Before the first thread or worker: signals, descriptors, CPUs. What our parent ignored or blocked means nothing
    to us (ignored, SIGCHLD would take the deaths of workers from us), but what a terminal sends stays ignored: so
    nohup keeps a program running."""
    for number in signal.valid_signals() - _OF_TERMINALS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # the interpreter's own treatment: a write says it
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.cpus:
        os.sched_setaffinity(0, options.cpus)


def listen(options: Options) -> socket.socket:
    """Ends the program with one line where that can't be done."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        fail(f"cannot resolve host '{options.host}': {getattr(error, 'strerror', None) or error}")
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # TCP's urgent bytes are bytes of the stream (RFC 6093); connections inherit it
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        listener.bind(address)
        listener.listen(options.backlog)
    except OSError as error:
        where = f"[{options.host}]" if ":" in options.host else options.host
        fail(f"cannot listen on {where}:{options.port}: {error.strerror}")
    return listener


def print_ready(options: Options, listener: socket.socket) -> None:
    if not options.idle_timeout and not options.request_timeout:
        log_line(options, "with --idle-timeout 0 and --request-timeout 0 a silent client is waited for for ever")
    host, port = listener.getsockname()[:2]
    print(f"ready model={options.model} host={host} port={port} pid={os.getpid()}", flush=True)


class StopSignals:
    """SIGTERM and SIGINT (and what else is given) wake up a poll in the main thread. The interpreter only notes a
    signal until it next runs bytecode, so one that comes just before a blocking call would be missed without the
    wake-up descriptor, to which it writes at once."""

    def __init__(self, *others: int) -> None:
        self.stops: List[float] = []  # when each SIGTERM or SIGINT came
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stops.append(time.monotonic()))
        for number in others:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def wait(self, seconds: Optional[float], *others: socket.socket) -> bool:
        """Until a signal, a wake(), or `others` can be read. True: one of them can."""
        poller = select.poll()
        for readable in (self._awake, *others):
            poller.register(readable, select.POLLIN)
        ready = poller.poll(None if seconds is None else max(seconds, 0) * 1000 + 1)
        try:
            while self._awake.recv(4096):
                pass
        except BlockingIOError:
            pass
        return any(descriptor != self._awake.fileno() for descriptor, _ in ready)

    def wake(self) -> None:
        """For other threads."""
        try:
            self._wake.send(b"\0")
        except BlockingIOError:
            pass  # so full that it is awake anyway

    def close(self) -> None:
        """In a child, which has signals of its own."""
        signal.set_wakeup_fd(-1)
        self._awake.close()
        self._wake.close()

    def deadline(self, drain_timeout: float) -> float:
        """Of time.monotonic(): a second signal ends the drain at once."""
        first = self.stops[0]
        return first + (max(drain_timeout, MOMENT) if len(self.stops) == 1 else MOMENT)


def is_shortage(error: OSError) -> bool:
    """Descriptors or memory are out, until some may be free again."""
    return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
