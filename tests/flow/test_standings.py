"""Boards: ties, own rows, periods, topics, streaks; sums that always equal what they sum up."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.coach.results import summaries
from bot.core import rules
from bot.core.model import Attempt, Board, CountingRule, Person, Place, Round
from bot.core.ports import rows
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World, world_at


async def board(world: World, who: str, period: str = "all", topic: str = "", place: Place = PLACE) -> Board:
    return await world.app.coach.standings.board(place, Person(who, who.title()), period, topic)


async def test_ties_share_a_rank_and_names_decide_their_order(world: World) -> None:
    round_ = await world.daily()
    for who, text in (("zoe", full), ("ben", half), ("amy", half)):
        await world.say(round_, who, f"{text(round_.question.id)} {who * 9}")
    shown = [(row.rank, row.tied, row.person.name) for row in (await board(world, "zoe")).rows]
    assert shown == [(1, False, "Zoe"), (2, True, "Amy"), (2, True, "Ben")]


async def test_below_the_ten_one_sees_the_own_row_with_its_true_rank(world: World) -> None:
    round_ = await world.daily()
    for number in range(12):
        await world.say(round_, f"p{number:02}", f"{full(round_.question.id)} {chr(97 + number) * 60}")
    await world.say(round_, "ada", half(round_.question.id))
    found = await board(world, "ada")
    assert len(found.rows) == 10
    assert found.own is not None
    assert (found.own.rank, found.own.tied, found.own.points) == (13, False, 5)
    assert (await board(world, "p01")).own is None
    below = (await board(world, "p11")).own
    assert below is not None
    assert (below.rank, below.tied) == (1, True)
    assert all(row.tied for row in found.rows)
    assert (await board(world, "nobody")).own is None


async def test_week_month_and_all_time(world: World) -> None:
    for day in (0, 3, 7, 31):  # Monday 2 March, the same week, the next one, April
        world.clock.time = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC) + dt.timedelta(days=day)
        round_ = await world.daily()
        await world.say(round_, "ada", full(round_.question.id))
        expected = {0: (10, 10, 10), 3: (20, 20, 20), 7: (10, 30, 30), 31: (10, 10, 40)}[day]
        assert tuple([(await world.points(period=name))["Ada"] for name in ("week", "month", "all")]) == expected


async def test_a_topics_board_holds_its_section_alone(world: World) -> None:
    sums: dict[str, int] = defaultdict(int)
    for _ in range(4):
        round_ = await world.daily()
        await world.say(round_, "ada", full(round_.question.id))
        sums[round_.question.section] += 10
        world.clock.pass_(days=1)
    for topic in ("Alpha", "Beta"):
        assert [row.points for row in (await board(world, "ada", "all", topic)).rows] == [sums[topic]]
    assert (await board(world, "ada", "all", "Gamma")).rows == ()


async def test_a_streak_grows_by_days_and_outlives_one_missed_question_a_month(world: World) -> None:
    streaks = []
    for day in range(9):
        round_ = await world.daily()
        if day not in (2, 5):
            await world.say(round_, "ada", full(round_.question.id))
        streaks.append((await world.app.coach.standings.progress(PLACE, Person("ada", "Ada"))).streak)
        world.clock.pass_(days=1)
    assert streaks == [1, 2, 2, 3, 4, 4, 3, 4, 5], "the second one missed leaves what came after the first"


async def test_a_skipped_day_ends_no_streak(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await world.app.coach.rounds.skip(PLACE)
    world.clock.pass_(days=2)
    await world.app.settle()
    round_ = await world.app.coach.rounds.find(PLACE)
    await world.say(round_, "ada", full(round_.question.id))
    assert (await world.app.coach.standings.progress(PLACE, Person("ada", "Ada"))).streak == 2


async def test_two_communities_never_see_each_other(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    other = Place("room", "elsewhere", "daily")
    assert (await board(world, "ada", place=other)) == Board("all", "", ())
    progress = await world.app.coach.standings.progress(other, Person("ada", "Ada"))
    assert (progress.week, progress.total, progress.streak, progress.recent) == (None, None, 0, ())
    assert await world.app.coach.organise.failed(other) == ([], [])


@pytest.mark.parametrize("period", ["week", "month", "all"])
async def test_an_empty_board_is_empty(world: World, period: str) -> None:
    assert (await board(world, "ada", period)).rows == ()


# ---------------------------------------------------------------------------------------------- sums

EVENT = st.one_of(
    st.tuples(st.just("take"), st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(("full", "half", "talk"))),
    st.tuples(st.just("edit"), st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(("full", "half", "talk"))),
    st.tuples(st.just("copy"), st.sampled_from("abc"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("delete"), st.sampled_from("abc"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("grade"), st.just(""), st.just(0), st.just("")),
    st.tuples(st.just("regrade"), st.just(""), st.integers(1, 6), st.just("")),
    st.tuples(st.just("rule"), st.just(""), st.just(0), st.sampled_from(CountingRule)),
    st.tuples(st.just("forget"), st.sampled_from("abc"), st.just(0), st.just("")),
    st.tuples(st.just("day"), st.just(""), st.integers(1, 9), st.just("")),
)


async def happen(world: World, round_: Round, event: tuple[str, str, int, str], number: int) -> Round:
    kind, who, which, what = event
    coach, message = world.app.coach, f"{round_.id}-{who}-{which}"
    world.clock.pass_(seconds=1)
    texts = {"full": full(round_.question.id), "half": half(round_.question.id), "talk": "hm", "": ""}
    match kind:
        case "take" | "edit" | "copy":
            text = round_.question.sample_answer if kind == "copy" else f"{texts[what]} {who * 50} {number}"
            revision = "" if kind == "take" else f"{number:04}"
            await coach.replies.take(world.reply(round_, who, text, message=message, revision=revision))
        case "delete":
            await coach.replies.withdraw("room", "guild", round_.thread, message)
        case "grade":
            await world.app.settle()
        case "regrade":
            await world.app.store.write(rows, "reply_regrade", platform="room", community="guild", id=which, now=0)
        case "rule":
            await coach.organise.set(PLACE, {"rule": what})
        case "forget":
            await coach.privacy.delete(PLACE, Person(who, who))
        case "day":
            world.clock.pass_(days=which)
            await world.app.settle()
            return await coach.rounds.find(PLACE)
    return round_


async def check_sums(world: World) -> None:
    wanted: dict[tuple[str, str, str], tuple[int, int]] = {}
    rounds = await world.app.store.read(rows, "rounds_of_log", after=0, most=1_000)
    sections = {row["id"]: row["section"] for row in rounds}
    for row in await world.app.store.read(rows, "results_of_log", first=0, last=max(sections)):
        for period, topic in summaries(row["local_date"], sections[row["round_id"]]):
            points, answers = wanted.get((period, topic, row["user_id"]), (0, 0))
            wanted[period, topic, row["user_id"]] = (points + row["score"], answers + 1)
    found = await world.app.store.read(rows, "standings_all")
    assert {(r["period"], r["topic"], r["user_id"]): (r["points"], r["answers"]) for r in found} == wanted


async def check_results(world: World, round_: Round) -> None:
    """What counts is what the rule says of the attempts that are stored."""
    channel, _ = await world.app.coach.organise.show(PLACE)
    for number in range(1, round_.id + 1):
        for who in "abc":
            found = await world.app.store.read(rows, "reply_attempts", round_id=number, user_id=who)
            attempts = [Attempt(r["score"], r["state"] == "withdrawn", bool(r["copied"])) for r in found]
            result = await world.app.store.read(rows, "result_get", round_id=number, user_id=who)
            assert (result[0]["score"] if result else None) == rules.counted(channel.rule, attempts)


@given(st.lists(EVENT, min_size=5, max_size=25))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_sums_equal_their_results_after_any_events_in_any_order(events: list[tuple[str, str, int, str]]) -> None:
    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with world_at(Path(folder) / "c.sqlite3") as world:
                round_ = await world.daily()
                for number, event in enumerate(events):
                    round_ = await happen(world, round_, event, number)
                    await check_sums(world)
                await world.app.settle()
                await check_sums(world)
                await check_results(world, round_)

    asyncio.run(scenario())
