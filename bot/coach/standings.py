"""Boards, one person's progress, and how a round ended: all read from results and their summary rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.coach import records
from bot.core import rules
from bot.core.model import (
    Board,
    Coverage,
    KeyPoint,
    Person,
    Place,
    Podium,
    Progress,
    Round,
    SectionProgress,
    Standing,
    Streak,
)
from bot.core.ports import Clock, Row, Store, Unit, one, rows

STREAK_DAYS = 1_000
"""Days that a streak is followed back."""

RECENT = 5

COURSE_DAYS = 400
"""Days with points that a picture of somebody's points looks back."""


class Standings:
    """Reads the boards of a community."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def board(self, place: Place, person: Person, period: str, topic: str = "") -> Board:
        """The top ten of `week`, `month` or `all`, of one section or of all, and the asker's own row from below.

        Who is on no board isn't on it, not even for themselves.
        """
        return await self._store.read(_board, place, person, period, topic, self._clock.now())

    async def courses(
        self, place: Place, people: Sequence[str], period: str, topic: str = ""
    ) -> dict[str, tuple[tuple[dt.date, int], ...]]:
        """How people's points grew in a period: (date, points by then) from the day before their first, oldest first.

        People without points in it are left out.
        """
        return await self._store.read(_courses, place, people, period, topic, self._clock.now())

    async def progress(self, place: Place, person: Person) -> Progress:
        """One person's figures in a community."""
        return await self._store.read(_progress, place, person, self._clock.now())


def today(place: Place, now: dt.datetime) -> Unit[dt.date]:
    """The community's date: in the zone of its first scheduled channel, as rounds are dated by their channel's."""
    return rules.local_date((yield from home_zone(place)), now)


def home_zone(place: Place) -> Unit[str]:
    """The zone of a community's first scheduled channel."""
    found = yield from rows("channels_of_community", platform=place.platform, community=place.community)
    return found[0]["zone"] if found else "UTC"


@dataclass(frozen=True, slots=True)
class _Days:
    """What streaks are counted by: the daily rounds with when they were asked, newest first, and the zone of people
    whose own isn't known.
    """

    place: Place
    rounds: Sequence[tuple[dt.date, dt.datetime]]
    zone: str


def _board(place: Place, person: Person, period: str, topic: str, now: dt.datetime) -> Unit[Board]:
    days = yield from _days(place)
    key = rules.period(period, rules.local_date(days.zone, now))
    where = {"platform": place.platform, "community": place.community, "period": key, "topic": topic}
    top = yield from rows("standings_top", **where, most=rules.BOARD_ROWS)
    pairs = [(row["user_id"], row["points"], row["answers"]) for row in top]
    names, streaks = {}, {}
    for user, _, _ in pairs:
        names[user], zone = yield from _person(place, user)
        streaks[user] = (yield from _streak(days, user, zone)).length
    standings = rules.ranked(pairs, names, streaks)
    if len(pairs) == rules.BOARD_ROWS:
        standings = yield from _ties_beyond(standings, where)
    own = None
    if person.id not in names and not (yield from _off_boards(place, person.id)):
        own = yield from _own_row(person, where, days)
    return Board(period, topic, standings, own)


def _courses(
    place: Place, people: Sequence[str], period: str, topic: str, now: dt.datetime
) -> Unit[dict[str, tuple[tuple[dt.date, int], ...]]]:
    day = yield from today(place, now)
    since = rules.period_start(period, day)
    where = {"platform": place.platform, "community": place.community, "topic": topic}
    courses = {}
    for user in people:
        row = yield from one("standing_of", **where, user_id=user, period=rules.period(period, day))
        found = yield from rows(
            "results_course", **where, user_id=user, since=since.isoformat() if since else "", most=COURSE_DAYS
        )
        if row and found:
            courses[user] = tuple(_course(row["points"], found))
    return courses


def _course(points: int, newest_first: Sequence[Row]) -> list[tuple[dt.date, int]]:
    """Walked back from the present sum, so that what lies before the days looked at is in it."""
    course = []
    for row in newest_first:
        course.append((dt.date.fromisoformat(row["local_date"]), points))
        points -= row["points"]
    course.append((course[-1][0] - dt.timedelta(days=1), points))
    return course[::-1]


def _ties_beyond(standings: tuple[Standing, ...], where: dict[str, str]) -> Unit[tuple[Standing, ...]]:
    """The last rank shown may be shared with people who aren't."""
    last = standings[-1]
    equal = yield from one("standings_equal", **where, points=last.points)
    if equal is None or equal["equal"] <= 1:
        return standings
    return tuple(
        Standing(row.rank, True, row.person, row.points, row.answers, row.streak) if row.points == last.points else row
        for row in standings
    )


