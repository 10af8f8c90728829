"""The coach as its own process on Slack: whatever breaks, no reply is lost and none is answered or counted twice."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.slack_coach import Hall
from tests.e2e.slack_server import SlackServer

REPLIES = 9
BOTH = pytest.mark.parametrize("mode", ["socket", "http"])


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def mode() -> str:
    return "socket"


@pytest.fixture
def hall(server: SlackServer, tmp_path: Path, mode: str) -> Hall:
    return Hall(server, tmp_path, mode)


@pytest.fixture
def one(server: SlackServer, tmp_path: Path, mode: str) -> Hall:
    """A workspace with one channel."""
    return Hall(server, tmp_path, mode, channels=1)


# ---------------------------------------------------------------------------------------------- kill -9


@pytest.mark.parametrize(
    ("point", "nth", "mode"),
    [
        ("reply.taken", 5, "socket"),
        ("reply.taken", 5, "http"),
        ("reply.claimed", 2, "socket"),
        ("reply.assessed", 5, "socket"),
        ("reply.recorded", 5, "socket"),
        ("outbox.claimed", 5, "socket"),
        ("outbox.sent", 5, "socket"),
        ("outbox.sent", 5, "http"),
        ("outbox.marked", 5, "socket"),
    ],
)
async def test_kill_9_at_a_point_loses_and_repeats_nothing(hall: Hall, point: str, nth: int) -> None:
    async with hall.coach(point, nth) as process:
        questions = await hall.ask()
        answering = asyncio.create_task(hall.answer(questions, REPLIES, pause=0.1))
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with hall.coach():
        await answering
        await hall.settled()
    hall.check()


@pytest.mark.parametrize("point", ["round.scheduled", "outbox.sent"])
async def test_kill_9_while_a_question_is_posted_posts_it_once(one: Hall, point: str) -> None:
    async with one.coach(point, 1) as process:
        one.try_command(one.boss, "question")
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    posted = one.questions(one.channels[0])
    assert len(posted) == (point == "outbox.sent")
    await one.answer(posted, 3 * len(posted))  # while the coach doesn't know yet that its question is there
    async with one.coach():
        questions = await one.asked()
        await one.answer(questions, 3)
        await one.settled()
    one.check()


@BOTH
async def test_a_private_grade_that_had_left_before_a_kill_comes_once(one: Hall) -> None:
    async with one.coach():
        (question,) = await one.ask()
        form = await one.server.press(one.people[0], question, "Answer privately").form()
    async with one.coach("outbox.sent", 1) as process:
        one.server.submit(one.people[0], form, one.filled(0))  # opened before the first end of the coach
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with one.coach():
        await one.emptied()
    assert one.rows("SELECT count(*) FROM replies WHERE state = 'graded' AND private = 1") == [(1,)]
    grades = [m for m in one.server.messages(one.server.dm(one.people[0])) if "Score" in m.shown]
    assert len(grades) == 1
    assert one.grades() == []


# ---------------------------------------------------------------------------------------------- the connection

CONNECTION: dict[str, Callable[[SlackServer], object]] = {
    "sockets that break": lambda server: server.drop_sockets(),
    "a warning": lambda server: server.disconnect("warning"),
    "a refresh": lambda server: server.disconnect("refresh_requested"),
    "a partition that breaks sockets": lambda server: server.partition(2.0),
    "a partition that is silent": lambda server: server.partition(2.0, silent=True),
    "an app whose Socket Mode is off for a moment": lambda server: off_for(server, 2.0),
}


def off_for(server: SlackServer, seconds: float) -> None:
    server.disconnect("link_disabled")
    asyncio.get_running_loop().call_later(seconds, setattr, server.sockets, "enabled", True)


@pytest.mark.parametrize("what", CONNECTION)
async def test_replies_around_a_gap_are_answered_once(hall: Hall, what: str) -> None:
    async with hall.coach():
        questions = await hall.ask()
        await hall.answer(questions, REPLIES // 2)
        CONNECTION[what](hall.server)
        await hall.answer(questions, REPLIES // 2)
        await hall.settled()
        for delivery in hall.deliveries():
            hall.server.outgoing.again(delivery)
        await hall.emptied()
    hall.check()


@BOTH
async def test_events_that_come_again_in_new_envelopes_make_no_second_attempt(hall: Hall) -> None:
    async with hall.coach():
        questions = await hall.ask()
        await hall.answer(questions, REPLIES)
        for _ in range(3):
            for delivery in hall.deliveries():
                hall.server.outgoing.again(delivery)
            hall.server.disconnect("refresh_requested")
            await asyncio.sleep(0.5)
        await hall.settled()
    hall.check()


async def test_envelopes_that_went_to_another_connection_come_again_and_are_taken_once(hall: Hall) -> None:
    hall.server.outgoing.ack_s = 0.5
    async with hall.coach(), aiohttp.ClientSession() as session:
        questions = await hall.ask()
        async with session.ws_connect(hall.server.sockets.ticket()):  # it acknowledges nothing
            await hall.server.wait_for(lambda: len(hall.server.sockets.live) == 2)
            await hall.answer(questions, REPLIES)
            await hall.server.settled()
        assert sum("timeout" in delivery.reasons for delivery in hall.deliveries()) >= REPLIES // 3
        hall.server.disconnect()  # one that went astray each time, and that Slack gave up, is read again then
        await hall.settled()
    hall.check()


async def test_a_socket_that_went_silent_is_left_for_another(hall: Hall) -> None:
    async with hall.coach():
        questions = await hall.ask()
        hall.server.silence()
        began = time.monotonic()
        await hall.answer(questions, REPLIES)
        await hall.server.connected(30)
        assert time.monotonic() - began < 20
        await hall.settled()
        assert "went silent" in hall.logged()
    hall.check()


# ---------------------------------------------------------------------------------------------- gaps


async def test_what_came_in_a_partition_longer_than_the_retries_is_graded_once(hall: Hall) -> None:
    hall.server.outgoing.factor = 0.001
    async with hall.coach():
        questions = await hall.ask()
        await hall.answer(questions, REPLIES // 2)
        hall.server.partition(3.0)
        await hall.answer(questions, REPLIES // 2)
        await hall.settled()
    assert len(hall.server.outgoing.given_up) >= REPLIES // 2, "Slack had given up"
    hall.check()


@BOTH
async def test_replies_edits_and_deletions_while_the_coach_was_off_are_noticed(hall: Hall) -> None:
    hall.server.outgoing.factor = 0.001
    async with hall.coach():
        questions = await hall.ask()
        await hall.answer(questions, 9)
        await hall.settled()
    edited, deleted = hall.answers[:2], hall.answers[2:4]
    for answer in edited:
        hall.server.edit(answer, f"Said anew and at greater length: {answer.text}")
    for answer in deleted:
        hall.server.delete(answer)
    await hall.answer(questions, 3)
    await hall.server.settled()
    assert len(hall.server.outgoing.given_up) == 7
    async with hall.coach():
        withdrawn = "SELECT count(*) FROM replies WHERE state = 'withdrawn'"
        await hall.server.wait_for(lambda: hall.rows(withdrawn) == [(2,)], 40)
        await hall.server.wait_for(lambda: hall.rows("SELECT count(*) FROM erasures") == [(0,)], 40)
        await hall.server.wait_for(lambda: hall.answered() == len(hall.answers) - len(deleted), 40)
        await hall.emptied()
    # An edit of what was graded is another attempt, with a grade of its own.
    assert hall.rows("SELECT count(*), count(DISTINCT message) FROM replies WHERE state = 'graded'") == [(12, 10)]
    # What was deleted takes its grade with it.
    assert [hall.replies_to(answer) for answer in hall.answers] == [2] * 2 + [0] * 2 + [1] * 8
    hall.check_order()


# ---------------------------------------------------------------------------------------------- the Web API

POST = "chat.postMessage"
FAULTS: dict[str, Callable[[SlackServer], object]] = {
    "429": lambda server: server.fail(POST, "ratelimited", 4, retry_after=1),
    "503": lambda server: server.fail(POST, 503, 3),
    "internal_error": lambda server: server.fail(POST, "internal_error", 3),
    "a connection cut": lambda server: server.fail(POST, 0, 3),
    "502 after the work was done": lambda server: server.fail(POST, 502, 3, applied=True),
    "a connection cut after the work was done": lambda server: server.fail(POST, 0, 3, applied=True),
    "answers lost while threads can't be read": lambda server: (
        server.fail(POST, 0, 3, applied=True), server.fail("conversations.replies", 503, 2),
    ),
    "slow answers": lambda server: server.slow(POST, 1.5, 3),
    "a pace below Slack's": lambda server: vars(server.pace).update(seconds=1.6, burst=1),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
async def test_replies_are_answered_once_and_in_order_through(hall: Hall, what: str) -> None:
    async with hall.coach():
        questions = await hall.ask()
        FAULTS[what](hall.server)
        await hall.answer(questions, REPLIES)
        await hall.settled()
    hall.check()
    assert len(hall.server.calls(POST)) < 3 * REPLIES, "nothing is tried over and over"


@BOTH
async def test_slack_never_has_to_slow_the_coach_down(one: Hall) -> None:
    """Grades and answers for one's own eyes share a channel's pace."""
    async with one.coach():
        (question,) = await one.ask()
        await one.answer([question], 8)
        hints = [one.server.press(person, question, "Hint") for person in one.people[:4]]
        for hint in hints:
            await hint.answer(30)
        await one.settled()
    assert one.server.pace.seconds == 1.0
    assert not [call for call in one.server.api.exchanges if call.status == 429]
    one.check()


async def test_a_channel_that_refuses_holds_up_no_other(hall: Hall) -> None:
    async with hall.coach():
        questions = await hall.ask()
        hall.server.fail(POST, 503, 2, channel=hall.channels[0].id)
        await hall.answer(questions, 6)
        await hall.settled()
    hall.check()
    first = {channel.id: min(float(m.ts) for m in hall.grades() if m.channel is channel) for channel in hall.channels}
    assert first.pop(hall.channels[0].id) > max(first.values()) + 2
