"""When a question is posted, which one, what is an answer, and who is where."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import zoneinfo
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from bot.core import rules
from bot.core.model import Attempt, CountingRule, Question, Schedule
from bot.core.text import fold, visible

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))
TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))
MOMENTS = st.builds(dt.datetime.combine, DAYS, st.times(), st.just(dt.UTC))
SCHEDULES = st.builds(
    Schedule, time=TIMES, zone=st.sampled_from(ZONES), weekdays=st.frozensets(st.integers(0, 6), min_size=1)
)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


# ---------------------------------------------------------------------------------------------- time


@given(DAYS, TIMES, st.sampled_from(ZONES))
@settings(max_examples=400)
@example(dt.date(2024, 3, 30), dt.time(23, 30), "America/Nuuk")  # the gap goes over midnight
@example(dt.date(2026, 4, 24), dt.time(0), "Africa/Cairo")  # the day begins with the gap
@example(dt.date(2026, 10, 4), dt.time(2, 15), "Australia/Lord_Howe")  # half an hour only
def test_a_local_time_comes_at_itself_or_at_the_first_minute_after_a_gap(
    day: dt.date, time: dt.time, zone: str
) -> None:
    moment = rules.local_moment(day, time, zone)
    wanted = dt.datetime.combine(day, time)
    local = moment.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)
    assert local >= wanted
    if local != wanted:
        before = (moment - dt.timedelta(minutes=1)).astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)
        assert before < wanted  # nothing between them exists


@given(DAYS, TIMES, st.sampled_from(ZONES))
@settings(max_examples=200)
def test_a_local_time_that_comes_twice_means_its_first(day: dt.date, time: dt.time, zone: str) -> None:
    moment = rules.local_moment(day, time, zone)
    tz = zoneinfo.ZoneInfo(zone)
    local = moment.astimezone(tz).replace(tzinfo=None)
    for minutes in (30, 60, 120):
        earlier = (moment - dt.timedelta(minutes=minutes)).astimezone(tz).replace(tzinfo=None)
        assert earlier != local


@pytest.mark.parametrize(
    ("day", "time", "zone", "expected"),
    [
        (dt.date(2026, 3, 29), dt.time(2, 30), "Europe/Berlin", utc(2026, 3, 29, 1, 0)),
        (dt.date(2026, 10, 25), dt.time(2, 30), "Europe/Berlin", utc(2026, 10, 25, 0, 30)),
        (dt.date(2026, 3, 8), dt.time(2), "America/New_York", utc(2026, 3, 8, 7, 0)),
        (dt.date(2026, 11, 1), dt.time(1, 30), "America/New_York", utc(2026, 11, 1, 5, 30)),
        (dt.date(2026, 7, 1), dt.time(9), "Asia/Kathmandu", utc(2026, 7, 1, 3, 15)),
        (dt.date(2011, 12, 30), dt.time(9), "Pacific/Apia", utc(2011, 12, 30, 10, 0)),  # a day that never was
    ],
)
def test_changes_of_the_clocks(day: dt.date, time: dt.time, zone: str, expected: dt.datetime) -> None:
    assert rules.local_moment(day, time, zone) == expected


@given(SCHEDULES, MOMENTS)
@settings(max_examples=300, deadline=None)
def test_there_is_exactly_one_post_a_day_on_configured_weekdays(schedule: Schedule, start: dt.datetime) -> None:
    posts = []
    after = start
    for _ in range(12):
        post = rules.next_post_at(schedule, after)
        assert post is not None
        assert post[1] > after
        posts.append(post)
        after = post[1]
    days = [day for day, _ in posts]
    assert all(day.weekday() in schedule.weekdays for day in days)
    between = [days[0] + dt.timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if day.weekday() in schedule.weekdays]


@given(SCHEDULES, MOMENTS)
@settings(max_examples=300, deadline=None)
def test_the_last_post_and_the_next_are_neighbours(schedule: Schedule, now: dt.datetime) -> None:
    last, coming = rules.last_post_at(schedule, now), rules.next_post_at(schedule, now)
    assert last is not None
    assert coming is not None
    assert last[1] <= now < coming[1]
    assert rules.next_post_at(schedule, last[1]) == coming
    assert rules.last_post_at(schedule, coming[1]) == coming
    assert rules.last_post_at(schedule, last[1]) == last


def test_a_schedule_without_days_posts_nothing() -> None:
    schedule = Schedule(weekdays=frozenset())
    assert rules.next_post_at(schedule, utc(2026, 3, 2)) is None
    assert rules.last_post_at(schedule, utc(2026, 3, 2)) is None


def test_a_round_ends_after_its_time_or_with_the_next_post() -> None:
    opened, day = utc(2026, 3, 2, 9), dt.timedelta(days=1)
    assert rules.closes_at(opened, day, None) == opened + day
    assert rules.closes_at(opened, day, opened + day / 2) == opened + day / 2
    assert rules.closes_at(opened, day, opened + day * 3) == opened + day


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2024, 12, 29), ("all", "2024-12", "2024-W52")),
        (dt.date(2024, 12, 30), ("all", "2024-12", "2025-W01")),
        (dt.date(2026, 12, 31), ("all", "2026-12", "2026-W53")),
        (dt.date(2027, 1, 3), ("all", "2027-01", "2026-W53")),
        (dt.date(2027, 1, 4), ("all", "2027-01", "2027-W01")),
    ],
)
def test_weeks_are_iso_weeks_also_where_the_year_ends(day: dt.date, expected: tuple[str, str, str]) -> None:
    assert rules.periods(day) == expected
    assert [rules.period(name, day) for name in ("all", "month", "week")] == list(expected)


# ---------------------------------------------------------------------------------------------- questions


def bank(sections: list[int], drafts: frozenset[int] = frozenset()) -> list[Question]:
    return [
        Question(f"q{number}", f"S{section}", f"T{number}", "?", "" if number in drafts else "An answer.")
        for number, section in enumerate(sections)
    ]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.frozensets(st.integers(0, 11)), st.integers())
@settings(max_examples=150, deadline=None)
def test_no_question_comes_again_before_all_were_asked_and_drafts_never_do(
    sections: list[int], drafts: frozenset[int], seed: int
) -> None:
    questions, rng = bank(sections, drafts), random.Random(seed)
    ready = [question for question in questions if not question.draft]
    asked: list[str] = []
    for _ in range(3 * len(ready)):
        chosen = rules.choose(questions, asked, rng)
        assert chosen is not None
        assert not chosen.draft
        asked.append(chosen.id)
        counts = Counter(asked)
        assert max(counts.values()) - min(counts[question.id] for question in ready) <= 1
    if not ready:
        assert rules.choose(questions, asked, rng) is None
    for last, first in itertools.pairwise(asked):
        assert last != first or len(ready) == 1


def test_sections_take_turns() -> None:
    questions, rng, asked = bank([0, 0, 0, 1, 1, 1, 2, 2, 2]), random.Random(3), list[str]()
    section = {question.id: question.section for question in questions}
    for _ in range(9):
        chosen = rules.choose(questions, asked, rng)
        assert chosen is not None
        asked.append(chosen.id)
    turns = [section[id_] for id_ in asked]
    assert all(set(turns[i : i + 3]) == {"S0", "S1", "S2"} for i in (0, 3, 6))


# ---------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("I would check the input data", True),
        ("it's a model's data-drift problem", True),
        ("one two three four five", True),
        ("one two three four", False),
        ("don't know, it's CI/CD", True),
        ("", False),
        ("... !!! ??? --- ***", False),
        ("https://example.org/a/long/path/with?many=words&in=it", False),
        ("see https://example.org/a/b/c/d/e", False),
        ("👍 👍 👍 👍 👍 👍", False),
        ("я бы сначала проверил входные данные", True),
    ],
)
def test_an_answer_has_at_least_five_words_and_a_link_is_one(text: str, answer: bool) -> None:
    assert rules.is_answer(text, addressed=False) is answer
    assert not rules.is_answer(text, addressed=True)


SAMPLE = (
    "Keep the previous model version deployable, route a small share of the traffic to the new one, compare error "
    "rates and business metrics against the old one, and roll back by switching an alias as soon as a guardrail trips."
)
HONEST = (
    "I would shift traffic step by step to the new model while watching errors and the business numbers, "
    "and go back to the old version through the registry when an alarm fires.",
    "A canary release: five percent first, then more, with automatic rollback on bad metrics, since the old version "
    "is still running next to it and only the router has to change.",
    "First I keep the old artefact around. Then a small part of requests goes to the new one and I compare error rates"
    " with the old one. If a limit is crossed I switch back.",
)


@pytest.mark.parametrize("answer", HONEST)
def test_honest_answers_that_are_alike_are_no_copies(answer: str) -> None:
    assert not rules.is_copy(answer, SAMPLE, [other for other in HONEST if other != answer])


@pytest.mark.parametrize(
    "answer",
    [
        SAMPLE,
        SAMPLE.upper(),
        SAMPLE.replace(",", " ;  ").replace(" ", "   "),
        SAMPLE.replace("e", "e\u200b"),
        SAMPLE[: len(SAMPLE) // 2],
        SAMPLE[len(SAMPLE) // 3 :],
        f"Hello, here is my answer to the question of today. {SAMPLE} I hope that this is right.",
        SAMPLE.replace("small share", "little share"),
    ],
)
def test_the_sample_its_half_and_the_sample_with_padding_are_copies(answer: str) -> None:
    assert rules.is_copy(answer, SAMPLE, [])


@given(run=st.integers(0, 60), edits=st.lists(st.tuples(st.floats(0, 0.999), st.booleans()), max_size=30))
def test_what_is_nearly_a_run_of_the_sample_is_a_copy_wherever_it_was_changed(
    run: int, edits: list[tuple[float, bool]]
) -> None:
    text = list(fold(SAMPLE)[run:])
    for where, inserted in edits:
        place = int(where * len(text))
        text[place : place + (not inserted)] = "q" if inserted else ""
    changed = "".join(text)
    if len(changed.split()) < rules.COPY_WORDS:
        return
    alike = fuzz.partial_ratio(fold(changed), fold(SAMPLE)) >= rules.COPY_OF_SAMPLE
    assert rules.is_copy(changed, SAMPLE, []) == alike


def test_another_persons_reply_is_a_copy_with_few_words_changed() -> None:
    assert rules.is_copy(HONEST[0].replace("alarm", "alert"), SAMPLE, [HONEST[0]])
    assert not rules.is_copy(HONEST[0], SAMPLE, [HONEST[1]])


def test_short_answers_can_be_alike_by_chance() -> None:
    assert not rules.is_copy("I would roll back the model", SAMPLE, ["I would roll back the model"])
    assert rules.is_copy("Roll back!", "roll back", [])


def test_markup_makes_no_difference_to_the_words() -> None:
    assert fold("see **the** _data_ first; `it`: __drifts__") == "see the data first it drifts"
    assert rules.is_copy("_Roll_ back", "roll back", [])


@given(st.text(max_size=200))
@settings(max_examples=200)
@example("0:_0")
def test_folding_is_stable_and_visible_text_has_nothing_hidden(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert visible(visible(text)) == visible(text)
    assert all(char in "\n\t" or char.isprintable() or char.isspace() for char in visible(text))


# ---------------------------------------------------------------------------------------------- what counts

FIRST, BEST, LATEST = CountingRule.FIRST, CountingRule.BEST, CountingRule.LATEST


@pytest.mark.parametrize(
    ("attempts", "first", "best", "latest"),
    [
        ([], None, None, None),
        ([Attempt(4)], 4, 4, 4),
        ([Attempt(4), Attempt(9)], 4, 9, 9),
        ([Attempt(4), Attempt(3), Attempt(2), Attempt(10)], 4, 4, 10),
        ([Attempt(None), Attempt(9)], None, 9, 9),
        ([Attempt(4), Attempt(None)], 4, 4, 4),
        ([Attempt(None)], None, None, None),
        ([Attempt(10, withdrawn=True), Attempt(5)], None, 5, 5),
        ([Attempt(5), Attempt(10, withdrawn=True)], 5, 5, None),
        ([Attempt(10, copied=True), Attempt(5)], None, 5, 5),
        ([Attempt(1, withdrawn=True)] * 3 + [Attempt(9)], None, None, 9),
    ],
)
def test_what_counts(attempts: list[Attempt], first: int | None, best: int | None, latest: int | None) -> None:
    assert rules.counted(FIRST, attempts) == first
    assert rules.counted(BEST, attempts) == best
    assert rules.counted(LATEST, attempts) == latest


ATTEMPTS = st.lists(
    st.builds(Attempt, st.none() | st.integers(1, 10), withdrawn=st.booleans(), copied=st.booleans()), max_size=6
)


@given(st.sampled_from(CountingRule), ATTEMPTS, st.integers(0, 5), st.integers(1, 10))
def test_an_attempt_without_a_slot_changes_nothing(
    rule: CountingRule, attempts: list[Attempt], position: int, score: int
) -> None:
    # By the rule "latest" an earlier attempt has the slot while the last is pending.
    pending = bool(attempts) and attempts[-1] == Attempt(None)
    if rule is LATEST and pending:
        return
    if position < len(attempts) and not rules.has_slot(rule, position, len(attempts)):
        other = [*attempts[:position], Attempt(score), *attempts[position + 1 :]]
        assert rules.counted(rule, other) == rules.counted(rule, attempts)


# ---------------------------------------------------------------------------------------------- standings


def test_equal_points_share_a_rank_and_the_next_rank_is_left_out() -> None:
    rows = [("a", 9, 1), ("b", 7, 1), ("c", 7, 2), ("d", 3, 1)]
    standings = rules.ranked(rows, {"b": "Zoe", "c": "amy"}, {"a": 4})
    assert [(row.rank, row.tied, row.person.id) for row in standings] == [
        (1, False, "a"), (2, True, "c"), (2, True, "b"), (4, False, "d"),
    ]  # fmt: skip
    assert standings[0].streak == 4
    assert [row.rank for row in rules.ranked(rows, {}, {}, above=10)] == [11, 12, 12, 14]


def test_an_average_of_nothing_is_zero() -> None:
    (row,) = rules.ranked([("a", 0, 0)], {}, {})
    assert row.average == 0.0


# ---------------------------------------------------------------------------------------------- the line

SECOND = 1_000_000


@given(gaps=st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=80))
def test_a_persons_answers_are_let_through_in_order_and_at_most_twenty_a_minute(gaps: list[int]) -> None:
    written = list(itertools.accumulate(gaps))
    ready: list[int] = []
    for at in written:
        ready.append(rules.paced(at, ready[::-1][: rules.PACE]))
    assert all(when >= at for when, at in zip(ready, written, strict=True))
    assert ready == sorted(ready)
    span = 60 * SECOND
    assert all(later - earlier >= span for earlier, later in zip(ready, ready[rules.PACE :], strict=False))


@given(gaps=st.lists(st.integers(3 * SECOND, 9 * SECOND), min_size=1, max_size=80))
def test_nobody_waits_who_writes_no_faster_than_is_graded(gaps: list[int]) -> None:
    written = list(itertools.accumulate(gaps))
    ready: list[int] = []
    for at in written:
        ready.append(rules.paced(at, ready[::-1][: rules.PACE]))
    assert ready == written


@given(now=st.integers(1, 10**15), backlog=st.integers(0, 10**12), behind=st.booleans())
def test_a_quiet_communitys_answer_stands_before_a_busy_ones_next(now: int, backlog: int, *, behind: bool) -> None:
    busy = rules.turn(now, now + backlog, now + backlog, behind=behind)
    assert rules.turn(now, 0, 0, behind=False) == now < busy


def test_a_persons_first_answer_stands_behind_first_ones_only() -> None:
    spacing = rules.SPACING // dt.timedelta(microseconds=1)
    assert rules.turn(1000, 1000, 10**9, behind=False) == 1000 + spacing
    assert rules.turn(1000, 1000, 10**9, behind=True) == 10**9 + spacing


def test_an_old_backlog_gives_no_place_in_the_past() -> None:
    assert rules.turn(10**9, 1000, 2000, behind=True) == 10**9
