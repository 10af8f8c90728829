"""Slack's Web API as the coach asks it: where to, through what, and what answers mean."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.platforms.slack.link import api

GOV = "https://slack-gov.com/api/"


def answered(status: int = 200, data: Any = None, **headers: str) -> SlackApiError:
    response = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="x",
        req_args={},
        data=data,
        headers=headers,
        status_code=status,
    )
    return SlackApiError("The request failed", response)  # type: ignore[no-untyped-call]


def refused(error: str, **headers: str) -> SlackApiError:
    return answered(200, {"ok": False, "error": error}, **headers)


@pytest.mark.parametrize(
    ("given", "base", "origin"),
    [
        ("", "https://slack.com/api/", "https://slack.com"),
        (GOV, GOV, "https://slack-gov.com"),
        (GOV.rstrip("/"), GOV, "https://slack-gov.com"),
        ("http://127.0.0.1:8080/api/", "http://127.0.0.1:8080/api/", "http://127.0.0.1:8080"),
    ],
)
def test_the_address_may_be_another(given: str, base: str, origin: str) -> None:
    assert api.base_url(given) == base
    assert api.origin(given) == origin
    assert api.client("xoxb-1", given).base_url == base


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/api/", True),
        ("ws://127.8.0.1:1/link", True),
        ("http://[::1]:1/", True),
        ("http://localhost/api/", True),
        ("https://slack.com/api/", False),
        ("https://10.0.0.1/api/", False),
        ("https://localhost.example.org/", False),
        ("", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, local: bool) -> None:
    assert api.is_local(url) is local


def test_a_proxy_is_used_for_slack_and_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.client("xoxb-1", "").proxy is None
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
    assert api.client("xoxb-1", "").proxy == "http://proxy.example.org:3128"
    assert api.client("xoxb-1", "http://127.0.0.1:1/api/").proxy is None


def test_a_client_repeats_nothing_and_logs_nothing() -> None:
    made = api.client("xoxb-secret", "")
    assert made.retry_handlers == []
    assert not made.logger.isEnabledFor(logging.ERROR)
    assert made.logger.level > logging.DEBUG, "the SDK asks for this very number"
    assert "xoxb" not in repr(made)


@pytest.mark.parametrize(
    ("error", "code", "wait", "reason"),
    [
        (refused("not_in_channel"), "not_in_channel", None, "Slack answered not_in_channel"),
        (answered(429, {"ok": False, "error": "ratelimited"}, **{"Retry-After": "7"}), "ratelimited", 7.0, None),
        (answered(429, {}, **{"Retry-After": "0"}), "", 1.0, "Slack answered with HTTP status 429"),
        (answered(429, {}, **{"Retry-After": "soon"}), "", 60.0, None),
        (refused("ratelimited"), "ratelimited", 60.0, None),
        (answered(503, {}), "", None, "Slack answered with HTTP status 503"),
        (TimeoutError(), "", None, "Slack doesn't answer"),
        (aiohttp.ClientError("http://127.0.0.1/?ticket=1"), "", None, "Slack can't be reached (ClientError)"),
        (OSError("no route"), "", None, "Slack can't be reached (OSError)"),
    ],
    ids=str,
)
def test_what_went_wrong_is_told_in_a_few_words(
    error: Exception, code: str, wait: float | None, reason: str | None
) -> None:
    assert isinstance(error, api.PASSING)
    assert api.code(error) == code
    assert api.retry_after(error) == wait
    assert reason is None or api.reason(error) == reason
    assert "\n" not in api.reason(error)
    assert "ticket" not in api.reason(error)
