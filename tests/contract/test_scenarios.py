"""What the coach promises, played on every face that it has."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from simcord import Env

from bot.core.model import Round
from tests.contract.stage_discord import discord_stage
from tests.contract.stage_slack import slack_by_http, slack_by_socket
from tests.contract.stage_web import web_stage, web_stage_on_postgres
from tests.contract.stages import ORGANISER, Stage

STAGES: dict[str, Callable[[Path], AbstractAsyncContextManager[Stage]]] = {
    "web": web_stage,
    "web-postgres": web_stage_on_postgres,
    "discord": discord_stage,
    "slack": slack_by_socket,
    "slack-http": slack_by_http,
}

_ROW = re.compile(r"^\s*\d+=?\s+(?P<who>\w+)(?: \(you\))?\s+(?P<points>\d+)\s", re.MULTILINE)


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path / "coach.sqlite3") as made:
        yield made


@pytest.fixture(autouse=True)
def _virtual_time(stage: Stage) -> Env | None:
    """simcord lends a test its clock when it finds its Env among the test's fixtures."""
    return stage.env


def full(round_: Round) -> str:
    """An answer with all four points."""
    return "I would say {}, {}, then {} and at last {}.".format(*(point.claim for point in round_.question.key_points))


def half(round_: Round) -> str:
    """An answer with the first two points; too short to pass for a copy of somebody's."""
    first, second = (point.claim for point in round_.question.key_points[:2])
    return f"{first} and {second} are all I know"


async def board(stage: Stage, who: str = ORGANISER) -> dict[str, int]:
    """Names and points as somebody reads them on the board of all time."""
    shown = await stage.command(who, "leaderboard all")
    return {row["who"]: int(row["points"]) for row in _ROW.finditer(shown)}


async def revealed(stage: Stage) -> str:
    """The one reveal in the thread."""
    (reveal,) = (said for said in await stage.thread_texts("Ben") if said.startswith("Closed."))
    return reveal


# ---------------------------------------------------------------------------------------------- grades


async def test_a_full_answer_gets_a_ten_as_a_reply_in_the_thread(stage: Stage) -> None:
    round_ = await stage.question()
    said = await stage.say("Ada", full(round_))
    assert await stage.graded(said) == ["Score: 10/10"]
    assert "Score: 10/10" in await stage.thread_texts("Ben")
    assert await board(stage) == {"Ada": 10}


async def test_a_half_answer_is_told_what_is_missing_by_topic_only(stage: Stage) -> None:
    round_ = await stage.question()
    (grade,) = await stage.graded(await stage.say("Ada", half(round_)))
    assert grade.splitlines() == ["Score: 5/10", "Reasons:", "- Nothing on topic 2.", "- Nothing on topic 3."]
    assert not any(point.claim in grade.casefold() for point in round_.question.key_points)


