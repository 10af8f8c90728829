"""Signed HTTP: events, commands and presses posted to the app's request URL."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from tests.e2e.slack_server.delivery import Delivery
from tests.e2e.slack_server.faults import Line
from tests.e2e.slack_server.reading import Json

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


def signature(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a request."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()


class HttpPush:
    """`url` is the app's request URL, one for events, commands and interactivity; "" while Socket Mode is used."""

    def __init__(self, line: Line, signing_secret: str) -> None:
        self.url = ""
        self.secret = signing_secret
        self.seen: list[tuple[int, str]] = []
        """Status and body of each answer."""
        self._line = line
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def request(self, delivery: Delivery) -> tuple[str, dict[str, str]]:
        """The body and headers, as signed now."""
        body, kind = _body(delivery)
        headers = self.signed(body, kind)
        if delivery.kind == "events_api" and delivery.attempts > 1:
            headers["X-Slack-Retry-Num"] = str(delivery.attempts - 1)
            headers["X-Slack-Retry-Reason"] = delivery.reasons[-1] if delivery.reasons else "unknown_error"
        return body, headers

    def signed(self, body: str, content_type: str, *, timestamp: str | None = None) -> dict[str, str]:
        """Headers of a request that Slack sends now, or at another time."""
        stamp = timestamp if timestamp is not None else str(int(time.time()))
        return {
            "Content-Type": content_type, "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self.secret, stamp, body), "User-Agent": "Slackbot 1.0",
        }  # fmt: skip

    async def post(
        self, body: str, headers: Mapping[str, str], seconds: float = 3.0
    ) -> tuple[int, str, Mapping[str, str]]:
        """Status, body and headers of the app's answer to any request, good or forged. Raises as aiohttp does."""
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with self._session.post(
            self.url, data=body.encode(), headers=dict(headers), timeout=timeout, allow_redirects=False
        ) as response:
            text = await response.text()
            self.seen.append((response.status, text))
            return response.status, text, response.headers

    async def attempt(self, delivery: Delivery, seconds: float) -> tuple[bool, Json | None, str]:
        if self._line.cut or not self._line.up.is_set():
            return False, None, "connection_failed"
        body, headers = delivery.sent = self.request(delivery)
        try:
            status, text, back = await self.post(body, headers, seconds)
        except TimeoutError:
            return False, None, "http_timeout"
        except aiohttp.ClientError:
            return False, None, "connection_failed"
        if not 200 <= status < 300:
            return False, None, "no_retry" if back.get("X-Slack-No-Retry") == "1" else "http_error"
        return True, _answer(text), ""

    async def replay(self, delivery: Delivery) -> int:
        """Send the very bytes of a request once more, signature and all; the status of the answer."""
        body, headers = delivery.sent
        status, _, _ = await self.post(body, headers)
        return status

    async def forge(
        self, delivery: Delivery, *, secret: str | None = None, timestamp: str | None = None, without: str = ""
    ) -> int:
        """Send a request as somebody else would; the status of the answer.

        `secret` signs it instead of Slack's, `timestamp` replaces the present one (and is signed), `without` names a
        header that is left out.
        """
        body, kind = _body(delivery)
        forger = HttpPush(self._line, self.secret if secret is None else secret)
        headers = forger.signed(body, kind, timestamp=timestamp)
        headers.pop(without, None)
        status, _, _ = await self.post(body, headers)
        return status

    async def verify(self) -> bool:
        """Whether the app answers url_verification, as asked when the request URL is saved."""
        challenge = secrets.token_hex(12)
        said = {"token": "loopback-verification-token", "challenge": challenge, "type": "url_verification"}
        body = json.dumps(said)
        status, text, _ = await self.post(body, self.signed(body, _JSON))
        return status == 200 and challenge in text


def _body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), _JSON
    if delivery.kind == "slash_commands":
        return urlencode(delivery.payload), _FORM
    return urlencode({"payload": json.dumps(delivery.payload)}), _FORM


def _answer(text: str) -> Json | None:
    try:
        said = json.loads(text) if text.strip() else None
    except ValueError:
        return {"text": text}
    return said if isinstance(said, dict) and said else None
