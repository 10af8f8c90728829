"""A round on Discord, from the question to its close, and what people do to their messages meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from simcord import Env

from bot.coach import Replies
from bot.core.errors import StoreUnwritable
from bot.core.model import Person
from bot.core.text import fold
from tests.contract.discord_world import Server, labels, receipts, server, text

FULL = "alpha{0} one beta{0} two gamma{0} three delta{0} four is what I would say here"
HALF = "alpha{0} one beta{0} two and nothing else comes to my mind"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Server]:
    async with server(tmp_path / "coach.sqlite3") as made:
        yield made


@pytest.fixture(autouse=True)
def _virtual_time(here: Server) -> Env:
    """simcord lends a test its clock when it finds its Env among the test's fixtures."""
    return here.env


def full(question: str) -> str:
    return FULL.format(question.removeprefix("q"))


def half(question: str) -> str:
    return HALF.format(question.removeprefix("q"))


# ---------------------------------------------------------------------------------------------- the path


async def test_a_question_is_an_embed_with_buttons_and_a_thread(here: Server) -> None:
    round_ = await here.ask()
    (thread,) = here.channel.threads
    assert here.question.embeds[0].title == "MLOps question of the day · Alpha · level 2"
    assert round_.question.text in text(here.question)
    assert f"<t:{int(round_.closes_at.timestamp())}:F>" in text(here.question)
    assert labels(here.question) == ["Answer privately", "Hint", "My grade"]
    assert (round_.message, round_.thread) == (str(here.question.id), str(thread.id))
    assert thread.name == round_.question.title


async def test_a_reply_in_the_thread_is_graded_by_a_reply_to_it_with_a_receipt(here: Server) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, half(round_.question.id))
    (grade,) = here.spoken()
    assert text(grade).startswith("**Score: 5/10**\nReasons:\n- Nothing on topic 2.")
    assert grade.reference is not None
    assert grade.reference.message_id == said.id
    assert labels(grade) == ["Key points"]
    assert receipts(here.now(said)) == ["✅"]
    assert await here.points() == {"Ada": 5}


async def test_the_receipt_says_seen_until_the_grade_is_there(here: Server) -> None:
    round_ = await here.ask()
    here.grader.away = True
    said = await here.say(here.ada, full(round_.question.id))
    assert receipts(here.now(said)) == ["👀"]
    assert here.spoken() == []


