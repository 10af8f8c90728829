"""What people and organisers ask for on Slack: commands, buttons and forms, and who sees the answers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.coach import Replies
from bot.core.errors import StoreUnwritable
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_rounds import full, half
from tests.e2e.slack_server import Ephemeral, Message


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


# ---------------------------------------------------------------------------------------------- commands


async def test_every_answer_is_for_the_asker_alone(here: Space) -> None:
    await here.ask()
    for verb in ("hint", "mygrade", "leaderboard", "me", "help", ""):
        answer = await here.slash(here.ada, verb)
        assert isinstance(answer, Ephemeral), verb
        assert answer.user is here.ada, verb
    assert len(here.slack.messages(here.channel)) == 1


async def test_an_unknown_verb_is_answered_with_help_and_what_was_meant(here: Space) -> None:
    answer = await here.slash(here.ada, "leaderbord")
    assert "There is no command called leaderbord. Did you mean leaderboard?" in answer.shown
    assert "/mlops mygrade" in answer.shown


async def test_a_known_verb_with_wrong_arguments_is_answered_with_what_is_wrong(here: Space) -> None:
    answer = await here.slash(here.ada, "leaderboard Nowhere at all")
    assert "No topic called" in answer.shown
    assert "/mlops mygrade" not in answer.shown


async def test_a_question_on_demand_appears_in_the_channel(here: Space) -> None:
    answer = await here.slash(here.ada, "question Beta")
    assert "Asked: " in answer.shown
    assert "MLOps question · Beta · level 2" in here.question.shown


async def test_organisers_commands_are_refused_to_others(here: Space) -> None:
    answer = await here.slash(here.ada, "post-now")
    assert "/mlops post-now is for organisers." in answer.shown
    assert here.slack.messages(here.channel) == []
    await here.slash(here.olga, "post-now")
    assert len(here.slack.messages(here.channel)) == 1


async def test_admins_of_another_workspace_are_guests_here(here: Space) -> None:
    await here.ask()
    other = here.slack.team("Partner", installed=False)
    guest = here.slack.user(other, "Gus", display="Gus", admin=True)
    here.slack.share(here.channel, other, guest)
    asked = here.slack.mention(here.channel, guest, "post-now")
    await here.settle()
    assert "is for organisers" in here.slack.ephemerals(guest)[-1].shown
    assert asked.replies == []


async def test_people_whom_organisers_name_are_organisers(here: Space) -> None:
    await here.slash(here.olga, f"config set organisers <@{here.ada.id}|ada>")
    await here.slash(here.ada, "post-now")
    assert len(here.slack.messages(here.channel)) == 1


async def test_whom_organisers_name_is_told_what_they_are_when_they_set_a_channel_up(here: Space) -> None:
    await here.slash(here.olga, f"config set organisers <@{here.ada.id}|ada>")
    saved = await here.slash(here.ada, "config set mention nobody-like-this", here.slack.channel(here.team, "news"))
    assert "Saved · news" in saved.shown
    assert "Slack has no group nobody-like-this" in saved.shown


async def test_whoever_installed_the_coach_is_an_organiser(here: Space) -> None:
    workspaces = here.chat._workspaces
    installed = await workspaces.get(here.team.id)
    workspaces._known[here.team.id] = dataclasses.replace(installed, installer=here.ada.id)
    await here.slash(here.ada, "post-now")
    assert len(here.slack.messages(here.channel)) == 1


async def test_when_slack_does_not_tell_who_somebody_is_they_are_told_so(here: Space) -> None:
    here.slack.fail("users.info", 500, times=5)
    answer = await here.slash(here.olga, "post-now")
    assert "Slack doesn't tell me right now whether you're an admin." in answer.shown


async def test_what_cannot_be_done_is_told_with_what_to_do(here: Space) -> None:
    elsewhere = here.slack.channel(here.team, "elsewhere", coach=False)
    for verb in ("question", "post-now"):
        answer = await here.slash(here.olga, verb, elsewhere)
        assert "/invite @MLOps Coach" in answer.shown, verb
    shown = await here.slash(here.olga, "config show", elsewhere)
    assert "/invite @MLOps Coach" in shown.shown
    assert "/invite" not in (await here.slash(here.olga, "config show")).shown


async def test_data_can_be_taken_along_and_deleted(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    exported = await here.slash(here.ada, "privacy export")
    assert "The file is in our direct messages." in exported.shown
    (file,) = here.direct(here.ada)[-1].files
    assert json.loads(file.content or b"")["replies"][0]["score"] == 10
    asked = await here.slash(here.ada, "privacy delete")
    done = await here.press(here.ada, asked, "Delete my data")
    assert "Deleted: your name, 1 reply" in done.shown
    assert await here.points() == {}


async def test_the_commands_name_is_a_setting(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3", command="/interview") as here:
        answer = await here.slash(here.ada, "help")
        assert "/interview leaderboard" in answer.shown
        assert "/mlops" not in answer.shown


# ---------------------------------------------------------------------------------------------- buttons and forms


async def test_a_private_answer_goes_through_a_form_and_its_grade_is_for_its_author_alone(here: Space) -> None:
    round_ = await here.ask()
    form = await here.form(here.ada, here.question, "Answer privately")
    assert round_.question.text in form.shown
    done = await here.submit(here.ada, form, answer=half(round_.question.id))
    assert "Your answer is in and is being graded." in done.ephemerals[0].shown
    grade, _ = here.direct(here.ada)  # and a word of welcome
    assert "Score: 5/10" in grade.shown
    assert here.spoken() == []
    assert await here.points() == {"Ada": 5}
    points = await here.press(here.ada, grade, "Key points")
    assert "Missing:" in points.shown
    assert isinstance(points, Message)


async def test_a_form_opens_by_command_too(here: Space) -> None:
    round_ = await here.ask()
    form = await here.form(here.ada, "answer")
    await here.submit(here.ada, form, answer=full(round_.question.id))
    assert await here.points() == {"Ada": 10}


async def test_a_form_that_is_delivered_twice_is_one_attempt(here: Space) -> None:
    round_ = await here.ask()
    form = await here.form(here.ada, here.question, "Answer privately")
    done = await here.submit(here.ada, form, answer=full(round_.question.id))
    here.slack.outgoing.again(done.delivery)
    await here.settle()
    assert here.store_rows("replies") == 1
    assert ["Score: 10/10" in said.shown for said in here.direct(here.ada)] == [True, False]


async def test_a_form_without_words_stays_open_and_says_so_under_the_field(here: Space) -> None:
    await here.ask()
    form = await here.form(here.ada, here.question, "Answer privately")
    await here.submit(here.ada, form, answer="...")
    assert form.open
    assert form.errors == {"answer": "There are no words in that answer. Write a few sentences."}


async def test_a_private_answer_that_cannot_be_stored_stays_in_its_form(here: Space) -> None:
    round_ = await here.ask()
    form = await here.form(here.ada, here.question, "Answer privately")

    async def fails(*_: object, **__: object) -> None:
        raise StoreUnwritable("the disk is full")

    here.slack.outgoing.ack_s = 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replies, "take", fails)
        done = await here.submit(here.ada, form, answer=full(round_.question.id))
    assert done.error
    assert form.open
    await here.submit(here.ada, form, answer=full(round_.question.id))
    assert await here.points() == {"Ada": 10}


async def test_forms_and_buttons_work_after_a_restart(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    form = await here.form(here.ben, here.question, "Answer privately")
    await here.restart()
    await here.submit(here.ben, form, answer=full(round_.question.id))
    assert await here.points() == {"Ada": 5, "Ben": 10}
    hint = await here.press(here.ada, here.question, "Hint")
    assert "A first hint" in hint.shown
    assert "A second hint" in (await here.press(here.ada, hint, "Another hint")).shown
    points = await here.press(here.ada, here.spoken()[0], "Key points")
    assert isinstance(points, Ephemeral)
    assert points.thread_ts == here.question.ts
    assert "Only the author" in (await here.press(here.ben, here.spoken()[0], "Key points")).shown


async def test_a_form_that_opens_too_late_is_offered_by_a_button(here: Space) -> None:
    round_ = await here.ask()
    here.slack.fail("views.open", "expired_trigger_id")
    offered = await here.slash(here.ada, "answer")
    form = await here.form(here.ada, offered, "Answer privately")
    await here.submit(here.ada, form, answer=full(round_.question.id))
    assert await here.points() == {"Ada": 10}


async def test_grade_this_answer_is_for_ones_own_message(here: Space) -> None:
    await here.ask()
    said = await here.say(here.ada, "alpha one, maybe?")
    other = await here.told(here.slack.shortcut(here.ben, "mc_grade", said))
    assert "Only your own message can be graded." in other.shown
    own = await here.told(here.slack.shortcut(here.ada, "mc_grade", said))
    assert "Your answer is in and is being graded." in own.shown
    assert "Score:" in here.spoken()[0].shown
    again = await here.told(here.slack.shortcut(here.ada, "mc_grade", said))
    assert "is an answer already" in again.shown


async def test_share_shows_the_board_to_everybody(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    board = await here.slash(here.ada, "leaderboard all")
    shared = await here.press(here.ada, board, "Share")
    assert "Everybody here can see it now." in shared.shown
    shown = here.slack.messages(here.channel)[-1]
    assert "Ada" in shown.shown
    assert "(you)" not in shown.shown


async def test_what_cannot_be_shared_is_told_to_one_alone(here: Space) -> None:
    await here.ask()
    board = await here.slash(here.ada, "leaderboard Alpha")
    here.slack.leave(here.channel, here.me)
    shared = await here.press(here.ada, board, "Share")
    assert "/invite @MLOps Coach" in shared.shown
    assert isinstance(shared, Ephemeral)


async def test_charts_come_by_direct_message_and_with_what_is_shared(here: Space) -> None:
    for said in (full, half):
        round_ = await here.ask()
        await here.say(here.ada, said(round_.question.id))
        await here.later(days=1)
    for line in ("leaderboard all", "me"):
        answer = await here.slash(here.ada, line)
        assert "Send me the chart" in answer.buttons, line
        told = await here.press(here.ada, answer, "Send me the chart")
        assert "The chart is in our direct messages." in [e.shown for e in here.slack.ephemerals(here.ada)][-1], told
        picture, *more = here.direct(here.ada)[-1].files
        assert ["Your average by section" in other.alt for other in more] == [True] * (line == "me")
        assert (picture.content or b"").startswith(b"\x89PNG")
        assert "from 0 to 15" in picture.alt
    await here.press(here.ada, await here.slash(here.ada, "leaderboard all"), "Share")
    assert here.slack.messages(here.channel)[-1].files


@pytest.mark.parametrize(
    "value", ["{}", "[]", "foreign", '{"v":"skip"}', '{"v":"nothing"}', '{"v":"chart"}', "x" * 1999]
)
async def test_foreign_and_forged_buttons_are_left_alone(here: Space, value: str) -> None:
    await here.ask()
    actions = next(block for block in here.question.blocks if block["type"] == "actions")
    actions["elements"][0]["value"] = value
    done = here.slack.press(here.olga, here.question, "Answer privately")
    await done.acked()
    await here.settle()
    assert done.ephemerals == []
    assert len(here.slack.messages(here.channel)) == 1


# ---------------------------------------------------------------------------------------------- organisers


async def test_an_organiser_sets_a_channel_up_by_a_form(here: Space) -> None:
    here.olga.tz = "America/Los_Angeles"
    form = await here.form(here.olga, "config setup")
    assert "America/Los_Angeles" in json.dumps(form.blocks)
    values = {"time": "18:00", "zone": "Berlin", "weekdays": "mon-fri", "mention": "", "close_after": "24h"}
    done = await here.submit(here.olga, form, **values)
    saved = done.ephemerals[-1]
    assert "Saved · mlops-daily" in saved.shown
    assert "18:00 Europe/Berlin" in saved.shown
    assert saved.buttons == ["Post one now", "Preview"]
    await here.press(here.olga, saved, "Post one now")
    assert len(here.slack.messages(here.channel)) == 1


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("time", "25:00", "25:00 is not a time of day. Write it like 09:00."),
        ("zone", "Berln", "There is no time zone called Berln. Did you mean Europe/Berlin?"),
        ("weekdays", "mon,fru", "fru is not a day. Write days like mon-fri or mon,wed,fri."),
        ("close_after", "soon", "soon is not a time span. Write one like 90m, 24h or 2d, at most 14d."),
    ],
)
async def test_what_is_wrong_in_a_form_stands_under_its_field(
    here: Space, field: str, value: str, problem: str
) -> None:
    form = await here.form(here.olga, "config setup")
    values = {"time": "18:00", "zone": "UTC", "weekdays": "daily", "mention": "", "close_after": "24h"} | {field: value}
    await here.submit(here.olga, form, **values)
    assert form.errors == {field.replace("_", "-"): problem}
    assert form.open


async def test_a_group_that_is_not_there_and_pins_are_told_when_they_are_set(here: Space) -> None:
    answer = await here.slash(here.olga, "config set mention @learners")
    assert "Slack has no group @learners" in answer.shown
    assert "I can't pin messages on Slack." in (await here.slash(here.olga, "config set pin on")).shown
