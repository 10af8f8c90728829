"""Probes that tell the truth: a loop that is stuck, a database that is away, a platform without its connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar, cast

import aiohttp
import pytest

from bot.core.errors import SettingsError, StoreError
from bot.core.ports import Platform, Store, Unit
from bot.ops.health import Beats, Health, Parts, Patient
from bot.ops.metrics import Metrics
from bot.ops.reading import Reading
from bot.ops.server import OpsServer
from tests.flow.world import HandClock

T = TypeVar("T")
P = ParamSpec("P")


class Time:
    """A monotonic clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Database:
    """A store that answers, hangs, or fails, and knows one query."""

    def __init__(self) -> None:
        self.hangs = asyncio.Event()
        self.hangs.set()
        self.error: StoreError | None = None
        self.version: int | None = None
        self.asked = 0

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.asked += 1
        await self.hangs.wait()
        if self.error:
            raise self.error
        steps = unit(*args, **kwargs)
        next(steps)
        try:
            steps.send([{"alive": 1} if self.version is None else {"alive": 1, "version": self.version}])
        except StopIteration as end:
            return cast(T, end.value)
        raise AssertionError("one query was expected")


class Chat:
    def __init__(self, name: str, connected: bool) -> None:
        self.name, self.connected = name, connected
        self.taking = 3


class Silent:
    """A platform that doesn't say whether it is connected."""

    name = "room"


def parts(database: Database, *platforms: Any, version: int = 10) -> Parts:
    return Parts(cast(Store, database), cast(list[Platform], list(platforms)), version)


async def nothing() -> float:
    return 30.0


async def test_loops_that_step_in_time_are_alive() -> None:
    time = Time()
    beats = Beats(time)
    health = Health(beats, late_s=100)
    step = beats.watched("rounds", nothing)
    for _ in range(5):
        await step()
        time.now += 129
        assert await health.live() == {}, "30 s of rest and 99 s of patience"


async def test_a_loop_that_never_comes_back_from_its_step_is_not_alive() -> None:
    time, stuck = Time(), asyncio.Event()
    beats = Beats(time)
    health = Health(beats, late_s=100)
    health.attach(parts(Database()))

    async def hang() -> float:
        await stuck.wait()
        return 1.0

    rounds, grading = beats.watched("rounds", nothing), beats.watched("grading", hang)
    await rounds()
    task = asyncio.ensure_future(grading())
    await asyncio.sleep(0)
    time.now += 101
    assert await health.live() == {"grading": "no step for 101 s beyond its time"}
    assert (await health.ready())["grading"] != "ok"
    stuck.set()
    await task
    assert await health.live() == {}


async def test_a_loop_that_died_or_never_began_is_not_alive() -> None:
    time = Time()
    beats = Beats(time)
    health = Health(beats, late_s=100)
    beats.watched("grading", nothing)
    time.now += 500
    assert "grading" in await health.live()


async def test_a_step_that_raises_has_stepped() -> None:
    time = Time()
    beats = Beats(time)

    async def fail() -> float:
        time.now += 5
        raise StoreError("disk full")

    step = beats.watched("grading", fail)
    with pytest.raises(StoreError):
        await step()
    assert beats.late() == {"grading": 0.0}


@pytest.mark.parametrize("how", ["hangs", "fails"])
async def test_loops_that_wait_for_a_database_that_is_away_are_alive_and_the_coach_is_not_ready(how: str) -> None:
    time, database = Time(), Database()
    beats = Beats(time)
    health = Health(beats, late_s=100, probe_s=0.01)
    health.attach(parts(database))
    beats.watched("grading", nothing)
    if how == "hangs":
        database.hangs.clear()
    else:
        database.error = StoreError("postgresql://coach:secret@db is away")
    time.now += 500
    assert await health.live() == {}
    ready = await health.ready()
    assert ready["store"] != "ok"
    assert "secret" not in str(ready)
    database.hangs.set()
    database.error = None
    time.now += 99
    assert await health.live() == {}, "it has been back for less than a loop may take"
    time.now += 2
    assert "grading" in await health.live(), "the database answers: it is no excuse any more"
    await health.detach()


async def test_a_database_that_hangs_is_asked_once_and_not_by_every_probe() -> None:
    database = Database()
    health = Health(Beats(), probe_s=0.01)
    health.attach(parts(database))
    database.hangs.clear()
    for _ in range(5):
        assert (await health.ready())["store"] == "no answer within 0 s"
    assert database.asked == 1
    database.hangs.set()
    await asyncio.sleep(0.01)
    assert (await health.ready())["store"] == "ok"
    await health.detach()


