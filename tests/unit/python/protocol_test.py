"""The session in memory: each case whole, byte by byte and in random pieces, with writes whole and short. The contract
suite puts the C++ table of strangers' input against the running servers."""

import random
import unittest

from counters import BAD_REQUESTS, BYTES_IN, BYTES_OUT, CLOSED, OPENED, REFUSED, REQUESTS, RESETS, TIMEOUTS
from deadline import LINGERING, QUIET, REQUEST
from deadline import REFUSED as TURNED_AWAY
from protocol import READ_SIZE, Failure, Settings
from session_driver import MAX_REQUEST, Driver, in_reads

LAST = b"GET /echo/last HTTP/1.0\r\n\r\n"
NEXT = b"GET /echo/next HTTP/1.1\r\nHost: t\r\n\r\n"


def get(target: bytes, fields: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"GET %s HTTP/%s\r\nHost: t\r\n%s\r\n" % (target, version, fields)


def line(text: bytes) -> bytes:
    return text + b" HTTP/1.1\r\nHost: t\r\n\r\n"


def post(fields: bytes, body: bytes) -> bytes:
    return b"POST /echo HTTP/1.1\r\nHost: t\r\n%s\r\n%s" % (fields, body)


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


# for a body, beside a head that says its length in five digits
ROOM = MAX_REQUEST - len(post(b"Content-Length: 10000\r\n", b""))

# name: input, statuses (None: it is raw echo), whether the server ends the connection by itself
CASES = {
    "raw": (b"hello\n", None, False),
    "raw_almost_a_method": (b"GEORGE", None, False),
    "raw_a_method_and_no_more": (b"GET", None, False),
    "raw_nulls": (bytes(300), None, False),
    "page_about": (get(b"/"), [200], False),
    "page_stats": (get(b"/stats"), [200], False),
    "page_metrics": (get(b"/metrics"), [200], False),
    "page_healthz": (get(b"/healthz?x"), [200], False),
    "page_none": (get(b"/no") + NEXT, [404, 200], False),
    "page_method": (get(b"/echo") + NEXT, [405, 200], False),
    "page_none_with_body": (b"POST /no HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi", [404], True),
    "text_encoded": (get(b"/echo/%41%00%ff"), [200], False),
    "text_percent": (get(b"/echo/%4") + NEXT, [400, 200], False),
    "head": (b"HEAD /echo/a HTTP/1.1\r\nHost: t\r\n\r\n" + NEXT, [200, 200], False),
    "version_1_0": (get(b"/echo/a", version=b"1.0"), [200], True),
    "version_1_0_keep_alive": (get(b"/echo/a", b"Connection: x, Keep-Alive\r\n", b"1.0"), [200], False),
    "version_1_2": (get(b"/echo/a", version=b"1.2") + get(b"/echo/a", version=b"1.9"), [200, 200], False),
    "version_2_0": (get(b"/", version=b"2.0"), [505], True),
    "method_unknown": (NEXT + b"BREW / HTTP/1.1\r\n\r\n", [200, 501], True),
    "connection_close": (get(b"/echo/a", b"Connection: x,CLOSE\r\n") + NEXT, [200], True),
    "connection_empty_members": (get(b"/echo/a", b"Connection: ,, close ,close,\r\n") + NEXT, [200], True),
    "options": (line(b"OPTIONS /echo") + line(b"OPTIONS *") + line(b"OPTIONS http://t"), [200] * 3, False),
    "options_none": (line(b"OPTIONS /no") + NEXT, [404, 200], False),
    "options_with_body": (b"OPTIONS / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi" + NEXT, [200, 200], False),
    "connect": (line(b"CONNECT a:80") + NEXT, [501], True),
    "connect_no_port": (line(b"CONNECT a"), [400], True),
    "connect_port_0": (line(b"CONNECT a:0"), [400], True),
    "connect_a_path": (line(b"CONNECT /echo/a"), [400], True),
    "target_star": (get(b"*"), [400], True),
    "target_star_delete": (line(b"DELETE *"), [400], True),
    "target_url": (get(b"HTTP://t:80/echo/a") + get(b"http://t?x") + get(b"http://[::1]:/"), [200] * 3, False),
    "target_url_user": (get(b"http://u:p@a/"), [400], True),
    "target_url_port": (get(b"http://a:x/"), [400], True),
    "target_url_no_host": (get(b"http:///echo/a"), [400], True),
    "target_too_long": (get(b"/" + b"a" * 20_000), [414], True),
    "target_too_long_method": (b"GET".ljust(20_000, b" "), [400], True),
    "host_empty": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", [200], False),
    "host_port_twice": (b"GET / HTTP/1.1\r\nHost: a:80:90\r\n\r\n", [400], True),
    "body_tabs": (post(b"Content-Length:\t5\t\r\n", b"hello") + NEXT, [200, 200], False),
    "body": (post(b"Content-Length: 5\r\n", b"hello") + NEXT, [200, 200], False),
    "body_to_the_limit": (post(b"Content-Length: %d\r\n" % ROOM, b"x" * ROOM) + NEXT, [200, 200], False),
    "body_too_long": (post(b"Content-Length: %d\r\n" % (ROOM + 1), b""), [413], True),
    "body_length_twice": (post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"), [400], True),
    "body_length_huge": (post(b"Content-Length: " + b"9" * 5000 + b"\r\n", b""), [400], True),
    "body_length_and_chunked": (post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"hello"), [400], True),
    "body_gzip": (post(b"Transfer-Encoding: gzip, chunked\r\n", b""), [501], True),
    "chunks": (chunked(b"5;a=\"b\\\"\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n") + NEXT, [200, 200], False),
    "chunks_tab": (post(b"Transfer-Encoding: \tchunked\t\r\n", b"0\r\n\r\n") + NEXT, [200, 200], False),
    "chunks_empty_member": (post(b"Transfer-Encoding: chunked,\r\n", b"0\r\n\r\n"), [400], True),
    "chunk_bad_size": (chunked(b"5g\r\nhello"), [400], True),
    "chunk_bad_end": (chunked(b"5\r\nhelloXX"), [400], True),
    "chunk_bad_trailer": (chunked(b"0\r\nA b\r\n\r\n"), [400], True),
    "chunk_too_long": (chunked(b"ffff\r\n"), [413], True),
    "chunk_line_too_long": (chunked(b"5;" + b"a" * 5000), [413], True),
    "chunks_endless": (chunked(b"1\r\nx\r\n" * 4000), [413], True),
    "expect": (post(b"Expect: 100-continue\r\nContent-Length: 0\r\n", b"") + NEXT, [200, 200], False),
    "expect_twice": (post(b"Expect: 100-continue,, 100-Continue\r\nContent-Length: 0\r\n", b""), [200], False),
    "expect_nothing": (post(b"Expect:\r\nContent-Length: 0\r\n", b""), [200], False),
    "expect_more": (post(b"Expect: 100-continue, tea\r\nContent-Length: 5\r\n", b""), [417], True),
    "expect_unknown": (post(b"Expect: tea\r\nContent-Length: 5\r\n", b""), [417], True),
    "field_folded": (get(b"/echo/a", b"A: b\r\n c\r\n"), [400], True),
    "field_bare_lf": (get(b"/echo/a", b"A: b\n"), [400], True),
    "field_space_before_colon": (get(b"/echo/a", b"A : b\r\n"), [400], True),
    "host_missing": (b"GET / HTTP/1.1\r\n\r\n", [400], True),
    "host_twice": (get(b"/", b"Host: u\r\n"), [400], True),
    "head_endless": (get(b"/", b"A: " + b"b" * 20_000), [431], True),
    "head_many_lines": (get(b"/", b"A: b\r\n" * 4000), [431], True),
    "pipeline": (b"".join(get(b"/echo/%d" % i) for i in range(100)), [200] * 100, False),
    "pipeline_long_replies": (3 * post(b"Content-Length: 9000\r\n", b"y" * 9000) + NEXT, [200] * 4, False),
    "pipeline_error": (NEXT + get(b"/echo/a", b"A B: c\r\n") + NEXT, [200, 400], True),
    "work_bad": (get(b"/echo/a?cpu=5") + NEXT, [400, 200], False),
    "work_too_much": (get(b"/echo/a?wait=11s") + NEXT, [400, 200], False),
    "work_twice": (get(b"/echo/a?hold=1ms&hold=1ms") + get(b"/echo/a?native=5"), [400, 400], False),
    "end_in_a_head": (b"GET /echo/a HTT", [400], True),
    "end_in_a_body": (post(b"Content-Length: 5\r\n", b"he"), [400], True),
}


def pieces_of(data, how, rng):
    if how == "byte by byte":
        return in_reads(data, 1)
    if how == "random":
        cuts = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(8))})
        return [piece for a, b in zip(cuts, cuts[1:]) for piece in in_reads(data[a:b])]
    return in_reads(data)


