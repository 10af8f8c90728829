"""One bot in several processes, each with shards of its own: each answers where it hears, and leaves the rest alone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import postgres_server
from tests.e2e.discord_coach import Hall
from tests.e2e.discord_server import DiscordServer
from tests.e2e.test_fleet import FleetHall

REPLIES = 30
ALLOWED_S = 5.0
"""Discord's own: one session in so many seconds."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(shards=2) as made:
        yield made


@pytest.fixture
def halls(server: DiscordServer, tmp_path: Path) -> tuple[Hall, Hall]:
    """Two servers of Discord, one on each of two shards, whose coaches have a database in common."""
    return Hall(server, tmp_path, shard=(0, 2)), Hall(server, tmp_path, shard=(1, 2))


def written_to(server: DiscordServer, hall: Hall) -> int:
    """How often the coach called on something in a hall's server."""
    places = {str(channel.id) for channel in hall.guild.channels.values()} | {str(hall.guild.id)}
    return sum(not places.isdisjoint(exchange.path.split("/")) for exchange in server.faults.exchanges)


async def test_two_processes_answer_each_for_its_own_shard(server: DiscordServer, halls: tuple[Hall, Hall]) -> None:
    first, second = halls
    second.database = second.folder / "another.sqlite3"
    server.gateway.identify_s = ALLOWED_S  # both begin at once, and know nothing of each other
    async with first.coach(), second.coach():
        assert server.gateway.connected
        for hall in halls:
            await hall.answer(await hall.ask(), REPLIES)
        for hall in halls:
            await hall.settled()
            hall.check()
        for hall in halls:
            assert hall.rows("SELECT DISTINCT community FROM replies") == [(str(hall.guild.id),)]


async def test_a_shard_that_is_not_there_is_neither_forgotten_nor_read_by_another(
    server: DiscordServer, halls: tuple[Hall, Hall]
) -> None:
    first, second = halls
    async with first.coach():
        thread = await first.ask()
        await first.answer(thread, REPLIES)
        await first.settled()
    before = written_to(server, first)
    await first.answer(thread, REPLIES)
    async with second.coach():
        await second.answer(await second.ask(), REPLIES)
        await server.wait_for(lambda: second.answered() == REPLIES, 60)
        assert second.rows("SELECT count(*) FROM communities_left") == [(0,)]
    assert written_to(server, first) == before
    async with first.coach():
        await first.settled()
        assert first.answered() == 2 * REPLIES
    assert len(server.messages(first.channel)) == len(server.messages(second.channel)) == 1


async def test_what_a_killed_process_leaves_is_sent_by_one_of_another_shard_with_its_thread_and_its_role(
    server: DiscordServer, halls: tuple[Hall, Hall]
) -> None:
    first, second = halls
    for hall in halls:
        hall.settings["COACH_LEASE_S"] = "5"
    async with first.coach():
        await first.command(first.boss, "mlops-admin config set", name="mention", value="Organisers")
    async with first.coach("round.scheduled", 1) as process:
        await server.wait_for(lambda: first.try_command(first.boss, "mlops question"), 20)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    assert server.messages(first.channel) == []
    async with second.coach():
        thread = await first.thread()
    (question,) = server.messages(first.channel)
    assert question.pings == {str(first.guild.organiser_role)}
    async with first.coach():
        await first.answer(thread, REPLIES)
        await first.settled()
    first.check()


async def test_two_processes_of_one_database_take_turns_to_begin_and_neither_forgets_the_other_when_it_is_killed(
    server: DiscordServer, tmp_path: Path
) -> None:
    url = await postgres_server.server().create()
    first, second = halls = FleetHall(server, tmp_path, 0, url), FleetHall(server, tmp_path, 1, url)
    for hall in halls:
        hall.settings["COACH_DATABASE_URL"] = url
    server.gateway.identify_s = ALLOWED_S
    async with second.coach():
        async with first.coach() as process:
            assert first.rows("SELECT bucket FROM discord_turns") == [(0,)]
            for hall in halls:
                await hall.answer(await hall.ask(), REPLIES)
            process.kill()
            await process.wait()
        heard = first.answered()
        await first.answer(first.answers[0].channel, REPLIES)
        await server.wait_for(lambda: second.answered() == REPLIES, 60)
        assert heard <= first.answered() <= REPLIES, "what nobody hears waits for its own"
        async with first.coach():
            for hall in halls:
                await hall.settled()
    assert first.rows("SELECT community FROM communities_left") == []
    for hall in halls:
        hall.check_community()