async def test_talk_is_not_graded(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ben", "hello")
    talk = ["too short to count", "🙂", f"{stage.address('Ben')} {full(round_)}"]
    for words in talk:
        assert await stage.graded(await stage.say("Ada", words)) == [], words
    assert await board(stage) == {}


async def test_an_answer_to_a_closed_round_is_practice(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.close_round()
    (grade,) = await stage.graded(await stage.say("Ada", full(round_)))
    assert grade.startswith("Score: 10/10\nThe round was closed when this was written")
    assert await board(stage) == {}


async def test_an_edit_is_a_new_attempt_and_the_first_counts(stage: Stage) -> None:
    round_ = await stage.question()
    said = await stage.say("Ada", half(round_))
    await stage.edit("Ada", said, full(round_))
    first, second = await stage.graded(said)
    assert first.startswith("Score: 5/10")
    assert second.startswith("Score: 10/10\nGraded for practice: another attempt of yours is the one that counts")
    assert await board(stage) == {"Ada": 5}
    assert "Score: 5/10" in await stage.mygrade("Ada")


async def test_a_deleted_answer_counts_for_nothing_and_keeps_its_slot(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.delete("Ada", await stage.say("Ada", half(round_)))
    assert await board(stage) == {}
    assert await stage.mygrade("Ada") == "You took your answer back."
    await stage.say("Ada", full(round_))
    assert await board(stage) == {}


async def test_the_grade_of_a_deleted_answer_goes_with_it(stage: Stage) -> None:
    round_ = await stage.question()
    kept = await stage.say("Ben", half(round_))
    said = await stage.say("Ada", half(round_))
    assert len(await stage.graded(said)) == 1
    await stage.delete("Ada", said)
    assert await stage.graded(said) == []
    assert len(await stage.graded(kept)) == 1


async def test_the_pasted_sample_answer_is_a_ten_that_does_not_count(stage: Stage) -> None:
    round_ = await stage.question()
    (grade,) = await stage.graded(await stage.say("Ada", round_.question.sample_answer.upper()))
    assert grade.startswith("Score: 10/10\n")
    assert "doesn't count" in grade
    assert await board(stage) == {}


async def test_a_private_answers_grade_is_seen_by_its_author_only_and_counts(stage: Stage) -> None:
    round_ = await stage.question()
    told = await stage.private("Ada", half(round_))
    assert told == "Your answer is in and is being graded. Only you will see the grade."
    assert [said for said in await stage.thread_texts("Ada") if "Score: 5/10" in said]
    assert await stage.thread_texts("Ben") == []
    assert (await stage.mygrade("Ada")).startswith("Score: 5/10")
    assert await stage.mygrade("Ben") == "You haven't answered this question."
    assert await board(stage) == {"Ada": 5}


async def test_beyond_twenty_a_minute_answers_wait_and_their_author_is_told_once(stage: Stage) -> None:
    round_ = await stage.question()
    said = [await stage.say("Ada", f"{half(round_)} {number}") for number in range(23)]

    async def scores() -> list[int]:
        told = [await stage.graded(message) for message in said]
        return [sum(text.startswith("Score: ") for text in texts) for texts in told]

    assert await scores() == [1] * 20 + [0] * 3
    words = "You wrote more than 20 answers within a minute. All are kept and graded at that pace: this one "
    assert [words in text for text in await stage.thread_texts("Ada")].count(True) == 1
    if stage.env is None:  # on Discord nobody can be told alone who has only written, so it is said aside for a while
        assert not any(words in text for text in await stage.thread_texts("Ben"))
    await stage.close_round()
    assert await scores() == [1] * 23


# ---------------------------------------------------------------------------------------------- boards and the close


async def test_two_people_stand_on_the_board_in_order_and_each_sees_which_row_is_theirs(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ben", half(round_))
    await stage.say("Ada", full(round_))
    shown = await stage.command("Ben", "leaderboard all")
    assert [row["who"] for row in _ROW.finditer(shown)] == ["Ada", "Ben"]
    assert await board(stage, "Ben") == {"Ada": 10, "Ben": 5}
    assert "Ben (you)" in shown
    assert "Ada (you)" not in shown


async def test_the_close_reveals_the_sample_answer_and_the_podium(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    await stage.say("Ben", half(round_))
    sample = round_.question.sample_answer
    assert not any(sample in said for said in await stage.thread_texts("Ben"))
    await stage.close_round()
    reveal = await revealed(stage)
    assert reveal.startswith("Closed. 2 answers, average 7.5. First: Ada 10 and Ben 5.")
    assert sample in reveal
    assert "The point most often missed: topic 2." in reveal
    await stage.close_round()
    assert sum(sample in said for said in await stage.thread_texts("Ben")) == 1


# ---------------------------------------------------------------------------------------------- commands


async def test_an_unknown_verb_says_what_was_meant(stage: Stage) -> None:
    if not stage.types_commands:
        pytest.skip("this face offers only commands that exist: there is no way to type another")
    told = await stage.command("Ada", "leaderbord")
    assert "There is no command called leaderbord. Did you mean leaderboard? /mlops help lists them." in told


async def test_an_unknown_topic_says_which_one_was_meant(stage: Stage) -> None:
    await stage.question()
    told = await stage.command("Ada", "leaderboard all Alhpa")
    assert told == 'No topic called "Alhpa". Did you mean Alpha? Topics: Alpha, Beta.'


async def test_deleting_ones_data_takes_the_person_off_every_board_and_podium(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    await stage.say("Ben", half(round_))
    asked = await stage.command("Ada", "privacy delete")
    assert asked.startswith("This deletes your name, 1 reply")
    assert await board(stage) == {"Ada": 10, "Ben": 5}
    told = await stage.press("Ada", "Delete my data")
    assert told == "Deleted: your name, 1 reply and your place on every board."
    assert await board(stage) == {"Ben": 5}
    await stage.close_round()
    reveal = await revealed(stage)
    assert reveal.startswith("Closed. 1 answer, average 5.0. First: Ben 5.")


async def test_deleting_ones_data_takes_away_what_the_coach_said_to_that_person_alone(stage: Stage) -> None:
    round_ = await stage.question()
    said = await stage.say("Ada", full(round_))
    kept = await stage.say("Ben", half(round_))
    await stage.command("Ada", "privacy delete")
    await stage.press("Ada", "Delete my data")
    assert len(await stage.graded(kept)) == 1
    assert await stage.graded(said) == []


async def test_a_podium_that_was_shown_loses_a_person_who_is_deleted_later(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    await stage.say("Ben", half(round_))
    await stage.close_round()
    await stage.command("Ada", "privacy delete")
    await stage.press("Ada", "Delete my data")
    reveal = await revealed(stage)
    assert reveal.startswith("Closed. 1 answer, average 5.0. First: Ben 5.")
    assert "Ada" not in reveal


# ---------------------------------------------------------------------------------------------- learners


async def test_who_hides_is_on_no_board_and_podium_and_still_sees_their_points(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    await stage.say("Ben", half(round_))
    assert (await stage.command("Ada", "privacy hide")).startswith("You are on no board, podium or chart from now on")
    assert await board(stage) == {"Ben": 5}
    assert await board(stage, "Ada") == {"Ben": 5}
    assert "All time: 10 points, 1 answer, average 10.0\n" in await stage.command("Ada", "me")
    await stage.close_round()
    assert (await revealed(stage)).startswith("Closed. 2 answers, average 7.5. First: Ben 5.")
    assert "on the boards again" in await stage.command("Ada", "privacy show")
    assert await board(stage) == {"Ada": 10, "Ben": 5}
    assert "First: Ada 10 and Ben 5." in await revealed(stage)


async def test_a_hint_costs_what_its_button_says_and_nothing_before_it_is_pressed(stage: Stage) -> None:
    await stage.command(ORGANISER, "admin config set hint-cost 2")
    round_ = await stage.question()
    for who in ("Ada", "Ben"):
        assert "A hint takes 2 of 10 points off" in await stage.command(who, "hint")
    assert await stage.press("Ada", "Open the hint (2 points off)") == "Hint\n- A first hint."
    assert await stage.press("Ada", "Another hint (2 points off)") == "Hint\n- A first hint.\n- A second hint."
    await stage.tick()
    (grade,) = await stage.graded(await stage.say("Ada", full(round_)))
    assert grade == "Score: 10/10\n4 points off for hints: here it counts as 6 of 10."
    assert "hints" not in (await stage.graded(await stage.say("Ben", half(round_))))[0]
    assert await board(stage) == {"Ada": 6, "Ben": 5}


async def test_a_zone_is_set_by_its_name(stage: Stage) -> None:
    await stage.question()
    assert (await stage.command("Ada", "zone new york")).startswith("Your time zone: America/New_York.")
    assert "Did you mean Europe/Berlin?" in await stage.command("Ada", "zone Europe/Berln")


async def test_the_first_grade_brings_one_word_of_welcome_and_a_restart_no_second(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    assert [said for said in await stage.thread_texts("Ada") if "/mlops privacy hide" in said]
    if stage.env is None:  # on Discord nobody can be told alone who has only written, so it is said aside for a while
        assert not any("/mlops privacy hide" in said for said in await stage.thread_texts("Ben"))
    await stage.restart()
    await stage.say("Ada", half(round_))
    assert sum("/mlops privacy hide" in said for said in await stage.thread_texts("Ada")) == 1


async def test_progress_is_told_by_section(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", half(round_))
    told = await stage.command("Ada", "me")
    assert re.search(rf"^{round_.question.section}\s+1\s+5\.0$", told, re.MULTILINE)


# ---------------------------------------------------------------------------------------------- restarts


async def test_after_a_restart_all_is_there_and_what_was_written_meanwhile_is_graded_once(stage: Stage) -> None:
    round_ = await stage.question()
    before = await stage.say("Ada", full(round_))
    (missed,) = await stage.restart([("Ben", half(round_))])
    for _ in range(2):
        assert await stage.graded(before) == ["Score: 10/10"]
        (grade,) = await stage.graded(missed)
        assert grade.startswith("Score: 5/10")
        assert await board(stage) == {"Ada": 10, "Ben": 5}
        assert (await stage.mygrade("Ada")).startswith("Score: 10/10")
        await stage.restart()
    await stage.close_round()
    assert (await revealed(stage)).startswith("Closed. 2 answers")


# ---------------------------------------------------------------------------------------------- hostile text


@pytest.mark.parametrize("name", ["<b>*Eve*</b> @everyone", "[Eve](http://x.example) <@1>", "`**Eve**` ||@here||"])
async def test_hostile_names_are_shown_as_they_are_written_and_have_no_effect(stage: Stage, name: str) -> None:
    round_ = await stage.question()
    said = await stage.say(name, f"@everyone <script>alert(1)</script> **{half(round_)}** ||<@&1>||")
    (grade,) = await stage.graded(said)
    assert grade.startswith("Score: 5/10\nReasons:\n- Nothing on topic 2.")
    await stage.close_round()
    reveal = await revealed(stage)
    assert f"First: {name} 5." in reveal
    assert "[call]" not in reveal


async def test_hostile_commands_are_answered_with_their_words_as_they_are(stage: Stage) -> None:
    await stage.question()
    hostile = "<img src=x> **@everyone** <@1> [a](http://b)"
    told = await stage.command("Ada", f"leaderboard all {hostile}")
    assert told.startswith(f'No topic called "{hostile}".')