class Cases(unittest.TestCase):
    def test_table(self):
        rng = random.Random(1)
        for name, (data, statuses, closes) in CASES.items():
            whole = Driver().run(in_reads(data), end=True)
            for how in ("whole", "byte by byte", "random", "random", "random"):
                with self.subTest(name, how=how):
                    driver = Driver().run(pieces_of(data, how, rng), True, writes=rng.choice((1, 7, 1 << 20)))
                    self.check(data, statuses, closes, driver)
                    if name not in ("page_stats", "page_metrics"):
                        self.assertEqual(driver.out, whole.out)

    def check(self, data, statuses, closes, driver):
        self.assertTrue(driver.closed)
        if statuses is None:
            self.assertEqual(driver.out, data)
        else:
            self.assertEqual(driver.statuses(), statuses)
            self.assertEqual(driver.out.rfind(b"Connection: close\r\n") >= 0, closes)
        self.assertEqual(driver.counters[BYTES_OUT], len(driver.out))

    def test_what_a_session_holds_is_bounded(self):
        for name, (data, statuses, _) in CASES.items():
            driver = Driver()
            for piece in in_reads(data, 512):
                driver.run([piece], end=False)
                held = len(driver.session._data)
                self.assertLessEqual(held, MAX_REQUEST + READ_SIZE, name)
            if statuses and not driver.closed and driver.session.waits() == QUIET:
                self.assertEqual(held, 0, name)


