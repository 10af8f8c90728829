"""Many processes of one bot keep within what Discord allows it: requests in a second, sessions begun in five."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import discord
import pytest
from discord.http import Route
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import assemble
from bot.core.shards import parse_shards
from bot.platforms.discord import DiscordChat
from bot.platforms.discord.client import CoachClient, TooManySessions
from bot.platforms.discord.pace import REQUESTS_PER_S, Pace, counted
from bot.platforms.discord.turns import TURN_S, Turns
from bot.stores.sqlite import SqliteStore
from tests.contract.discord_world import VirtualClock
from tests.e2e.discord_server import DiscordServer
from tests.e2e.discord_server.faults import VIA
from tests.flow.world import BANK, WordGrader

ALLOWED_S = 5.0
"""Of shards that share a bucket, Discord lets one begin in so many seconds."""


class Time:
    """Seconds that pass only while somebody sleeps, with nobody else about."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.slept = 0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += 1
        self.seconds += seconds


def most_in(seconds: float, moments: Sequence[float]) -> int:
    """The most of these, in order, that fall within so many seconds."""
    return max(sum(first <= moment < first + seconds - 1e-6 for moment in moments) for first in moments)


# ---------------------------------------------------------------------------------------------- requests


@given(st.integers(1, 128), st.data())
@settings(deadline=None, max_examples=60)
def test_no_second_sees_more_requests_than_are_allowed_whatever_the_shares(total: int, data: st.DataObject) -> None:
    ids = data.draw(st.sets(st.integers(0, total - 1), min_size=1))
    share = parse_shards(f"{','.join(map(str, ids))}/{total}").share
    pauses = data.draw(st.lists(st.floats(0, 3), min_size=1, max_size=120))

    async def requests() -> list[float]:
        time = Time()
        pace = Pace(share, now=time.now, sleep=time.sleep)
        moments = []
        for pause in pauses:
            time.seconds += pause if pause > 2 else 0  # mostly bursts
            await pace.wait()
            moments.append(time.now())
        return moments

    moments = asyncio.run(requests())
    part = REQUESTS_PER_S * share
    assert most_in(1, moments) <= max(1, part)
    for seconds in (10, 60):
        assert most_in(seconds, moments) <= part * seconds + max(1, part)


@pytest.mark.parametrize(
    ("share", "at_once", "in_a_second"), [(1.0, 10, 50), (0.5, 5, 25), (3 / 8, 3, 18), (1 / 8, 1, 6), (1 / 50, 1, 1)]
)
async def test_a_process_may_use_its_whole_part_a_group_at_once(share: float, at_once: int, in_a_second: int) -> None:
    time = Time()
    pace = Pace(share, now=time.now, sleep=time.sleep)
    moments = []
    for _ in range(in_a_second + 1):
        await pace.wait()
        moments.append(time.now() - 1_000_000.0)
    assert moments.count(0.0) == at_once
    assert moments[-1] == pytest.approx(1.0)


async def test_requests_go_in_the_order_in_which_they_came_and_one_that_is_given_up_takes_no_place() -> None:
    opened, gone = asyncio.Event(), []
    time = Time()

    async def sleep(seconds: float) -> None:
        await opened.wait()
        time.seconds += seconds

    pace = Pace(1 / 50, now=time.now, sleep=sleep)

    async def ask(number: int) -> None:
        await pace.wait()
        gone.append(number)

    await ask(0)
    tasks = []
    for number in range(1, 6):
        tasks.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0)
    tasks[1].cancel()
    opened.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert gone == [0, 1, 3, 4, 5]
    assert time.now() == 1_000_000.0 + 4


async def test_what_can_come_later_goes_when_nothing_else_waits() -> None:
    opened, gone = asyncio.Event(), []
    time = Time()

    async def sleep(seconds: float) -> None:
        await opened.wait()
        time.seconds += seconds

    pace = Pace(1 / 50, now=time.now, sleep=sleep)

    async def ask(name: str) -> None:
        await pace.wait(later=name.startswith("receipt"))
        gone.append(name)

    await ask("receipt 0")
    names = ["grade 1", "receipt 1", "grade 2", "receipt 2", "grade 3"]
    tasks = [asyncio.create_task(ask(name)) for name in names]
    await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*tasks)
    assert gone == ["receipt 0", "grade 1", "grade 2", "grade 3", "receipt 1", "receipt 2"]


def test_what_answers_an_interaction_is_not_counted() -> None:
    assert counted(f"{Route.BASE}/channels/1/messages")
    assert counted(f"{Route.BASE}/channels/1/webhooks")
    assert not counted(f"{Route.BASE}/interactions/1/token/callback")
    assert not counted(f"{Route.BASE}/webhooks/1/token/messages/@original")
    assert not counted("wss://gateway.discord.gg/?v=10")


