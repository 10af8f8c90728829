"""What grading may cost: tokens and money a day, for one community and for all together.

Days are in UTC. What a grade may cost at most is reserved before the grader is asked and corrected afterwards, so that
however many answers are graded at once, in however many processes, a limit isn't passed.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import GraderAway, GraderError, StoreError
from bot.core.model import Place, Receipt, Task, Verdict
from bot.core.ports import Clock, Grader, Store, Unit, one, rows

log = logging.getLogger(__name__)

MILLIONTHS = 1_000_000
LOOK_AGAIN_S = 3_600.0
"""A reply that waits for the next day is looked at again after so long: limits may be raised meanwhile."""

MOST_OWED = 10_000
"""Communities whose corrections wait for the database at once."""

KEPT = dt.timedelta(days=40)
"""How long the sums of past days are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A day's limits; 0 is none. Tokens count in and out together; money is in the currency of the prices."""

    tokens: int = 0
    money: float = 0.0
    community_tokens: int = 0
    community_money: float = 0.0

    @property
    def of_one(self) -> tuple[int, float]:
        """The most that one community may spend in a day: tokens and money, 0 for no limit."""
        tokens = [limit for limit in (self.tokens, self.community_tokens) if limit]
        money = [limit for limit in (self.money, self.community_money) if limit]
        return min(tokens, default=0), min(money, default=0.0)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, and money in millionths."""

    tokens: int = 0
    cost: int = 0

    @classmethod
    def of(cls, receipt: Receipt) -> Spent:
        return cls(receipt.input_tokens + receipt.output_tokens, math.ceil(receipt.cost * MILLIONTHS))


Estimate = Callable[[Task], Spent]
"""The most that grading a task may cost."""


class Budget:
    """Keeps a grader within limits."""

    def __init__(self, store: Store, clock: Clock, limits: Limits, estimate: Estimate) -> None:
        self._store, self._clock, self.limits, self._estimate = store, clock, limits, estimate
        self._owed: dict[tuple[str, Place], Spent] = {}
        """What reservations were too high by and couldn't be noted, by day and community."""

    def metered(self, grader: Grader, place: Place) -> Grader:
        """The grader for one community: it refuses with GraderAway where a limit would be passed."""
        return _Metered(grader, self, place)

    async def today(self, place: Place) -> Spent:
        """What a community has spent today."""
        day = _day(self._clock.now())
        row = await self._store.read(one, "usage_of", day=day, platform=place.platform, community=place.community)
        return Spent(row["tokens"], row["cost"]) if row else Spent()

    async def grade(self, grader: Grader, place: Place, task: Task) -> Verdict:
        """Grade within the limits. Raises GraderAway where one would be passed, and what the grader raises."""
        now = self._clock.now()
        most = self._estimate(task)
        passed = await self._store.write(_reserve, place, _day(now), most, self.limits)
        if passed:
            notice = f"The day's {passed} for grading are used up. What waits is graded tomorrow (UTC)."
            wait = min(LOOK_AGAIN_S, _until_tomorrow(now))
            raise GraderAway(f"the day's {passed} are used up", wait, notice, local=passed.endswith("community"))
        spent = Spent()
        try:
            verdict = await grader.grade(task)
            spent = Spent.of(verdict.receipt)
            return verdict
        except GraderError as error:
            spent = Spent.of(error.spent) if error.spent else Spent()
            raise
        finally:
            await self._correct(_day(now), place, Spent(spent.tokens - most.tokens, spent.cost - most.cost))

    async def _correct(self, day: str, place: Place, by: Spent) -> None:
        """Correct a reservation. Where the database is away that waits for another grade: no verdict is lost by it."""
        before = self._owed.pop((day, place), Spent())
        by = Spent(before.tokens + by.tokens, before.cost + by.cost)
        where = {"day": day, "platform": place.platform, "community": place.community}
        try:
            await self._store.write(one, "usage_add", **where, tokens=by.tokens, cost=by.cost)
        except StoreError as error:
            log.warning("what a grade has cost is noted later: %s", error)
            self._owe(day, place, by)

    def _owe(self, day: str, place: Place, by: Spent) -> None:
        more = self._owed.pop((day, place), Spent())
        self._owed[day, place] = Spent(more.tokens + by.tokens, more.cost + by.cost)
        if len(self._owed) > MOST_OWED:  # too much is reserved then, never too little
            del self._owed[next(iter(self._owed))]


class _Metered:
    """A grader whose requests are paid from one community's budget."""

    def __init__(self, grader: Grader, budget: Budget, place: Place) -> None:
        self._grader, self._budget, self._place = grader, budget, place

    @property
    def name(self) -> str:
        return self._grader.name

    async def grade(self, task: Task) -> Verdict:
        return await self._budget.grade(self._grader, self._place, task)

    async def close(self) -> None:
        await self._grader.close()


def _day(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).date().isoformat()


def _until_tomorrow(now: dt.datetime) -> float:
    midnight = dt.datetime.combine(now.astimezone(dt.UTC).date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    return (midnight - now).total_seconds()


def _reserve(place: Place, day: str, most: Spent, limits: Limits) -> Unit[str]:
    """Reserve what a grade may cost; the limit that it would pass, "" when it fits."""
    where = {"day": day, "platform": place.platform, "community": place.community}
    own = yield from one("usage_of", **where)
    total = yield from one("usage_in_all", day=day)
    for used, limit, more, what in (
        (own["tokens"] if own else 0, limits.community_tokens, most.tokens, "tokens of this community"),
        (own["cost"] if own else 0, limits.community_money * MILLIONTHS, most.cost, "money of this community"),
        (total["tokens"] if total else 0, limits.tokens, most.tokens, "tokens"),
        (total["cost"] if total else 0, limits.money * MILLIONTHS, most.cost, "money"),
    ):
        if limit and used + more > limit:
            return what
    if own is None:
        earliest = (dt.date.fromisoformat(day) - KEPT).isoformat()
        yield from rows("usage_forget", before=earliest)
    yield from one("usage_add", **where, tokens=most.tokens, cost=most.cost)
    return ""
