"""Slack's Web API as the coach asks it: a client per token that repeats nothing by itself, and what its errors mean."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

API_URL: Final = "https://slack.com/api/"

TIMEOUT_S: Final = 20.0
"""How long an answer of Slack is waited for."""

PASSING: Final = (
    SlackClientError,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    RuntimeError,
    AttributeError,
    ValueError,
)
"""What calls of the SDK raise: RuntimeError where a session was closed meanwhile, the last two for a body that isn't
JSON, such as a proxy's page."""

LOST: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
"""Answers that refuse a token for good."""

QUIET: Final = logging.getLogger("bot.platforms.slack.sdk")
"""The SDK's logger. Its lines hold people's texts, and addresses that open a socket or answer a command."""
# A level of its own: the SDK looks at this number alone, and 0 counts as DEBUG there.
QUIET.setLevel(logging.CRITICAL)


def base_url(api_url: str) -> str:
    """The API's address with its slash; Slack's own for ""."""
    return (api_url.rstrip("/") + "/") if api_url else API_URL


def origin(api_url: str) -> str:
    """What pages beside the API begin with, such as "https://slack-gov.com"."""
    parts = urlsplit(base_url(api_url))
    return f"{parts.scheme}://{parts.netloc}"


def session() -> aiohttp.ClientSession:
    """A session for clients to share. Close it."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=10.0))


def client(token: str, api_url: str, shared: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """A client with a token ("" for none). It raises what `PASSING` lists and sends everything once.

    The proxy of HTTPS_PROXY or HTTP_PROXY is used, but never for an API on this machine.
    """
    made = AsyncWebClient(
        token=token or None,
        base_url=base_url(api_url),
        timeout=int(TIMEOUT_S),
        session=shared,
        logger=QUIET,
        retry_handlers=[],
    )
    if is_local(made.base_url):
        made.proxy = None
    return made


def is_local(url: str) -> bool:
    """Whether an address is one of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def code(error: BaseException) -> str:
    """Slack's name for an error, such as "channel_not_found"; "" where it isn't an answer of Slack's API."""
    answer = body(error)
    return str(answer.get("error") or "") if answer else ""


def body(error: BaseException) -> dict[str, Any]:
    """What Slack answered with an error; empty where it didn't answer in its own way."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return data if isinstance(data, dict) else {}


def status(error: BaseException) -> int:
    """The HTTP status that came with an error, 0 when none came."""
    response = error.response if isinstance(error, SlackApiError) else None
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def retry_after(error: BaseException) -> float | None:
    """The wait in seconds that Slack asked for with a 429, from 1 to 86,400, or None."""
    if status(error) != 429 and code(error) != "ratelimited":
        return None
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return min(max(1.0, float(headers.get("Retry-After", ""))), 86_400.0)
    except (ValueError, TypeError):
        return 60.0


def reason(error: BaseException) -> str:
    """Why Slack didn't do what was asked, in a few words without anything that the request held."""
    if found := code(error):
        return f"Slack answered {found[:80]}"
    if number := status(error):
        return f"Slack answered with HTTP status {number}"
    if isinstance(error, TimeoutError):
        return "Slack doesn't answer"
    return f"Slack can't be reached ({type(error).__name__})"
