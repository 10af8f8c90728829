"""What people and organisers ask for on Discord: commands, buttons, forms and who sees the answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from simcord import Env, SetupError

from bot.coach import Replies
from bot.commands import TABLE, Kind
from bot.core.errors import StoreUnwritable
from bot.platforms.discord import ids
from tests.contract.discord_world import Server, labels, server, text
from tests.contract.test_discord_rounds import full, half


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Server]:
    async with server(tmp_path / "coach.sqlite3") as made:
        yield made


@pytest.fixture(autouse=True)
def _virtual_time(here: Server) -> Env:
    """simcord lends a test its clock when it finds its Env among the test's fixtures."""
    return here.env


# ---------------------------------------------------------------------------------------------- the tree


async def test_everybody_gets_the_tables_commands_and_only_organisers_theirs(here: Server) -> None:
    typed = [command for command in TABLE if Kind.SLASH in command.kinds]
    everybody = {f"mlops {command.verb}" for command in typed if not command.organisers}
    organisers = {f"mlops-admin {command.verb}" for command in typed if command.organisers}
    menu = {command.help for command in TABLE if Kind.MESSAGE in command.kinds}
    assert set(here.ada.available_commands(here.channel)) - menu == everybody
    assert set(here.olga.available_commands(here.channel)) - menu == everybody | organisers
    with pytest.raises(SetupError, match="default-member-permissions"):
        await here.ada.slash(here.channel, "mlops-admin failed")


async def test_organisers_commands_are_refused_to_others_even_when_a_server_shows_them(here: Server) -> None:
    command = here.env.backend.find_command("mlops-admin", here.guild.id)
    assert command
    here.guild.set_command_permissions(int(command["id"]), {here.ada: True})
    result = await here.ada.slash(here.channel, "mlops-admin post-now")
    assert text(result) == "/mlops-admin post-now is for organisers."
    assert result.ephemeral
    assert here.channel.threads == []


async def test_every_answer_is_deferred_at_once_and_personal(here: Server) -> None:
    await here.ask()
    for verb in ("hint", "mygrade", "leaderboard", "me", "help"):
        result = await here.ada.slash(here.channel, f"mlops {verb}")
        began = next(call for call in reversed(here.env.http_requests) if call.path.endswith("/callback"))
        assert began.json == {"type": 5, "data": {"flags": 64}}, verb
        assert (result.ephemeral, bool(text(result))) == (True, True), verb


async def test_whom_organisers_name_is_told_what_they_are_when_they_set_a_channel_up(here: Server) -> None:
    await here.olga.slash(here.channel, "mlops-admin config set", name="organisers", value=here.ada.mention)
    command = here.env.backend.find_command("mlops-admin", here.guild.id)
    assert command
    here.guild.set_command_permissions(int(command["id"]), {here.ada: True})
    news = here.guild.create_text_channel("news")
    saved = await here.ada.slash(news, "mlops-admin config set", name="mention", value="@nobody-here")
    assert "Saved · news" in text(saved)
    assert "There is no role called @nobody" in text(saved)


async def test_topics_are_completed(here: Server) -> None:
    found = await here.ada.autocomplete(here.channel, "mlops question", "topic", "et")
    assert [choice["value"] for choice in found] == ["Beta"]
    found = await here.ada.autocomplete(here.channel, "mlops question", "topic", "")
    assert [choice["value"] for choice in found] == ["Alpha", "Beta"]


async def test_a_question_on_demand_appears_in_the_channel(here: Server) -> None:
    result = await here.ada.slash(here.channel, "mlops question", topic="Beta")
    await here.settle()
    assert result.ephemeral
    assert here.question.embeds[0].title == "MLOps question · Beta · level 2"


async def test_help_calls_organisers_commands_as_they_are_called_here(here: Server) -> None:
    await here.ask(time="09:00")
    shown = text(await here.olga.slash(here.channel, "mlops help"))
    assert "/mlops-admin config set" in shown
    assert "/mlops config" not in shown
    assert "/mlops leaderboard" in shown
    assert "mlops-admin" not in text(await here.ada.slash(here.channel, "mlops help"))


