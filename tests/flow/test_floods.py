"""Floods: whoever writes fast waits for themselves; everybody else is graded as if the flood weren't there."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.coach import records, turns
from bot.core import rules
from bot.core.message import Parcel
from bot.core.model import Person, Place, Reply, Round
from bot.core.ports import Row, Sent, one, rows
from tests.flow.world import PLACE, Room, World, sqlite_only, world_at

FLOODS = {"sqlite": 10_000, "postgres": 1_000}  # so many that a wrong order can't pass by luck, and soon over
ELSEWHERE = Place("room", "another guild", "daily")
TEXT = "flood of words that says nothing of it"


async def round_at(world: World, place: Place) -> Round:
    """A question on demand in a channel of its own."""
    await world.app.coach.rounds.channel(place, place.channel)
    await world.app.coach.rounds.post_now(place)
    await world.app.settle()
    return await world.app.coach.rounds.find(place)


def reply(world: World, round_: Round, who: str, number: int) -> Reply:
    place = round_.channel.place
    now = world.clock.now()
    return Reply("room", place.community, round_.thread, f"{who}-{number}", Person(who, who.title()), TEXT, now)


async def write(world: World, replies: Sequence[Reply]) -> None:
    """All of them come in at once."""
    await asyncio.gather(*(world.app.coach.replies.take(each) for each in replies))


async def claim(world: World, most: int = 16) -> Sequence[Row]:
    """What a grader takes next, and keeps."""
    now = world.clock.now()
    lease = records.micros(now + dt.timedelta(minutes=1))
    claimed = None
    while claimed is None:
        claimed = await world.app.store.write(turns.claim, records.micros(now), lease, most)
    return claimed


def whose(claimed: Sequence[Row]) -> Counter[str]:
    return Counter(row["user_id"] for row in claimed)


async def waiting(world: World, round_: Round) -> int:
    row = await world.app.store.read(one, "round_pending", round_id=round_.id)
    return int(row["pending"]) if row else 0


# ---------------------------------------------------------------------------------------------- fair order


async def test_a_flood_from_one_person_delays_nobody_elses_grade(world: World, engine: str) -> None:
    here, there = await round_at(world, PLACE), await round_at(world, ELSEWHERE)
    await write(world, [reply(world, here, "flo", number) for number in range(FLOODS[engine])])
    await claim(world, 4)
    await write(world, [reply(world, there, "ada", 0), reply(world, here, "ben", 0)])
    assert set(whose(await claim(world, 3))) >= {"ada", "ben"}


async def test_a_flood_from_one_community_of_many_delays_no_other_community(world: World, engine: str) -> None:
    here, there = await round_at(world, PLACE), await round_at(world, ELSEWHERE)
    await write(world, [reply(world, here, f"p{number}", 0) for number in range(FLOODS[engine])])
    await claim(world, 4)
    await write(world, [reply(world, there, "ada", 0)])
    assert whose(await claim(world, 2))["ada"] == 1
    world.clock.pass_(seconds=59)
    await write(world, [reply(world, there, "ben", 0)])
    assert whose(await claim(world, 21))["ben"] == 1  # behind no more than the minute's share of the busy one


async def test_two_busy_communities_take_turns(world: World) -> None:
    here, there = await round_at(world, PLACE), await round_at(world, ELSEWHERE)
    await write(world, [reply(world, here, f"a{number}", 0) for number in range(60)])
    await write(world, [reply(world, there, f"b{number}", 0) for number in range(60)])
    for _ in range(5):
        assert Counter(name[0] for name in whose(await claim(world, 10))) == {"a": 5, "b": 5}


async def test_a_persons_only_answer_waits_for_no_second_one_of_somebody_in_its_community(world: World) -> None:
    here = await round_at(world, PLACE)
    many = [reply(world, here, f"p{number}", again) for number in range(50) for again in range(10)]
    await write(world, many)
    await claim(world, 8)
    await write(world, [reply(world, here, "ada", 0)])
    ahead = [row["user_id"] for _ in range(12) for row in await claim(world, 8)]
    assert "ada" in ahead
    assert len(ahead) <= 2 * 50


async def test_a_flood_is_graded_while_there_is_nothing_else_to_do(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, f"p{number}", 0) for number in range(100)])
    for _ in range(10):
        await world.app.settle()
    assert await waiting(world, here) == 0


async def test_a_regrade_of_many_stands_behind_nobody_but_its_own_community(world: World) -> None:
    here, there = await round_at(world, PLACE), await round_at(world, ELSEWHERE)
    await write(world, [reply(world, here, f"p{number}", 0) for number in range(300)])
    for row in await claim(world, 300):
        lease = dict.fromkeys(("held", "coming"), records.micros(world.clock.now() + dt.timedelta(minutes=1)))
        await world.app.store.write(rows, "reply_failed", id=row["id"], failure="no", tries=3, **lease)
    await world.app.coach.grading.regrade(PLACE)
    await claim(world, 4)
    await write(world, [reply(world, there, "ada", 0)])
    assert whose(await claim(world, 2))["ada"] == 1


async def test_replies_that_were_put_off_are_not_passed_over_at_every_claim(world: World) -> None:
    here = await round_at(world, PLACE)
    world.grader.away = True
    await write(world, [reply(world, here, f"p{number}", 0) for number in range(100)])
    for _ in range(7):
        await world.app.settle()
    tomorrow = records.micros(world.clock.now() + dt.timedelta(days=1))
    assert len(await world.app.store.write(rows, "replies_unlined", now=tomorrow, most=1000)) == 100
    world.grader.away = False
    world.clock.pass_(minutes=10)
    for _ in range(7):
        await world.app.settle()
    assert await waiting(world, here) == 0


class SlowRoom(Room):
    """Takes its time in one community, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.heard = asyncio.Event(), asyncio.Event()

    async def send(self, parcel: Parcel) -> Sent:
        if parcel.kind == "grade" and parcel.community == PLACE.community:
            await self.go_on.wait()
        sent = await super().send(parcel)
        if parcel.kind == "grade" and parcel.community == ELSEWHERE.community:
            self.heard.set()
        return sent

    def grades(self, place: Place) -> int:
        return sum(parcel.kind == "grade" and parcel.community == place.community for _, parcel in self.sent)