async def test_the_reveal_comes_into_the_thread(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    await here.env.advance_time(25 * 3600)
    await here.settle()
    reveal = here.spoken()[-1]
    assert "**Closed.** 1 answer, average 10.0. First: Ada 10." in text(reveal)
    assert fold(round_.question.sample_answer) in fold(text(reveal))
    assert labels(reveal) == ["My grade"]


async def test_talk_of_bots_webhooks_and_discord_itself_is_left_alone(here: Server) -> None:
    round_ = await here.ask()
    answer = full(round_.question.id)
    robot = here.guild.add_member(here.env.create_user("robot", bot=True))
    await here.say(robot, answer)
    await here.guild.create_webhook(here.thread, "hook").send(answer)
    here.env.backend.set_pinned(here.thread.id, here.thread.history()[-1].id, True)  # a note by Discord
    await here.say(here.ada, "too short to count")
    await here.ada.send(here.channel, answer)
    await here.settle()
    assert here.spoken() == []


async def test_what_is_said_to_another_person_is_talk(here: Server) -> None:
    round_ = await here.ask()
    answer = full(round_.question.id)
    first = await here.say(here.ben, "I have no idea")
    await here.say(here.ada, f"{here.ben.mention} {answer}")
    await here.say(here.ada, answer, reply_to=first)
    await here.say(here.ada, f"/mlops answer {answer}")
    assert here.spoken() == []


async def test_what_is_said_to_the_coach_or_to_oneself_is_an_answer(here: Server) -> None:
    round_ = await here.ask()
    assert here.env.bot.user
    first = await here.say(here.ada, f"{here.env.bot.user.mention} {half(round_.question.id)}")
    await here.say(here.ada, full(round_.question.id), reply_to=first)
    assert [text(grade).split("\n")[0] for grade in here.spoken()] == ["**Score: 5/10**", "**Score: 10/10**"]


async def test_the_grader_never_sees_an_id(here: Server) -> None:
    round_ = await here.ask()
    answer = f"{half(round_.question.id)} {here.ben.mention} <@&123456> <#{here.channel.id}> <:ok:1234567> said so"
    await here.say(here.ada, answer)
    assert here.grader.asked[-1].answer == f"{half(round_.question.id)} @… @… @… :ok: said so"


# ---------------------------------------------------------------------------------------------- edits and deletions


async def test_an_edit_is_a_new_attempt(here: Server) -> None:
    round_ = await here.ask(rule="latest")
    said = await here.say(here.ada, half(round_.question.id))
    await here.env.advance_time(1)
    await here.ada.edit(said, full(round_.question.id))
    await here.settle()
    assert len(here.spoken()) == 2
    assert await here.points() == {"Ada": 10}


async def test_a_deletion_withdraws(here: Server) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    await here.ada.delete(said)
    await here.settle()
    assert await here.points() == {}


async def test_bulk_deletion_withdraws(here: Server) -> None:
    round_ = await here.ask()
    said = [await here.say(who, full(round_.question.id)) for who in (here.ada, here.ben)]
    here.env.backend.bulk_delete_messages(here.thread.id, [message.id for message in said])
    await here.settle()
    assert await here.points() == {}


async def test_an_unfurl_is_not_an_edit(here: Server) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    here.env.backend.set_pinned(here.thread.id, said.id, True)
    await here.settle()
    assert len(here.spoken()) == 1


# ---------------------------------------------------------------------------------------------- gaps


async def test_what_was_missed_is_taken_after_a_new_session_and_what_vanished_withdrawn(here: Server) -> None:
    round_ = await here.ask()
    gone = await here.say(here.ben, full(round_.question.id))
    thread = here.thread.id
    feed = here.env.backend.subscribers.pop()
    here.env.backend.create_message(thread, here.ada.id, half(round_.question.id))
    here.env.backend.delete_message(thread, gone.id)
    here.env.backend.subscribers.append(feed)
    await here.restart()
    assert await here.points() == {"Ada": 5}
    assert [text(grade).split("\n")[0] for grade in here.spoken()] == ["**Score: 5/10**"], "Ben's went with his answer"


async def test_a_message_seen_twice_is_graded_once(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    for _ in range(3):
        await here.restart()
    assert len(here.spoken()) == 1
    assert await here.points() == {"Ada": 10}


async def test_a_reply_that_comes_before_its_round_is_noted_as_open_is_taken(here: Server) -> None:
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
        while not here.channel.threads:  # noqa: ASYNC110  the virtual Discord has no bell
            await asyncio.sleep(0.01)
        answering = asyncio.create_task(here.ada.send(here.thread, " ".join(full(f"q{n}") for n in range(1, 7))))
        await asyncio.sleep(0.1)
        opened.set()
        await posting
        await answering
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_a_reply_that_could_not_be_stored_is_read_again(here: Server) -> None:
    round_ = await here.ask()

    async def fails(*_: object, **__: object) -> None:
        raise StoreUnwritable("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replies, "take", fails)
        await here.ada.send(here.thread, full(round_.question.id))
    await here.env.advance_time(11)
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_a_question_posted_before_a_crash_is_found_and_gets_its_thread(here: Server) -> None:
    await here.app.coach.rounds.post_now(here.place)
    here.env.inject_error("POST", "/channels/*/threads", status=500)
    await here.app.settle()
    assert len(here.spoken(here.channel)) == 1
    assert here.channel.threads == []
    await here.env.advance_time(60)
    await here.settle()
    assert len(here.spoken(here.channel)) == 1
    assert len(here.channel.threads) == 1
    round_ = await here.app.coach.rounds.find(here.place)
    assert round_.thread == str(here.thread.id)


async def test_a_grade_that_left_before_a_crash_is_not_sent_again(here: Server) -> None:
    round_ = await here.ask()
    posted: list[object] = []
    send = here.chat.send

    async def dies(parcel: object) -> object:
        posted.append(await send(parcel))  # type: ignore[arg-type]
        raise TimeoutError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here.chat, "send", dies)
        await here.say(here.ada, full(round_.question.id))
    assert posted
    await here.restart()
    await here.env.advance_time(600)
    await here.settle()
    assert len(here.spoken()) == 1


# ---------------------------------------------------------------------------------------------- settings


async def test_the_role_that_organisers_chose_is_mentioned_and_nobody_else(here: Server) -> None:
    role = here.guild.create_role("Learners")
    await here.ask(mention="@learners")
    sent = here.env.backend.messages[here.channel.id][here.question.id]
    assert here.question.content == f"<@&{role.id}>"
    assert sent.allowed_mentions.roles == frozenset({role.id})
    assert not sent.allowed_mentions.everyone
    assert sent.allowed_mentions.users == frozenset()


async def test_a_pinned_question_is_unpinned_at_its_reveal(here: Server) -> None:
    await here.ask(pin="on")
    assert [message.id for message in here.channel.pinned_messages()] == [here.question.id]
    await here.env.advance_time(25 * 3600)
    await here.settle()
    assert here.channel.pinned_messages() == []


async def test_the_thread_is_archived_after_the_channels_time(here: Server) -> None:
    await here.ask(archive="3d")
    made = [call for call in here.env.http_requests if call.path.endswith("/threads")]
    assert [call.json["auto_archive_duration"] for call in made if call.json] == [4320]


async def test_forgetting_a_person_deletes_the_grades_that_were_said_to_them(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    await here.say(here.ben, half(round_.question.id))
    await here.app.coach.privacy.delete(here.place, Person(str(here.ada.id), "Ada"))
    await here.settle()
    assert [text(grade).split("\n")[0] for grade in here.spoken()] == ["**Score: 5/10**"]


async def test_a_regrade_changes_the_grade_in_its_place(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    (before,) = here.spoken()
    await here.app.coach.grading.regrade(here.place, "1")
    await here.settle()
    (after,) = here.spoken()
    assert after.id == before.id


# ---------------------------------------------------------------------------------------------- coming and going


async def test_a_server_that_removes_the_coach_is_forgotten_after_the_grace_period_unless_it_comes_back(
    here: Server,
) -> None:
    round_ = await here.ask(time="09:00")
    await here.say(here.ada, full(round_.question.id))
    privacy, month = here.app.coach.privacy, dt.timedelta(days=30)
    await here.chat.removed(here.guild.id)
    await here.env.advance_time(29 * 86400)
    assert await privacy.forget_left("discord", month) == []
    posts = len(here.spoken(here.channel))
    await here.settle()
    assert len(here.spoken(here.channel)) == posts  # nothing is posted where the coach isn't
    await here.chat.joined(here.guild.id)
    await here.env.advance_time(2 * 86400)
    assert await privacy.forget_left("discord", month) == []
    await here.chat.removed(here.guild.id)
    await here.env.advance_time(31 * 86400)
    assert await privacy.forget_left("discord", month) == [str(here.guild.id)]
    assert await here.points() == {}
    left = {
        table: here.store_rows(table)
        for table in ("channels", "rounds", "replies", "people", "results", "standings", "outbox", "question_versions")
    }
    assert left == dict.fromkeys(left, 0)
