"""What stands between the network and the chat: names, origins, the token, sizes, rates and headers.

The chat usually listens on a laptop's loopback address, where the danger is other sites open in the same browser: they
can point a name of theirs at 127.0.0.1 (so foreign Host headers are refused) and send forms (so only JSON from our own
origin is taken).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bot.core.errors import CoachError, StoreError, UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 64 * 1024  # bytes
OPEN_PATHS = frozenset({"/healthz", "/api/token"})  # beside the page's own files, which hold no secrets

_log = logging.getLogger(__name__)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "mlops-coach",
}


async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every response; nothing but the page's files may be kept by a cache."""
    response.headers.update(_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def problem(status: int, text: str, need: str = "") -> web.Response:
    """An error as the page expects it: one line to show, and what to ask for ("token", "name") before trying again."""
    return web.json_response({"error": text, "need": need}, status=status)


class Refusal(Exception):
    """A request that is answered with a status of its own, one line, and what the page should ask for (`need`)."""

    def __init__(self, status: int, text: str, need: str = "") -> None:
        self.status, self.need = status, need
        super().__init__(text)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes one line of JSON; what isn't ours to show stays in the log."""
    try:
        return await handler(request)
    except Refusal as error:
        return problem(error.status, str(error), need=error.need)
    except UsageError as error:
        return problem(400, str(error))
    except StoreError as error:
        _log.warning("%s %s: %s", request.method, request.path, error)
        return problem(503, "The coach can't save or read anything for now; its log says why. Try again in a moment.")
    except CoachError as error:
        _log.warning("%s %s: %s", request.method, request.path, error)
        return problem(503, str(error))
    except web.HTTPRequestEntityTooLarge:
        return problem(413, f"That is more than {BODY_LIMIT // 1024} KB. Shorten it and send it again.")
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        return problem(error.status, f"{HTTPStatus(error.status).phrase}.")


# ---------------------------------------------------------------------------------------------- names and origins


def is_loopback(host: str) -> bool:
    """Whether a bind address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class OwnNames:
    """The host names that the chat answers to.

    On loopback these are its own; elsewhere also any IP address (a rebound name is never one), the bind address and
    `extra`, the names that a proxy or a local DNS gives it.
    """

    def __init__(self, host: str, extra: Iterable[str]) -> None:
        self._names = {"localhost", host.casefold(), *(name.casefold().strip() for name in extra)}
        self._addresses = not is_loopback(host)

    def __contains__(self, header: str) -> bool:
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback or self._addresses
        except ValueError:
            return False


def origin_guard(names: OwnNames) -> Middleware:
    """Refuse hosts that aren't ours, and changes that come from another site's page or aren't JSON."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get(hdrs.HOST, "") not in names:
            return problem(421, "The coach doesn't answer to that host name. Open it by the address that it printed.")
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            if _foreign(request):
                return problem(403, "That came from another site's page, so it was refused.")
            if request.content_type != "application/json":
                return problem(415, "Send JSON: Content-Type application/json.")
        return await handler(request)

    return guard


def _foreign(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.casefold() != request.headers.get(hdrs.HOST, "").casefold()
    except ValueError:
        return True


# ---------------------------------------------------------------------------------------------- the token


class Door:
    """Lets in browsers that have shown the token; without a token it stands open."""

    def __init__(self, token: str) -> None:
        self._token = token
        # The cookie proves that the token was known without holding it, and a new token makes it worthless.
        self._proof = hmac.new(token.encode(), b"mlops-coach web door", hashlib.sha256).hexdigest()

    @property
    def locked(self) -> bool:
        return bool(self._token)

    def opens_with(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())

    def passed(self, request: web.Request, cookie: str) -> bool:
        shown = request.cookies.get(cookie, "").encode("utf-8", "replace")
        return not self.locked or hmac.compare_digest(shown, self._proof.encode())

    def let_in(self, response: web.StreamResponse, cookie: str, *, secure: bool) -> None:
        set_cookie(response, cookie, self._proof, secure=secure)


def set_cookie(response: web.StreamResponse, name: str, value: str, *, secure: bool) -> None:
    """A cookie that scripts can't read, that other sites' requests don't carry, and that lasts a year."""
    response.set_cookie(name, value, max_age=365 * 86_400, path="/", httponly=True, samesite="Strict", secure=secure)


def door_guard(door: Door, cookie: str, pages: Iterable[str], public: str = "") -> Middleware:
    """Ask for the token before anything but the page itself, the health check and what begins with `public`."""
    free = OPEN_PATHS | frozenset(pages)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in free or (public and request.path.startswith(public)) or door.passed(request, cookie):
            return await handler(request)
        return problem(401, "This coach asks for its token.", need="token")

    return guard


# ---------------------------------------------------------------------------------------------- rates


class Rates:
    """A token bucket per key (a person, an address): `burst` at once, then `per_second`. Remembers 4,096 keys."""

    _KEYS = 4_096

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Take one. Returns 0.0 when it was there, else the seconds until it will be. `now` is monotonic."""
        left, since = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._KEYS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_second
