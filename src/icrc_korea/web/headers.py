"""Gives what every answer says besides what it is: who may read it, and what a browser may make of it."""

from __future__ import annotations

POSTED = ("/sparql", "/sparql/", "/reconcile")  # the addresses that take a body
ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
POLICY = (b"content-security-policy", b"default-src 'self'; base-uri 'none'; frame-ancestors 'self'; object-src 'none'")
SHARED = [(b"access-control-allow-origin", b"*"),
          (b"access-control-expose-headers", b"ETag, Link, Query-Limits, Result-Count, Retry-After")]  # fmt: skip
ASKED_BEFORE = [(b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type, If-None-Match"),
                (b"access-control-max-age", b"86400")]  # fmt: skip
OF_WRITERS = (201, 204, 401, 403, 412, 421)  # not for pages of others to read
READING = ("GET", "HEAD", "POST", "OPTIONS")


def around(method: str, status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What an answer with these headers lacks."""
    names = {name for name, _ in headers}
    found = [*ALWAYS, *([] if POLICY[0] in names else [POLICY])]
    if method == "OPTIONS" or (method in READING and status not in OF_WRITERS):
        found += [pair for pair in SHARED if pair[0] not in names]
    return found


def block(headers: list[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])