async def test_a_channel_full_of_grades_holds_up_no_other_channel(tmp_path: Path) -> None:
    room = SlowRoom()
    async with world_at(tmp_path / "coach.sqlite3", room) as world:
        here, there = await round_at(world, PLACE), await round_at(world, ELSEWHERE)
        (delivery,) = world.app.deliveries
        await write(world, [reply(world, here, f"p{number}", 0) for number in range(200)])
        await write(world, [reply(world, there, "ada", 0)])
        while await waiting(world, here):
            await world.app.coach.grading.step()
            await world.app.coach.grading.idle()
        await delivery.step()
        await room.heard.wait()
        assert (room.grades(ELSEWHERE), room.grades(PLACE)) == (1, 0)
        room.go_on.set()
        while room.grades(PLACE) < 200:
            await delivery.idle()
            await delivery.step()


# ---------------------------------------------------------------------------------------------- pace


async def graded(world: World) -> int:
    return len(world.room.texts("grade"))


async def settle(world: World) -> None:
    for _ in range(5):
        await world.app.settle()


async def test_beyond_twenty_a_minute_answers_are_kept_and_wait(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(50)])
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 30)
    world.clock.pass_(seconds=59)
    await settle(world)
    assert await graded(world) == 20
    for total in (40, 50):
        world.clock.pass_(seconds=60)
        await settle(world)
        assert await graded(world) == total


@sqlite_only
async def test_in_no_minute_are_more_than_twenty_of_one_person_graded(world: World) -> None:
    here = await round_at(world, PLACE)
    seen: list[tuple[dt.datetime, int]] = []
    for step in range(90):
        await write(world, [reply(world, here, "flo", 2 * step + number) for number in range(2)])
        await settle(world)
        seen.append((world.clock.now(), await graded(world)))
        world.clock.pass_(seconds=2)
    for at, total in seen:
        before = max((count for then, count in seen if then <= at - rules.PACE_SPAN), default=0)
        assert total - before <= rules.PACE


async def test_whoever_writes_too_fast_is_told_once_and_when_it_goes_on(world: World) -> None:
    here = await round_at(world, PLACE)
    start = world.clock.now()
    await write(world, [reply(world, here, "flo", number) for number in range(120)])
    for _ in range(5):
        await settle(world)
        world.clock.pass_(minutes=1)
    told = [parcel for _, parcel in world.room.sent if parcel.kind == "paced"]
    assert [parcel.only_for for parcel in told] == ["flo"]
    assert told[0].message.text.startswith("You wrote more than 20 answers within a minute. All are kept")
    assert f"{start + dt.timedelta(minutes=1):%H:%M}" in told[0].message.text or "minute" in told[0].message.text


@sqlite_only
async def test_a_new_spell_brings_a_new_word(world: World) -> None:
    here = await round_at(world, PLACE)
    for spell in range(2):
        await write(world, [reply(world, here, "flo", 100 * spell + number) for number in range(21)])
        await settle(world)
        assert len(world.room.texts("paced")) == spell + 1
        world.clock.pass_(minutes=2)
        for number in range(20):  # slowly again
            await write(world, [reply(world, here, "flo", 100 * spell + 50 + number)])
            await settle(world)
            world.clock.pass_(seconds=10)


