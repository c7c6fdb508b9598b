"""Guard: who is let in. Any page that is open in a browser can send requests here, so each has to prove that it may.

- `Host` is one of the server's own names: a foreign name that has been made to lead here (DNS rebinding) is refused.
- `Origin`, where the browser tells it, is the server's own, and has to be told where a session is asked for.
- The token is in the address, or in the cookie that its first use leaves; it is compared in constant time.

The headers that every answer carries let the page load nothing from elsewhere, and let no other page frame it.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; "  # xterm.js makes its style sheet as it runs
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Asked:
    """What the guard looks at in a request; None and an empty text for what it does not say."""

    host: str
    origin: str | None = None
    token: str | None = None
    """In the address."""
    cookie: str | None = None
    session: bool = False
    """Whether it asks for a session, which would drive the program."""


@dataclass(frozen=True)
class Guard:
    """Lets in what proves that it may."""

    host: str
    """Where the server listens: a name or an address."""
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie; cookies know no ports, and two servers may run on a machine."""
        return f"mlp-tui-{self.port}"

    def refusal(self, asked: Asked) -> str | None:
        """Say why a request is refused; None where it is let in."""
        if not self._is_own(asked.host):
            return "This is not a name that mlp-tui serve goes by."
        origins = (f"http://{asked.host}", f"https://{asked.host}")  # https where another server stands before this one
        if asked.origin is None and asked.session:
            return "A session has to say which page it comes from."
        if asked.origin is not None and asked.origin.lower() not in {each.lower() for each in origins}:
            return "Another page may not use mlp-tui."
        given = asked.cookie if asked.token is None else asked.token
        if given is None:
            return "Open the address that mlp-tui serve has printed, with its token."
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode()):
            return "This is not the token; open the address that mlp-tui serve has printed last."
        return None

    def _is_own(self, host: str) -> bool:
        """Whether a Host header names this server; beyond loopback an address always does, which no foreign name is."""
        name, port = _parted(host)
        if port != self.port:
            return False
        if is_loopback(self.host):
            return name in LOOPBACK or name == self.host.lower()
        return name in {self.host.lower(), "localhost", *_own_names()} or _address(name) is not None

    @property
    def address(self) -> str:
        """Where a browser finds the server, with the token."""
        bound = _address(self.host)
        name = socket.gethostname() if bound is not None and bound.is_unspecified else self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}/?token={self.token}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _own_names() -> tuple[str, str]:
    name = socket.gethostname().lower()
    return name, f"{name}.local"


def _parted(host: str) -> tuple[str, int | None]:
    """Part a Host header into name and port; a port that is left out is 80."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host.lower(), "80"
    return name.removeprefix("[").removesuffix("]"), int(port) if port.isascii() and port.isdigit() else None
