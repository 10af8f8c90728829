"""What outsiders can make grow has a bound: beyond it they wait, are read again later, or what is oldest goes."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.coach import Coach, Graders, Notices
from bot.coach.grading import MOST_HEARD
from bot.coach.notices import MOST_QUIET
from bot.coach.replies import Taken
from bot.core.errors import GraderAway
from bot.core.model import Place, Reply, Task, Verdict
from bot.core.ports import Query, Store
from bot.graders.llm import Fallback
from bot.platforms.discord import DiscordChat, chat, inbox, marks, receipts
from bot.platforms.slack import marks as slack_marks
from bot.stores import batches
from bot.stores.units import Done, Outcome, Start


class Slow:
    """Replies that are stored once they are let go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.taken = 0

    async def round_of(self, *_: str) -> int:
        return 1

    async def take(self, _: Reply) -> Taken:
        await self.go_on.wait()
        self.taken += 1
        return Taken.DISCUSSION


def message(number: int) -> discord.Message:
    channel = discord.PartialMessageable(state=cast(Any, None), id=5, guild_id=1)
    return cast(
        discord.Message,
        SimpleNamespace(
            id=number, guild=SimpleNamespace(id=1), type=discord.MessageType.default, webhook_id=None, reference=None,
            channel=channel, content="words enough for an answer", edited_at=None, created_at=dt.datetime.now(dt.UTC),
            author=SimpleNamespace(id=7, bot=False, display_name="Ada"),
        ),
    )  # fmt: skip


async def test_messages_beyond_what_can_be_taken_at_once_are_read_again_later() -> None:
    replies, gaps = Slow(), 0

    def gap() -> None:
        nonlocal gaps
        gaps += 1

    coach = cast(Coach, SimpleNamespace(replies=replies))
    box = inbox.Inbox(coach, gap=gap, seen=lambda _: None, unreadable=cast(Any, None))
    beyond = 10
    taking = [
        asyncio.create_task(box.take(message(number), 99, readable=True))
        for number in range(inbox.MOST_AT_ONCE + beyond)
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    assert gaps == beyond
    replies.go_on.set()
    await asyncio.gather(*taking)
    assert replies.taken == inbox.MOST_AT_ONCE
    await box.take(message(1), 99, readable=True)
    assert (gaps, replies.taken) == (beyond, inbox.MOST_AT_ONCE + 1)


async def test_receipts_on_discord_are_left_out_when_too_many_wait() -> None:
    put = receipts.Receipts(lambda: None)
    for number in range(receipts.MOST_WAITING + 100):
        put.put(("1", "2", str(number)), receipts.Receipt.GRADED)
    assert len(put._wanted) == receipts.MOST_WAITING
    put.put(("1", "2", "seen"), receipts.Receipt.SEEN)
    assert ("1", "2", "seen") not in put._wanted
    await asyncio.gather(*put._tasks)
    assert not put._wanted


def test_marks_that_nobody_will_look_for_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    on_discord, on_slack = marks.Marks(), slack_marks.Marks()
    on_discord._read[5] = (now + 60, 0, {})
    on_slack._read["T1", "C1"] = (now + 60, 0.0, {})
    on_discord.add(5, "mark", 1)
    on_slack.add("T1", "C1", "mark", "1.0")
    assert on_discord._read[5][2] == {"mark": 1}
    assert on_slack._read["T1", "C1"][2] == {"mark": "1.0"}
    now += 61
    on_discord.add(5, "mark", 1)
    on_slack.add("T1", "C1", "mark", "1.0")
    assert not on_discord._read
    assert not on_slack._read


class Stuck:
    """A store that answers nobody."""

    def __init__(self) -> None:
        self.asked = 0

    async def write(self, *_: object, **__: object) -> None:
        self.asked += 1
        await asyncio.Event().wait()


async def test_people_whose_words_cannot_be_read_are_told_so_few_at_a_time() -> None:
    store = Stuck()
    platform = DiscordChat(cast(Store, store), token="x")
    for number in range(chat.MOST_POINTED + 50):
        platform._unreadable(message(number), 1)
    await asyncio.sleep(0)
    assert store.asked == len(platform._tasks) == chat.MOST_POINTED
    done = platform._tasks.pop()
    done.cancel()
    await asyncio.wait([done])
    await asyncio.sleep(0)
    platform._unreadable(message(1), 1)
    await asyncio.sleep(0)
    assert store.asked == chat.MOST_POINTED + 1
    for task in platform._tasks:
        task.cancel()
    await asyncio.gather(*platform._tasks, return_exceptions=True)


class NoGrade:
    """A grader that is away, and one beside it that finds nothing either."""

    name = "none"

    async def grade(self, _: Task) -> Verdict:
        raise GraderAway("the key is refused", notice=f"notice {next(self.number)}")

    number = itertools.count()

    async def close(self) -> None:
        return None


async def test_notices_that_nobody_fetches_are_kept_up_to_a_bound_the_newest() -> None:
    heard = Graders(NoGrade()).heard
    grader = Fallback(NoGrade(), NoGrade(), heard.append)
    for _ in range(MOST_HEARD + 30):
        with pytest.raises(GraderAway):
            await grader.grade(cast(Task, None))
    assert len(heard) == MOST_HEARD
    numbers = [int(notice.removeprefix("notice ")) for notice in heard]
    assert numbers == list(range(numbers[0], numbers[0] + 2 * MOST_HEARD, 2)), "each second one is the other grader's"


class Cleared:
    """A store that counts what is written."""

    def __init__(self) -> None:
        self.writes = 0

    async def write(self, *_: object, **__: object) -> None:
        self.writes += 1


async def test_communities_without_a_notice_are_remembered_up_to_a_bound() -> None:
    store = Cleared()
    notices = Notices(cast(Store, store), cast(Any, None))
    for number in range(2 * MOST_QUIET + 5):
        await notices.clear(Place("room", str(number), ""))
    assert len(notices._quiet) == 5
    await notices.clear(Place("room", str(2 * MOST_QUIET + 4), ""))
    assert store.writes == 2 * MOST_QUIET + 5


async def test_writers_beyond_what_may_wait_are_held_back_and_all_are_served() -> None:
    go_on = asyncio.Event()

    async def commit(starts: list[Start]) -> list[Outcome]:
        await go_on.wait()
        return [Done(None) for _ in starts]

    def unit() -> Generator[Query, Any, None]:
        yield from ()

    waiting = batches.Batches(Path("x"), cast(Any, commit))
    writers = [asyncio.create_task(waiting.run(unit)) for _ in range(batches.MOST_WAITING + 100)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(waiting._waiting) <= batches.MOST_WAITING
    go_on.set()
    await asyncio.gather(*writers)
    await waiting.close()