async def test_a_platform_without_its_connection_is_named() -> None:
    health = Health(Beats())
    slack, discord = Chat("slack", True), Chat("discord", False)
    health.attach(parts(Database(), slack, discord, Silent()))
    assert await health.ready() == {
        "coach": "ok", "store": "ok", "slack": "ok", "discord": "not connected", "room": "ok"
    }  # fmt: skip
    discord.connected = True
    assert set((await health.ready()).values()) == {"ok"}


async def test_a_schema_that_a_newer_version_has_changed_is_not_ready() -> None:
    database = Database()
    health = Health(Beats())
    health.attach(parts(database, version=10))
    database.version = 10
    assert (await health.ready())["store"] == "ok"
    database.version = 11
    assert (await health.ready())["store"] == "schema version 11, this program's is 10"


async def test_a_schema_that_was_changed_excuses_no_loop() -> None:
    time, database = Time(), Database()
    beats = Beats(time)
    health = Health(beats, late_s=100)
    health.attach(parts(database, version=10))
    database.version = 11
    beats.watched("grading", nothing)
    time.now += 500
    assert "grading" in await health.live()


async def test_before_it_runs_and_while_it_stops_it_is_alive_and_not_ready() -> None:
    health = Health(Beats())
    assert (await health.live(), await health.ready()) == ({}, {"coach": "starting"})
    health.attach(parts(Database()))
    await health.detach()
    assert (await health.live(), await health.ready()) == ({}, {"coach": "stopping"})


async def test_asking_that_is_stopped_has_no_answer_and_one_that_fails_later_disturbs_nobody() -> None:
    gate = asyncio.Event()

    async def ask() -> int:
        await gate.wait()
        raise StoreError("gone")

    patient = Patient(ask)
    waiting = asyncio.create_task(patient.answer(60))
    await asyncio.sleep(0)
    await patient.stop()
    assert await waiting is None
    assert await patient.answer(0) is None
    gate.set()
    with pytest.raises(StoreError):
        await patient.answer(60)


# ---------------------------------------------------------------------------------------------- the server


@asynccontextmanager
async def serving(health: Health, beats: Beats) -> AsyncIterator[Callable[[str], Any]]:
    reading = Reading(health, beats, HandClock())
    async with (
        OpsServer(health, Metrics("platform"), reading).listening("127.0.0.1", 0) as address,
        aiohttp.ClientSession() as session,
    ):

        async def get(path: str) -> tuple[int, str, str]:
            async with session.get(address + path) as answer:
                return answer.status, answer.content_type, await answer.text()

        yield get
    await reading.stop()


async def test_the_server_answers_200_or_503_with_a_reason_on_one_line() -> None:
    time = Time()
    beats, database, chat = Beats(time), Database(), Chat("discord", True)
    health = Health(beats, late_s=100, probe_s=0.01)
    async with serving(health, beats) as get:
        assert (await get("/healthz"))[0] == 200
        assert await get("/readyz") == (
            503, "application/json", '{"status": "not ready", "coach": "starting"}'
        )  # fmt: skip
        health.attach(parts(database, chat))
        assert (await get("/readyz"))[0] == 200
        chat.connected = False
        status, _, text = await get("/readyz")
        assert (status, "not connected" in text, "\n" in text) == (503, True, False)
        assert (await get("/healthz"))[0] == 200, "a restart would not bring Discord back"
        beats.watched("grading", nothing)
        time.now += 500
        status, _, text = await get("/healthz")
        assert (status, '"grading": "no step for 500 s' in text) == (503, True)
        database.hangs.clear()
        assert (await get("/healthz"))[0] == 200
        assert (await get("/readyz"))[0] == 503
        await health.detach()


async def test_figures_come_without_those_of_a_database_that_fails() -> None:
    beats, database = Beats(), Database()
    health = Health(beats)
    database.error = StoreError("away")
    health.attach(parts(database, Chat("slack", True)))
    async with serving(health, beats) as get:
        status, kind, text = await get("/metrics")
    assert (status, kind) == (200, "text/plain")
    assert "coach_store_up 0.0" in text
    assert "coach_ready 0.0" in text
    assert 'coach_platform_connected{platform="slack"} 1.0' in text
    assert 'coach_platform_taking{platform="slack"} 3.0' in text
    assert 'role="platform"' in text
    assert "coach_replies_pending" not in text


async def test_an_address_that_is_taken_is_a_setting_to_be_changed() -> None:
    beats = Beats()
    health = Health(beats)
    server = OpsServer(health, Metrics(), Reading(health, beats, HandClock()))
    async with server.listening("127.0.0.1", 0) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(SettingsError, match="COACH_OPS_PORT"):
            async with server.listening("127.0.0.1", port):
                pass
