"""Reading what Slack sends: words without markup and ids, times, commands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.inbox import asked, moment, reply_of, spoken_to, words, written
from bot.platforms.slack.people import profile_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("user", "text", "ts", "thread_ts", "subtype", "edited", "bot_id", "hidden")


@given(st.text())
def test_what_was_typed_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert words(escaped) == text.strip()
    assert asked(escaped) == text.strip()


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<@U0123|ada> said", "@… said"),
        ("<#C0123|general> and <#C0123>", "#general and #…"),
        ("<https://example.com/?a=1&amp;b=2>", "https://example.com/?a=1&b=2"),
        ("<mailto:ada@example.com|ada@example.com>", "ada@example.com"),
        ("<!subteam^S0123|@team> <!here> <!channel|channel>", "@… @here channel"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_slacks_markup_becomes_words(raw: str, read: str) -> None:
    assert words(raw) == read


def test_a_command_keeps_the_mentions_that_a_setting_may_need() -> None:
    assert asked("config set organisers <@U0123|ada>") == "config set organisers <@U0123|ada>"
    assert asked("config set mention <!subteam^S0123|@team>") == "config set mention <!subteam^S0123|@team>"
    assert asked("question <#C0123|general>") == "question #general"


def test_a_ts_is_a_time_to_the_microsecond() -> None:
    assert moment("1772442000.000001") == dt.datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=dt.UTC)
    for wrong in (None, 5, "", "1", "x.y", "9" * 40 + ".1", "1.1234567"):
        assert moment(wrong) is None


def test_only_a_mention_at_the_beginning_speaks_to_the_coach() -> None:
    assert spoken_to("<@U1> hint", "U1") == "hint"
    assert spoken_to("  <@U1|coach>, hint", "U1") == "hint"
    assert spoken_to("<@U2> hint", "U1") is None
    assert spoken_to("hint <@U1>", "U1") is None


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_message_however_odd_breaks_the_reading(message: dict[str, Any]) -> None:
    if written(message):
        reply = reply_of(message, "T1", "C1/1.1", "U1")
        assert reply is None or reply.author.id == message["user"]


@given(JSON)
def test_no_profile_however_odd_breaks_the_reading(user: Any) -> None:
    assert not profile_of(user, "T1").admin


def test_only_an_admin_of_the_coachs_own_workspace_is_one() -> None:
    about = {"team_id": "T1", "is_admin": True, "profile": {"display_name": " Ada\n"}}
    assert profile_of(about, "T1").admin
    assert profile_of(about, "T1").name == "Ada"
    assert not profile_of(about, "T2").admin
    assert not profile_of({**about, "deleted": True}, "T1").admin
    assert not profile_of({**about, "is_stranger": True}, "T1").admin