class Bot:
    """A coach's client in a loopback Discord, at one request a second of a time that nobody waits for."""

    def __init__(self, server: DiscordServer, store: SqliteStore, shards: str = "0/50") -> None:
        self.server, self.time = server, Time()
        chat = DiscordChat(store, token=server.token)
        chat.attach(assemble(store, WordGrader(), BANK, [chat], clock=VirtualClock(), rng=random.Random(7)).coach)
        self.client = CoachClient(
            chat,
            content=True,
            pace=Pace(1 / 50, now=self.time.now, sleep=self.time.sleep),
            turns=Turns(store),
            shards=parse_shards(shards),
        )

    async def login(self) -> None:
        async with self.client:
            await self.client.login(self.server.token)

    def asked(self) -> list[str]:
        """What was asked of Discord, in order."""
        return [f"{exchange.method} {exchange.route}" for exchange in self.server.faults.exchanges]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "c.sqlite3")
    yield opened
    await opened.close()


@pytest.fixture
async def discord_(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        server.guild()  # whose owner is the application's, too
        yield server


async def test_a_client_s_requests_keep_the_pace_with_their_repetitions_but_for_answers_to_interactions(
    discord_: DiscordServer, store: SqliteStore
) -> None:
    bot = Bot(discord_, store)
    discord_.fail_next("GET", "/gateway/bot", 429, 2, headers=VIA | {"Retry-After": "0.01"})
    async with bot.client as client:
        await client.login(discord_.token)
        counted_ = len(bot.asked()) + 2
        assert bot.time.now() == pytest.approx(1_000_000.0 + counted_ - 1)
        with pytest.raises(discord.HTTPException):
            await client.http.request(Route("POST", "/webhooks/1/token"), json={"content": "Hello"})
        assert bot.time.now() == pytest.approx(1_000_000.0 + counted_ - 1)


async def test_the_commands_are_published_by_the_process_with_the_first_shard_alone(
    discord_: DiscordServer, store: SqliteStore
) -> None:
    publishing = "PUT /applications/{application_id}/commands"
    second = Bot(discord_, store, "1-49/50")
    await second.login()
    assert publishing not in second.asked()
    first = Bot(discord_, store, "0/50")
    await first.login()
    assert first.asked().count(publishing) == 1


async def test_no_session_is_begun_when_the_day_has_none_left(discord_: DiscordServer, store: SqliteStore) -> None:
    discord_.gateway.beginnings = 7
    await Bot(discord_, store, "0-6/50").login()
    with pytest.raises(TooManySessions, match=r"only 7 of 1000 sessions .* 1440 minutes, and 8 shards need one each"):
        await Bot(discord_, store, "0-7/50").login()


# ---------------------------------------------------------------------------------------------- sessions


class Queue:
    """Processes that wait for turns in one bucket of a store, at a time that passes when all of them sleep."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.seconds = store, 1_000_000.0
        self.sleeping: list[tuple[float, asyncio.Event]] = []
        self.begun: list[tuple[int, float]] = []

    async def _sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self.sleeping.append((self.seconds + seconds, event))
        await event.wait()

    async def process(self, bucket: int, sessions: int) -> None:
        turns = Turns(self.store, now=lambda: self.seconds, sleep=self._sleep)
        for _ in range(sessions):
            await turns.wait(bucket)
            self.begun.append((bucket, self.seconds))

    async def run(self, *processes: tuple[int, int]) -> None:
        """Each process is given as its bucket and how many sessions it begins."""
        tasks = [asyncio.create_task(self.process(*each)) for each in processes]
        while left := [task for task in tasks if not task.done()]:
            if len(self.sleeping) < len(left):
                await asyncio.wait(left, timeout=0.001)
                continue
            self.sleeping.sort(key=lambda each: each[0])
            self.seconds, event = self.sleeping.pop(0)
            event.set()
            await asyncio.sleep(0)
        for task in tasks:
            task.result()


async def test_of_one_bucket_one_session_begins_at_a_time_whoever_begins_it(store: SqliteStore) -> None:
    queue = Queue(store)
    await queue.run((0, 4), (0, 2), (0, 3), (1, 3))
    moments = {bucket: [moment for each, moment in queue.begun if each == bucket] for bucket in (0, 1)}
    assert (len(moments[0]), len(moments[1])) == (9, 3)
    for begun in moments.values():
        assert most_in(ALLOWED_S, begun) == 1
        assert begun[-1] - begun[0] <= (len(begun) - 1) * (TURN_S + 0.2)


async def test_a_turn_that_a_wrong_clock_took_is_passed_over(store: SqliteStore) -> None:
    queue = Queue(store)
    queue.seconds += 86_400.0
    await queue.run((0, 1))
    queue.seconds -= 86_400.0
    await queue.run((0, 1), (0, 1))
    moments = [moment for _, moment in queue.begun[1:]]
    assert moments[0] == 1_000_000.0
    assert ALLOWED_S < moments[1] - moments[0] <= TURN_S + 0.2


async def test_one_that_waits_too_long_or_without_a_database_begins_all_the_same(store: SqliteStore) -> None:
    time = Time()
    turns = Turns(store, now=time.now, sleep=time.sleep)
    await turns.wait(0)
    await turns.wait(0, 0.0)
    assert time.slept == 0
    await store.close()
    await turns.wait(0)
    assert time.slept == 0
