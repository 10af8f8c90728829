"""What people decide about themselves: being on no board, a zone of their own; and the first word to them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from bot.coach import results
from bot.core.message import Message, Table
from bot.core.model import Person, Progress, Reply, Round
from bot.core.ports import rows
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, dump, world_at

ADA = Person("ada", "Ada")


def shown(answer: object) -> str:
    assert isinstance(answer, Message)
    return answer.text


def buttons(answer: object) -> dict[str, dict[str, str]]:
    assert isinstance(answer, Message)
    return {button.label: dict(button.args) for button in answer.buttons}


async def progress(world: World, person: Person = ADA) -> Progress:
    return await world.app.coach.standings.progress(PLACE, person)


async def all_is_right(world: World) -> None:
    assert await world.app.store.read(results.differences) == []


async def three_people(world: World, *, private: bool = False) -> Round:
    round_ = await world.daily()
    for who, text in (("ada", full), ("ben", half), ("cleo", half)):
        await world.say(round_, who, f"{text(round_.question.id)} {who * 9}")
    return round_


# ---------------------------------------------------------------------------------------------- on no board


async def test_who_is_hidden_is_on_no_board_and_the_others_move_up(world: World) -> None:
    await three_people(world)
    assert "no board" in shown(await world.call("privacy", "ada", what="hide"))
    board = await world.app.coach.standings.board(PLACE, Person("ben", "Ben"), "all")
    assert [(row.rank, row.tied, row.person.name) for row in board.rows] == [(1, True, "Ben"), (1, True, "Cleo")]
    for who in ("ada", "ben"):
        text = shown(await world.call("leaderboard", who, period="all"))
        assert "Ada" not in text
        assert "Ada" not in shown(await world.call("share", who, period="all"))
    await all_is_right(world)
    assert "on the boards again" in shown(await world.call("privacy", "ada", what="show"))
    assert await world.points() == {"Ada": 10, "Ben": 5, "Cleo": 5}


async def test_who_is_hidden_still_sees_their_own_points_without_a_rank(world: World) -> None:
    await three_people(world)
    for _ in range(2):
        await world.call("privacy", "ada", what="hide")
    text = shown(await world.call("me", "ada"))
    assert "All time: 10 points, 1 answer, average 10.0\n" in text
    assert "You are on no board, as you wished." in text
    assert "rank 1=" in shown(await world.call("me", "ben"))


async def test_ones_own_wish_and_being_an_organiser_are_two_reasons(world: World) -> None:
    await three_people(world)
    where = {"platform": "room", "community": "guild", "user_id": "ada"}
    await world.app.store.write(rows, "off_board_put", **where, why="organiser")
    await world.call("privacy", "ada", what="hide")
    assert "as you wished" in shown(await world.call("me", "ada"))
    assert "Organisers are left out of the boards here" in shown(await world.call("privacy", "ada", what="show"))
    assert "organisers are left out of them here" in shown(await world.call("me", "ada"))
    assert await world.points() == {"Ben": 5, "Cleo": 5}


async def test_ranks_close_up_for_those_below_the_ten_too(world: World) -> None:
    round_ = await world.daily()
    for number in range(12):
        await world.say(round_, f"p{number:02}", f"{full(round_.question.id)} {chr(97 + number) * 60}")
    await world.say(round_, "ada", half(round_.question.id))
    for number in (0, 11):
        await world.call("privacy", f"p{number:02}", what="hide")
    found = await world.app.coach.standings.board(PLACE, ADA, "all")
    assert len(found.rows) == 10
    assert found.own is not None
    assert (found.own.rank, found.own.tied) == (11, False)
    assert not (await world.app.coach.standings.board(PLACE, Person("p11", "P11"), "all")).own


async def test_the_podium_leaves_out_who_is_hidden_and_a_posted_one_is_amended(world: World) -> None:
    await three_people(world)
    await world.call("privacy", "ben", what="hide")
    world.clock.pass_(days=1)
    await world.app.settle()
    (reveal,) = world.room.texts("reveal")
    assert reveal.startswith("Closed. 3 answers, average 6.7. First: Ada 10 and Cleo 5.")
    await world.call("privacy", "ada", what="hide")
    await world.call("privacy", "ben", what="show")
    await world.app.settle()
    amended = [parcel.message.text for _, parcel in world.room.amended if parcel.kind == "reveal"]
    assert amended[-1].startswith("Closed. 3 answers, average 6.7. First: Ben 5 and Cleo 5.")
    assert len(world.room.texts("reveal")) == 1


async def test_a_podium_without_the_person_is_not_touched(world: World) -> None:
    round_ = await world.daily()
    for who in ("ben", "cleo", "dan"):
        await world.say(round_, who, f"{full(round_.question.id)} {who * 30}")
    await world.say(round_, "ada", half(round_.question.id))
    world.clock.pass_(days=1)
    await world.app.settle()
    await world.call("privacy", "ada", what="hide")
    await world.app.settle()
    assert [parcel for _, parcel in world.room.amended if parcel.kind == "reveal"] == []


# ---------------------------------------------------------------------------------------------- zones and streaks


async def test_a_zone_is_set_by_its_name_and_a_wrong_one_says_what_was_meant(world: World) -> None:
    await world.app.coach.organise.set(PLACE, {"time": "09:00", "zone": "Europe/Paris"})
    told = shown(await world.call("zone"))
    assert told.startswith("Your time zone isn't known, so this community's counts: Europe/Paris.")
    assert "Did you mean Europe/Berlin?" in shown(await world.call("zone", zone="Europe/Berln"))
    assert shown(await world.call("zone", zone="new york")).startswith("Your time zone: America/New_York.")
    assert await world.app.coach.learners.zone(PLACE, Person("ben", "Ben")) == ("Europe/Paris", False)


async def test_what_the_platform_knows_of_a_zone_counts_until_the_person_says_otherwise(world: World) -> None:
    learners = world.app.coach.learners
    await learners.zone_seen(PLACE, ADA, "Asia/Tokyo")
    assert await learners.zone(PLACE, ADA) == ("UTC", False), "nothing is kept of somebody who hasn't written"
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    for zone, known in (("Asia/Tokyo", "Asia/Tokyo"), ("Not/AZone", "Asia/Tokyo"), ("Asia/Seoul", "Asia/Seoul")):
        await learners.zone_seen(PLACE, ADA, zone)
        assert await learners.zone(PLACE, ADA) == (known, True)
    await learners.set_zone(PLACE, ADA, "Europe/Berlin")
    await learners.zone_seen(PLACE, ADA, "Asia/Tokyo")
    assert await learners.zone(PLACE, ADA) == ("Europe/Berlin", True)


async def test_the_freeze_is_told_used_or_left_and_the_board_has_the_same_streak(world: World) -> None:
    for day in range(4):
        round_ = await world.daily()
        if day != 1:
            await world.say(round_, "ada", full(round_.question.id))
        if day == 0:
            assert "this month's freeze is left" in shown(await world.call("me"))
        world.clock.pass_(days=1)
    assert (await progress(world)).forgiven == dt.date(2026, 3, 3)
    text = shown(await world.call("me"))
    assert "Streak: 3 daily questions in a row. This month's freeze was used for the question of 3 March." in text
    board = await world.app.coach.standings.board(PLACE, ADA, "all")
    assert [row.streak for row in board.rows] == [3]
    world.clock.time = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
    assert (await progress(world)).forgiven is None


async def test_months_are_counted_by_the_persons_own_zone(world: World) -> None:
    """Asked at 20:00 UTC: in Auckland the question of 31 March is of April, as is the one of the 1st."""
    world.clock.time = dt.datetime(2026, 3, 30, 9, tzinfo=dt.UTC)
    await world.app.coach.organise.set(PLACE, {"time": "20:00"})
    for day in range(4):
        world.clock.time = dt.datetime(2026, 3, 30, 20, tzinfo=dt.UTC) + dt.timedelta(days=day)
        await world.app.settle()
        round_ = await world.app.coach.rounds.find(PLACE)
        if day in (0, 3):
            await world.say(round_, "ada", full(round_.question.id))
    assert (await progress(world)).streak == 2
    await world.call("zone", zone="Pacific/Auckland")
    assert (await progress(world)).streak == 1


# ---------------------------------------------------------------------------------------------- the first word


async def test_the_first_grade_brings_one_word_of_welcome_for_its_author_alone(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", full(round_.question.id))
    (welcome,) = [parcel for _, parcel in world.room.sent if parcel.kind == "welcome"]
    assert (welcome.only_for, welcome.reply_to) == ("ada", reply.message)
    assert len(welcome.message.text.splitlines()) == 4
    await world.app.coach.replies.take(reply)
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ada", "just a remark")
    assert len(world.room.texts("welcome")) == 1
    await world.say(round_, "ben", half(round_.question.id))
    assert [parcel.only_for for _, parcel in world.room.sent if parcel.kind == "welcome"] == ["ada", "ben"]


async def test_a_restart_welcomes_nobody_again(tmp_path: Path) -> None:
    file, room, clock = tmp_path / "c.sqlite3", Room(), HandClock()
    async with world_at(file, room, clock) as world:
        round_ = await world.daily()
        first = await world.say(round_, "ada", full(round_.question.id))
    async with world_at(file, room, clock) as world:
        room.messages[round_.thread] = [first]
        await world.app.coach.replies.catch_up(room)
        await world.say(round_, "ada", half(round_.question.id))
        assert len(room.texts("welcome")) == 1


async def test_in_a_rush_nobody_waits_for_words_of_welcome(world: World) -> None:
    round_ = await world.daily()
    crowd: list[Reply] = [world.reply(round_, f"p{n}", f"{full(round_.question.id)} {chr(97 + n) * 60}")
                          for n in range(14)]  # fmt: skip
    for reply in crowd:
        await world.app.coach.replies.take(reply)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 14
    told = {parcel.only_for for _, parcel in world.room.sent if parcel.kind == "welcome"}
    assert len(told) <= 5
    late = next(reply for reply in crowd if reply.author.id not in told)
    await world.say(round_, late.author.id, half(round_.question.id))
    assert late.author.id in {parcel.only_for for _, parcel in world.room.sent if parcel.kind == "welcome"}


# ---------------------------------------------------------------------------------------------- by section


async def test_progress_is_told_by_section_with_a_picture(world: World) -> None:
    sections = set()
    for _ in range(4):
        round_ = await world.daily()
        text = full if round_.question.section == "Alpha" else half
        await world.say(round_, "ada", text(round_.question.id))
        sections.add(round_.question.section)
        world.clock.pass_(days=1)
    assert sections == {"Alpha", "Beta"}
    answer = await world.call("me")
    assert isinstance(answer, Message)
    (table,) = [block for block in answer.blocks if isinstance(block, Table)]
    assert table == Table(("section", "answers", "average"), (("Alpha", "2", "10.0"), ("Beta", "2", "5.0")))
    assert "Your average by section: Alpha 10.0; Beta 5.0." in answer.text


# ---------------------------------------------------------------------------------------------- one's own data


async def export(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await world.app.coach.privacy.export(PLACE, ADA))
    return found


async def test_all_of_it_is_exported_and_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite3"
    async with world_at(file) as world:
        round_ = await world.daily(**{"hint-cost": "1"})
        await world.call("hint", target=str(round_.id), number="1", cost="1")
        world.clock.pass_(seconds=1)
        await world.say(round_, "ada", full(round_.question.id))
        await world.call("zone", zone="Asia/Tokyo")
        await world.call("privacy", what="hide")
        found = await export(world)
        assert (found["zone"], found["on_boards"]) == ("Asia/Tokyo", False)
        taken = "2026-03-02T09:00:00+00:00"
        hint = {"question": round_.question.id, "date": "2026-03-02", "number": 1, "cost": 1, "taken_at": taken}
        assert found["hints"] == [hint]
        await world.app.coach.privacy.delete(PLACE, ADA)
        found = await export(world)
        assert (found["zone"], found["on_boards"], found["hints"]) == ("", True, [])
        await all_is_right(world)
        await world.say(round_, "ben", half(round_.question.id))
        await world.call("privacy", "ben", what="hide")
        await world.app.coach.privacy.left("room", "guild")
        world.clock.pass_(days=40)
        assert await world.app.coach.privacy.forget_left("room", dt.timedelta(days=30)) == ["guild"]
    there = await dump(file)
    assert "'ada'" not in there
    assert "'ben'" not in there
    assert "Tokyo" not in there
