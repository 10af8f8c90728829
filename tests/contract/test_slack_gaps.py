"""What Slack's retries, restarts and crashes do to a round: nothing is lost, and nothing said or counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.coach import Replies
from bot.core.errors import StoreUnwritable
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_rounds import full, half


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


# ---------------------------------------------------------------------------------------------- gaps


async def test_what_was_missed_is_taken_after_a_restart_and_what_vanished_withdrawn(here: Space) -> None:
    round_ = await here.ask()
    gone = await here.say(here.ben, full(round_.question.id))
    await here.stop()
    here.slack.outgoing.drop = True
    here.clock.pass_(seconds=5)
    here.slack.say(here.channel, here.ada, half(round_.question.id), thread=here.question)
    here.slack.delete(gone)
    here.slack.outgoing.drop = False
    await here.start()
    await here.settle()
    assert await here.points() == {"Ada": 5}
    assert ["Score: 5/10" in grade.shown for grade in here.spoken()] == [True], "Ben's went with his answer"


async def test_a_message_seen_many_times_is_graded_once(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    for delivery in said.deliveries:
        here.slack.outgoing.again(delivery)
    await here.settle()
    for _ in range(2):
        await here.restart()
    assert len(here.spoken()) == 1
    assert here.store_rows("replies") == 1


async def test_a_reply_that_comes_before_its_round_is_noted_as_open_is_taken(here: Space) -> None:
    opened = asyncio.Event()
    write = here.store.write

    async def slow(unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        if unit.__name__ == "_mark":
            await opened.wait()
        return await write(unit, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here.store, "write", slow)
        await here.app.coach.rounds.post_now(here.place)
        posting = asyncio.create_task(here.app.settle())
        await here.slack.wait_for(lambda: here.slack.messages(here.channel))
        answer = " ".join(full(f"q{n}") for n in range(1, 7))
        here.slack.say(here.channel, here.ada, answer, thread=here.question)
        await asyncio.sleep(0.2)
        opened.set()
        await posting
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_a_reply_that_could_not_be_stored_is_not_acknowledged_and_comes_again(here: Space) -> None:
    round_ = await here.ask()
    here.slack.outgoing.ack_s, here.slack.outgoing.factor = 0.3, 0.001
    failures: list[object] = []
    take = Replies.take

    async def fails(replies: Replies, reply: Any, *, asked: bool = False) -> Any:
        if not failures:
            failures.append(reply)
            raise StoreUnwritable("the disk is full")
        return await take(replies, reply, asked=asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replies, "take", fails)
        patch.setattr("bot.platforms.slack.chat.CATCH_UP_AGAIN_S", 0.0)
        said = await here.say(here.ada, full(round_.question.id))
    assert [delivery.attempts for delivery in said.deliveries] == [2]
    assert await here.points() == {"Ada": 10}


async def test_a_question_that_was_posted_before_a_crash_is_found(here: Space) -> None:
    await here.app.coach.rounds.post_now(here.place)
    here.slack.fail("chat.postMessage", 0, applied=True)
    await here.app.settle()
    assert len(here.slack.messages(here.channel)) == 1
    await here.later(minutes=1)
    assert len(here.slack.messages(here.channel)) == 1
    round_ = await here.app.coach.rounds.find(here.place)
    assert round_.message == here.question.ts


async def test_a_grade_that_left_before_a_crash_is_not_sent_again(here: Space) -> None:
    round_ = await here.ask()
    here.slack.fail("chat.postMessage", 0, applied=True)
    await here.say(here.ada, full(round_.question.id))
    await here.later(minutes=10)
    await here.restart()
    assert len(here.spoken()) == 1


async def test_a_private_grade_that_left_before_a_crash_is_not_sent_again(here: Space) -> None:
    round_ = await here.ask()
    form = await here.form(here.ada, here.question, "Answer privately")
    here.slack.fail("chat.postMessage", 0, applied=True)
    await here.submit(here.ada, form, answer=half(round_.question.id))
    await here.later(minutes=10)
    assert ["Score: 5/10" in said.shown for said in here.direct(here.ada)] == [True, False]  # and a word of welcome
