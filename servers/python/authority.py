"""The authority of an http URI, as in a Host field, a request target and after CONNECT: uri-host [ ":" port ]
(RFC 9110 7.2, RFC 3986 3.2)."""

from __future__ import annotations

import re
from socket import AF_INET6, inet_pton
from typing import Optional

_NAME = rb"!$&-.0-9;=A-Z_a-z~"  # unreserved and sub-delims of RFC 3986, 2.2 and 2.3
_AUTHORITY = re.compile(rb"""
    (?: (?! : | \Z ) [%(name)s]* (?: %%[0-9A-Fa-f]{2} [%(name)s]* )*  # a name; IPv4 addresses are such, too
      | \[ (?: (?P<ipv6> [0-9A-Fa-f:.]+ ) | [vV][0-9A-Fa-f]+\.[%(name)s:]+ ) \]
    ) (?: : (?P<port> [0-9]* ) )?""" % {b"name": _NAME}, re.VERBOSE)


def port_of(authority: bytes) -> Optional[bytes]:
    """Digits as they stand, none where there is no port. None: it is no authority. User information, which RFC 3986
    would allow before the host, is a mistake in a request (RFC 9110 4.2.4), and so is an empty host (4.2.1)."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return None
    if found["ipv6"] is not None:
        try:
            inet_pton(AF_INET6, found["ipv6"].decode())
        except OSError:
            return None
    return found["port"] or b""


def is_port(digits: bytes) -> bool:
    """1 to 65535."""
    digits = digits.lstrip(b"0")
    return 0 < len(digits) <= 5 and int(digits) <= 65535
