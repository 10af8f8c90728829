"""Organisers who act at the same moment, or at the moment of a post, a regrade, a digest: both are done, or one is
refused."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from bot.coach.rounds import Rounds
from bot.core.errors import PlatformError
from bot.core.message import ParcelKind
from bot.core.model import Channel, CountingRule, Person, Place
from tests.flow.test_calendar import told
from tests.flow.test_digest import posted
from tests.flow.test_one_reply import full, half
from tests.flow.test_overrides import amended, answered
from tests.flow.world import PLACE, World, sqlite_only

# ---------------------------------------------------------------------------------------------- settings


async def test_of_two_who_change_settings_at_once_neither_undoes_the_others(world: World) -> None:
    await world.daily()
    organise = world.app.coach.organise
    await asyncio.gather(
        organise.set(PLACE, {"time": "10:00"}),
        organise.set(PLACE, {"zone": "Europe/Berlin", "hint-cost": "3"}),
        organise.set(PLACE, {"rule": "best"}),
    )
    channel, _ = await organise.show(PLACE)
    assert channel.schedule is not None
    assert (channel.schedule.time, channel.schedule.zone) == (dt.time(10), "Europe/Berlin")
    assert (channel.hint_cost, channel.rule) == (3, CountingRule.BEST)


@pytest.mark.parametrize("zone", ["localtime", "Factory", "LocalTime"])
async def test_no_zone_is_taken_that_another_machine_does_not_know(world: World, zone: str) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    for verb, args in (("config set", {"name": "zone", "value": zone}), ("zone", {"zone": zone})):
        assert f"There is no time zone called {zone}." in await told(world, verb, **args)
    await world.app.coach.learners.zone_seen(PLACE, Person("ada", "Ada"), zone)
    assert (await world.app.coach.learners.zone(PLACE, Person("ada", "Ada")))[1] is False


async def test_no_grace_is_so_short_that_every_question_comes_too_late(world: World) -> None:
    await world.daily()
    assert "at least a minute late" in await told(world, "config set", name="grace", value="0m")
    kept = await told(world, "config set", name="grace", value="24h")
    assert ["grace", "1", "day"] in [line.split() for line in kept.splitlines()]
    assert "90 minutes, or at the next daily" in await told(world, "config set", name="close-after", value="90m")
    assert "1 minute" in await told(world, "config set", name="grace", value="1m")
    world.clock.pass_(days=1, milliseconds=50)
    await world.app.settle()
    assert len(world.room.texts("question")) == 2


async def test_the_next_posts_of_a_channel_are_told_however_many_others_there_are(world: World) -> None:
    await world.daily()
    await world.app.coach.organise.set(PLACE, {"weekdays": "sun"})
    for number in range(31):
        other = Place("room", "guild", f"other{number:02}")
        await world.app.coach.organise.set(other, {"time": "09:30"})
    _, posts = await world.app.coach.organise.show(PLACE)
    assert [post.date().isoformat() for post in posts] == ["2026-03-08", "2026-03-15", "2026-03-22"]
    assert "daily: Sunday 08 March 2026 09:00 UTC" in await told(world, "help")


async def test_organisers_stay_off_the_boards_when_others_are_named_beside_them(world: World) -> None:
    round_ = await world.daily()
    for who in ("ada", "ben", "orga"):
        words = " ".join(f"{who}{number}" for number in range(20))
        await world.say(round_, who, f"{full(round_.question.id)} {words}")
    await told(world, "config set", name="organisers-on-boards", value="off")
    assert await world.points() == {"Ada": 10, "Ben": 10}
    await told(world, "config set", name="organisers", value="<@ada|Ada>")
    assert await world.points() == {"Ben": 10}
    await told(world, "config set", name="organisers", value="nobody")
    assert await world.points() == {"Ada": 10, "Ben": 10}


# ---------------------------------------------------------------------------------------------- calendars


async def test_a_question_that_is_paused_as_it_falls_due_is_not_posted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.daily()
    await change_before_the_post(world, monkeypatch, "pause")
    world.clock.pass_(days=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_question_that_is_moved_as_it_falls_due_comes_at_its_new_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.daily()
    await change_before_the_post(world, monkeypatch, "config set", name="time", value="10:00")
    world.clock.pass_(days=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1
    world.clock.pass_(hours=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 2


async def change_before_the_post(world: World, monkeypatch: pytest.MonkeyPatch, verb: str, **args: str) -> None:
    """Have an organiser use a command between finding out that a question is due and posting it."""
    post = Rounds._post
    left = [verb]

    async def later(self: Rounds, channel: Channel, day: dt.date, due: dt.datetime, now: dt.datetime) -> None:
        if left:
            await told(world, left.pop(), **args)
        await post(self, channel, day, due, now)

    monkeypatch.setattr(Rounds, "_post", later)


async def test_a_pin_can_be_replaced_when_no_more_fit(world: World) -> None:
    await world.daily()
    for after in range(60):
        await told(world, "pin", date=f"{dt.date(2026, 4, 1) + dt.timedelta(days=after)}", question="q1")
    assert "At most 60 questions can be pinned." in await told(world, "pin", date="2026-03-09", question="q2")
    assert "(q2)." in await told(world, "pin", date="2026-04-01", question="q2")
    assert (await world.app.coach.dates.pins(PLACE))[0] == (dt.date(2026, 4, 1), "q2")


async def test_who_pins_a_question_to_a_day_that_was_left_out_is_told_so(world: World) -> None:
    await world.daily()
    await told(world, "skip")
    assert "that day's question was left out" in await told(world, "pin", date="2026-03-03", question="q2")
    world.clock.pass_(days=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1
    await told(world, "post-now")
    assert (await asked(world)).endswith("subject 2?")


async def asked(world: World) -> str:
    await world.app.settle()
    return (await world.app.coach.rounds.find(PLACE)).question.text


# ---------------------------------------------------------------------------------------------- grades


async def test_a_grade_that_is_changed_while_it_is_given_again_tells_the_one_before(world: World) -> None:
    reply = await answered(world)
    world.grader.away = True
    await told(world, "regrade", id=reply)
    await world.app.settle()
    assert "It was 5/10." in await told(world, "override", id=reply, score="8", reason="It says more.")
    await world.app.settle()
    assert amended(world) == "Score: 8/10\nAn organiser changed this grade, which was 5/10: It says more."
    assert "reply 1: 5 to 8" in await told(world, "audit")


async def test_a_reveal_stops_waiting_for_what_could_not_be_graded(world: World) -> None:
    round_ = await world.daily()
    world.grader.away = True
    await world.say(round_, "ada", half(round_.question.id))
    world.clock.pass_(days=1)
    await world.app.settle()
    world.clock.pass_(minutes=11)
    await world.app.settle()
    assert "1 answer is still being graded." in world.room.texts("reveal")[0]
    world.grader.away, world.grader.error = False, RuntimeError("broken")
    for _ in range(4):
        world.clock.pass_(hours=1)
        await world.app.settle()
    reveals = [parcel.message.text for _, parcel in world.room.amended if parcel.kind is ParcelKind.REVEAL]
    assert reveals[-1].startswith("Closed. Nobody's answer counted this time.\n")


# ---------------------------------------------------------------------------------------------- the digest

WEEKS = ["Week of Monday 2 March 2026", "Week of Monday 9 March 2026"]


async def digests(world: World, until: dt.date) -> list[str]:
    """The titles of those that are posted until a date, with a look every three hours."""
    while world.clock.now().date() < until:
        world.clock.pass_(hours=3)
        await world.app.settle()
    return [title for _, _, title in posted(world.room)]


@sqlite_only
@pytest.mark.parametrize(
    ("zone", "time", "moved_zone", "moved_time"),
    [
        ("UTC", "09:00", "UTC", "18:00"),
        ("UTC", "18:00", "UTC", "09:00"),
        ("Pacific/Auckland", "09:00", "UTC", "09:00"),
        ("UTC", "09:00", "Pacific/Auckland", "09:00"),
    ],
)
async def test_each_week_is_told_once_when_the_schedule_is_moved_between(
    world: World, zone: str, time: str, moved_zone: str, moved_time: str
) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await digests(world, dt.date(2026, 3, 4))
    await world.app.coach.organise.set(PLACE, {"zone": zone, "time": time})
    await told(world, "config set", name="digest", value="on")
    await world.app.coach.organise.set(PLACE, {"zone": moved_zone, "time": moved_time})
    assert await digests(world, dt.date(2026, 3, 17)) == WEEKS


@sqlite_only
async def test_a_digest_that_is_set_together_with_a_zone_comes_by_that_zone(world: World) -> None:
    await world.daily()
    await world.app.coach.organise.set(PLACE, {"digest": "on", "zone": "Pacific/Auckland"})
    await digests(world, dt.date(2026, 3, 8))
    assert posted(world.room) == []
    assert await digests(world, dt.date(2026, 3, 10)) == WEEKS[:1]


@sqlite_only
@pytest.mark.parametrize(("at", "moved"), [(12, "18:00"), (8, "07:00")])
async def test_a_week_is_told_once_when_the_time_is_moved_on_the_day_itself(world: World, at: int, moved: str) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await told(world, "config set", name="digest", value="on")
    await digests(world, dt.date(2026, 3, 9))
    world.clock.pass_(hours=at)
    await world.app.settle()
    await world.app.coach.organise.set(PLACE, {"time": moved})
    assert await digests(world, dt.date(2026, 3, 17)) == WEEKS


async def test_a_week_in_which_nothing_could_be_posted_is_not_told_as_one_without_news(world: World) -> None:
    world.room.failure = lambda _: PlatformError("I may not write in #daily.")
    await world.app.coach.organise.set(PLACE, {"time": "09:00"})
    world.clock.pass_(days=1)
    await world.app.settle()
    text = await told(world, "digest", week="this")
    assert "not posted  1" in text
    assert "What failed, and why: /mlops failed." in text


# ---------------------------------------------------------------------------------------------- the bank


async def test_a_bank_that_suggestions_have_filled_up_can_still_be_corrected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    coach, orga = world.app.coach, Person("orga", "Orga")
    channel = await coach.rounds.channel(PLACE)
    for number in range(2):
        made = await coach.suggestions.suggest(
            channel, orga, f"What is {number}?", "It is one of the many things.", request=str(number)
        )
        await coach.suggestions.approve(PLACE, made)
    monkeypatch.setattr("bot.coach.exchange.MOST_QUESTIONS", 1)
    document, _ = await coach.exchange.export(PLACE)
    corrected = document.replace("many things", "few things")
    assert len((await coach.exchange.bring_in(PLACE, corrected)).changed) == 2
    another = "### Another\n\n**Question:** What else?\n\n**Sample Answer:** Nothing else at all.\n"
    assert "At most 1 questions" in await told(world, "bank import", document=document + another)


async def test_what_everybody_has_does_not_become_their_own_by_being_brought_in_again(world: World) -> None:
    exchange = world.app.coach.exchange
    everything, count = await exchange.export(PLACE, everything=True)
    changes = await exchange.bring_in(PLACE, everything)
    assert (changes.new, changes.changed, len(changes.unchanged)) == ((), (), count)
    changes = await exchange.bring_in(PLACE, everything.replace("subject 3?", "subject three?"))
    assert changes.changed == ("q3",)
    assert (await exchange.export(PLACE))[1] == 1


@pytest.mark.parametrize("unseen", ["\u200b\n", "\u202e\u2028", "...\n\n"])
async def test_a_suggestion_is_called_by_its_first_line_with_words(world: World, unseen: str) -> None:
    coach = world.app.coach
    channel = await coach.rounds.channel(PLACE)
    made = await coach.suggestions.suggest(
        channel, Person("ada", "Ada"), f"{unseen}What is a feature store?", "It keeps features for many.", request="1"
    )
    question = await coach.suggestions.approve(PLACE, made)
    assert question.title == "What is a feature store?"