def _own_row(person: Person, where: dict[str, str], days: _Days, *, streak: int | None = None) -> Unit[Standing | None]:
    row = yield from one("standing_of", **where, user_id=person.id)
    if row is None:
        return None
    above = yield from one("standings_above", **where, points=row["points"])
    equal = yield from one("standings_equal", **where, points=row["points"])
    assert above is not None  # noqa: S101  a count always has a row
    assert equal is not None  # noqa: S101
    name, zone = yield from _person(days.place, person.id)
    run = streak if streak is not None else (yield from _streak(days, person.id, zone)).length
    shown = Person(person.id, name or person.name)
    return Standing(above["above"] + 1, equal["equal"] > 1, shown, row["points"], row["answers"], run)


def _progress(place: Place, person: Person, now: dt.datetime) -> Unit[Progress]:
    days = yield from _days(place)
    _, zone = yield from _person(place, person.id)
    streak = yield from _streak(days, person.id, zone)
    where = {"platform": place.platform, "community": place.community, "topic": ""}
    key = rules.period("week", rules.local_date(days.zone, now))
    week = yield from _own_row(person, {**where, "period": key}, days, streak=streak.length)
    total = yield from _own_row(person, {**where, "period": "all"}, days, streak=streak.length)
    found = yield from rows(
        "replies_recent", platform=place.platform, community=place.community, user_id=person.id, most=RECENT
    )
    recent = tuple(
        (records.QUESTION.validate_json(row["body"]).title, row["score"] if row["state"] == "graded" else None)
        for row in found
    )
    sections = yield from _sections(place, person.id)
    forgiven = _this_month(streak.forgiven, rules.local_date(zone or days.zone, now))
    hidden = yield from _off_boards(place, person.id)
    return Progress(week, total, streak.length, recent, sections, forgiven, hidden)


def _this_month(days: Sequence[dt.date], date: dt.date) -> dt.date | None:
    return next((day for day in days if (day.year, day.month) == (date.year, date.month)), None)


def _sections(place: Place, user: str) -> Unit[tuple[SectionProgress, ...]]:
    found = yield from rows("results_by_section", platform=place.platform, community=place.community, user_id=user)
    return tuple(SectionProgress(row["section"], row["answers"], row["points"]) for row in found)


def _person(place: Place, user: str) -> Unit[tuple[str, str]]:
    """Somebody's name and zone, "" where they aren't known."""
    row = yield from one("person_on_board", platform=place.platform, community=place.community, user_id=user)
    return (row["name"], row["zone"]) if row else ("", "")


def _off_boards(place: Place, user: str) -> Unit[str]:
    """Why somebody is on no board, "" for who is."""
    found = yield from one("off_board_get", platform=place.platform, community=place.community, user_id=user)
    return found["why"] if found else ""


def _days(place: Place) -> Unit[_Days]:
    zone = yield from home_zone(place)
    found = yield from rows("rounds_days", platform=place.platform, community=place.community, most=STREAK_DAYS)
    days = [(dt.date.fromisoformat(row["local_date"]), records.moment(row["at"])) for row in found]
    return _Days(place, days, zone)


def _streak(days: _Days, user: str, zone: str) -> Unit[Streak]:
    where = {"platform": days.place.platform, "community": days.place.community, "user_id": user}
    found = yield from rows("results_days", **where, most=STREAK_DAYS)
    answered = [dt.date.fromisoformat(row["local_date"]) for row in found]
    return rules.streak(days.rounds, answered, zone or days.zone)


def podium(round_: Round) -> Unit[Podium]:
    """How a round stands: counted answers, their average, the best, the key point most often missed.

    Who is on no board isn't named; the figures are of all.
    """
    found = yield from rows("results_of_round", round_id=round_.id)
    names = {row["user_id"]: row["name"] for row in found}
    listed = [(row["user_id"], row["score"], 1) for row in found if row["listed"]]
    standings = rules.ranked(listed, names, {})
    pending = yield from one("round_pending", round_id=round_.id)
    graded = yield from rows("round_points", round_id=round_.id)
    missed: Counter[KeyPoint] = Counter()
    for row in graded:
        grade = records.grade(row)
        for verdict in grade.points if grade else ():
            if verdict.coverage in (Coverage.MISSING, Coverage.CONTRADICTED):
                missed[verdict.point] += 1
    scores = [row["score"] for row in found]
    return Podium(
        answers=len(scores),
        average=sum(scores) / len(scores) if scores else 0.0,
        best=standings[: rules.PODIUM_ROWS],
        most_missed=missed.most_common(1)[0][0] if missed else None,
        pending=pending["pending"] if pending else 0,
    )