class Replies(unittest.TestCase):
    def test_a_whole_reply(self):
        out = Driver().run([post(b"Content-Type: a/b\r\nContent-Length: 2\r\n", b"hi")], end=False).out
        self.assertEqual(out, b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: a/b\r\n"
                              b"Content-Length: 2\r\n\r\nhi")

    def test_an_error_says_what_is_wrong(self):
        out = Driver().run([get(b"/echo")], end=False).out
        self.assertIn(b"\r\nAllow: POST, PUT, OPTIONS\r\n", out)
        self.assertTrue(out.endswith(b"\r\n\r\nthis path takes only POST, PUT, OPTIONS\n"))

    def test_options_say_the_methods(self):
        for target, methods in {b"/echo": b"POST, PUT, OPTIONS", b"/echo/a%": b"GET, HEAD, OPTIONS",
                                b"*": b"GET, HEAD, POST, PUT, OPTIONS"}.items():
            out = Driver().run([line(b"OPTIONS " + target)], end=False).out
            self.assertIn(b"\r\nContent-Length: 0\r\nAllow: %s\r\n" % methods, out)
            self.assertTrue(out.endswith(b"\r\n\r\n"))

    def test_no_error_to_a_head_has_content(self):
        for request, status in ((line(b"HEAD /no"), 404), (line(b"HEAD"), 400), (b"HEAD /echo/a HTT", 408),
                                (b"HEAD / HTTP/1.1\r\nA: " + b"b" * 20_000, 431),
                                (b"HEAD / HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n", 400)):
            driver = Driver().run(in_reads(request), end=False)
            if status == 408:
                driver.fail(Failure.LATE)
            self.assertEqual(driver.statuses(), [status])
            self.assertTrue(driver.out.endswith(b"\r\n\r\n"), driver.out)
            self.assertNotIn(b"Content-Length: 0", driver.out)

    def test_text_is_decoded(self):
        self.assertTrue(Driver().run([get(b"/echo/%41%00%ff")], end=False).out.endswith(b"\r\n\r\nA\0\xff"))

    def test_head_has_a_length_and_no_body(self):
        out = Driver().run([b"HEAD /echo/hello HTTP/1.1\r\nHost: t\r\n\r\n"], end=False).out
        self.assertIn(b"Content-Length: 5\r\n", out)
        self.assertTrue(out.endswith(b"\r\n\r\n"))

    def test_continue_comes_before_the_body_and_only_then(self):
        driver = Driver().run([post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"")], end=False)
        self.assertEqual(driver.out, b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(driver.run([b"hi"], end=False).statuses(), [100, 200])
        at_once = Driver().run([post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"hi")], end=False)
        self.assertEqual(at_once.statuses(), [200])

    def test_work_comes_after_earlier_replies_and_before_its_own(self):
        driver = Driver().run([NEXT + get(b"/echo/a?cpu=2ms&wait=1s")], end=False)
        self.assertEqual(driver.work, [("cpu", 0.002), ("wait", 1.0)])
        driver = Driver(Settings("py-test", cpu=0.5, wait=0.25)).run([b"raw"], end=False)
        self.assertEqual(driver.work, [("cpu", 0.5), ("wait", 0.25)])

    def test_work_of_every_kind_in_its_order(self):
        asked = get(b"/echo/a?wait=4ms&hold=3ms&native=2ms&cpu=1ms") + get(b"/echo/a?hold=5ms&native=0")
        driver = Driver().run([asked + get(b"/stats?hold=1s")], end=False)
        self.assertEqual(driver.work, [("cpu", 0.001), ("native", 0.002), ("hold", 0.003), ("wait", 0.004),
                                       ("hold", 0.005)])

    def test_the_last_reply_that_a_connection_may_get_says_so(self):
        settings = Settings("py-test", max_request=MAX_REQUEST, requests_kept=3)
        driver = Driver(settings).run([get(b"/echo/a") + get(b"/no") + 2 * NEXT], end=True)
        self.assertEqual((driver.statuses(), driver.shut, driver.closed), ([200, 404, 200], True, "finished"))
        self.assertEqual(driver.out.count(b"Connection: close"), 1)


