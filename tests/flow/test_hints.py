"""Hints at a price: what is said first, what they cost, and whom."""

from __future__ import annotations

from bot.core.ports import rows
from tests.flow.test_learners import ADA, all_is_right, buttons, shown
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World


async def test_a_hint_says_what_it_costs_before_anything_is_taken(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "2"})
    (question,) = [parcel.message for _, parcel in world.room.sent if parcel.kind == "question"]
    assert "Hint (2 points off)" in buttons(question)
    offer = await world.call("hint", target=str(round_.id))
    assert "A hint takes 2 of 10 points off what your next answer counts here" in shown(offer)
    assert "first hint" not in shown(offer)
    await world.say(round_, "ada", full(round_.question.id))
    assert await world.points() == {"Ada": 10}


async def test_an_opened_hint_lowers_what_counts_once_and_the_grade_stays(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "2"})
    for _ in range(3):  # a redelivery, or looking again
        opened = await world.call("hint", target=str(round_.id), number="1", cost="2")
        assert shown(opened) == "Hint\n- A first hint."
    assert buttons(opened) == {"Another hint (2 points off)": {"number": "2", "cost": "2"}}
    assert shown(await world.call("hint", target=str(round_.id))) == "Hint\n- A first hint."
    world.clock.pass_(seconds=1)
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    words = "2 points off for hints: here it counts as 8 of 10."
    assert world.room.texts("grade")[0] == f"Score: 10/10\n{words}"
    assert shown(await world.call("mygrade")) == f"Score: 10/10\n{words}"
    assert "hints" not in world.room.texts("grade")[1]
    assert await world.points() == {"Ada": 8, "Ben": 5}
    await all_is_right(world)


async def test_a_hint_after_the_answer_that_counts_costs_nothing(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "9"})
    await world.say(round_, "ada", full(round_.question.id))
    await world.call("hint", target=str(round_.id), number="1", cost="9")
    assert await world.points() == {"Ada": 10}
    await all_is_right(world)


async def test_hints_never_take_the_last_point(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "9"})
    await world.call("hint", target=str(round_.id), number="2", cost="9")
    world.clock.pass_(seconds=1)
    await world.say(round_, "ada", half(round_.question.id))
    assert await world.points() == {"Ada": 1}
    await all_is_right(world)


async def test_a_hint_at_another_price_than_was_named_is_not_opened(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "1"})
    await world.app.coach.organise.set(PLACE, {"hint-cost": "3"})
    told = shown(await world.call("hint", target=str(round_.id), number="1", cost="1"))
    assert "A hint takes 3 of 10 points" in told
    assert await world.app.coach.learners.hints(round_, ADA) == 0


async def test_another_price_counts_anew_and_nobody_pays_more_than_was_said(world: World) -> None:
    round_ = await world.daily(**{"hint-cost": "2"})
    await world.call("hint", target=str(round_.id), number="1", cost="2")
    world.clock.pass_(seconds=1)
    await world.say(round_, "ada", full(round_.question.id))
    for cost, points in (("1", 9), ("5", 8), ("0", 10), ("2", 8)):
        await world.app.coach.organise.set(PLACE, {"hint-cost": cost})
        await world.app.settle()
        await counted_anew(world)
        assert await world.points() == {"Ada": points}, cost
        await all_is_right(world)


async def counted_anew(world: World) -> None:
    """Let what a changed rule makes due be counted, wherever that is done."""
    for _, _, step in world.app._loops():
        if not await world.app.store.read(rows, "channels_to_recount"):
            return
        await step()


async def test_without_a_price_hints_are_free_and_nothing_is_noted(world: World) -> None:
    round_ = await world.daily()
    assert shown(await world.call("hint", target=str(round_.id))) == "Hint\n- A first hint."
    assert buttons(await world.call("hint", target=str(round_.id))) == {"Another hint": {"number": "2"}}
    await world.app.coach.organise.set(PLACE, {"hint-cost": "3"})
    await world.say(round_, "ada", full(round_.question.id))
    assert await world.points() == {"Ada": 10}


async def test_after_the_close_a_hint_is_free(world: World) -> None:
    round_ = await world.daily(weekdays="mon", **{"hint-cost": "3"})
    world.clock.pass_(days=2)
    await world.app.settle()
    assert shown(await world.call("hint", target=str(round_.id))) == "Hint\n- A first hint."
    assert await world.app.coach.learners.hints(round_, ADA) == 0
