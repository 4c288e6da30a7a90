"""The HTTP half of a session: requests come in, replies go out in order, several of them in one write.

    phase     is
    HEAD      the head of the next request, perhaps not begun
    BODY      the body of this request
    WORK      the request is whole: its work and its wait, if it has any,
    REPLY     and its reply
    CLOSING   the last reply was made
    LINGER    it is written; reading to the peer's end
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Union

from counters import BAD_REQUESTS, REQUESTS, Counters, to_json, to_prometheus
from http_head import Chunks, Head, Problem
from pages import ABOUT, ECHO_BODY, ECHO_TEXT, HEALTHZ, METRICS, OPTIONS, STATS, Page, find_page
from steps import CLOSE, READ_STEP, SHUT_DOWN_STEP, WRITE, Step

if TYPE_CHECKING:
    from protocol import Context

HEAD, BODY, WORK, REPLY, CLOSING, LINGER = range(6)

_OUTPUT = 8 * 1024  # from so many bytes of replies on they are written before another one is made
_LONGEST_TYPE = 1024  # a longer Content-Type is not sent back
_LONGEST_REASON = 400
_NO_PAGE = Page(-1)
_STATUS = {
    200: "200 OK", 400: "400 Bad Request", 404: "404 Not Found", 405: "405 Method Not Allowed",
    408: "408 Request Timeout", 413: "413 Content Too Large", 414: "414 URI Too Long",
    417: "417 Expectation Failed", 431: "431 Request Header Fields Too Large", 501: "501 Not Implemented",
    503: "503 Service Unavailable", 505: "505 HTTP Version Not Supported",
}
_ABOUT = """\
echotrio: one echo service, three models of concurrency, here in Python. This one is: {model}.

  GET  /echo/TEXT    TEXT
  POST /echo         the body
       ?cpu=200us&wait=5ms on either: it costs that much CPU work, then waiting
       ?native=1ms, ?hold=1ms: CPU work without the interpreter's lock; in one call that keeps it
  GET  /stats        what the server has done, JSON
  GET  /metrics      the same for Prometheus
  GET  /healthz      ok

Bytes that are not HTTP come back as they are (RFC 862), on the same port:
  printf 'hello\\n' | nc -N HOST PORT
