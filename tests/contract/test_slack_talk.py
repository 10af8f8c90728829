"""What people ask the coach by mentioning it, by direct message and on its home on Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.model import Place
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_rounds import full, half


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


# ---------------------------------------------------------------------------------------------- mentions and messages


async def test_a_mention_in_the_thread_does_what_a_button_does_and_is_no_answer(here: Space) -> None:
    round_ = await here.ask()
    here.slack.mention(here.channel, here.ada, "hint", thread=here.question)
    await here.settle()
    (hint,) = here.slack.ephemerals(here.ada)
    assert "A first hint" in hint.shown
    assert hint.thread_ts == here.question.ts
    assert here.spoken() == []
    await here.say(here.ada, half(round_.question.id))
    here.slack.mention(here.channel, here.ada, "mygrade", thread=here.question)
    await here.settle()
    assert "Score: 5/10" in here.slack.ephemerals(here.ada)[-1].shown


async def test_a_mention_that_asks_for_a_form_is_answered_by_a_button_that_opens_it(here: Space) -> None:
    round_ = await here.ask()
    here.slack.mention(here.channel, here.ada, "answer", thread=here.question)
    await here.settle()
    offered = here.slack.ephemerals(here.ada)[-1]
    form = await here.form(here.ada, offered, "Answer privately")
    await here.submit(here.ada, form, answer=full(round_.question.id))
    assert await here.points() == {"Ada": 10}


async def test_a_mention_in_the_channel_with_other_words_is_answered_with_help(here: Space) -> None:
    here.slack.mention(here.channel, here.ada, "what can you do?")
    await here.settle()
    assert "/mlops leaderboard" in here.slack.ephemerals(here.ada)[-1].shown


async def test_a_mistyped_mention_in_the_thread_is_answered_with_what_was_meant(here: Space) -> None:
    await here.ask()
    here.slack.mention(here.channel, here.ada, "hnit", thread=here.question)
    await here.settle()
    (help_,) = here.slack.ephemerals(here.ada)
    assert "Did you mean hint?" in help_.shown
    assert help_.thread_ts == here.question.ts
    assert here.spoken() == []


async def test_a_mention_within_a_sentence_is_no_command(here: Space) -> None:
    await here.ask()
    await here.say(here.ada, f"thanks <@{here.me.id}> help is welcome, I suppose")
    here.slack.say(here.channel, here.ada, f"ask <@{here.me.id}> help")
    await here.settle()
    assert here.slack.ephemerals(here.ada) == []


async def test_a_mention_that_comes_twice_is_answered_once(here: Space) -> None:
    said = here.slack.mention(here.channel, here.ada, "help")
    await here.settle()
    for delivery in said.deliveries:
        here.slack.outgoing.again(delivery)
    await here.settle()
    assert len(here.slack.ephemerals(here.ada)) == 1


async def test_a_direct_message_is_a_command_and_never_graded(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    direct = here.slack.dm(here.ada)
    for text, shown in (
        ("leaderboard all", "Ada (you)"),
        ("/mlops me", "All time"),
        (full(round_.question.id), "There is no command called"),
        ("hint", "Press the button under it, or ask me in its channel."),
        ("question", "That works in channels only."),
    ):
        here.slack.say(direct, here.ada, text)
        await here.settle()
        assert shown in here.direct(here.ada)[-1].shown, text
        assert "Share" not in here.direct(here.ada)[-1].buttons
    assert here.store_rows("replies") == 1


# ---------------------------------------------------------------------------------------------- the home


async def test_the_home_shows_the_question_the_standing_settings_and_privacy_and_stays_up_to_date(here: Space) -> None:
    round_ = await here.ask(time="09:00")
    here.slack.open_home(here.ada)
    await here.settle()
    home = here.slack.home(here.ada)
    assert home is not None
    for words in (round_.question.text, "You haven't answered yet.", "09:00 UTC", "Privacy"):
        assert words in home.shown, words
    await here.say(here.ada, half(round_.question.id))
    home = here.slack.home(here.ada)
    assert home is not None
    assert "5 points" in home.shown
    answer = await here.press(here.ada, home, "My grade")
    assert "Score: 5/10" in answer.shown
    assert answer in here.direct(here.ada)


async def test_the_home_tells_nothing_of_private_channels_to_those_who_are_not_in_them(here: Space) -> None:
    ada, ben = here.ada, here.ben
    secret = here.slack.channel(here.team, "reorganisation", private=True)
    here.slack.leave(secret, ben)
    place = Place("slack", here.team.id, secret.id)
    await here.app.coach.rounds.channel(place, "reorganisation")
    await here.app.coach.organise.set(place, {"time": "09:00", "zone": "UTC"})
    await here.app.coach.rounds.post_now(place)
    await here.settle()
    for who, sees in ((ada, True), (ben, False)):
        here.slack.open_home(who)
        await here.settle()
        home = here.slack.home(who)
        assert home is not None
        assert ("reorganisation" in home.shown) is sees


async def test_a_form_that_was_opened_at_home_is_answered_by_direct_message(here: Space) -> None:
    round_ = await here.ask()
    here.slack.open_home(here.ada)
    await here.settle()
    home = here.slack.home(here.ada)
    assert home is not None
    form = await here.form(here.ada, home, "Answer privately")
    await here.submit(here.ada, form, answer=half(round_.question.id))
    assert ["Your answer is in" in said.shown for said in here.direct(here.ada)] == [True, False, False]
    assert here.slack.ephemerals(here.ada) == []


async def test_data_is_exported_and_deleted_from_home(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    here.slack.open_home(here.ada)
    await here.settle()
    home = here.slack.home(here.ada)
    assert home is not None
    await here.press(here.ada, home, "Export my data")
    assert [file.name for said in here.direct(here.ada) for file in said.files] == ["mlops-coach-my-data.json"]
    asked = await here.press(here.ada, home, "Delete my data")
    await here.press(here.ada, asked, "Delete my data")
    assert await here.points() == {}
    assert here.store_rows("people") == 0


async def test_a_chart_comes_with_the_answer_to_a_direct_message(here: Space) -> None:
    for said in (full, half):
        round_ = await here.ask()
        await here.say(here.ada, said(round_.question.id))
        await here.later(days=1)
    here.slack.say(here.slack.dm(here.ada), here.ada, "me")
    await here.settle()
    answer, picture = here.direct(here.ada)[-2:]
    assert "All time" in answer.shown
    assert "Send me the chart" not in answer.buttons
    assert [file.name.endswith(".png") for file in picture.files] == [True, True]


async def test_a_home_that_slack_does_not_take_for_now_is_shown_at_the_next_change(here: Space) -> None:
    round_ = await here.ask()
    here.slack.fail("views.publish", 500)
    here.slack.open_home(here.ada)
    await here.settle()
    assert here.slack.home(here.ada) is None
    await here.say(here.ada, half(round_.question.id))
    home = here.slack.home(here.ada)
    assert home is not None
    assert "5 points" in home.shown
