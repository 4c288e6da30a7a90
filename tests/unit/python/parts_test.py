"""Units, hosts and ports, time limits, the figures of /stats, and CPU work."""

import json
import time
import unittest

from authority import is_port, port_of
from counters import BYTES_IN, CLOSED, OPENED, REQUESTS, Field, Stats, new_counters, to_json, to_prometheus
from deadline import LINGERING, QUIET, REFUSED, REQUEST, UNSENT, Deadline, Limits
from heap import Heap
from steps import BYTECODE, HOLD, NATIVE
from units import parse_duration, parse_size
from work import Burner


class Units(unittest.TestCase):
    def test_durations(self):
        for text, seconds in {"0": 0, "0s": 0, "200us": 2e-4, "1.5ms": 1.5e-3, ".5s": 0.5, "10s": 10, "1m": 60,
                              "2h": 7200, "5ns": 5e-9}.items():
            self.assertAlmostEqual(parse_duration(text), seconds, msg=text)
        for text in ("", "5", "s", "-1s", "nan", "infs", "1e3s", "5parsec", "5 s", "+5s", "9" * 400 + "h", "٥s"):
            with self.assertRaises(ValueError, msg=text):
                parse_duration(text)

    def test_sizes(self):
        for text, size in {"0": 0, "64": 64, "64KiB": 65536, "1MiB": 1 << 20, "1.5KiB": 1536, "4GiB": 1 << 32}.items():
            self.assertEqual(parse_size(text), size)
        for text in ("", "KiB", "-1", "1KB", "1k"):
            with self.assertRaises(ValueError, msg=text):
                parse_size(text)


class Authorities(unittest.TestCase):
    def test_hosts_and_ports(self):
        for text, port in {"a": "", "a:": "", "a:80": "80", "a,b": "", "a_b~!$&'()*+;=.-": "", "%41b%7e:1": "1",
                           "1.2.3.4:5": "5", "[::1]": "", "[::]:80": "80", "[1:2:3:4:5:6:7:8]": "", "[1:2::7:8]:": "",
                           "[::ffff:1.2.3.4]:9": "9", "[v1.a:b]": "", "[1:2:3:4:5:6:7::]": ""}.items():
            self.assertEqual(port_of(text.encode()), port.encode(), text)
        for text in ("", ":80", "a:b", "a:80:90", "::1", "[::1", "[]", "a%zz", "a%4", "u@a", "u:p@a", "a/b", "a b",
                     "a\n", "[::1]a", "[::1]:x", "[1:2:3]", "[1::2::3]", "[12345::]", "[::1.2.3]", "[::1.2.3.256]",
                     "[1:2:3:4:5:6:7:8:9]", "[:1]", "[1:]", "[::1%eth0]", "[v.a]", "[v1.]", "[a]", "\xe9"):
            self.assertIsNone(port_of(text.encode()), text)
        self.assertIsNone(port_of(b"%41" * 10_000 + b"%"))

    def test_ports(self):
        for digits, is_one in {"1": True, "65535": True, "00080": True, "": False, "0": False, "65536": False,
                               "9" * 5000: False}.items():
            self.assertEqual(is_port(digits.encode()), is_one)


class Deadlines(unittest.TestCase):
    def test_each_wait_has_its_limit(self):
        limits = Limits(idle=60, request=10)
        for waiting, left in {QUIET: 60, UNSENT: 60, REQUEST: 10, LINGERING: 2, REFUSED: 1}.items():
            self.assertEqual(Deadline(limits).left(waiting, 1, 1000.0), left)

    def test_none(self):
        for waiting, left in {QUIET: None, UNSENT: None, REQUEST: None, LINGERING: 2, REFUSED: 1}.items():
            self.assertEqual(Deadline(Limits(0, 0)).left(waiting, 1, 1000.0), left)
        self.assertEqual(Deadline(Limits(60, 0)).left(REQUEST, 1, 0.0), 60)

    def test_a_request_has_its_time_in_all_and_the_next_one_its_own(self):
        deadline = Deadline(Limits(60, 10))
        self.assertEqual(deadline.left(REQUEST, 1, 100.0), 10)
        self.assertEqual(deadline.left(REQUEST, 1, 107.0), 3)
        self.assertEqual(deadline.left(REQUEST, 2, 108.0), 10)
        self.assertLessEqual(deadline.left(REQUEST, 2, 118.0), 0)


class Figures(unittest.TestCase):
    def setUp(self):
        totals = new_counters()
        totals[OPENED], totals[CLOSED], totals[REQUESTS], totals[BYTES_IN] = 5, 3, 7, 99
        own = [Field("lag_us", "How late", 1500.0), Field("yields", "Times", 4, counter=True)]
        self.stats = Stats("py-test", [12, 13], 1.5, totals, "loop", own)

    def test_json(self):
        data = json.loads(to_json(self.stats))
        self.assertEqual(data["connections"], {"now": 2, "total": 5, "refused": 0})
        self.assertEqual((data["pid"], data["pids"], data["requests"], data["bytes"]["in"]), (12, [12, 13], 7, 99))
        self.assertEqual(data["loop"], {"lag_us": 1500.0, "yields": 4})

    def test_prometheus_has_base_units_and_total(self):
        lines = to_prometheus(self.stats).splitlines()
        for line in ('echotrio_connections{model="py-test"} 2', 'echotrio_requests_total{model="py-test"} 7',
                     'echotrio_loop_lag_seconds{model="py-test"} 0.0015', '# TYPE echotrio_loop_yields_total counter'):
            self.assertIn(line, lines)


class Work(unittest.TestCase):
    def test_it_is_cpu_time_in_proportion(self):
        burner = Burner()

        def cpu_of(seconds, kind):
            start = time.process_time()
            burner.burn(seconds, kind)
            return time.process_time() - start

        for kind in (BYTECODE, NATIVE, HOLD):
            short, long = (min(cpu_of(seconds, kind) for _ in range(5)) for seconds in (0.002, 0.02))
            self.assertGreater(long, 2 * short, kind)

    def test_pieces_pause_between_them(self):
        self.assertEqual(sum(1 for _ in Burner().pieces(0.01, 0.0)), 0)
        self.assertIn(sum(1 for _ in Burner().pieces(0.01, 0.001)), (9, 10))

    def test_a_call_has_no_pieces(self):
        for kind in (NATIVE, HOLD):
            self.assertEqual(sum(1 for _ in Burner().pieces(0.01, 0.001, kind)), 0)


class Heaps(unittest.TestCase):
    def test_a_share_is_read_within_the_requests_and_no_more(self):
        for size, share, objects in ((300 * 1024, 0.5, 150), (1024, 1.0, 1), (1, 1.0, 1), (10 * 1024, 0.0, 0)):
            heap = Heap(size, share)
            read = []
            heap._objects = Noting(heap._objects, read)
            for _ in range(100):
                heap.read_on()
            self.assertEqual(read, list(range(objects)))
            heap.read_on()
            self.assertEqual(len(read), objects)


class Noting:
    def __init__(self, objects, read):
        self._objects, self._read = objects, read

    def __getitem__(self, index):
        self._read.append(index)
        return self._objects[index]


if __name__ == "__main__":
    unittest.main()
