"""The head of one HTTP/1.x request, and a chunked body, on their way in (RFC 9112), without I/O. What could be read in
more than one way is refused, as the C++ servers do: see docs/protocol.md."""

from __future__ import annotations

import re
from typing import List

from authority import is_port, port_of

# RFC 9110 9.1 and RFC 5789. They are known, so on a path that lacks them they get a 405; other methods get a 501.
METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"TRACE ", b"PATCH ")

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]"  # a field's: no control characters but the tab
_IS_TOKEN = re.compile(_TOKEN)
_FIELD = re.compile(rb"(" + _TOKEN + rb"):(" + _VALUE + rb"*)\r\n")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_TARGET = re.compile(rb"[!-\"$-~]*")  # no white space, control character or fragment, ASCII only
_URL = re.compile(rb"[hH][tT][tT][pP]://([^/?]*)")
# A token of a list, whatever stands around it (RFC 9110 5.6.1).
_CLOSE, _KEEP_ALIVE, _CHUNKED = (re.compile(rb"(?:^|,)[ \t]*" + token + rb"[ \t]*(?:,|$)", re.IGNORECASE)
                                 for token in (b"close", b"keep-alive", b"chunked"))
_SIZE = re.compile(rb"[0-9A-Fa-f]+")
_EXTENSION = re.compile(rb"[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb'|"' +
                        rb'[^\x00-\x08\x0a-\x1f\x7f"\\]*(?:\\' + _VALUE + rb'[^\x00-\x08\x0a-\x1f\x7f"\\]*)*"))?')
_LONGEST_CHUNK_LINE = 4096
_MOST = 1 << 64  # lengths from here on are no lengths


