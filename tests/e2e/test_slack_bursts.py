"""The coach as its own process on Slack: stored first, then acknowledged, and only what Slack has signed."""

from __future__ import annotations

import asyncio
import itertools
import resource
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.slack_coach import Hall
from tests.e2e.slack_server import Delivery, Message, SlackServer

BURST = 2_000
GRADED = 20
"""So many of a burst are answers; the rest is talk, which is stored and not graded."""

SLICE = 100
"""Messages that are written at once; a burst's slices follow on one another in a second."""

BOTH = pytest.mark.parametrize("mode", ["socket", "http"])


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def mode() -> str:
    return "http"


@pytest.fixture
def hall(server: SlackServer, tmp_path: Path, mode: str) -> Hall:
    return Hall(server, tmp_path, mode, channels=1)


async def burst(hall: Hall, question: Message, count: int) -> list[Delivery]:
    """Many people write at once; what was sent to the coach about it."""
    people = itertools.cycle(hall.people)
    said: list[Message] = []
    for number in range(count):
        if number % (count // GRADED) == 0:
            said.append(hall.write(question, next(people), number))
        else:
            said.append(hall.server.say(question.channel, next(people), f"agreed, {number}", thread=question))
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(SLICE / BURST)
    return [delivery for message in said for delivery in message.deliveries]


def stored(hall: Hall) -> set[str]:
    return {str(row[0]) for row in hall.rows("SELECT message FROM replies")}


def unstored(hall: Hall, deliveries: list[Delivery]) -> int:
    """How many were acknowledged though they aren't stored."""
    there = stored(hall)
    return sum(delivery.acked and delivery.payload["event"]["ts"] not in there for delivery in deliveries)


def figures(deliveries: list[Delivery]) -> str:
    times = sorted(delivery.ack_ms for delivery in deliveries)
    cuts = statistics.quantiles(times, n=100)
    return f"{len(times)} acknowledged: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, max {times[-1]:.0f} ms"


# ---------------------------------------------------------------------------------------------- store first


async def test_each_of_two_thousand_events_is_stored_and_then_acknowledged_within_3_s(tmp_path: Path) -> None:
    for mode in ("socket", "http"):  # one after the other: they aren't to slow each other down
        async with SlackServer() as server:
            folder = tmp_path / mode
            folder.mkdir()
            hall = Hall(server, folder, mode, channels=1)
            deliveries = await acknowledged(hall)
        print(f"{mode}: {figures(deliveries)}")  # noqa: T201  pytest -s shows it
        assert len(stored(hall)) == BURST
        # All of them on a machine of its own; this one may be busy with other tests.
        in_time = sum(delivery.attempts == 1 and delivery.ack_ms < 3_000 for delivery in deliveries)
        assert in_time >= 0.95 * BURST


async def acknowledged(hall: Hall) -> list[Delivery]:
    """A burst, once all of it was acknowledged; the coach is killed then."""
    async with hall.coach():
        (question,) = await hall.ask()
        deliveries = await burst(hall, question, BURST)
        asking = hall.try_command(hall.people[0], "help")  # who asks in the middle of it waits no longer than others
        await hall.server.settled(30)
        await asking.acked()
    assert unstored(hall, deliveries) == 0
    return deliveries


@BOTH
async def test_what_was_acknowledged_before_a_kill_is_there_and_the_rest_comes_again(hall: Hall) -> None:
    hall.server.outgoing.factor = 0.1
    async with hall.coach("reply.taken", 150) as process:
        (question,) = await hall.ask()
        deliveries = await burst(hall, question, 300)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    assert any(delivery.acked for delivery in deliveries)
    assert unstored(hall, deliveries) == 0
    async with hall.coach():
        await hall.server.wait_for(lambda: len(stored(hall)) == 300, 60)
        await hall.server.settled(60)
    assert hall.rows("SELECT count(*) FROM replies") == [(300,)]


@contextmanager
def full_disk(process: asyncio.subprocess.Process) -> Iterator[None]:
    """Let a process write to no file."""
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


@BOTH
async def test_what_cant_be_stored_is_not_acknowledged_and_comes_again(hall: Hall) -> None:
    hall.server.outgoing.ack_s, hall.server.outgoing.factor = 1.0, 0.05
    async with hall.coach() as process:
        questions = await hall.ask()
        with full_disk(process):
            await hall.answer(questions, 5)
            await hall.server.wait_for(lambda: all(sent.attempts > 1 for sent in hall.deliveries()))
            await asyncio.sleep(0.5)
            assert not any(delivery.acked for delivery in hall.deliveries())
        assert stored(hall) == set()
        await hall.settled()
    assert not hall.server.outgoing.given_up
    assert all(delivery.acked for delivery in hall.deliveries())
    hall.check()


# ---------------------------------------------------------------------------------------------- signed HTTP


def forgeries() -> dict[str, Mapping[str, Any]]:
    now = int(time.time())
    return {
        "another secret": {"secret": "0" * 32},
        "an empty secret": {"secret": ""},
        "6 minutes old": {"timestamp": str(now - 360)},
        "from the future": {"timestamp": str(now + 360)},
        "no number": {"timestamp": "yesterday"},
        "an empty timestamp": {"timestamp": ""},
        "another number": {"timestamp": "1e400"},
        "no timestamp": {"without": "X-Slack-Request-Timestamp"},
        "no signature": {"without": "X-Slack-Signature"},
    }


async def test_requests_that_slack_did_not_sign_are_refused_and_nothing_is_stored(hall: Hall) -> None:
    async with hall.coach():
        (question,) = await hall.ask()
        hall.server.outgoing.drop = True
        unsent = hall.server.say(question.channel, hall.people[0], "what I never said in my life", thread=question)
        hall.server.outgoing.drop = False
        for what, how in forgeries().items():
            assert await hall.server.http.forge(unsent.deliveries[0], **how) == 401, what
        await hall.answer([question], 3)
        await hall.settled()
        assert unsent.ts not in stored(hall)
    hall.check()


async def test_requests_that_are_replayed_in_time_do_nothing_twice(hall: Hall) -> None:
    replay = hall.server.http.replay
    async with hall.coach():
        asking = hall.try_command(hall.boss, "question")
        await asking.acked()
        assert await replay(asking.delivery) == 200
        (question,) = await hall.asked()
        form = await hall.server.press(hall.people[0], question, "Answer privately").form()
        sent = hall.server.submit(hall.people[0], form, hall.filled(0))
        await sent.acked()
        assert await replay(sent.delivery) == 200
        await hall.answer([question], 3)
        await hall.settled()
        for _ in range(3):
            assert {await replay(delivery) for delivery in hall.deliveries()} == {200}
        await hall.emptied()
        assert len([m for m in hall.server.messages(hall.server.dm(hall.people[0])) if "Score" in m.shown]) == 1
    hall.check(private=[hall.people[0]])
