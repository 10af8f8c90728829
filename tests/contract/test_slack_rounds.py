"""A round on Slack, from the question to its close, and what people do to their messages meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.model import Person
from bot.core.text import fold
from tests.contract.slack_world import Space, workspace

FULL = "alpha{0} one beta{0} two gamma{0} three delta{0} four is what I would say here"
HALF = "alpha{0} one beta{0} two and nothing else comes to my mind"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


def full(question: str) -> str:
    return FULL.format(question.removeprefix("q"))


def half(question: str) -> str:
    return HALF.format(question.removeprefix("q"))


# ---------------------------------------------------------------------------------------------- the path


async def test_a_question_has_buttons_and_its_message_heads_the_thread(here: Space) -> None:
    round_ = await here.ask()
    assert "MLOps question of the day · Alpha · level 2" in here.question.shown
    assert round_.question.text in here.question.shown
    assert here.question.buttons == ["Answer privately", "Hint", "My grade"]
    assert (round_.message, round_.thread) == (here.question.ts, f"{here.channel.id}/{here.question.ts}")
    assert not here.question.unfurl_links


async def test_a_reply_in_the_thread_is_graded_there_with_a_receipt(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, half(round_.question.id))
    (grade,) = here.spoken()
    assert "Ada's answer" in grade.shown
    assert "Score: 5/10" in grade.shown
    assert "Nothing on topic 2." in grade.shown
    assert grade.buttons == ["Key points"]
    assert not grade.pings
    assert here.receipts(said) == ["white_check_mark"]
    assert await here.points() == {"Ada": 5}


async def test_the_board_is_for_the_asker_alone(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    board = await here.slash(here.ada, "leaderboard all")
    assert "Ada (you)" in board.shown
    assert "Share" in board.buttons


async def test_the_receipt_says_seen_until_the_grade_is_there(here: Space) -> None:
    round_ = await here.ask()
    here.grader.away = True
    said = await here.say(here.ada, full(round_.question.id))
    assert here.receipts(said) == ["eyes"]
    assert here.spoken() == []
    assert "will be graded when the grader is back" in here.direct(here.ada)[-1].shown
    here.grader.away = False
    await here.later(minutes=10)
    assert here.receipts(said) == ["white_check_mark"]


async def test_the_reveal_comes_into_the_thread(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    await here.later(hours=25)
    reveal = here.spoken()[-1]
    assert "Closed. 1 answer, average 10.0. First: Ada 10." in reveal.shown
    assert fold(round_.question.sample_answer) in fold(reveal.shown)
    assert reveal.buttons == ["My grade"]


async def test_the_question_tells_how_many_have_answered(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    await here.later(minutes=10)
    assert "1 person has answered." in here.question.shown
    assert here.question.metadata == here.slack.calls("chat.postMessage")[0].args["metadata"]


async def test_talk_of_bots_other_apps_and_slack_itself_is_left_alone(here: Space) -> None:
    round_ = await here.ask()
    answer = full(round_.question.id)
    await here.say(here.slack.bot(here.team, "Robot"), answer)
    await here.say(here.ada, answer, subtype="channel_topic")
    await here.say(here.ada, "too short to count")
    here.slack.say(here.channel, here.ada, answer)
    other = here.slack.say(here.channel, here.ben, "Who has answered?")
    here.slack.say(here.channel, here.ada, answer, thread=other)
    await here.settle()
    assert here.spoken() == []
    assert len(here.slack.messages(here.channel)) == 1


async def test_what_is_said_to_another_person_or_bot_is_talk(here: Space) -> None:
    round_ = await here.ask()
    answer = full(round_.question.id)
    await here.say(here.ada, f"<@{here.ben.id}> {answer}")
    await here.say(here.ada, f"/mlops answer {answer}")
    assert here.spoken() == []


async def test_what_is_said_to_the_coach_is_an_answer(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, f"<@{here.me.id}> {half(round_.question.id)}")
    assert [("Score: 5/10" in grade.shown) for grade in here.spoken()] == [True]
    assert here.slack.ephemerals(here.ada) == []


async def test_a_reply_sent_to_the_channel_too_is_one_answer(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id), broadcast=True)
    later = await here.say(here.ben, half(round_.question.id))
    here.slack.broadcast(later)
    await here.settle()
    assert len(here.spoken()) == 2
    assert here.receipts(said) == ["white_check_mark"]
    assert await here.points() == {"Ada": 10, "Ben": 5}


async def test_a_message_with_a_file_or_in_the_third_person_is_an_answer(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id), subtype="file_share")
    await here.say(here.ben, full(round_.question.id), subtype="me_message")
    assert len(here.spoken()) == 2


async def test_the_grader_never_sees_an_id_nor_slacks_markup(here: Space) -> None:
    round_ = await here.ask()
    raw = f"{half(round_.question.id)} <@{here.ben.id}> <!subteam^S012345> <#{here.channel.id}|daily> &lt;b&gt;"
    raw += " &amp;amp; <https://example.com/a?b=1|docs> <https://example.com/> <!here> :ok: <!date^1^{date}|Monday>"
    await here.say(here.ada, raw, raw=True)
    seen = here.grader.asked[-1].answer
    assert seen == f"{half(round_.question.id)} @… @… #daily <b> &amp; docs https://example.com/ @here :ok: Monday"


async def test_a_person_is_called_by_their_name_and_before_it_is_known_by_none(here: Space) -> None:
    round_ = await here.ask()
    here.slack.fail("users.info", 500, times=2)
    await here.say(here.ada, full(round_.question.id))
    assert "Somebody's answer" in here.spoken()[0].shown
    assert await here.points() == {"somebody": 10}
    await here.say(here.ada, "And thanks!")
    assert await here.points() == {"Ada": 10}


async def test_guests_of_a_shared_channel_take_part_in_the_installations_community(here: Space) -> None:
    round_ = await here.ask()
    other = here.slack.team("Partner", installed=False)
    guest = here.slack.user(other, "Gus", display="Gus", admin=True)
    here.slack.share(here.channel, other, guest)
    await here.say(guest, full(round_.question.id))
    assert await here.points() == {"Gus": 10}


# ---------------------------------------------------------------------------------------------- edits and deletions


async def test_an_edit_is_a_new_attempt(here: Space) -> None:
    round_ = await here.ask(rule="latest")
    said = await here.say(here.ada, half(round_.question.id))
    here.clock.pass_(seconds=5)
    here.slack.edit(said, full(round_.question.id))
    await here.settle()
    assert len(here.spoken()) == 2
    assert await here.points() == {"Ada": 10}


async def test_a_deletion_withdraws(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    here.slack.delete(said)
    await here.settle()
    assert await here.points() == {}


async def test_an_unfurl_is_not_an_edit(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    here.slack.unfurl(said)
    await here.settle()
    assert len(here.spoken()) == 1
    assert here.store_rows("replies") == 1


async def test_a_question_that_is_deleted_withdraws_nothing(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    here.slack.delete(here.question)
    here.chat.gap()
    await here.settle()
    assert await here.points() == {"Ada": 10}


# ---------------------------------------------------------------------------------------------- settings and people


@pytest.mark.parametrize(("chosen", "called"), [("@channel", {"channel"}), ("here", {"here"}), ("@learners", set())])
async def test_only_whom_organisers_chose_is_called(here: Space, chosen: str, called: set[str]) -> None:
    await here.ask(mention=chosen)
    assert here.question.pings == called


async def test_forgetting_a_person_deletes_what_was_said_to_them(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    await here.say(here.ben, half(round_.question.id))
    form = await here.form(here.ada, here.question, "Answer privately")
    await here.submit(here.ada, form, answer=half(round_.question.id))
    assert len(here.direct(here.ada)) == 2
    await here.app.coach.privacy.delete(here.place, Person(here.ada.id, "Ada"))
    await here.settle()
    assert ["Ben's answer" in grade.shown for grade in here.spoken()] == [True]
    assert here.direct(here.ada) == []


async def test_a_regrade_changes_the_grade_in_its_place(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    (before,) = here.spoken()
    await here.app.coach.grading.regrade(here.place, "1")
    await here.settle()
    (after,) = here.spoken()
    assert after.ts == before.ts
    assert "Ada's answer" in after.shown


async def test_a_workspace_that_removes_the_coach_is_forgotten_after_the_grace_period_unless_it_comes_back(
    here: Space,
) -> None:
    round_ = await here.ask(time="09:00")
    await here.say(here.ada, full(round_.question.id))
    privacy, month = here.app.coach.privacy, dt.timedelta(days=30)
    await here.chat.removed(here.team.id)
    await here.later(days=29)
    assert await privacy.forget_left("slack", month) == []
    asked = [message for message in here.slack.messages(here.channel) if not message.thread_ts]
    assert len(asked) == 1  # nothing is asked where the coach isn't
    await here.chat.joined(here.team.id)
    here.clock.pass_(days=2)
    assert await privacy.forget_left("slack", month) == []
    await here.chat.removed(here.team.id)
    here.clock.pass_(days=31)
    assert await privacy.forget_left("slack", month) == [here.team.id]
    assert await here.points() == {}
    assert here.store_rows("replies") == here.store_rows("people") == 0
