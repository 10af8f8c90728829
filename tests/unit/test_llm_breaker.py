"""The circuit breaker and the pace: a provider that is down or busy is left alone."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from bot.graders.llm.breaker import Breaker
from bot.graders.llm.faults import Kind, fault, retry_after
from bot.graders.llm.pace import Busy, Pace
from bot.graders.llm.timing import Timing


class Hand:
    """A clock turned by hand; sleeping turns it."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def breaker(hand: Hand) -> Breaker:
    return Breaker(hand.now, failures=3, first=10, most=60)


def fail(one: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert one.enter() == 0
        one.failed("HTTP 500")


def test_single_failures_dont_open_it() -> None:
    one = breaker(Hand())
    fail(one, 2)
    one.worked()
    fail(one, 2)
    assert one.left() == 0


def test_failures_in_a_row_open_it_for_a_time() -> None:
    hand = Hand()
    one = breaker(hand)
    fail(one, 3)
    assert one.enter() == 10
    assert one.why == "HTTP 500"
    hand.time += 4
    assert one.enter() == 6


def test_after_that_time_one_request_is_let_through() -> None:
    hand = Hand()
    one = breaker(hand)
    fail(one, 3)
    hand.time += 10
    assert one.enter() == 0
    assert one.enter() > 0
    one.worked()
    assert one.enter() == 0
    assert one.enter() == 0


def test_every_opening_in_a_row_is_twice_as_long_up_to_the_most() -> None:
    hand = Hand()
    one = breaker(hand)
    fail(one, 3)
    waits = []
    for _ in range(5):
        waits.append(one.left())
        hand.time += one.left()
        fail(one)
    assert waits == [10, 20, 40, 60, 60]
    hand.time += 60
    one.worked()
    fail(one, 3)
    assert one.left() == 10


def test_a_cancelled_trial_lets_another_be_the_one() -> None:
    hand = Hand()
    one = breaker(hand)
    fail(one, 3)
    hand.time += 10
    assert one.enter() == 0
    one.gave_up()
    assert one.enter() == 0


def test_what_lasts_opens_it_at_once_and_keeps_its_notice() -> None:
    one = breaker(Hand())
    one.enter()
    one.failed("HTTP 401", "Check the key.", at_once=True)
    assert (one.enter(), one.notice) == (10, "Check the key.")


def test_requests_that_were_under_way_when_it_opened_dont_lengthen_it() -> None:
    hand = Hand()
    one = breaker(hand)
    fail(one, 3)
    one.failed("HTTP 500")
    one.failed("HTTP 500")
    assert one.left() == 10


# ---------------------------------------------------------------------------------------------- pace


def pace(hand: Hand, at_once: int = 9, per_minute: int = 0) -> Pace:
    return Pace(Timing(now=hand.now, sleep=hand.sleep), at_once, per_minute)


async def begin(one: Pace, hand: Hand, within: float = 1000.0) -> float:
    async with one.turn(hand.time + within):
        return hand.time


async def test_in_any_minute_begin_as_many_as_are_allowed() -> None:
    hand = Hand()
    one = pace(hand, per_minute=3)
    begun = [await begin(one, hand) for _ in range(7)]
    assert begun == [100, 100, 100, 160, 160, 160, 220]


async def test_without_a_limit_all_begin_at_once() -> None:
    hand = Hand()
    one = pace(hand)
    assert [await begin(one, hand) for _ in range(50)] == [100] * 50


async def test_who_would_wait_too_long_hears_it_at_once_and_takes_nobodys_turn() -> None:
    hand = Hand()
    one = pace(hand, per_minute=1)
    await begin(one, hand)
    with pytest.raises(Busy) as found:
        await begin(one, hand, within=30)
    assert found.value.wait == 60
    assert hand.time == 100
    assert await begin(one, hand) == 160


async def test_a_hold_stops_all() -> None:
    hand = Hand()
    one = pace(hand)
    one.hold(20)
    one.hold(5)
    assert await begin(one, hand) == 120


async def test_no_room_in_time_is_busy() -> None:
    hand = Hand()
    one = pace(hand, at_once=1)
    async with one.turn(hand.time + 10):
        with pytest.raises(Busy):
            await begin(one, hand, within=0.05)
    await asyncio.wait_for(begin(one, hand), 1)


# ---------------------------------------------------------------------------------------------- what a fault means

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "99999999"}, 3600.0),
        ({"retry-after": "Mon, 02 Mar 2026 09:01:00 GMT"}, 60.0),
        ({"retry-after": "Mon, 02 Mar 2026 09:01:00"}, 60.0),
        ({"retry-after": "Mon, 02 Mar 2020 09:01:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "", "retry-after": "1"}, 1.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, NOW) == wait


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"code": "insufficient_quota", "message": "x"}, Kind.QUOTA),
        (429, {"message": "You exceeded your current quota; retry in 20 s", "code": 429}, Kind.PASSING),
        (429, "slow down", Kind.PASSING),
        (402, None, Kind.QUOTA),
        (403, {"message": "credit balance is too low"}, Kind.QUOTA),
        (401, "", Kind.KEY),
        (403, {"message": "country not supported"}, Kind.KEY),
        (403, {"message": "your input was flagged by moderation"}, Kind.FILTER),
        (400, {"message": "No models loaded. Please load one."}, Kind.MODEL),
        (400, {"message": "API key not valid"}, Kind.KEY),
        (400, {"message": f"bad value {'x' * 300} my api key is missing, model not found"}, Kind.PARAMETER),
        (404, {"message": "model 'x' not found, try pulling it first"}, Kind.MODEL),
        (404, {"code": "DeploymentNotFound", "message": "The API deployment for this resource"}, Kind.MODEL),
        (404, "page not found", Kind.ADDRESS),
        (301, "", Kind.ADDRESS),
        (400, {"code": "context_length_exceeded"}, Kind.CONTEXT),
        (500, {"message": "the request exceeds the available context size"}, Kind.CONTEXT),
        (413, "", Kind.CONTEXT),
        (400, {"code": "content_filter", "message": "ResponsibleAIPolicyViolation"}, Kind.FILTER),
        (400, {"message": "unknown parameter", "param": "seed"}, Kind.PARAMETER),
        (422, {"detail": [{"loc": ["body", "temperature"]}]}, Kind.PARAMETER),
        (500, {"message": "failed to parse grammar"}, Kind.PARAMETER),
        (500, {"message": "internal error"}, Kind.PASSING),
        (529, "", Kind.PASSING),
    ],
)
def test_what_a_fault_means(status: int, body: object, kind: Kind) -> None:
    assert fault(status, {}, body, NOW).kind is kind


def test_what_a_provider_says_isnt_shown_but_its_code_is() -> None:
    found = fault(400, {}, {"message": "sk-secret and the answer", "code": "invalid_value", "type": "sk secret"}, NOW)
    assert found.what == "HTTP 400, invalid_value"