async def test_data_can_be_taken_along_and_deleted(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    exported = await here.ada.slash(here.channel, "mlops privacy", what="export")
    assert exported.response
    (file,) = exported.response.attachments
    assert json.loads(here.env.backend.cdn.get(file.url) or b"")["replies"][0]["score"] == 10
    asked = await here.ada.slash(here.channel, "mlops privacy", what="delete")
    assert asked.response
    done = await here.ada.click(asked.response, label="Delete my data")
    await here.settle()
    assert text(done).startswith("Deleted: your name, 1 reply")
    assert await here.points() == {}


# ---------------------------------------------------------------------------------------------- buttons and forms


async def test_a_private_answer_goes_through_a_form_and_its_grade_is_for_its_author_alone(here: Server) -> None:
    round_ = await here.ask()
    form = await here.ada.click(here.question, label="Answer privately")
    assert form.modal
    assert form.modal["title"] == "Answer privately"
    assert round_.question.text in json.dumps(form.modal)
    sent = await here.ada.submit_modal(form, {"answer": half(round_.question.id)})
    assert text(sent) == "Your answer is in and is being graded. Only you will see the grade."
    await here.settle()
    assert "**Score: 5/10**" in text(sent.followups[0])
    assert sent.followups[0].ephemeral
    assert here.spoken() == []
    assert await here.points() == {"Ada": 5}


async def test_after_the_tokens_time_a_private_grade_is_left_for_my_grade(here: Server) -> None:
    round_ = await here.ask()
    here.grader.away = True
    form = await here.ada.click(here.question, label="Answer privately")
    sent = await here.ada.submit_modal(form, {"answer": half(round_.question.id)})
    await here.settle()
    await here.env.advance_time(16 * 60)
    here.grader.away = False
    await here.settle()
    await here.env.advance_time(300)
    await here.settle()
    assert all("Score" not in text(followup) for followup in sent.followups)
    assert here.spoken() == []
    assert len(here.spoken(here.channel)) == 1
    shown = await here.ada.slash(here.channel, "mlops mygrade")
    assert "**Score: 5/10**" in text(shown)


async def test_buttons_work_after_a_restart(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    await here.restart()
    hint = await here.ada.click(here.question, label="Hint")
    assert "A first hint" in text(hint)
    assert hint.response
    assert "A second hint" in text(await here.ada.click(hint.response, label="Another hint"))
    points = await here.ada.click(here.spoken()[0], label="Key points")
    assert points.ephemeral
    assert "**Missing:**\n- topic 2" in text(points)
    assert "Only the author" in text(await here.ben.click(here.spoken()[0], label="Key points"))


async def test_a_form_that_was_opened_before_a_restart_is_taken(here: Server) -> None:
    round_ = await here.ask()
    form = await here.ada.click(here.question, label="Answer privately")
    await here.restart()
    await here.ada.submit_modal(form, {"answer": full(round_.question.id)})
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_a_form_sent_twice_is_a_second_attempt_that_says_so(here: Server) -> None:
    round_ = await here.ask()
    for answer in (half(round_.question.id), full(round_.question.id)):
        await here.env.advance_time(1)
        form = await here.ada.slash(here.channel, "mlops answer")
        sent = await here.ada.submit_modal(form, {"answer": answer})
        await here.settle()
    assert "another attempt of yours is the one that counts" in text(sent.followups[-1])
    assert await here.points() == {"Ada": 5}


async def test_what_was_typed_is_given_back_when_it_cannot_be_stored(here: Server) -> None:
    round_ = await here.ask()
    form = await here.ada.click(here.question, label="Answer privately")
    answer = (full(round_.question.id) + " ") * 3

    async def fails(*_: object, **__: object) -> None:
        raise StoreUnwritable("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replies, "take", fails)
        sent = await here.ada.submit_modal(form, {"answer": answer})
    assert text(sent).startswith("That didn't work")
    assert sent.response
    (file,) = sent.response.attachments
    assert (here.env.backend.cdn.get(file.url) or b"").decode() == answer


async def test_an_answer_of_four_thousand_characters_passes_the_form(here: Server) -> None:
    await here.ask()
    form = await here.ada.slash(here.channel, "mlops answer")
    await here.ada.submit_modal(form, {"answer": "word " * 799 + "end! "})
    await here.settle()
    assert len(here.grader.asked[-1].answer) >= 3_999


async def test_grade_this_answer_is_for_ones_own_message(here: Server) -> None:
    await here.ask()
    said = await here.say(here.ada, "alpha one, maybe?")
    other = await here.ben.context_menu(here.thread, "Grade this answer", said)
    assert text(other) == "Only your own message can be graded."
    assert other.ephemeral
    assert here.spoken() == []
    await here.ada.context_menu(here.thread, "Grade this answer", said)
    await here.settle()
    assert "**Score:" in text(here.spoken()[0])
    again = await here.ada.context_menu(here.thread, "Grade this answer", said)
    assert "is an answer already" in text(again)


async def test_share_shows_the_board_to_everybody(here: Server) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    board = await here.ada.slash(here.channel, "mlops leaderboard", period="all")
    assert board.ephemeral
    assert "Ada (you)" in text(board)
    assert board.response
    shared = await here.ada.click(board.response, label="Share")
    assert text(shared) == "Everybody here can see it now."
    assert shared.ephemeral
    (shown,) = shared.followups
    assert not shown.ephemeral
    assert "Ada " in text(shown)
    assert "(you)" not in text(shown)


async def test_the_board_and_me_come_with_a_picture_once_there_are_days_to_compare(here: Server) -> None:
    for answer in (full, half):
        round_ = await here.ask()
        await here.say(here.ada, answer(round_.question.id))
        first = await here.ada.slash(here.channel, "mlops leaderboard", period="all")
        await here.env.advance_time(86_400)
        await here.settle()
    assert first.response
    for verb in ("leaderboard", "me"):
        options = {"period": "all"} if verb == "leaderboard" else {}
        shown = (await here.ada.slash(here.channel, f"mlops {verb}", **options)).response
        assert shown
        picture, *more = shown.attachments
        assert ["Your average by section" in (other.description or "") for other in more] == [True] * (verb == "me")
        assert shown.embeds[0].image.url
        assert "from 0 to 15" in (picture.description or "")
        assert (here.env.backend.cdn.get(picture.url) or b"").startswith(b"\x89PNG")


async def test_what_cannot_be_shared_is_told_to_one_alone(here: Server) -> None:
    await here.ask()
    board = await here.ada.slash(here.channel, "mlops leaderboard", topic="Alpha")
    assert board.response
    stored = here.env.backend.get_message(here.channel.id, board.response.id)
    button = stored.components[0]["components"][0]
    button["custom_id"] = button["custom_id"].replace("Alpha", "Nowhere")
    shared = await here.ada.click(board.response, label="Share")
    assert "No topic called" in text(shared)
    assert shared.ephemeral
    assert shared.followups == []


@pytest.mark.parametrize("custom_id", ["mc|nothing||", "mc|skip|||", "mc|regrade|||", "foreign", "mc|grade|1||x"])
async def test_foreign_and_forged_ids_are_left_alone(here: Server, custom_id: str) -> None:
    await here.ask()
    stored = here.env.backend.get_message(here.channel.id, here.question.id)
    stored.components[0]["components"][0]["custom_id"] = custom_id
    await here.ada.click(here.question, custom_id=custom_id)
    await here.settle()
    assert len(here.channel.threads) == 1


# ---------------------------------------------------------------------------------------------- organisers


async def test_an_organiser_sets_a_channel_up_by_a_form(here: Server) -> None:
    form = await here.olga.slash(here.channel, "mlops-admin config setup")
    values = {"time": "18:00", "zone": "Berlin", "weekdays": "mon-fri", "mention": "", "close-after": "24h"}
    saved = await here.olga.submit_modal(form, values)
    assert saved.ephemeral
    assert "Saved · mlops\\-daily" in text(saved) or "Saved · mlops-daily" in text(saved)
    assert "18:00 Europe/Berlin" in text(saved)
    assert saved.response
    assert labels(saved.response.message) == ["Post one now", "Preview"]
    await here.olga.click(saved.response, label="Post one now")
    await here.settle()
    assert len(here.channel.threads) == 1


async def test_what_is_wrong_with_a_setting_is_told(here: Server) -> None:
    result = await here.olga.slash(here.channel, "mlops-admin config set", name="zone", value="Berln")
    assert "Did you mean Europe/Berlin?" in text(result)


async def test_a_role_that_is_not_there_is_told_when_it_is_set(here: Server) -> None:
    result = await here.olga.slash(here.channel, "mlops-admin config set", name="mention", value="@nobody-here")
    assert "There is no role called @nobody" in text(result)


async def test_commands_in_a_thread_are_about_its_round(here: Server) -> None:
    first = await here.ask()
    thread = here.thread
    await here.say(here.ada, half(first.question.id))
    await here.env.advance_time(100)
    await here.ada.slash(here.channel, "mlops question")
    await here.settle()
    assert "Score: 5/10" in text(await here.ada.slash(thread, "mlops mygrade"))
    assert "You haven't answered" in text(await here.ada.slash(here.channel, "mlops mygrade"))


def test_ids_of_buttons_come_back_as_they_went() -> None:
    from bot.core.message import Button

    made = ids.of_button(Button("Share", "share", "7", (("topic", "A & B|C=d"), ("period", ""))), "ab-12")
    assert made is not None
    assert len(made) <= 100
    press = ids.press(made)
    assert press == ids.Press("share", "7", {"topic": "A & B|C=d"})
    assert ids.mark(made) == "ab-12"
    assert ids.of_button(Button("Share", "share", "7", (("topic", "x" * 100),)), "") is None
    assert ids.press("mcf|answer|7") is None
    assert ids.form(ids.of_form("answer", "7")) == ids.Press("answer", "7", {})


@pytest.mark.parametrize("topic", ["Мониторинг моделей после выпуска", "機械学習の運用と監視", "Überwachung & Drift"])
def test_topics_in_any_script_fit_into_a_button(topic: str) -> None:
    from bot.core.message import Button

    made = ids.of_button(Button("Share", "share", args=(("period", "month"), ("topic", topic))), "")
    assert ids.press(made or "") == ids.Press("share", "", {"period": "month", "topic": topic})


def test_no_verb_of_the_table_breaks_an_id() -> None:
    assert not [command.verb for command in TABLE if "|" in command.verb or len(command.verb) > 40]
    assert isinstance(discord.__version__, str)
