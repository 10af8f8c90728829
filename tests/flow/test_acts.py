"""What organisers did is noted with the act, paged, and kept for a year."""

from __future__ import annotations

import pytest

from bot.core.message import Message
from bot.core.model import Person
from tests.flow.test_calendar import told
from tests.flow.test_one_reply import half
from tests.flow.world import PLACE, World

ACTS: list[tuple[str, dict[str, str], str]] = [
    ("config set", {"name": "rule", "value": "best"}, "changed the settings rule of daily"),
    ("config set", {"name": "time", "value": "11:00"}, "changed the settings time of daily"),
    ("config set", {"name": "organisers", "value": "<@U1|Zoe>"}, "changed who the organisers are"),
    ("skip", {}, "left out the question of 2026-03-03"),
    ("pause", {}, "paused the daily question"),
    ("pause", {"until": "2026-03-09"}, "paused the daily question until 2026-03-09"),
    ("holiday add", {"dates": "2026-03-09"}, "added a holiday, 2026-03-09"),
    ("pin", {"date": "2026-03-09", "question": "q1"}, "pinned q1 to 2026-03-09"),
    ("regrade", {"id": "1"}, "had graded again reply 1"),
]


@pytest.mark.parametrize(("verb", "args", "noted"), ACTS, ids=lambda value: str(value)[:40])
async def test_every_act_is_noted_with_who_did_it(world: World, verb: str, args: dict[str, str], noted: str) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await told(world, verb, **args)
    audit = await told(world, "audit")
    assert audit.splitlines()[1].endswith(f": Orga {noted}")
    assert "Zoe" not in audit


async def test_what_only_looks_and_what_the_coach_does_itself_is_not_noted(world: World) -> None:
    await world.daily()
    for verb in ("config show", "config test", "failed", "grades", "audit", "regrade"):
        await told(world, verb)
    assert "No organiser has done anything here yet." in await told(world, "audit")


async def test_older_acts_are_on_further_pages_each_once(world: World) -> None:
    await world.daily()
    for number in range(20):
        await told(world, "holiday add", dates=f"2026-04-{number + 1:02d}")
    first = await world.call("audit", organiser=True)
    assert isinstance(first, Message)
    (older,) = first.buttons
    second = await world.call(older.verb, organiser=True, **dict(older.args))
    assert isinstance(second, Message)
    assert second.buttons == ()
    dates = [line.rsplit(" ", 1)[1] for line in (first.text + "\n" + second.text).splitlines() if "holiday" in line]
    assert dates == [f"2026-04-{number:02d}" for number in range(20, 0, -1)]


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 40, "²", ""])
async def test_a_forged_page_is_answered(world: World, before: str) -> None:
    for verb in ("audit", "grades"):
        assert isinstance(await world.call(verb, organiser=True, before=before), Message)


async def test_acts_are_kept_for_a_year(world: World) -> None:
    await world.daily()
    await told(world, "holiday add", dates="2026-04-01")
    world.clock.pass_(days=364)
    await told(world, "holiday add", dates="2027-04-01")
    assert len((await world.app.coach.acts.page(PLACE))[0]) == 2
    world.clock.pass_(days=2)
    await told(world, "holiday add", dates="2027-04-02")
    assert [done.detail for done in (await world.app.coach.acts.page(PLACE))[0]] == ["2027-04-02", "2027-04-01"]


async def test_a_name_is_one_line_and_cut(world: World) -> None:
    await world.daily()
    await world.app.coach.dates.add_holidays(PLACE, "2026-04-01", by=Person("x", "Eve\nconfig " + "y" * 200))
    (done,) = (await world.app.coach.acts.page(PLACE))[0]
    assert "\n" not in done.name
    assert len(done.name) <= 80