class Ends(unittest.TestCase):
    def test_late(self):
        quiet = Driver().fail(Failure.LATE)
        self.assertEqual((quiet.out, quiet.closed, quiet.counters[TIMEOUTS]), (b"", "timeout", 1))
        half = Driver().run([b"GET /echo/a HTT"], end=False).fail(Failure.LATE)
        self.assertEqual((half.statuses(), half.closed, half.shut), ([408], "timeout", True))
        self.assertEqual((half.counters[TIMEOUTS], half.counters[BAD_REQUESTS]), (1, 0))
        undecided = Driver().run([b"GE"], end=False).fail(Failure.LATE)
        self.assertEqual((undecided.out, undecided.counters[TIMEOUTS]), (b"GE", 1))

    def test_reset(self):
        driver = Driver().run([NEXT], end=False).fail(Failure.BROKEN)
        self.assertEqual((driver.closed, driver.counters[RESETS]), ("reset", 1))

    def test_refused(self):
        http = Driver(refused=True).run([NEXT], end=True)
        self.assertEqual((http.statuses(), http.counters[REFUSED], http.counters[BAD_REQUESTS]), ([503], 1, 0))
        self.assertEqual(Driver(refused=True).run([b"raw"], end=True).out, b"")
        silent = Driver(refused=True).fail(Failure.LATE)
        self.assertEqual((silent.closed, silent.counters[TIMEOUTS]), ("refused", 0))

    def test_whoever_goes_on_after_the_last_reply_is_read_and_not_answered(self):
        for last, status in ((get(b"/", b"Host: u\r\n"), 400), (LAST, 200),
                             (get(b"/echo/a", b"Connection: close\r\n"), 200)):
            driver = Driver().run([last, *in_reads(NEXT * 10_000)], end=False)
            self.assertEqual((driver.statuses(), driver.closed, driver.shut), ([status], "", True))
            self.assertEqual(len(driver.session._data), 0)
            self.assertEqual(driver.session.waits(), LINGERING)

    def test_a_linger_ends_without_being_counted(self):
        for failure in (Failure.LATE, Failure.BROKEN):
            driver = Driver().run([LAST], end=False).fail(failure)
            self.assertEqual((driver.closed, driver.counters[TIMEOUTS], driver.counters[RESETS]), ("finished", 0, 0))

    def test_who_has_ended_already_is_not_lingered_for(self):
        driver = Driver().run([LAST[:-1]], end=False)
        driver.session.took(LAST[-1:])
        driver.session.took(b"")
        driver.run([], end=False)
        self.assertEqual((driver.statuses(), driver.shut, driver.closed), ([200], False, "finished"))

    def test_a_drain_ends_what_is_idle_after_the_last_reply(self):
        driver = Driver().run([NEXT + NEXT[:9]], end=False)
        driver.context.draining = True
        driver.run([NEXT[9:]], end=False)
        self.assertEqual((driver.statuses(), driver.shut, driver.closed), ([200, 200], True, ""))
        self.assertEqual(driver.session.waits(), LINGERING)
        driver.run([NEXT], end=True)
        self.assertEqual((driver.statuses(), driver.closed), ([200, 200], "finished"))
        self.assertEqual(driver.out.count(b"Connection: close"), 1)
        idle = Driver().run([b"raw"], end=False)
        idle.context.draining = True
        self.assertEqual(idle.run([], end=False).closed, "draining")

    def test_what_it_waits_for(self):
        driver = Driver()
        self.assertEqual(driver.session.waits(), QUIET)
        self.assertEqual(driver.run([b"G"], end=False).session.waits(), REQUEST)
        self.assertEqual(driver.run([NEXT[1:]], end=False).session.waits(), QUIET)
        self.assertEqual(driver.run([post(b"Content-Length: 5\r\n", b"")], end=False).session.waits(), REQUEST)
        self.assertEqual(Driver(refused=True).session.waits(), TURNED_AWAY)

    def test_counts(self):
        driver = Driver().run([b"hello", b"you"], end=True)
        driver.session.end()
        c = driver.counters
        self.assertEqual((c[OPENED], c[CLOSED], c[REQUESTS], c[BYTES_IN], c[BYTES_OUT]), (1, 1, 2, 8, 8))

    def test_only_echo_and_only_http(self):
        self.assertEqual(Driver(Settings("t", mode="echo")).run([NEXT], end=True).out, NEXT)
        self.assertEqual(Driver(Settings("t", mode="http")).run([b"hello\r\n"], end=True).statuses(), [400])


if __name__ == "__main__":
    unittest.main()
