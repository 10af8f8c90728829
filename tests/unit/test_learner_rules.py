"""Streaks with their freeze, and what hints cost."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import rules
from bot.core.model import Attempt, CountingRule, Streak

Days = list[tuple[dt.date, dt.datetime]]


def day(number: int, month: int = 3) -> dt.date:
    return dt.date(2026, month, number)


def asked(*days: dt.date, hour: int = 9) -> Days:
    """Daily rounds of these dates, each asked at an hour in UTC."""
    return [(each, dt.datetime.combine(each, dt.time(hour), dt.UTC)) for each in days]


# ---------------------------------------------------------------------------------------------- streaks


@pytest.mark.parametrize(
    ("answered", "length", "forgiven"),
    [
        ([], 0, []),
        ([5], 1, []),
        ([5, 4, 3], 3, []),
        ([4, 3], 2, []),  # today's may still be answered
        ([3, 2], 2, [4]),  # yesterday's was missed
        ([2, 1], 0, []),  # two missed
        ([5, 3, 2], 3, [4]),
        ([5, 3, 1], 2, [4]),  # the second one missed in a month ends it
        ([5, 2, 1], 1, []),  # a freeze that keeps nothing isn't used
        ([5, 4, 3, 2, 1], 5, []),
        ([9], 0, []),  # a day without a round
    ],
)
def test_a_streak_outlives_one_missed_round_and_the_newest_may_still_be_open(
    answered: list[int], length: int, forgiven: list[int]
) -> None:
    days = asked(*(day(n) for n in (5, 4, 3, 2, 1)))
    expected = Streak(length, tuple(day(n) for n in forgiven))
    assert rules.streak(days, [day(n) for n in answered], "UTC") == expected
    assert rules.streak([], [day(1)], "UTC") == Streak(0)


def test_each_month_has_a_freeze_of_its_own() -> None:
    days = asked(day(3, 4), day(2, 4), day(1, 4), day(31), day(30), day(29))
    answered = [day(3, 4), day(2, 4), day(30), day(29)]
    assert rules.streak(days, answered, "UTC") == Streak(4, (day(1, 4), day(31)))


def test_the_month_is_that_of_the_persons_own_day() -> None:
    """Asked at 20:00 UTC on the 31st: in Auckland it is April, where the 1st is missed as well."""
    days = asked(day(2, 4), day(1, 4), day(31), day(30), hour=20)
    answered = [day(2, 4), day(30)]
    assert rules.streak(days, answered, "UTC") == Streak(2, (day(1, 4), day(31)))
    assert rules.streak(days, answered, "Pacific/Auckland") == Streak(1)
    assert rules.streak(days, answered, "America/Los_Angeles") == Streak(2, (day(1, 4), day(31)))


ZONES = st.sampled_from(("UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Days, list[dt.date]]:
    """Daily rounds over some months, newest first, and which of them somebody answered."""
    spans = draw(st.lists(st.integers(1, 4), max_size=60))
    dates = [dt.date(2026, 6, 30) - dt.timedelta(days=sum(spans[:count])) for count in range(len(spans))]
    hour = draw(st.integers(0, 23))
    return asked(*dates, hour=hour), [each for each in dates if draw(st.integers(0, 5))]


@given(histories(), ZONES)
def test_a_streak_forgives_one_round_a_month_and_no_second(history: tuple[Days, list[dt.date]], zone: str) -> None:
    days, answered = history
    found = rules.streak(days, answered, zone)
    months = [(each.year, each.month) for each in found.forgiven]
    assert len(months) == len(set(months))
    assert list(found.forgiven) == sorted(found.forgiven, reverse=True)
    assert found.length <= len(answered)
    # The rounds that it reaches over are those answered and those forgiven, beside the newest.
    reach = days[int(bool(days) and days[0][0] not in answered) :][: found.length + len(found.forgiven)]
    missed = [rules.local_date(zone, moment) for each, moment in reach if each not in answered]
    assert tuple(missed) == (found.forgiven if found.length else ())
    assert len(reach) == found.length + len(found.forgiven)


@given(histories(), ZONES, st.data())
def test_one_more_answer_never_shortens_a_streak(
    history: tuple[Days, list[dt.date]], zone: str, data: st.DataObject
) -> None:
    days, answered = history
    missed = [each for each, _ in days if each not in answered]
    if missed:
        more = [*answered, data.draw(st.sampled_from(missed))]
        assert rules.streak(days, more, zone).length >= rules.streak(days, answered, zone).length


@given(histories(), ZONES)
def test_without_a_missed_round_a_streak_is_all_rounds(history: tuple[Days, list[dt.date]], zone: str) -> None:
    days, _ = history
    assert rules.streak(days, [each for each, _ in days], zone) == Streak(len(days))


# ---------------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize(("score", "off", "counts"), [(10, 0, 10), (10, 1, 9), (2, 1, 1), (1, 1, 1), (3, 9, 1)])
def test_hints_take_points_but_never_the_last_one(score: int, off: int, counts: int) -> None:
    assert rules.worth(score, off) == counts
    assert rules.counted(CountingRule.FIRST, [Attempt(score, off=off)]) == counts


@pytest.mark.parametrize(
    ("taken", "cost", "off"),
    [
        ([], 2, 0),
        ([(10, 2)], 2, 2),
        ([(10, 2), (20, 2)], 2, 4),
        ([(100, 2)], 2, 0),  # opened as the answer was written, or later
        ([(101, 2)], 2, 0),
        ([(10, 2)], 1, 1),  # hints have become cheaper,
        ([(10, 2)], 0, 0),  # or free,
        ([(10, 2)], 5, 2),  # or dearer: nobody pays more than was said
    ],
)
def test_only_hints_opened_before_an_answer_cost_and_never_more_than_was_said(
    taken: list[tuple[int, int]], cost: int, off: int
) -> None:
    assert rules.hints_off(taken, cost, 100) == off


def test_each_attempt_bears_the_hints_before_it() -> None:
    attempts = [Attempt(5), Attempt(6, off=2), Attempt(9, off=2)]
    assert [rules.counted(rule, attempts) for rule in CountingRule] == [5, 7, 7]
    assert rules.counted(CountingRule.BEST, [Attempt(5), Attempt(6, off=2)]) == 5
    assert rules.counted(CountingRule.FIRST, [Attempt(9, withdrawn=True, off=2)]) is None


SCORES = st.none() | st.integers(1, 10)
ATTEMPTS = st.lists(st.builds(Attempt, SCORES, st.booleans(), st.booleans(), st.integers(0, 9)), max_size=5)


@given(st.sampled_from(CountingRule), ATTEMPTS)
def test_a_hint_lowers_what_counts_or_leaves_it_and_what_counts_is_one_to_ten(
    rule: CountingRule, attempts: list[Attempt]
) -> None:
    with_hints = rules.counted(rule, attempts)
    without = rules.counted(rule, [Attempt(each.score, each.withdrawn, each.copied) for each in attempts])
    assert (with_hints is None) == (without is None)
    if with_hints is not None and without is not None:
        assert 1 <= with_hints <= without <= 10
