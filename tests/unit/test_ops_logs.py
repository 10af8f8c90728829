"""The log: lines for people or for collectors, without secrets and without what exceptions quote."""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.__main__ import main
from bot.core.errors import GraderAway
from bot.ops import logs
from bot.ops.masks import masking, said, trace
from bot.settings import load

CANARY = "zugzwang"
"""A word of somebody's answer."""

TOKENS = {
    "Slack's bot token": "xoxb-1111111111-2222222222-AbCdEfGhIjKl",
    "Slack's rotated token": "xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4OTAtYWJj",
    "Slack's app token": "xapp-1-A111-222-abcdef0123456789",
    "a Discord token": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA.GhIjKl.abcdefghijklmnopqrstuvwxyz-0123456789",
    "an OpenAI key": "sk-proj-abcdefghijklmnop1234567890",
    "a bearer token": "Authorization: Bearer abcdefgh.ijklmnop",
    "a password in an address": "postgresql://coach:pa55:w0rd@db.example/coach",
    "a token in an address": "http://127.0.0.1:8765/?token=open-sesame&x=1",
    "an interaction's token": "/webhooks/1234567890/aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEy",
    "where a command is answered": "https://hooks.slack.com/commands/T1/2/abcdef",
}
HIDDEN = (
    "1111111111-2222222222-AbCdEfGhIjKl", "Mi0yLTEyMzQ1Njc4OTAtYWJj", "A111-222-abcdef0123456789", "GhIjKl",
    "abcdefghijklmnop1234567890", "abcdefgh.ijklmnop", "w0rd", "open-sesame", "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEy",
    "abcdef",
)  # fmt: skip


