"""The coach as its own process on Discord's sockets: whatever breaks, no reply is lost and none is answered twice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.e2e.discord_coach import PEOPLE, Hall
from tests.e2e.discord_server import DiscordServer
from tests.e2e.discord_server.faults import VIA
from tests.e2e.discord_server.spec import spec

REPLIES = 100


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with DiscordServer() as server:
        yield Hall(server, tmp_path)


# ---------------------------------------------------------------------------------------------- kill -9


@pytest.mark.parametrize(
    "point",
    [
        "reply.taken",
        "reply.claimed",
        "reply.assessed",
        "reply.recorded",
        "outbox.claimed",
        "outbox.sent",
        "outbox.marked",
    ],
)
async def test_kill_9_at_a_point_loses_and_repeats_nothing(hall: Hall, point: str) -> None:
    nth = 3 if point.endswith("claimed") else 20
    async with hall.coach(point, nth) as process:
        thread = await hall.ask()
        answering = asyncio.create_task(hall.answer(thread, REPLIES))
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with hall.coach():
        await answering
        await hall.settled()
    hall.check()


async def test_kill_9_between_sending_and_marking_repeats_nothing_when_discord_has_forgotten_the_nonce(
    hall: Hall,
) -> None:
    hall.server.world.nonce_s = 0.0
    async with hall.coach("outbox.sent", 20) as process:
        await hall.answer(await hall.ask(), REPLIES)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with hall.coach():
        await hall.settled()
    hall.check()


@pytest.mark.parametrize("point", ["round.scheduled", "question.posted", "outbox.sent"])
async def test_kill_9_while_a_question_is_posted_posts_it_once(hall: Hall, point: str) -> None:
    hall.server.world.nonce_s = 0.0
    async with hall.coach(point, 1) as process:
        await hall.server.wait_for(lambda: hall.try_command(hall.boss, "mlops question"), 20)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with hall.coach():
        await hall.answer(await hall.thread(), 10)
        await hall.settled()
    hall.check()


async def test_a_form_that_was_opened_before_a_kill_can_be_sent_after_it(hall: Hall) -> None:
    async with hall.coach():
        await hall.ask()
        form = hall.press(hall.people[0], hall.server.messages(hall.channel)[0], "Answer privately")
        await form.form()
    async with hall.coach():
        sent = hall.server.submit(form.user, form, hall.filled(form, 0))
        assert (await sent.answer(20)).only_for is form.user
        await hall.emptied()
    assert hall.rows("SELECT count(*) FROM replies WHERE state = 'graded' AND private = 1") == [(1,)]


# ---------------------------------------------------------------------------------------------- the gateway

GATEWAY: dict[str, Callable[[DiscordServer], None]] = {
    "a socket that breaks (RESUME)": lambda server: server.drop_gateway(),
    "a session that is gone": lambda server: server.drop_gateway(resumable=False),
    "op 7": lambda server: server.gateway.order(7),
    "op 9, resumable": lambda server: server.gateway.order(9, True),
    "op 9": lambda server: server.gateway.order(9, False),
    "close 4000": lambda server: server.gateway.close(4000),
    "close 4009": lambda server: server.gateway.close(4009),
    "a partition that breaks sockets": lambda server: server.partition(30.0),
    # No timer of the coach or of discord.py lies between 3 s of silence and 30 s.
    "a partition that is silent": lambda server: server.partition(3.0, silent=True),
}


@pytest.mark.parametrize("what", GATEWAY)
async def test_replies_around_a_gap_are_answered_once(hall: Hall, what: str) -> None:
    async with hall.coach():
        thread = await hall.ask()
        await hall.answer(thread, REPLIES // 2)
        GATEWAY[what](hall.server)
        await hall.answer(thread, REPLIES // 2)
        await hall.settled()
    hall.check()


async def test_one_shard_that_lost_its_session_is_read_again(tmp_path: Path) -> None:
    async with DiscordServer(shards=2) as server:
        hall = Hall(server, tmp_path)
        async with hall.coach():
            thread = await hall.ask()
            server.drop_gateway(resumable=False, shard=(hall.guild.id >> 22) % 2)
            await hall.answer(thread, REPLIES)
            await hall.settled()
        hall.check()


async def test_edits_and_deletions_in_a_gap_are_noticed(hall: Hall) -> None:
    async with hall.coach():
        thread = await hall.ask()
        await hall.answer(thread, 20)
        await hall.settled()
        hall.server.drop_gateway(resumable=False)
        for answer in hall.answers[:5]:
            hall.server.edit(answer, f"Said anew and at greater length: {answer.content}")
        for answer in hall.answers[5:8]:
            hall.server.delete(answer)
        withdrawn = "SELECT count(*) FROM replies WHERE state = 'withdrawn'"
        await hall.server.wait_for(lambda: hall.rows(withdrawn) == [(3,)], 40)
        await hall.server.wait_for(lambda: hall.rows("SELECT count(*) FROM erasures") == [(0,)], 40)
        await hall.emptied()
    # An edit of what was graded is another attempt, with a grade of its own below the message.
    assert hall.rows("SELECT count(*), count(DISTINCT message) FROM replies WHERE state = 'graded'") == [(22, 17)]
    # What was deleted takes its grade with it.
    assert [len(hall.server.replies(answer)) for answer in hall.answers] == [2] * 5 + [0] * 3 + [1] * 12


async def test_a_thread_whose_history_may_not_be_read_withdraws_nothing(hall: Hall) -> None:
    async with hall.coach():
        thread = await hall.ask()
        await hall.answer(thread, 10)
        await hall.settled()
        hall.server.deny(hall.channel, read_message_history=True)
        hall.server.drop_gateway(resumable=False)
        await hall.server.wait_for(lambda: hall.server.gateway.seen["IDENTIFY"] == 2, 30)
        await asyncio.sleep(4)  # discord.py waits 2 s for guilds; then the threads are read again
        hall.server.deny(hall.channel)
        await hall.answer(thread, 10)
        await hall.settled()
    hall.check()


# ---------------------------------------------------------------------------------------------- REST

REST: dict[str, Callable[[DiscordServer], object]] = {
    "429 from Discord": lambda server: server.fail_next(
        "POST", "/messages$", 429, 5, headers=VIA | {"Retry-After": "0.2"}
    ),
    "429 from the edge": lambda server: server.fail_next("POST", "/messages$", 429, 2, headers={"Retry-After": "1"}),
    "502": lambda server: server.fail_next("POST", "/messages$", 502, 2),
    "502 after the work was done": lambda server: server.fail_next("POST", "/messages$", 502, 2, applied=True),
    "503 after the work was done": lambda server: server.fail_next("POST", "/messages$", 503, 2, applied=True),
    "a connection cut": lambda server: server.fail_next("POST", "/messages$", 0, 2),
    "a connection cut after the work was done": lambda server: server.fail_next(
        "POST", "/messages$", 0, 2, applied=True
    ),
    "a real limit": lambda server: server.limit("POST", "/messages$", 20, 0.5),
}


@pytest.mark.parametrize("what", REST)
async def test_replies_are_answered_once_through(hall: Hall, what: str) -> None:
    async with hall.coach():
        thread = await hall.ask()
        REST[what](hall.server)
        await hall.answer(thread, REPLIES)
        await hall.settled()
    hall.check()


async def test_a_channel_that_refuses_holds_up_no_other(hall: Hall) -> None:
    elsewhere = hall.server.channel(hall.server.guild("Another club"))
    hall.server.fail_next("POST", f"/channels/{elsewhere.id}/messages$", 502, 3)
    async with hall.coach():
        await hall.command(hall.boss, "mlops question", elsewhere)
        hall.server.deny(hall.channel, send_messages=True)
        await hall.command(hall.boss, "mlops question")
        await hall.server.wait_for(lambda: "Send Messages" in hall.logged(), 20)
        hall.server.deny(hall.channel)
        await hall.answer(await hall.ask(), REPLIES)
        await hall.settled(20)
        await hall.server.wait_for(lambda: hall.server.messages(elsewhere), 30)
    assert len(hall.server.messages(elsewhere)) == 1
    hall.check()


# ---------------------------------------------------------------------------------------------- starting


async def test_a_discord_that_is_away_at_the_start_is_waited_for(hall: Hall) -> None:
    hall.server.partition(4.0)
    async with hall.coach() as process:
        await hall.answer(await hall.ask(), 5)
        await hall.settled()
        assert process.returncode is None
    hall.check()


async def test_a_gateway_that_fails_at_the_start_is_tried_again(hall: Hall) -> None:
    hall.server.fail_next("GET", "/gateway/bot", 503, 2)  # a 502 is retried by discord.py itself, for 25 s
    async with hall.coach():
        await hall.answer(await hall.ask(), 5)
        await hall.settled()
    hall.check()


async def test_without_the_intent_people_are_pointed_to_the_form_and_once_granted_all_they_wrote_is_graded(
    hall: Hall,
) -> None:
    async with hall.coach() as process:
        thread = await hall.ask()
        await hall.answer(thread, REPLIES // 2)
        await hall.settled()
        hall.server.grant()
        hall.server.gateway.close(4014)
        seen = hall.server.gateway.seen
        await hall.server.wait_for(lambda: seen["IDENTIFY"] == 2 and hall.server.gateway.connected, 60)
        assert "Message Content Intent" in hall.logged()
        await hall.answer(thread, REPLIES // 2)
        pointers = await hall.server.wait_for(lambda: hall.pointers() if len(hall.pointers()) == PEOPLE else None, 20)
        forms = [hall.press(hall.people[n], pointers[0], "Answer privately") for n in range(3)]
        for number, form in enumerate(forms):
            await form.form()
            sent = hall.server.submit(form.user, form, hall.filled(form, number))
            assert (await sent.answer(20)).only_for is form.user
        await hall.emptied()
        assert process.returncode is None
    hall.server.grant(message_content=True, members=True)
    async with hall.coach():
        await hall.emptied()
        await hall.settled()
    assert len(hall.pointers()) == PEOPLE
    hall.check(beside=hall.pointers(), private=3)


async def test_a_token_that_was_reset_ends_the_coach_with_one_clear_line(hall: Hall) -> None:
    async with hall.coach() as process:
        await hall.ask()
        hall.server.gateway.token = "another.token.altogether"
        hall.server.gateway.close(4004)
        assert await asyncio.wait_for(process.wait(), 20) == 2
    assert "COACH_DISCORD_TOKEN" in hall.logged()
    assert "Traceback" not in hall.logged()


# ---------------------------------------------------------------------------------------------- the description


async def test_all_that_the_coach_says_fits_discords_description(hall: Hall) -> None:
    checked = spec()
    async with hall.coach():
        await hall.answer(await hall.ask(), 10)
        await hall.settled()
        await hall.command(hall.people[0], "mlops leaderboard")
        await hall.command(hall.people[0], "mlops me")
        await hall.command(hall.people[0], "mlops help")
    assert checked.faults(hall.server.faults.exchanges) == []