class Problem(Exception):
    """Why a request is turned down: a status and one line."""

    def __init__(self, status: int, reason: str, allow: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.allow = allow  # with a 405: the methods that the path takes


def may_become_method(start: bytes) -> bool:
    """More bytes could make it begin with a known method and a space."""
    return any(len(start) < len(method) and method.startswith(start) for method in METHODS)


class Head:
    """Takes a head line by line as its bytes arrive; each is looked at once."""

    __slots__ = ("size", "_line", "method", "target", "http_1_0", "keep_alive", "chunked", "length", "content_type",
                 "expects_continue", "_hosts", "_bad_host", "_encodings", "_lengths", "_length", "_close",
                 "_keep_alive", "_unknown_expectation")

    def __init__(self) -> None:
        self.size = 0  # bytes seen; once it is whole: of the head, the empty line included
        self._line = 0  # where the current line begins
        self.method = b""
        self.target = b""
        self.http_1_0 = False
        self.keep_alive = False
        self.chunked = False
        self.length = 0  # of a body that is not chunked
        self.content_type = b""
        self.expects_continue = False
        self._hosts = self._lengths = 0
        self._bad_host = self._close = self._keep_alive = self._unknown_expectation = False
        self._encodings: List[bytes] = []
        self._length = b""

    def read(self, data: bytearray, most: int) -> bool:
        """`data` begins at the head's first byte each time. True: it is whole. Raises Problem."""
        while True:
            end = data.find(b"\n", self.size, most)
            if end < 0:
                self.size = min(len(data), most)
                return False
            line = bytes(data[self._line:end + 1])
            first, self._line, self.size = self._line == 0, end + 1, end + 1
            if line == b"\r\n" and not first:
                self._check()
                return True
            check_line_end(line)
            if first:
                self._take_request_line(line[:-2])
            else:
                self._take_field(line)

    def too_long(self, data: bytearray) -> Problem:
        """What is wrong with a head that has not ended within `data`, all that it may have."""
        if self._line:
            return Problem(431, "the head is longer than --max-request")
        method, _, rest = bytes(data).partition(b" ")
        if not _IS_TOKEN.fullmatch(method):
            return _no_method()
        if method + b" " not in METHODS:
            return _unknown_method()
        _, space, rest = rest.partition(b" ")
        # of the version and the line's end, what fits may stand behind the target
        if len(space + rest) > len(b" HTTP/1.1\r"):
            return _not_a_line()
        return Problem(414, "the request target is longer than --max-request")

    @property
    def has_body(self) -> bool:
        return self.chunked or self.length > 0

    def _take_request_line(self, line: bytes) -> None:
        method, space, rest = line.partition(b" ")
        if not _IS_TOKEN.fullmatch(method):
            raise _no_method()
        target, space, version = rest.rpartition(b" ")
        if not space or not target:
            raise _not_a_line()
        if not _VERSION.fullmatch(version):
            raise Problem(400, "the request line does not end in a version like HTTP/1.1")
        if not _TARGET.fullmatch(target):
            raise Problem(400, "the request target holds a character that must be percent-encoded")
        if method + b" " not in METHODS:
            raise _unknown_method()
        if not version.startswith(b"HTTP/1."):  # 1.2 and later are read as 1.1 (RFC 9110 2.5)
            raise Problem(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        self.method, self.target, self.http_1_0 = method, target, version == b"HTTP/1.0"

    def _take_field(self, line: bytes) -> None:
        field = _FIELD.fullmatch(line)
        if field is None:
            if line[:1] in b" \t":
                raise Problem(400, "a header line must not begin with white space (no folded lines)")
            raise Problem(400, "a header line is malformed")
        name = field[1].lower()
        if name == b"host":
            self._hosts += 1
            host = field[2].strip(b" \t")  # empty where the target has no authority (RFC 9112 3.2)
            self._bad_host = self._bad_host or (bool(host) and port_of(host) is None)
        elif name == b"connection":
            self._close = self._close or bool(_CLOSE.search(field[2]))
            self._keep_alive = self._keep_alive or bool(_KEEP_ALIVE.search(field[2]))
        elif name == b"content-length":
            self._lengths += 1
            self._length = field[2].strip(b" \t")
        elif name == b"content-type":
            self.content_type = field[2].strip(b" \t")
        elif name == b"transfer-encoding":
            self._encodings.append(field[2])
        elif name == b"expect":
            # members of a list; empty ones count for nothing (RFC 9110 5.6.1)
            members = {member.strip(b" \t").lower() for member in field[2].split(b",")} - {b""}
            self.expects_continue = self.expects_continue or b"100-continue" in members
            self._unknown_expectation = self._unknown_expectation or bool(members - {b"100-continue"})

    def _check(self) -> None:
        """What only the head as a whole can tell."""
        if self._lengths > 1 or (self._lengths and self._encodings):
            # RFC 9112 6.1: the framing is not to be trusted
            raise Problem(400, "Content-Length is given twice or beside Transfer-Encoding")
        if self._hosts > 1 or self._bad_host or (not self._hosts and not self.http_1_0):
            raise Problem(400, "exactly one valid Host header is needed")
        if self._encodings:
            self._check_encodings()
        if self._lengths:
            self.length = _length_of(self._length)
        if self._unknown_expectation and not self.http_1_0:
            raise Problem(417, "100-continue is the only expectation known here")
        if not self.target.startswith(b"/") or self.method == b"CONNECT":
            self._check_target()
        self.keep_alive = not self._close and (not self.http_1_0 or self._keep_alive)

    def _check_target(self) -> None:
        """Other targets than paths (RFC 9112 3.2): which form one may have depends on the method."""
        if self.method == b"CONNECT":
            port = port_of(self.target)
            if port is None or not is_port(port):
                raise Problem(400, "the request target of CONNECT is not host:port")
            # And the connection closes: the client may have sent on what is for the other end.
            raise Problem(501, "this server is no proxy")
        url = _URL.match(self.target)
        if not (url and port_of(url[1]) is not None) and (self.method, self.target) != (b"OPTIONS", b"*"):
            raise Problem(400, "the request target is not a path or an http URL")

    def _check_encodings(self) -> None:
        if self.http_1_0:
            raise Problem(400, "HTTP/1.0 has no Transfer-Encoding")
        others, comma, last = b",".join(self._encodings).rpartition(b",")
        if last.strip(b" \t").lower() != b"chunked" or _CHUNKED.search(others):
            raise Problem(400, "chunked must be the last transfer coding")
        if comma:
            raise Problem(501, "chunked is the only transfer coding known here")
        self.chunked = True


def _no_method() -> Problem:
    return Problem(400, "the request line does not begin with a method")


def _not_a_line() -> Problem:
    return Problem(400, "the request line is not: method, target, version")


def _unknown_method() -> Problem:
    return Problem(501, "this method is not known here")


def check_line_end(line: bytes) -> None:
    if line.find(b"\r") != len(line) - 2:
        raise Problem(400, "a line must end in CR LF, and CR or LF stand nowhere else")


def _length_of(text: bytes) -> int:
    digits = text.lstrip(b"0") or b"0"
    # so many digits at most before they are read: the time that int() takes grows with their square
    if not text.isdigit() or len(digits) > 20 or int(digits) >= _MOST:
        raise Problem(400, "Content-Length is not a number")
    return int(digits)


class Chunks:
    """Takes a chunked body off the front of the input (RFC 9112 7.1). A trailer has to be fields and means nothing."""

    __slots__ = ("content", "_room", "_left", "_part")

    def __init__(self, room: int) -> None:
        self.content = bytearray()
        self._room = room  # bytes that the body may still take, chunk lines included
        self._left = 0  # of this chunk's data
        self._part = Chunks._size

    def read(self, data: bytearray) -> bool:
        """Removes from `data` what it could use. True: the body is whole. Raises Problem."""
        while True:
            used = self._part(self, data)
            del data[:used]
            self._room -= used
            if self._part is Chunks._end:
                return True
            if not used:
                if len(data) >= self._room:
                    raise Problem(413, "the request is longer than --max-request")
                return False

    # Each part says how many bytes it used, 0 where it needs more.

    def _size(self, data: bytearray) -> int:
        line = self._line(data)
        if line:
            self._left = _chunk_size(line)
            if self._left > self._room:
                raise Problem(413, "the request is longer than --max-request")
            self._part = Chunks._data if self._left else Chunks._trailer
        return len(line)

    def _data(self, data: bytearray) -> int:
        piece = data[:min(self._left, self._room)]
        self.content += piece
        self._left -= len(piece)
        if not self._left:
            self._part = Chunks._data_end
        return len(piece)

    def _data_end(self, data: bytearray) -> int:
        if not b"\r\n".startswith(data[:2]):
            raise _malformed()
        if len(data) < 2 or self._room < 2:
            return 0
        self._part = Chunks._size
        return 2

    def _trailer(self, data: bytearray) -> int:
        line = self._line(data)
        if line == b"\r\n":
            self._part = Chunks._end
        elif line:
            check_line_end(line)
            if not _FIELD.fullmatch(line):
                raise Problem(400, "a trailer line is malformed")
        return len(line)

    def _end(self, data: bytearray) -> int:
        raise AssertionError("a body is read to its end once")

    def _line(self, data: bytearray) -> bytes:
        """With its line end; empty: more is needed. Short, so that looking at its start again costs little."""
        line = bytes(data[:data.find(b"\n", 0, self._room) + 1])
        if len(line or data) > _LONGEST_CHUNK_LINE:
            raise Problem(413, "a line of the chunked body is too long")
        return line


def _malformed() -> Problem:
    return Problem(400, "the chunked body is malformed")


def _chunk_size(line: bytes) -> int:
    size = _SIZE.match(line)
    if size is None or line.find(b"\r") != len(line) - 2:
        raise _malformed()
    # extension after extension, not one expression for all: that would remember each
    at = size.end()
    while at < len(line) - 2:
        extension = _EXTENSION.match(line, at, len(line) - 2)
        if extension is None:
            raise _malformed()
        at = extension.end()
    value = int(size[0], 16)
    if value >= _MOST:
        raise _malformed()
    return value