class Err:
    """What has gone to stderr so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._text = capsys, ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> Iterator[Err]:
    """What stderr gets; the log is as before afterwards."""
    root, own = logging.getLogger(), logging.getLogger(logs.OWN)
    handlers, level, own_level = list(root.handlers), root.level, own.level
    yield Err(capsys)
    root.handlers[:] = handlers
    root.setLevel(level)
    own.setLevel(own_level)


def lines(err: Err) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.getvalue().splitlines()]


log = logging.getLogger("bot.coach.anything")


def test_a_line_for_people_is_as_it_always_was(err: Err) -> None:
    logs.configure(level="INFO")
    log.info("reply %s is %s", 7, "graded")
    log.debug("too quiet")
    (line,) = err.getvalue().splitlines()
    assert line[:4].isdecimal()
    assert line.endswith(" INFO bot.coach.anything: reply 7 is graded")


def test_a_line_for_collectors_is_one_object_with_its_time_in_utc_and_its_fields(err: Err) -> None:
    logs.configure(level="DEBUG", form="json", fields={"role": "grader"})
    with logs.bound(platform="slack"), logs.bound(loop="x"):
        log.warning("%d messages\nwait", 3, extra={"round": 12})
    log.debug("later")
    first, second = lines(err)
    assert first["event"] == "3 messages\\nwait"
    assert (first["level"], first["logger"], first["role"]) == ("warning", "bot.coach.anything", "grader")
    assert (first["platform"], first["loop"], first["round"]) == ("slack", "x", 12)
    assert first["time"].endswith("+00:00")
    assert isinstance(first["process"], int)
    assert "platform" not in second


async def test_what_a_task_logs_has_the_fields_it_was_begun_with(err: Err) -> None:
    logs.configure(level="INFO", form="json")

    async def work() -> None:
        await asyncio.sleep(0)
        log.info("done")

    with logs.bound(platform="discord"):
        task = asyncio.create_task(work())
    await task
    assert lines(err)[0]["platform"] == "discord"


@pytest.mark.parametrize("form", ["text", "json"])
def test_libraries_are_heard_from_warnings_on_however_much_the_coach_tells(err: Err, form: logs.Form) -> None:
    logs.configure(level="DEBUG", form=form)
    for name in ("discord.gateway", "aiosqlite", "openai._base_client", "httpx", "asyncio", "slack_sdk.web"):
        logging.getLogger(name).info("payload %s", CANARY)
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
    assert err.getvalue() == ""
    logging.getLogger("discord.gateway").warning("slow")
    assert "slow" in err.getvalue()


def test_configured_again_it_logs_once_at_the_new_level(err: Err) -> None:
    logs.configure(level="DEBUG")
    logs.configure(level="ERROR", form="json")
    log.warning("no")
    log.error("yes")
    assert [line["event"] for line in lines(err)] == ["yes"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("kind", "hidden"), list(zip(TOKENS, HIDDEN, strict=True)))
def test_what_looks_like_a_token_is_masked(err: Err, kind: str, hidden: str, form: logs.Form) -> None:
    logs.configure(level="INFO", form=form)
    log.info("got %s here", TOKENS[kind])
    try:
        raise OSError(TOKENS[kind])
    except OSError:
        log.exception("%s", kind, extra={"where": TOKENS[kind]})
    assert hidden not in err.getvalue()
    assert err.getvalue().count("***") >= 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_secret_of_the_settings_is_masked_wherever_it_comes_up(err: Err, form: logs.Form) -> None:
    given = {
        "COACH_WEB_TOKEN": "sesam", "COACH_LLM_API_KEY": "plain words", "COACH_SLACK_SIGNING_SECRET": 'quo"te\\d',
        "COACH_DATABASE_URL": "postgresql://coach:s%20pass@db/coach",
        "COACH_ENCRYPTION_KEY": f"{'A' * 43}=,{'B' * 43}=",
    }  # fmt: skip
    logs.configure(level="INFO", form=form, secrets=load(given).secrets)
    told = ["sesam", "plain words", 'quo"te\\d', "s%20pass", "s pass", f"{'A' * 43}=", f"{'B' * 43}="]
    for secret in told:
        log.info("[%s]", secret)
        try:
            raise OSError(secret)
        except OSError:
            log.exception("failed")
    text = err.getvalue()
    assert text.count("[***]") == len(told)
    assert not any(secret in text or json.dumps(secret)[1:-1] in text for secret in told)


def test_a_text_without_a_secret_stays_as_it_is() -> None:
    text = "Bot permissions: sk-1, task-force-of-sixteen-people, 12:30 at https://example.org/a:b/c, the token changed"
    assert masking(["abc"])(text) == text


def test_an_exception_is_told_by_its_text_only_where_that_quotes_nothing() -> None:
    assert said(GraderAway("the provider is down")) == "the provider is down"
    assert said(ValueError(CANARY)) == "ValueError"
    assert said(FileNotFoundError(2, "No such file", "/x")) == "FileNotFoundError: [Errno 2] No such file: '/x'"
    assert said(KeyError(CANARY)) == "KeyError"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_has_its_frames_and_causes_and_quotes_nobody(err: Err, form: logs.Form) -> None:
    logs.configure(level="INFO", form=form)

    def choke(text: str) -> None:
        try:
            int(text)
        except ValueError as error:
            raise RuntimeError(f"can't read {text}") from error

    try:
        choke(CANARY)
    except RuntimeError as error:
        log.exception("it failed: %s", error)
        log.error("and again", exc_info=ExceptionGroup(CANARY, [error, OSError("disk full")]))
    text = err.getvalue()
    assert CANARY not in text
    for told in ("in choke", "ValueError", "RuntimeError", "which led to", "it failed: RuntimeError", "disk full"):
        assert told in text


def test_a_traceback_of_exceptions_that_go_round_in_circles_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert trace(first).count("ValueError") == 2


@pytest.mark.parametrize("form", ["text", "json"])
async def test_what_asyncio_tells_of_a_task_that_failed_quotes_nobody(err: Err, form: logs.Form) -> None:
    logs.configure(level="INFO", form=form)

    async def fail(text: str) -> None:
        raise ValueError(text)

    task = asyncio.create_task(fail(CANARY), name="a job")
    await asyncio.wait({task})
    del task
    gc.collect()
    asyncio.get_running_loop().call_exception_handler(
        {"message": f"Exception in callback work('{CANARY}')", "exception": KeyError(CANARY)}
    )
    assert CANARY not in err.getvalue()
    assert "Task exception was never retrieved, a job, exception ValueError" in err.getvalue()
    assert "Exception in callback work" in err.getvalue()


def test_nobody_forges_a_line_or_steers_a_terminal(err: Err) -> None:
    logs.configure(level="INFO")
    log.info("by %s", "Eve\n2026-01-01 ERROR bot: all is lost\x1b[2J\u2028x")
    assert len(err.getvalue().splitlines()) == 1
    assert "\x1b" not in err.getvalue()


@pytest.mark.parametrize("level", [logging.INFO, logging.ERROR])
def test_a_line_that_cannot_be_made_is_told_without_its_parts(err: Err, level: int) -> None:
    logs.configure(level="INFO")
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if type(handler).__module__ == logs.__name__]
    log.log(level, "%d", CANARY)
    assert CANARY not in err.getvalue()
    assert "test_ops_logs.py" in err.getvalue()


def test_a_log_that_nobody_reads_stops_nobody(err: Err, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure(level="INFO")
    closed = io.StringIO()
    closed.close()
    for gone in (closed, None):
        monkeypatch.setattr("sys.stderr", gone)
        log.info("into the void")
    monkeypatch.undo()
    assert err.getvalue() == ""


@pytest.mark.parametrize("error", [KeyError(CANARY), ExceptionGroup(CANARY, [RuntimeError(CANARY)])])
def test_an_error_that_nobody_foresaw_ends_the_program_with_its_place_and_quotes_nobody(
    err: Err, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr("bot.cli.run.run", fail)
    assert main(["run"]) == 1
    text = err.getvalue()
    assert "CRITICAL bot: mlops-coach was stopped by an unexpected error" in text
    assert type(error).__name__ in text
    assert "in fail" in text
    assert CANARY not in text
