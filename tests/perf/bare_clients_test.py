"""The bare clients (epoll, and io_uring where it can be had): their books are the server's, a wrong reply ends them.

    bare_clients_test.py BIN_DIR
"""

import re
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers
import uring

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin"
CONNECTIONS = 5
CLIENTS = {"epoll_client": (None,), "uring_client": tuple(uring.WAYS)}


def run(name, port, load, size, way):
    argv = [f"{BIN}/{name}", str(port), str(CONNECTIONS), "0.2", load, size] + ([way] if way else [])
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


class Liar:
    """Echoes, but with one byte of the second message changed; or ends there."""

    def __init__(self, ends=False):
        self.ends = ends
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            try:
                connection.sendall(connection.recv(64))
                message = connection.recv(64)
                if not self.ends:
                    connection.sendall(message[:-1] + b"?")
                    connection.recv(64)
            except OSError:
                pass  # the client has ended

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class BareClients(unittest.TestCase):
    def with_each(self, check):
        for name, ways in CLIENTS.items():
            for way in ways:
                with self.subTest(client=name, way=way):
                    check(name, way)

    def ran(self, name, *args):
        if name == "uring_client" and not Path(BIN, name).exists():
            self.skipTest("liburing is not installed")
        done = run(name, *args)
        if done.returncode == uring.NOT_HERE:
            self.skipTest(f"{name}: {done.stderr.strip()}")
        return done

    def test_books(self):
        def check(name, way):
            for load, size in (("raw", "64"), ("echo", "64"), ("echo", "30000"), ("http", "/echo/hi")):
                with servers.Server([f"{BIN}/echo-coroutine", "--port", "0"]) as server:
                    done = self.ran(name, server.port, load, size, way)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    stats = server.stats()
                total = int(re.search(r"total=(\d+)", done.stdout)[1])
                self.assertGreater(total, 1)
                if load == "http":
                    self.assertTrue(total <= stats["requests"] <= total + CONNECTIONS + 1, (total, stats))
                else:
                    most = (total + CONNECTIONS) * int(size) + 1000  # the question for /stats
                    self.assertTrue(total * int(size) <= stats["bytes"]["in"] <= most, (total, stats))

        self.with_each(check)

    def test_a_wrong_byte_ends_it(self):
        def check(name, way):
            with Liar() as liar:
                done = self.ran(name, liar.port, "echo", "64", way)
            self.assertEqual((done.returncode, done.stderr), (1, "error: a broken reply\n"))

        self.with_each(check)

    def test_a_lost_connection_ends_it(self):
        def check(name, way):
            with Liar(ends=True) as liar:
                done = self.ran(name, liar.port, "echo", "64", way)
            self.assertEqual(done.returncode, 1, done.stderr)

        self.with_each(check)

    def test_what_the_generator_would_be_spared(self):
        ten_ms, five_ms, four_ms = (100, 1), (200, 1), (250, 1)  # requests per CPU-second
        self.assertAlmostEqual(uring.spared(ten_ms, four_ms, five_ms)[0], 1 / 0.009)
        self.assertAlmostEqual(uring.spared(ten_ms, five_ms, five_ms)[0], 100)
        self.assertAlmostEqual(uring.spared(five_ms, four_ms, five_ms)[0], 250)


if __name__ == "__main__":
    unittest.main(verbosity=2)
