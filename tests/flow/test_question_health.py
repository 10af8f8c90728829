"""What organisers see of how their questions do."""

from __future__ import annotations

import pytest

from bot.core.message import Message
from bot.core.model import Place
from tests.flow.test_calendar import told
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World


async def answered(world: World) -> str:
    """Five people answer the same question: four by half, one in full; its id."""
    round_ = await world.daily()
    own = {"ada": "mountains rise slowly", "ben": "quick brown foxes", "cleo": "seven green bottles", "dan": "why not"}
    for who, words in own.items():
        await world.say(round_, who, f"{words} {words} {words} {half(round_.question.id)}")
    await world.say(round_, "eve", f"{half(round_.question.id)} gamma{round_.question.id[1:]} three it is")
    return round_.question.id


async def test_a_questions_figures_are_those_of_its_answers(world: World) -> None:
    asked = await answered(world)
    (found,) = [one for one in await world.app.coach.question_health.all(PLACE) if one.scores]
    assert (found.question.id, sorted(found.scores), found.points) == (asked, [5, 5, 5, 5, 8], 4)
    assert [point.topic for point in found.uncovered] == ["topic 3"]
    text = await told(world, "health", question=asked)
    assert "5 answers, mean 5.6, spread 1.2; 1 of 4 key points covered by nobody." in text
    assert f"Covered by nobody\n- topic 3: delta{asked[1:]} four" in text


async def test_a_key_point_that_was_corrected_since_is_not_called_uncovered(world: World) -> None:
    asked = await answered(world)
    document, _ = await world.app.coach.exchange.export(PLACE, everything=True)
    corrected = document.replace(f"delta{asked[1:]} four", "delta and epsilon").replace(
        f"alpha{asked[1:]} one", "alpha"
    )
    await world.app.coach.exchange.bring_in(PLACE, corrected)
    found = await world.app.coach.question_health.of(PLACE, asked)
    assert [point.topic for point in found.question.key_points] == ["topic 0", "topic 1", "topic 2", "topic 3"]
    assert (found.uncovered, found.weak) == ((), ())


async def test_changed_grades_are_counted_and_make_it_one_to_look_at(world: World) -> None:
    asked = await answered(world)
    for reply in ("1", "2"):
        await told(world, "override", id=reply, score="9", reason="why")
    text = await told(world, "health")
    assert "6 questions, 1 with answers, 1 to look at." in text
    assert f"- {asked}: organisers often changed its grades; 5 answers, mean 7.2" in text
    assert "2 grades changed" in text


async def test_copies_practice_and_the_forgotten_are_left_out(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", round_.question.sample_answer)
    await world.say(round_, "ben", half(round_.question.id))
    world.clock.pass_(hours=25)
    await world.app.settle()
    await world.say(round_, "cleo", full(round_.question.id))
    found = await world.app.coach.question_health.of(PLACE, round_.question.id)
    assert found.scores == (5,)


async def test_pages_show_every_question_once(world: World) -> None:
    await world.daily()
    for number in range(10):
        await world.app.coach.suggestions.suggest(
            await world.app.coach.rounds.channel(PLACE),
            world.reply(await world.app.coach.rounds.find(PLACE), f"u{number}", "x").author,
            f"Question number {number} of many?",
            "An answer that has quite enough words in it.",
            request=str(number),
        )
        await world.app.coach.suggestions.approve(PLACE, number + 1)
    first = await world.call("health", organiser=True)
    assert isinstance(first, Message)
    (more,) = first.buttons
    second = await world.call(more.verb, organiser=True, **dict(more.args))
    assert isinstance(second, Message)
    lines = [line for line in (first.text + "\n" + second.text).splitlines() if line.startswith("- ")]
    assert len(lines) == len(set(lines)) == 16
    assert second.buttons == ()


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 50, "²"])
async def test_a_forged_page_is_a_page(world: World, page: str) -> None:
    text = await told(world, "health", page=page)
    assert text.startswith("Question health · page 1 of 1")


async def test_an_unknown_question_is_asked_back_and_another_community_sees_nothing(world: World) -> None:
    asked = await answered(world)
    assert f"Did you mean {asked}?" in await told(world, "health", question=f"{asked}x")
    elsewhere = Place("room", "elsewhere", "daily")
    assert not any(found.scores for found in await world.app.coach.question_health.all(elsewhere))
