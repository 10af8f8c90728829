"""Who is forgotten is nowhere any more: not as somebody who suggested, not as an organiser, not in a reason."""

from __future__ import annotations

from pathlib import Path

from bot.core.model import Person
from tests.flow.test_one_reply import half
from tests.flow.world import PLACE, World, dump, world_at

ZOE = Person("u7731", "Zoe Quint")


async def live(world: World) -> None:
    """What Zoe does, and what is done about her."""
    coach = world.app.coach
    round_ = await world.daily(organisers=f"<@{ZOE.id}|{ZOE.name}>", **{"organisers-on-boards": "off"})
    await world.say(round_, ZOE.id, half(round_.question.id))
    await world.say(round_, "ada", "mountains rise slowly " * 3 + half(round_.question.id))
    await coach.overrides.override(PLACE, "1", "9", "because Zoe Quint meant it", by=Person("ada", "Ada"))
    await coach.overrides.override(PLACE, "2", "3", "too short", by=ZOE)
    await coach.dates.add_holidays(PLACE, "2026-12-24", by=ZOE)
    await coach.community.seen(PLACE, ZOE)
    channel = await coach.rounds.channel(PLACE)
    for number in range(3):
        words = "An answer that has quite enough words."
        await coach.suggestions.suggest(
            channel, ZOE, f"Number {number}, unheard of?", words, credited=True, request=f"{ZOE.id}:{number}"
        )
    await coach.suggestions.approve(PLACE, 1, by=ZOE)
    await coach.suggestions.decline(PLACE, 2, "no", by=Person("ada", "Ada"))
    await world.app.settle()


async def test_nothing_of_a_member_and_organiser_is_left_in_the_database(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite3"
    async with world_at(file) as world:
        await live(world)
        before = await dump(file)
        await world.app.coach.privacy.delete(PLACE, ZOE)
        await world.app.settle()
        after = await dump(file)
        assert await world.points() == {"Ada": 3}
        assert [done.act for done in (await world.app.coach.acts.page(PLACE))[0]].count("override") == 2
    assert ZOE.id in before
    assert ZOE.name in before
    assert ZOE.id not in after
    assert ZOE.name not in after
    assert "Number 1" not in after
    assert "Number 2" not in after
    assert "Number 0" in after  # it is in the bank, and belongs to the community
