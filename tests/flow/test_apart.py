"""Two communities of one platform: what one of them has can't be seen, nor changed, from the other."""

from __future__ import annotations

import pytest

from bot.commands import TABLE, Call, Command, dispatch
from bot.core.message import Form, Message
from bot.core.model import Person, Place
from tests.flow.test_one_reply import half
from tests.flow.world import PLACE, World, sqlite_only

OTHER = Place("room", "elsewhere", "daily")
EVE = Person("eve", "Eve")
SECRETS = ("Ada", "Orga", "alpha", "feature store", "because", "daily-of-guild")


async def a_community_with_everything(world: World) -> str:
    """Ada has answered, suggested, taken a hint; Orga has changed a grade, set things up and brought a question in."""
    coach, orga = world.app.coach, Person("orga", "Orga")
    round_ = await world.daily(**{"hint-cost": "1", "digest": "on"})
    await coach.rounds.channel(PLACE, "daily-of-guild")
    await world.say(round_, "ada", half(round_.question.id))
    for number in range(2):
        made = await coach.suggestions.suggest(
            round_.channel, Person("ada", "Ada"), f"What is a feature store {number}?", "It keeps what models need.",
            request=str(number),
        )  # fmt: skip
    await coach.suggestions.approve(PLACE, made, by=orga)
    await coach.learners.take_hints(round_, Person("ada", "Ada"), 1, 1)
    await coach.overrides.override(PLACE, "1", "9", "because", by=orga)
    await coach.organise.set(PLACE, {"organisers": "<@orga|Orga>"}, by=orga)
    await coach.dates.pin(PLACE, "2026-03-09", "q1", by=orga)
    await world.app.settle()
    return str(round_.id)


def said(answer: Message | Form) -> str:
    if isinstance(answer, Form):
        return "\n".join([answer.title, answer.intro, *(field.value for field in answer.fields)])
    return "\n".join(
        [answer.text, *(str(block) for block in answer.blocks), *(button.target for button in answer.buttons)]
    )


@sqlite_only
@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
async def test_no_command_with_the_ids_of_one_tells_or_changes_anything_in_the_other(
    world: World, command: Command
) -> None:
    round_id = await a_community_with_everything(world)
    await world.app.coach.rounds.channel(OTHER, "hall")
    before = await of_guild(world)
    args = {param.name: param.choices[0] for param in command.params if param.choices}
    args |= {"id": "1", "score": "2", "reason": "mine", "date": "2026-03-09", "dates": "2026-03-09", "question": "q1"}
    for target in ("1", "2", round_id):
        for submitted in (False, True):
            call = Call(
                command.verb, OTHER, EVE, world.clock.now(), f"{target}{submitted}", True, "t1", target,
                {**args, "number": "1", "cost": "1", "answer": "alpha is what I would say to it", "sure": "yes"},
                submitted=submitted,
            )  # fmt: skip
            told = said(await dispatch(world.app.coach, call))
            assert not [secret for secret in SECRETS if secret in told], told
    await world.app.settle()
    assert await of_guild(world) == before


async def of_guild(world: World) -> object:
    """What the first community has, as its own organisers, members and readers see it."""
    coach, ada = world.app.coach, Person("ada", "Ada")
    return (
        await coach.privacy.export(PLACE, ada), await coach.acts.page(PLACE), await coach.organise.show(PLACE),
        await coach.organise.organisers(PLACE), await coach.suggestions.next(PLACE), await coach.dates.pins(PLACE),
        await coach.exchange.export(PLACE), await coach.community.settings(PLACE), await world.points(),
        await coach.digests.current(PLACE), await coach.archive.days(PLACE, ada, most=9),
    )  # fmt: skip