"""


class Http:
    """`data` is what the session has received and not yet answered; it is taken off its front. `refused`: this
    connection gets a 503."""

    __slots__ = ("_context", "_counters", "_data", "_phase", "_head", "_chunks", "_page", "_body",
                 "_parts", "_work", "_made", "_unsent", "_flushing", "_reason", "replies")

    def __init__(self, context: Context, counters: Counters, data: bytearray, refused: bool) -> None:
        self._context = context
        self._counters = counters
        self._data = data
        self._phase = HEAD
        self._head = Head()
        self._chunks: Optional[Chunks] = None
        self._page = _NO_PAGE
        self._body = b""
        self._work: List[Step] = []  # of this request, the next one last
        self._parts: List[bytes] = []  # replies that are made,
        self._made = 0  # so many bytes of them,
        self._unsent: Union[bytes, memoryview] = b""  # and what is being written
        self._flushing = False  # write what is pending before anything else
        self._reason = "finished"
        self.replies = 0
        if refused:
            self._fail(Problem(503, "too many connections; try again later"), "refused")

    @property
    def lingering(self) -> bool:
        return self._phase == LINGER

    @property
    def done(self) -> bool:
        """Nothing is here that a session between two requests needs."""
        return self._phase == HEAD and not self._data and not self._pending

    @property
    def _pending(self) -> bool:
        return bool(self._parts or self._unsent)

    def next(self, ended: bool) -> Step:
        """The next step of a session; `ended`: the peer closed its side."""
        while True:
            if self._flushing:
                if self._pending:
                    return self._write()
                self._flushing = False
            phase = self._phase
            if phase <= BODY:
                if not self._read(phase) and self._must_read(ended):
                    return READ_STEP
            elif phase == WORK:
                if not self._work:
                    self._phase = REPLY
                elif self._pending:
                    self._flushing = True  # earlier replies do not wait for this request's work
                else:
                    return self._work.pop()
            elif phase == REPLY:
                self._make_reply()
            elif phase == CLOSING:
                if self._pending:
                    self._flushing = True
                elif ended:
                    return Step(CLOSE, reason=self._reason)
                else:  # who still sends would lose the reply to a reset (RFC 9112 9.6)
                    self._phase = LINGER
                    return SHUT_DOWN_STEP
            else:
                # As much as comes: who uploads for long finds the reply when it has sent all. The clock ends it.
                self._data.clear()
                return Step(CLOSE, reason=self._reason) if ended else READ_STEP

    def written(self, n: int) -> None:
        self._unsent = memoryview(self._unsent)[n:] if n < len(self._unsent) else b""

    def answer_timeout(self) -> bool:
        """False: the peer is slow at taking a reply or at ending, so nothing more can be said to it."""
        if self._phase > BODY or self._pending or (self._phase == HEAD and not self._data):
            return False
        self._fail(Problem(408, "the request did not arrive in time"), "timeout")
        return True

    def _write(self) -> Step:
        if not self._unsent:
            self._unsent = b"".join(self._parts)
            self._parts.clear()
            self._made = 0
        return Step(WRITE, self._unsent)

    def _must_read(self, ended: bool) -> bool:
        """What is here is not enough to go on with. False: there is something to do all the same."""
        if self._pending:
            self._flushing = True
        elif not ended:
            return True
        elif self._phase == HEAD and not self._data:
            self._phase = CLOSING
        else:
            self._fail(Problem(400, "the connection ended in the middle of a request"))
        return False

    # A request comes in. False: more is needed.

    def _read(self, phase: int) -> bool:
        try:
            return self._read_head() if phase == HEAD else self._read_body()
        except Problem as problem:
            self._fail(problem)
            return True

    def _read_head(self) -> bool:
        data, most = self._data, self._context.settings.max_request
        if not self._head.size:  # RFC 9112 2.2: empty lines before a request are let pass
            while data.startswith(b"\r\n"):
                del data[:2]
            if not data or data == b"\r":
                return False
        if self._made >= _OUTPUT:
            self._flushing = True
            return True
        if self._head.read(data, most):
            del data[:self._head.size]
            self._begin_request(most - self._head.size)
            return True
        if len(data) >= most:
            raise self._head.too_long(data[:most])
        return False

    def _begin_request(self, room: int) -> None:
        head, settings = self._head, self._context.settings
        if head.length > room:
            raise Problem(413, "the request is longer than --max-request")
        if len(head.content_type) > _LONGEST_TYPE:
            raise Problem(431, "the Content-Type is too long to be sent back")
        try:
            self._page = find_page(head.method, head.target, settings.cpu, settings.wait)
        except Problem as problem:
            # what is wrong is known before the body: it is not worth receiving
            if head.has_body:
                raise
            keep_alive = self._keep_alive()
            self._make_error(problem, keep_alive)
            self._finish_request(keep_alive)
            return
        self._chunks = Chunks(room) if head.chunked else None
        self._phase = BODY
        if head.expects_continue and head.has_body and not head.http_1_0 and not self._data:
            self._append(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._flushing = True

    def _read_body(self) -> bool:
        if self._chunks is not None:
            if not self._chunks.read(self._data):
                return False
            self._body, self._chunks = bytes(self._chunks.content), None
        else:
            length = self._head.length
            if len(self._data) < length:
                return False
            self._body = bytes(self._data[:length])
            del self._data[:length]
        self._work.extend(reversed(self._page.work))
        self._phase = WORK
        return True

    # A reply goes out.

    def _make_reply(self) -> None:
        kind, head = self._page.kind, self._head
        content_type = "text/plain"
        if kind == ECHO_TEXT:
            body = self._page.text
        elif kind == ECHO_BODY:
            body = self._body
            content_type = head.content_type.decode("latin-1") or "application/octet-stream"
        elif kind == STATS:
            body, content_type = to_json(self._context.stats()).encode(), "application/json"
        elif kind == METRICS:
            body, content_type = to_prometheus(self._context.stats()).encode(), "text/plain; version=0.0.4"
        elif kind == HEALTHZ:
            body = b"ok"
        elif kind == OPTIONS:
            body = b""
        else:
            assert kind == ABOUT
            body = _ABOUT.format(model=self._context.settings.model).encode()
        # at a drain the last request that is here gets the last reply
        keep_alive = self._keep_alive() and not (self._context.draining and not self._data)
        self._counters[REQUESTS] += 1
        self._append_reply(200, content_type, body, keep_alive, self._page.allow)
        self._finish_request(keep_alive)

    def _keep_alive(self) -> bool:
        return self._head.keep_alive and self.replies + 1 < self._context.settings.requests_kept

    def _make_error(self, problem: Problem, keep_alive: bool) -> None:
        body = (problem.reason[:_LONGEST_REASON] + "\n").encode()
        self._counters[REQUESTS] += 1
        if problem.status not in (408, 503):
            self._counters[BAD_REQUESTS] += 1
        self._append_reply(problem.status, "text/plain", body, keep_alive, problem.allow)

    def _fail(self, problem: Problem, reason: str = "protocol") -> None:
        """An error reply that is the last one: what follows can't be framed, or is not worth receiving."""
        self._make_error(problem, keep_alive=False)
        self._reason = reason
        self._phase = CLOSING

    def _append_reply(self, status: int, content_type: str, body: bytes, keep_alive: bool, allow: str) -> None:
        fields = f"Allow: {allow}\r\n" if allow else ""
        if not keep_alive:
            fields += "Connection: close\r\n"
        elif self._head.http_1_0:
            fields += "Connection: keep-alive\r\n"
        head = (f"HTTP/1.1 {_STATUS[status]}\r\n{self._context.date_line()}Content-Type: {content_type}\r\n"
                f"Content-Length: {len(body)}\r\n{fields}\r\n").encode("latin-1")
        self._append(head if self._is_head() else head + body)
        self.replies += 1

    def _is_head(self) -> bool:
        """To a HEAD goes no content, be it one that could not be read (RFC 9110 9.3.2)."""
        return self._head.method == b"HEAD" or (not self._head.method and self._data.startswith(b"HEAD "))

    def _append(self, reply: bytes) -> None:
        self._parts.append(reply)
        self._made += len(reply)

    def _finish_request(self, keep_alive: bool) -> None:
        self._head = Head()
        self._page, self._body = _NO_PAGE, b""
        self._phase = HEAD if keep_alive else CLOSING
