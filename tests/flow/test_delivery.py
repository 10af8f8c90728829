"""The outbox: in order per channel, once, and no channel holds up another."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import cast

import pytest

from bot.core.errors import PlatformAway, PlatformError
from bot.core.message import Parcel, ParcelKind
from bot.core.model import Person, Place
from bot.core.ports import Sent, rows
from tests.flow.crashes import CrashAt
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, world_at

OTHER = Place("room", "guild", "other")


def of_kind(world: World, kind: str) -> list[Parcel]:
    return [parcel for _, parcel in world.room.sent if parcel.kind == kind]


async def burst(world: World, people: int = 6) -> None:
    """People answer all at once; their grades wait to be delivered."""
    round_ = await world.daily()
    for number in range(people):
        await world.app.coach.replies.take(world.reply(round_, f"p{number}", f"{half(round_.question.id)} {number}"))
        world.clock.pass_(seconds=1)


async def test_a_channel_keeps_its_order(world: World) -> None:
    await burst(world, 70)
    for _ in range(5):
        await world.app.settle()
    keys = [int(parcel.key) for parcel in of_kind(world, "grade")]
    assert len(keys) == 70
    assert keys == sorted(keys)


async def test_an_absent_platform_makes_one_channel_wait_and_others_go_on(world: World) -> None:
    await burst(world)
    world.room.failure = lambda parcel: PlatformAway("slow down", 60.0) if parcel.channel == "daily" else None
    await world.app.coach.rounds.ask(OTHER)
    await world.app.settle()
    assert of_kind(world, "grade") == []
    assert [parcel.channel for parcel in of_kind(world, "question")] == ["daily", "other"]
    world.room.failure = lambda _: None
    world.clock.pass_(seconds=59)
    await world.app.settle()
    assert of_kind(world, "grade") == []
    world.clock.pass_(seconds=2)
    await world.app.settle()
    keys = [int(parcel.key) for parcel in of_kind(world, "grade")]
    assert len(keys) == 6
    assert keys == sorted(keys)


async def test_a_refusal_drops_one_message_and_organisers_see_it(world: World) -> None:
    await burst(world)
    refused = world.reply(await world.app.coach.rounds.find(PLACE), "x", "").message
    error = PlatformError("The thread is locked.")
    world.room.failure = lambda parcel: error if (parcel.kind, parcel.reply_to) == ("grade", "1002") else None
    await world.app.settle()
    assert refused
    assert len(of_kind(world, "grade")) == 5
    assert (await world.app.coach.organise.failed(PLACE))[1] == [("grade", "The thread is locked.")]


async def test_an_adapters_own_mistake_holds_its_channel_up_for_a_while_only(world: World) -> None:
    await burst(world)
    error = cast(PlatformError, KeyError("oops"))
    world.room.failure = lambda parcel: error if (parcel.kind, parcel.reply_to) == ("grade", "1002") else None
    for _ in range(8):
        await world.app.settle()
        world.clock.pass_(minutes=5)
    assert len(of_kind(world, "grade")) == 5
    assert (await world.app.coach.organise.failed(PLACE))[1] == [("grade", "unexpected error: KeyError")]


@pytest.mark.parametrize(
    ("point", "passing"),
    [("outbox.claimed", 2), ("outbox.sent", 2), ("outbox.sent", 5), ("outbox.marked", 2), ("outbox.marked", 4)],
)
async def test_a_crash_while_delivering_posts_everything_once(tmp_path: Path, point: str, passing: int) -> None:
    room, clock = Room(), HandClock()
    crash = CrashAt(point, passing)
    async with world_at(tmp_path / "c.sqlite3", room, clock, crash) as world:
        await burst(world)
        await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert len(of_kind(world, "question")) == 1
        answered = [parcel.reply_to for parcel in of_kind(world, "grade")]
        assert len(answered) == len(set(answered)) == 6


async def test_a_channel_goes_on_when_a_lease_has_expired(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 2)) as world:
        await burst(world)
        await world.app.settle()
        clock.pass_(seconds=50)
        await world.app.settle()
        assert len(of_kind(world, "grade")) == 1
        clock.pass_(seconds=20)
        await world.app.settle()
        answered = [parcel.reply_to for parcel in of_kind(world, "grade")]
        assert len(answered) == len(set(answered)) == 6


async def private(world: World, who: str = "ada") -> None:
    round_ = await world.app.coach.rounds.find(PLACE)
    await world.call("answer", who, answer=full(round_.question.id))


async def test_a_private_answer_is_graded_for_one_person(world: World) -> None:
    await world.daily()
    await private(world)
    await world.app.settle()
    assert [(parcel.only_for, parcel.reply_to) for parcel in of_kind(world, "grade")] == [("ada", "")]


async def test_a_personal_message_is_sent_at_most_once_though_the_coach_crashes(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.marked")) as world:
        await world.daily()
        await private(world)
        await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert of_kind(world, "grade") == []  # too few rather than twice
        assert "10/10" in (await world.call("mygrade")).text  # type: ignore[union-attr]


async def test_a_personal_message_waits_when_the_platform_says_when_to_come_again(world: World) -> None:
    await world.daily()
    await private(world)
    world.room.failure = lambda _: PlatformAway("slow down", retry_after=10.0)
    await world.app.settle()
    world.room.failure = lambda _: None
    world.clock.pass_(seconds=11)
    await world.app.settle()
    assert [parcel.only_for for parcel in of_kind(world, "grade")] == ["ada"]


async def test_an_outage_loses_few_personal_messages_and_says_which(world: World) -> None:
    await world.daily()
    for who in ("ada", "ben", "cleo", "dan"):
        await private(world, who)
    world.room.failure = lambda _: PlatformAway("no connection")
    await world.app.settle()
    world.room.failure = lambda _: None
    world.clock.pass_(minutes=1)
    await world.app.settle()
    _, dropped = await world.app.coach.organise.failed(PLACE)
    assert dropped == [("grade", "room was away: no connection")]
    assert len(of_kind(world, "grade")) == 3


async def test_a_regrade_amends_the_message_that_was_posted(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await world.app.coach.grading.regrade(PLACE, "1")
    await world.app.settle()
    assert len(of_kind(world, "grade")) == 1
    assert [parcel.kind for _, parcel in world.room.amended] == [ParcelKind.GRADE]


async def test_words_that_change_while_they_are_being_sent_are_amended(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    real = world.room.send

    async def slow(parcel: Parcel):  # type: ignore[no-untyped-def]  # noqa: ANN202
        if parcel.kind is ParcelKind.REVEAL:
            await world.app.coach.privacy.delete(PLACE, Person("ada", "Ada"))
        return await real(parcel)

    world.room.send = slow  # type: ignore[method-assign]
    world.clock.pass_(days=1)
    await world.app.settle()
    assert "Ada 10" in world.room.texts("reveal")[0]
    assert "Ada" not in world.room.amended[-1][1].message.text


async def test_what_is_withdrawn_before_its_grade_is_delivered_gets_none(world: World) -> None:
    round_ = await world.daily()
    reply = world.reply(round_, "ada", full(round_.question.id))
    await world.app.coach.replies.take(reply)
    await world.app.coach.grading.step()
    await world.app.coach.grading.idle()
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, reply.message)
    await world.app.settle()
    assert of_kind(world, "grade") == []
    assert (await world.app.coach.organise.failed(PLACE)) == ([], [])
    assert await world.app.store.read(rows, "outbox_heads", platform="room") == ()


async def test_two_communities_with_the_same_channel_keep_apart(world: World) -> None:
    for community in ("guild", "elsewhere"):
        await world.app.coach.rounds.ask(dataclasses.replace(PLACE, community=community))
    world.room.failure = lambda parcel: PlatformAway("away", 60.0) if parcel.community == "guild" else None
    await world.app.settle()
    assert [parcel.community for parcel in of_kind(world, "question")] == ["elsewhere"]


@pytest.mark.parametrize("crash", ["outbox.claimed", "outbox.sent", "outbox.marked"])
async def test_where_personal_messages_are_found_again_none_is_lost_or_sent_twice(tmp_path: Path, crash: str) -> None:
    room, clock = Room(), HandClock()
    room.finds_personal = True
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt(crash, 2)) as world:
        await world.daily()
        await private(world)
        await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert [parcel.only_for for parcel in of_kind(world, "grade")] == ["ada"]


async def test_an_outage_loses_no_personal_message_that_can_be_found_again(world: World) -> None:
    world.room.finds_personal = True
    await world.daily()
    await private(world)
    world.room.failure = lambda _: PlatformAway("no connection")
    await world.app.settle()
    world.room.failure = lambda _: None
    world.clock.pass_(minutes=1)
    await world.app.settle()
    assert [parcel.only_for for parcel in of_kind(world, "grade")] == ["ada"]


async def test_a_grade_says_whose_answer_it_is_for(world: World) -> None:
    await burst(world, 1)
    await world.app.settle()
    assert [parcel.author for parcel in of_kind(world, "grade")] == [Person("p0", "P0")]


async def test_what_may_have_been_posted_is_looked_for_since_it_was_to_be_said(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 2)) as world:
        await burst(world, 1)
        began = clock.now()
        await world.app.settle()
    looked: list[Parcel] = []
    find = room.find

    async def looking(parcel: Parcel) -> Sent | None:
        looked.append(parcel)
        return await find(parcel)

    room.find = looking  # type: ignore[method-assign]
    clock.pass_(hours=1)
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.settle()
        assert [parcel.since for parcel in looked] == [began]
        assert len(of_kind(world, "grade")) == 1
