"""The coach's rules, as pure functions: when to post, what to ask, what is an answer, what counts, who is where."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import overload
from zoneinfo import ZoneInfo

from bot.core.model import Attempt, CountingRule, Person, Question, Schedule, Standing, Streak
from bot.core.text import fold

ANSWER_WORDS = 5
"""A message in a thread with fewer words is talk, not an answer."""

ANSWER_LIMIT = 6_000
"""Characters of an answer that are kept and graded."""

NAME_LIMIT = 80
"""Characters of a person's name that are kept and shown."""

BEST_OF = 3
"""How many attempts the rule `best` looks at."""

PACE = 20
PACE_SPAN = dt.timedelta(minutes=1)
"""So many of a person's answers are graded in any such span; further ones wait."""

SPACING = dt.timedelta(seconds=3)
"""How far apart the answers of one community stand in the line: longer than a busy coach takes for one."""

FIRST_DAY, LAST_DAY = dt.date(1, 1, 3), dt.date(9999, 12, 29)
"""No post is looked for beyond: every zone has these days."""

BOARD_ROWS = 10
PODIUM_ROWS = 3

# ---------------------------------------------------------------------------------------------- time


def local_moment(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    """When a local time of day comes on a date, in UTC.

    A time that a change of the clocks skips moves to the first minute that exists after it; one that comes twice
    means its first.
    """
    tz = ZoneInfo(zone)
    naive = dt.datetime.combine(day, time)
    moment = naive.replace(tzinfo=tz, fold=0).astimezone(dt.UTC)
    if moment.astimezone(tz).replace(tzinfo=None) == naive:
        return moment
    # In a gap: walk minute by minute to the first local time that exists; gaps are at most a day long (Samoa, 2011).
    for minutes in range(1, 24 * 60 + 1):
        later = naive + dt.timedelta(minutes=minutes)
        moment = later.replace(tzinfo=tz, fold=0).astimezone(dt.UTC)
        if moment.astimezone(tz).replace(tzinfo=None) == later:
            return moment
    return moment


def local_date(zone: str, now: dt.datetime) -> dt.date:
    """The date in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def next_post_at(schedule: Schedule, after: dt.datetime) -> tuple[dt.date, dt.datetime] | None:
    """The first post strictly after a moment: its local date and its time in UTC.

    None on a schedule without days, and where no end of a pause is known.
    """
    if not schedule.weekdays:
        return None
    day = local_date(schedule.zone, after) - dt.timedelta(days=1)
    while day < LAST_DAY:
        if off := schedule.off(day):
            day = min(off.last, LAST_DAY)
        elif day.weekday() in schedule.weekdays:
            moment = local_moment(day, schedule.time, schedule.zone)
            if moment > after:
                return day, moment
        day += dt.timedelta(days=1)
    return None


def last_post_at(schedule: Schedule, now: dt.datetime) -> tuple[dt.date, dt.datetime] | None:
    """The newest post due at or before a moment: its local date and its time in UTC; None on one without days."""
    if not schedule.weekdays:
        return None
    day = local_date(schedule.zone, now) + dt.timedelta(days=1)
    while day > FIRST_DAY:
        if off := schedule.off(day):
            day = max(off.first, FIRST_DAY)
        elif day.weekday() in schedule.weekdays:
            moment = local_moment(day, schedule.time, schedule.zone)
            if moment <= now:
                return day, moment
        day -= dt.timedelta(days=1)
    return None


def next_digest_at(schedule: Schedule, after: dt.datetime) -> dt.datetime:
    """When the next weekly digest comes, strictly after a moment: on Monday at the schedule's local time."""
    day = local_date(schedule.zone, after)
    day -= dt.timedelta(days=day.weekday())
    mondays = (day + dt.timedelta(days=7 * week) for week in range(3))
    moments = (local_moment(monday, schedule.time, schedule.zone) for monday in mondays)
    return next(moment for moment in moments if moment > after)


def ahead(schedule: Schedule, today: dt.date) -> Schedule:
    """A schedule without the pauses and holidays that are over."""
    paused = schedule.paused if schedule.paused and schedule.paused.last >= today else None
    return replace(schedule, paused=paused, holidays=tuple(days for days in schedule.holidays if days.last >= today))


def closes_at(opened: dt.datetime, close_after: dt.timedelta, next_post: dt.datetime | None) -> dt.datetime:
    """A round ends after its time, or with the next daily post when that comes first."""
    end = opened + close_after
    return min(end, next_post) if next_post else end


def periods(day: dt.date) -> tuple[str, str, str]:
    """The boards that a date belongs to: all time, its month, its ISO week."""
    year, week, _ = day.isocalendar()
    return "all", f"{day:%Y-%m}", f"{year}-W{week:02d}"


def period(name: str, today: dt.date) -> str:
    """The key of the board that people call `all`, `month` or `week`."""
    everything, month, week = periods(today)
    return {"all": everything, "month": month, "week": week}[name]


def period_start(name: str, today: dt.date) -> dt.date | None:
    """The first date of the board that people call `all` (None), `month` or `week`."""
    return {"all": None, "month": today.replace(day=1), "week": today - dt.timedelta(days=today.weekday())}[name]


# ---------------------------------------------------------------------------------------------- questions


def choose(questions: Sequence[Question], asked: Sequence[str], rng: random.Random) -> Question | None:
    """The next question: none comes again before all have been asked, and sections take turns.

    `asked` lists the ids asked so far, oldest first. None when there is nothing to ask; drafts never are.
    """
    ready = [question for question in questions if not question.draft]
    if not ready:
        return None
    times = Counter(asked)
    fewest = min(times[question.id] for question in ready)
    pool = [question for question in ready if times[question.id] == fewest]
    section_of = {question.id: question.section for question in ready}
    last_turn = {section_of[id_]: turn for turn, id_ in enumerate(asked) if id_ in section_of}
    waiting = min(last_turn.get(question.section, -1) for question in pool)
    turn = [question for question in pool if last_turn.get(question.section, -1) == waiting]
    if len(turn) > 1 and asked:
        turn = [question for question in turn if question.id != asked[-1]] or turn
    return rng.choice(turn)


# ---------------------------------------------------------------------------------------------- answers

_WORD = re.compile(r"\w+://\S+|\w+(?:['’-]\w+)*")  # a link is one word, however many it is made of


# Scripts that put no space between words: two characters make about one.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]{2}")


def is_answer(text: str, *, addressed: bool) -> bool:
    """Whether a message in a round's thread is an answer rather than talk."""
    if addressed:
        return False
    words = _WORD.finditer(_UNSPACED.sub(" x ", text))
    return len(list(itertools.islice(words, ANSWER_WORDS))) == ANSWER_WORDS


COPY_WORDS = 12
COPY_OF_SAMPLE = 95.0
COPY_OF_PERSON = 90.0


_PIECE = 6
_INTACT = 1 - _PIECE * 2 * (1 - COPY_OF_SAMPLE / 100)
"""Characters of a piece, and the share of pieces that a copy leaves as they are."""


def is_copy(answer: str, sample_answer: str, others: Iterable[str]) -> bool:
    """Whether an answer is the sample, a run of it or another person's reply, almost word for word.

    Short answers (under COPY_WORDS words) can be alike by chance, so only the whole sample counts for them.
    """
    return resembles(fold(answer), fold(sample_answer), [fold(other) for other in others])


def _may_hold(mine: str, sample: str) -> bool:
    """False only where neither text has a run that is nearly the other; comparing them takes up to fifty times as long.

    A copy leaves most pieces of the shorter text as they are: of n characters at most 2 n (1 - ratio) are inserted or
    deleted, and each of these spoils one piece.
    """
    for one, other in ((mine, sample), (sample, mine)):
        pieces = [one[at : at + _PIECE] for at in range(0, len(one) - _PIECE + 1, _PIECE)]
        if len(one) <= len(other) and sum(piece in other for piece in pieces) >= _INTACT * len(pieces) - 1:
            return True
    return False


def resembles(mine: str, sample: str, others: Sequence[str]) -> bool:
    """The same of folded texts."""
    from rapidfuzz import fuzz, process

    if mine == sample:
        return True
    if len(mine.split()) < COPY_WORDS:
        return False
    held = len(sample.split()) >= COPY_WORDS and _may_hold(mine, sample)
    if held and fuzz.partial_ratio(mine, sample, score_cutoff=COPY_OF_SAMPLE) > 0:
        return True
    return process.extractOne(mine, others, scorer=fuzz.ratio, score_cutoff=COPY_OF_PERSON) is not None


def counted(rule: CountingRule, attempts: Sequence[Attempt]) -> int | None:
    """The score that counts of one person's attempts at a round, in the order they were written.

    None when nothing counts (yet). A withdrawn or copied attempt keeps its slot and is worth nothing. A pending first
    attempt keeps its slot until its grade is there; by the rule "latest" the one before it counts until then. What
    hints cost is taken off.
    """
    void = [attempt.withdrawn or attempt.copied for attempt in attempts]
    value = [None if lost else worth(each.score, each.off) for each, lost in zip(attempts, void, strict=True)]
    match rule:
        case CountingRule.FIRST:
            return value[0] if value else None
        case CountingRule.LATEST:
            decided = [score for score, lost in zip(value, void, strict=True) if lost or score is not None]
            return decided[-1] if decided else None
        case CountingRule.BEST:
            return max((score for score in value[:BEST_OF] if score is not None), default=None)


@overload
def worth(score: int, off: int) -> int: ...
@overload
def worth(score: int | None, off: int) -> int | None: ...
def worth(score: int | None, off: int) -> int | None:
    """What a score from 1 to 10 counts when hints take `off` points from it: never less than 1."""
    return None if score is None else max(1, score - max(0, off))


def hints_off(taken: Iterable[tuple[int, int]], cost: int, written: int) -> int:
    """The points that hints take off an answer of the moment `written`, by the channel's present `cost` of a hint.

    `taken` are (when, what was said that it costs) of the person's hints for the round. Only what was opened before the
    answer was written matters, and nobody pays more than was said. Times are microseconds.
    """
    return sum(min(stated, cost) for at, stated in taken if at < written)


def has_slot(rule: CountingRule, position: int, attempts: int) -> bool:
    """Whether the attempt at `position` (from 0) of so many can count at all."""
    match rule:
        case CountingRule.FIRST:
            return position == 0
        case CountingRule.LATEST:
            return position == attempts - 1
        case CountingRule.BEST:
            return position < BEST_OF


# ---------------------------------------------------------------------------------------------- the line


def paced(written: int, latest: Sequence[int]) -> int:
    """When an answer may be graded, so that of its author's answers at most PACE are in any PACE_SPAN.

    `latest` are the moments of the author's others, newest first; at least the newest PACE, if there are so many.
    Times are microseconds.
    """
    if len(latest) < PACE:
        return written
    return max(written, latest[PACE - 1] + PACE_SPAN // dt.timedelta(microseconds=1))


def turn(now: int, first: int, further: int, *, behind: bool) -> int:
    """An answer's place in the line, in microseconds like the time: smaller ones are graded first.

    Start-time fair queueing: each community's answers stand SPACING apart, beginning now, so that the next answer of
    one that is quiet comes before the backlog of one that is busy. Within a community `first` and `further` are the
    last places (0: none) of people's first answers in the line and of what stands `behind` another of the same
    author: a person's only answer waits for no second one of somebody else. Places only order, so nobody waits for
    them while there is nothing else to grade.
    """
    spacing = SPACING // dt.timedelta(microseconds=1)
    last = max(first, further) if behind else first
    return max(now, last + spacing) if last else now


# ---------------------------------------------------------------------------------------------- standings


def streak(days: Sequence[tuple[dt.date, dt.datetime]], answered: Iterable[dt.date], zone: str) -> Streak:
    """How many daily rounds in a row somebody has answered, up to the newest; one missed a month is forgiven.

    `days` are the dates of the community's daily rounds, each with when it was asked, newest first. The newest may
    still be unanswered. Months are those of the person's own `zone` (IANA), by when the missed round was asked.
    """
    done = set(answered)
    run = 0
    forgiven: list[dt.date] = []
    between: list[dt.date] = []  # missed, and nothing answered before is known yet
    for position, (day, asked) in enumerate(days):
        if day in done:
            run += 1
            forgiven += between
            between.clear()
        elif position > 0:
            missed = local_date(zone, asked)
            if any((each.year, each.month) == (missed.year, missed.month) for each in (*forgiven, *between)):
                break
            between.append(missed)
    return Streak(run, tuple(forgiven) if run else ())


def ranked(
    rows: Sequence[tuple[str, int, int]], names: Mapping[str, str], streaks: Mapping[str, int], *, above: int = 0
) -> tuple[Standing, ...]:
    """Standings of (user id, points, answers) rows, already in order of points; equal points share a rank.

    `above` people stand before the first of them.
    """
    by_points = Counter(points for _, points, _ in rows)
    first: dict[int, int] = {}
    standings = []
    for position, (user, points, answers) in enumerate(rows):
        rank = first.setdefault(points, above + position + 1)
        person = Person(user, names.get(user, ""))
        standings.append(Standing(rank, by_points[points] > 1, person, points, answers, streaks.get(user, 0)))
    return tuple(sorted(standings, key=lambda row: (row.rank, row.person.name.casefold(), row.person.id)))
