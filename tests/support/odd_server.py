"""A web server with one odd habit, for the tests of what is measured and ended with its command.

odd_server.py MODE PORT [PIDS]: MODE is a name below; every process of it adds its pid to the file
PIDS, so that a test can see who is left.
"""

import os
import signal
import socket
import sys
import threading
import time

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nodd"


def note_pid(pids):
    if pids:
        with open(pids, "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def answer(connection, seen):
    with connection:
        while True:
            try:
                data = connection.recv(65536)
                if not data:
                    return
                for _ in range(data.count(b"\r\n\r\n")):
                    seen()
                    connection.sendall(REPLY)
                if b"connection: close" in data.lower():
                    return
            except OSError:
                return


def serve(port, seen=lambda: None):
    serve_from(listen(port), seen)


def serve_from(listener, seen=lambda: None):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection, seen), daemon=True).start()


def fork_away(pids):
    """As a daemon does: a child in a session of its own, and a child of that; the others end."""
    for last in (False, True):
        if os.fork() > 0:
            os._exit(0)
        if not last:
            os.setsid()
    note_pid(pids)


def plain(port, _pids):
    serve(port)


def daemon(port, pids):
    fork_away(pids)
    serve(port)


def listening_daemon(port, pids):
    """One that listens before it forks away."""
    listener = listen(port)
    fork_away(pids)
    serve_from(listener)


def helper_daemon(port, pids):
    """A plain server beside a daemon that it has started and that does nothing."""
    if os.fork() == 0:
        fork_away(pids)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(3600)
    os.wait()
    serve(port)


def stubborn(port, _pids):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    serve(port)


def never(_port, _pids):
    print("I am not in the mood", flush=True)
    while True:
        time.sleep(3600)


def other_port(_port, _pids):
    serve(0)


def stolen(port, pids):
    """Tells its port and leaves it to others."""
    with open(pids + ".port", "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    while True:
        time.sleep(3600)


def fails(_port, _pids):
    print("no configuration found", file=sys.stderr)
    sys.exit(3)


def dies(port, _pids):
    """With its 20th request, so that it answers a question or two before."""
    requests = [0]

    def seen():
        requests[0] += 1
        if requests[0] == 20:
            print("that was too much for me", file=sys.stderr, flush=True)
            os._exit(7)

    serve(port, seen)


def mute(port, _pids):
    """Takes connections and says nothing."""
    listener = listen(port)
    taken = []
    while True:
        taken.append(listener.accept())


def floods(port, pids):
    """A child that writes as fast as it is read."""
    if os.fork() == 0:
        note_pid(pids)
        while True:
            os.write(1, b"x" * 65536)
    serve(port)


def tidy(port, pids):
    """Has a file that it takes away when it is asked to leave."""
    name = pids + ".file"

    def leave(*_):
        os.remove(name)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    with open(name, "w", encoding="ascii"):
        serve(port)


def greets(port, _pids):
    """As if it spoke our protocol."""
    global REPLY  # pylint: disable=global-statement
    REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    serve(port)


def late(port, _pids):
    time.sleep(1.5)
    serve(port)


def talkative(port, _pids):
    """100 MB before it listens, in lines."""
    line = ("x" * 99 + "\n") * 10000
    for _ in range(100):
        sys.stdout.write(line)
    print("the last line", flush=True)
    serve(port)


def broken_page(port, _pids):
    global REPLY  # pylint: disable=global-statement
    REPLY = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    serve(port)


MODES = {name.replace("_", "-"): function for name, function in {
    "plain": plain, "daemon": daemon, "listening_daemon": listening_daemon, "helper_daemon": helper_daemon, "stubborn": stubborn, "never": never,
    "other_port": other_port, "stolen": stolen, "fails": fails, "dies": dies, "late": late, "talkative": talkative,
    "broken_page": broken_page, "mute": mute, "floods": floods, "tidy": tidy, "greets": greets}.items()}


def main():
    mode, port = sys.argv[1], int(sys.argv[2])
    pids = sys.argv[3] if len(sys.argv) > 3 else ""
    note_pid(pids)
    MODES[mode](port, pids)


if __name__ == "__main__":
    main()
