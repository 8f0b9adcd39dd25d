"""Who may ask what: the host that was meant, the page that asks, the token, the size.

Stands before every route. Nothing here knows what is asked for.
"""

import hashlib
import hmac
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sortal.web.error_response import error_response
from sortal.web.settings import ServerSettings, is_address

COOKIE = "sortal_session"
"""What names of cookies begin with; the port follows, for browsers send cookies to every port."""

API = "/api/v1"
MOST_BYTES = 2_000_000
"""Largest body of a request."""

_READING = {"GET", "HEAD", "OPTIONS"}
_ALWAYS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Answers what must not pass, and passes everything else on."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._token = app, settings.token
        self._names = {"localhost", socket.gethostname().lower(), *map(str.lower, settings.names)}
        if not is_address(settings.host):
            self._names.add(settings.host.lower())
        self._secret = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
            await send(message)

        wrong = self._wrong(scope)
        scope.setdefault("state", {})["guard"] = self
        await (error_response(*wrong) if wrong else self._app)(scope, receive, send_guarded)

    def _wrong(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence of the first thing that is wrong with a request; None if it may pass."""
        headers, method = Headers(scope=scope), scope["method"]
        reads = method in _READING
        return (
            self._wrong_host(headers)
            or (None if reads else _wrong_size(headers))
            or self._wrong_caller(scope["path"], headers)
            or self._wrong_page(scope, headers, reads=reads)
        )

    def _wrong_host(self, headers: Headers) -> tuple[int, str] | None:
        given = headers.getlist("host")
        name = _host_name(given[0]) if len(given) == 1 else ""
        if name and (is_address(name) or name in self._names):
            return None
        return 421, f"host: expected an address, localhost or a name given by --name, got {name!r}."

    def _wrong_caller(self, path: str, headers: Headers) -> tuple[int, str] | None:
        if self._token is None or not path.startswith("/api") or path == f"{API}/session":
            return None
        if self._has_token(headers) or self._has_session(headers):
            return None
        return 401, "this server asks for its token, as `Authorization: Bearer TOKEN`."

    def _wrong_page(self, scope: Scope, headers: Headers, *, reads: bool) -> tuple[int, str] | None:
        """Other sites' pages may neither change anything nor make the server compute."""
        if self._has_token(headers):
            return None
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} and (
            scope["path"].startswith("/api")
        ):
            return 403, "this came from a page of another site, which may not ask."
        own = f"{scope.get('scheme', 'http')}://{headers['host']}".lower()
        if reads or headers.get("origin", "").lower() == own:
            return None
        return 403, f"origin: expected {own} or the server's token, got {headers.get('origin')!r}."

    def knows(self, token: str) -> bool:
        """Whether this is the token; anything is where there is none."""
        if self._token is None:
            return True
        return hmac.compare_digest(token.encode(), self._token.encode())

    @property
    def session(self) -> str:
        """What a browser that told the token keeps as its cookie; another at each start."""
        return hmac.new(self._secret, b"session", hashlib.sha256).hexdigest()

    def _has_token(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self._token is not None and kind.lower() == "bearer" and self.knows(token.strip())

    def _has_session(self, headers: Headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers["host"]))
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(
            found.value.encode(), self.session.encode()
        )


def cookie_name(host: str) -> str:
    """The cookie of the server that a Host header means.

    >>> cookie_name("localhost:8765"), cookie_name("[::1]")
    ('sortal_session_8765', 'sortal_session_80')
    """
    return f"{COOKIE}_{urlsplit(f'//{host}').port or 80}"


def _wrong_size(headers: Headers) -> tuple[int, str] | None:
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding") or (length and not length.isdecimal()):
        return 411, "expected a body whose length is told beforehand."
    if len(length) > 12 or int(length or 0) > MOST_BYTES:
        return 413, f"expected a body of at most {MOST_BYTES} bytes, got {length[:20]}."
    return None


def _host_name(host: str) -> str:
    """The name or address of a Host header, without its port; empty if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    plain = not (parts.path or parts.query or parts.fragment or "@" in host)
    return (parts.hostname or "") if plain else ""
