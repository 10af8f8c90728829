"""Pauses and holidays: no day that is off has a question, and no other day loses its own."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.coach import records
from bot.core import rules
from bot.core.model import Days, Schedule

DATES = st.dates(dt.date(2025, 12, 1), dt.date(2026, 6, 30))
SPANS = st.builds(lambda first, length: Days(first, first + dt.timedelta(days=length)), DATES, st.integers(0, 40))
SCHEDULES = st.builds(
    Schedule,
    time=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York", "Australia/Lord_Howe"]),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    paused=st.none() | SPANS,
    holidays=st.lists(SPANS, max_size=4).map(tuple),
)
START = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)
MOMENTS = st.integers(0, 210 * 24 * 60).map(lambda minutes: START + dt.timedelta(minutes=minutes))


def has_question(schedule: Schedule, day: dt.date) -> bool:
    return day.weekday() in schedule.weekdays and schedule.off(day) is None


@given(SCHEDULES, MOMENTS)
@settings(max_examples=200, deadline=None)
def test_posts_come_on_every_day_that_has_one_and_on_no_other(schedule: Schedule, start: dt.datetime) -> None:
    days, after = [], start
    for _ in range(10):
        post = rules.next_post_at(schedule, after)
        assert post is not None
        days.append(post[0])
        after = post[1]
    between = [days[0] + dt.timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if has_question(schedule, day)]
    today = rules.local_date(schedule.zone, start)
    skipped = [today + dt.timedelta(days=n) for n in range(1, (days[0] - today).days)]
    assert not any(has_question(schedule, day) for day in skipped)


@given(SCHEDULES, MOMENTS)
@settings(max_examples=200, deadline=None)
def test_the_last_post_before_days_off_and_the_next_after_them_are_neighbours(
    schedule: Schedule, now: dt.datetime
) -> None:
    last, coming = rules.last_post_at(schedule, now), rules.next_post_at(schedule, now)
    assert last is not None
    assert coming is not None
    assert last[1] <= now < coming[1]
    assert rules.next_post_at(schedule, last[1]) == coming
    assert rules.last_post_at(schedule, coming[1]) == coming


@given(MOMENTS, st.lists(SPANS, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_pause_without_an_end_has_no_next_post(now: dt.datetime, holidays: list[Days]) -> None:
    today = rules.local_date("UTC", now)
    schedule = Schedule(paused=Days(today - dt.timedelta(days=1), dt.date.max), holidays=tuple(holidays))
    assert rules.next_post_at(schedule, now) is None
    last = rules.last_post_at(schedule, now)
    assert last is None or last[0] < today


@given(SCHEDULES, DATES)
@settings(max_examples=100, deadline=None)
def test_what_is_over_makes_no_difference_from_today_on(schedule: Schedule, today: dt.date) -> None:
    ahead = rules.ahead(schedule, today)
    assert all(
        (ahead.off(day) is None) == (schedule.off(day) is None)
        for day in (today + dt.timedelta(days=n) for n in range(60))
    )
    assert not any(days.last < today for days in (*ahead.holidays, *([ahead.paused] if ahead.paused else [])))


@given(st.lists(SPANS, max_size=6))
def test_days_come_back_from_the_database_as_they_were(spans: list[Days]) -> None:
    assert records.days(records.days_text(spans)) == tuple(spans)


@given(SCHEDULES, MOMENTS)
@settings(max_examples=100, deadline=None)
def test_the_next_digest_comes_on_the_next_monday_by_the_schedules_zone(schedule: Schedule, now: dt.datetime) -> None:
    at = rules.next_digest_at(schedule, now)
    assert now < at <= now + dt.timedelta(days=7, hours=2)
    assert rules.local_date(schedule.zone, at).weekday() == 0
    assert rules.next_digest_at(schedule, at) > at
