"""The coach where Discord doesn't let it do all: missing permissions, no reading of messages, errors of the API."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.core.model import Place
from bot.core.ports import Unit, one
from bot.platforms.discord import inbox
from bot.platforms.discord.inbox import Threads
from tests.contract.discord_world import Server, labels, receipts, server, text
from tests.contract.test_discord_rounds import full


async def failures(here: Server) -> str:
    return text(await here.olga.slash(here.channel, "mlops-admin failed"))


# ---------------------------------------------------------------------------------------------- permissions


async def test_where_threads_are_forbidden_the_question_is_posted_without_one(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", denied=["create_public_threads"]) as here:
        with here.env.time_context():
            await here.ask()
            assert here.channel.threads == []
            assert "Answer privately. Closes" in text(here.question)
            assert "Reply in the thread" not in text(here.question)
            told = (
                "I may not create threads in #mlops-daily. Give my role Create Public Threads there. Until then I post"
            )
            assert told in await failures(here)
            await here.env.advance_time(25 * 3600)
            await here.settle()
            assert "**Closed.**" in text(here.spoken(here.channel)[-1])


@pytest.mark.parametrize(("denied", "label"), [("send_messages", "Send Messages"), ("view_channel", "View Channel")])
async def test_a_channel_that_cannot_be_written_in_is_named_to_the_organiser_and_stops_no_other(
    tmp_path: Path, denied: str, label: str
) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            closed = here.another_channel("closed", [denied])
            place = Place("discord", str(here.guild.id), str(closed.id))
            await here.app.coach.rounds.post_now(place)
            await here.ask()
            assert len(here.channel.threads) == 1
            assert closed.history() == []
            told = await failures(here)
            assert f"Give my role {label}" in told
            assert "#closed" in told


async def test_organisers_are_told_what_is_missing_while_they_set_up(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", denied=["create_public_threads", "add_reactions"]) as here:
        with here.env.time_context():
            shown = text(await here.olga.slash(here.channel, "mlops-admin config show"))
            assert "Create Public Threads, Add Reactions" in shown


async def test_a_reply_counts_where_receipts_are_forbidden(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", denied=["add_reactions"]) as here:
        with here.env.time_context():
            round_ = await here.ask()
            said = await here.say(here.ada, full(round_.question.id))
            assert receipts(here.now(said)) == []
            assert await here.points() == {"Ada": 10}


async def test_a_pin_that_is_forbidden_is_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", denied=["manage_messages", "pin_messages"]) as here:
        with here.env.time_context():
            await here.ask(pin="on")
            assert len(here.channel.threads) == 1
            assert "Pin Messages" in await failures(here)


async def test_one_servers_failure_does_not_stop_anothers_post(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            other = here.env.create_guild("Another")
            channel = other.create_text_channel("daily")
            await here.env.settle()
            here.env.inject_error("POST", f"/channels/{here.channel.id}/messages", status=500, times=None)
            place = Place("discord", str(other.id), str(channel.id))
            await here.app.coach.rounds.post_now(here.place)
            await here.app.coach.rounds.post_now(place)
            await here.settle()
            assert len(channel.threads) == 1
            assert here.channel.threads == []


# ---------------------------------------------------------------------------------------------- no reading of messages


async def test_without_the_intent_the_coach_works_through_forms_and_says_so(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", content=False) as here:
        with here.env.time_context():
            round_ = await here.ask()
            assert "I'm not allowed to read messages here" in text(await here.ada.slash(here.channel, "mlops help"))
            form = await here.ada.click(here.question, label="Answer privately")
            await here.ada.submit_modal(form, {"answer": full(round_.question.id)})
            await here.settle()
            assert await here.points() == {"Ada": 10}


async def test_an_unreadable_reply_is_answered_once_a_person_with_the_forms_button(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", content=False) as here:
        with here.env.time_context():
            round_ = await here.ask()
            said = await here.say(here.ada, full(round_.question.id))
            await here.say(here.ada, "and something more that can't be read")
            await here.restart(content=False)
            await here.say(here.ada, "and once more after a restart")
            (told,) = here.spoken()
            assert told.reference
            assert told.reference.message_id == said.id
            assert labels(told) == ["Answer privately"]
            await here.say(here.ben, full(round_.question.id))
            assert len(here.spoken()) == 2
            form = await here.ada.click(told, label="Answer privately")
            await here.ada.submit_modal(form, {"answer": full(round_.question.id)})
            await here.settle()
            assert await here.points() == {"Ada": 10}


async def test_grade_this_answer_needs_no_intent_and_survives_a_re_reading(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", content=False) as here:
        with here.env.time_context():
            round_ = await here.ask()
            said = await here.say(here.ada, full(round_.question.id))
            await here.ada.context_menu(here.thread, "Grade this answer", said)
            await here.settle()
            assert await here.points() == {"Ada": 10}
            await here.restart(content=False)
            assert await here.points() == {"Ada": 10}


async def test_a_message_of_pictures_alone_is_not_an_answer(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            await here.ask()
            await here.ada.send(here.thread, "", attachments=[("picture.png", b"...")])
            await here.settle()
            assert here.spoken() == []


# ---------------------------------------------------------------------------------------------- errors of the API


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_message_that_discord_could_not_take_is_sent_later_and_once(tmp_path: Path, status: int) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            here.env.inject_error("POST", "/channels/*/messages", status=status)
            await here.app.coach.rounds.post_now(here.place)
            await here.settle()
            assert here.spoken(here.channel) == []
            await here.env.advance_time(400)
            await here.settle()
            assert len(here.spoken(here.channel)) == 1
            assert len(here.channel.threads) == 1


async def test_grades_keep_their_order_behind_one_that_has_to_wait(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            round_ = await here.ask()
            here.env.inject_error("POST", f"/channels/{here.thread.id}/messages", status=502)
            said = [await here.say(here.ada, f"{full(round_.question.id)} {number}") for number in range(3)]
            await here.env.advance_time(600)
            await here.settle()
            answered = [grade.reference.message_id for grade in here.spoken() if grade.reference]
            assert answered == [message.id for message in said]


async def test_a_thread_that_was_deleted_withdraws_nothing(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            round_ = await here.ask()
            await here.say(here.ada, full(round_.question.id))
            here.env.backend.delete_channel(here.thread.id)
            await here.restart()
            assert await here.points() == {"Ada": 10}


async def test_where_history_may_not_be_read_nothing_is_taken_for_deleted(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            round_ = await here.ask()
            await here.say(here.ada, full(round_.question.id))
            here.env.backend.set_overwrite(here.channel.id, _denied(here, read_message_history=False))
            await here.restart()
            assert await here.points() == {"Ada": 10}


def _denied(here: Server, **permissions: bool) -> Overwrite:
    assert here.env.bot.user
    _, deny = discord.PermissionOverwrite(**permissions).pair()
    return Overwrite(here.env.bot.user.id, OverwriteType.MEMBER, 0, deny.value)


async def test_a_name_full_of_markup_stays_a_name(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            round_ = await here.ask()
            mallory = here.person("**@everyone** [x](http://evil.example)")
            await here.say(mallory, full(round_.question.id))
            await here.env.advance_time(25 * 3600)
            await here.settle()
            reveal = here.spoken()[-1]
            assert "First: \\*\\*@\u200beveryone\\*\\* \\[x\\](http\\://evil.example) 10" in text(reveal)
            assert not reveal.mention_everyone
            board = await here.ada.slash(here.channel, "mlops leaderboard", period="all")
            assert "```" in text(board)


async def test_places_that_are_no_rounds_cost_no_look_into_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    look = Threads.round_of

    async def counting(self: Threads, community: int, thread: int) -> int | None:
        asked.append(thread)
        return await look(self, community, thread)

    monkeypatch.setattr(Threads, "round_of", counting)
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            chat = here.guild.create_text_channel("general")
            for number in range(5):
                await here.ada.send(chat, f"message number {number} that is long enough to count")
            assert asked == []
            assert isinstance(chat.last_message, discord.Message)


# ---------------------------------------------------------------------------------------------- other processes


async def test_a_reply_in_a_thread_that_another_process_made_waits_until_its_round_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "OPENING_WAITS_S", (600.0, 600.0))
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            await here.app.coach.rounds.post_now(here.place)
            channel = here.env.bot.get_channel(here.channel.id)
            assert isinstance(channel, discord.TextChannel)
            question = await channel.send("A question")
            await question.create_thread(name="Answers")
            await here.ada.send(here.thread, "I keep the old model running beside the new one for a day")
            deleted = await here.ben.send(here.thread, "I keep the new model running beside the old one for a day")
            await here.ben.delete(deleted)
            await here.env.settle()
            assert here.store_rows("replies") == 0
            await here.store.write(_noted, str(question.id), 1)
            await here.env.advance_time(600)
            await here.env.settle()
            assert here.store_rows("replies WHERE state = 'received'") == 1
            assert here.store_rows("replies WHERE state IN ('withdrawn', 'deleted')") == 1


def _noted(message: str, now: int) -> Unit[None]:
    """What a process notes once it has sent a question; a thread has the id of its question."""
    yield from one("outbox_sent", id=1, now=now, message=message, note="")
    yield from one("round_open", id=1, now=now, message=message, thread=message)