@sqlite_only
async def test_an_unhurried_person_never_waits(world: World) -> None:
    here = await round_at(world, PLACE)
    for number in range(60):
        await write(world, [reply(world, here, "ada", number)])
        await world.app.settle()
        assert await graded(world) == number + 1
        world.clock.pass_(seconds=3)
    assert world.room.texts("paced") == []


async def test_an_edit_of_an_answer_that_waits_keeps_its_place_and_counts_once(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(20)])
    await write(world, [reply(world, here, "flo", number) for number in (20, 21)])
    await settle(world)
    for revision in ("1", "2", "3"):
        world.clock.pass_(seconds=1)
        edit = reply(world, here, "flo", 20)
        await write(world, [dataclasses.replace(edit, text=f"{TEXT} now {revision}", revision=revision)])
        await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 2)
    world.clock.pass_(seconds=57)
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (22, 0)
    assert len(world.room.texts("paced")) == 1


async def test_edits_of_an_answer_that_is_being_graded_count_like_answers(world: World) -> None:
    here = await round_at(world, PLACE)
    for revision in range(25):
        edit = reply(world, here, "flo", 0)
        await write(world, [dataclasses.replace(edit, text=f"{TEXT} {revision}", revision=str(revision or ""))])
        claimed = await claim(world)
        assert len(claimed) == int(revision < rules.PACE)
        world.clock.pass_(seconds=1)


async def test_private_answers_count_and_are_told_in_private(world: World) -> None:
    here = await round_at(world, PLACE)
    made = [
        dataclasses.replace(reply(world, here, "flo", number), private=True, round_id=here.id) for number in range(21)
    ]
    await write(world, [dataclasses.replace(each, text=f"{TEXT} {number}") for number, each in enumerate(made)])
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 1)
    assert [parcel.only_for for _, parcel in world.room.sent if parcel.kind == "paced"] == ["flo"]


async def test_a_regrade_by_the_organisers_is_not_held_to_anybodys_pace(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(20)])
    world.grader.error = RuntimeError("broken")
    for _ in range(4):
        await settle(world)
        world.clock.pass_(seconds=10)
    world.grader.error = None
    assert await world.app.coach.grading.regrade(PLACE) == 20
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 0)


async def test_what_was_written_slowly_while_the_coach_was_away_does_not_wait(world: World) -> None:
    here = await round_at(world, PLACE)
    missed = []
    for number in range(40):
        missed.append(reply(world, here, "ada", number))
        world.clock.pass_(seconds=10)
    world.clock.pass_(hours=1)
    await write(world, missed)
    await settle(world)
    assert (await graded(world), world.room.texts("paced")) == (40, [])


async def test_a_restart_does_not_cut_anybodys_pace_short(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(50)])
    await settle(world)
    await world.app.coach.grading.take_back()
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 30)


async def test_talk_and_redeliveries_do_not_count(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "ada", 0)] * 30)
    await write(world, [dataclasses.replace(reply(world, here, "ada", n), text="ok then") for n in range(1, 40)])
    await settle(world)
    await write(world, [reply(world, here, "ada", 100 + number) for number in range(19)])
    await settle(world)
    assert (await graded(world), world.room.texts("paced")) == (20, [])


async def test_ones_own_grade_says_that_it_waits_for_its_turn(world: World) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(20)])
    await settle(world)
    other = await round_at(world, dataclasses.replace(PLACE, channel="second"))
    await write(world, [reply(world, other, "flo", 1000)])
    await settle(world)
    own = await world.app.coach.replies.own(other.id, Person("flo", "Flo"))
    assert own.notes == ("paced",)


@pytest.mark.parametrize("gone", ["withdrawn", "edited to talk"])
async def test_an_answer_that_waits_can_be_taken_back(world: World, gone: str) -> None:
    here = await round_at(world, PLACE)
    await write(world, [reply(world, here, "flo", number) for number in range(20)])
    await write(world, [reply(world, here, "flo", 20)])
    await settle(world)
    if gone == "withdrawn":
        await world.app.coach.replies.withdraw("room", "guild", here.thread, "flo-20")
    else:
        edit = dataclasses.replace(reply(world, here, "flo", 20), text="never mind", revision="1")
        await write(world, [edit])
    world.clock.pass_(minutes=2)
    await settle(world)
    assert (await graded(world), await waiting(world, here)) == (20, 0)
