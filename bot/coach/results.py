"""What a person's attempts at a round are worth, kept in step with the boards.

Every event that may change it (a grade, an edit, a deletion, a copy, a regrade, forgetting, another counting rule)
calls `recount` in its own transaction: the difference of new and old goes to the summary rows.
"""

from __future__ import annotations

import datetime as dt

from bot.core import rules
from bot.core.model import Attempt, CountingRule
from bot.core.ports import Row, Unit, one, rows


def attempts(found: list[Row]) -> list[Attempt]:
    """A person's attempts, in the order they were written."""
    return [Attempt(row["score"], row["state"] == "withdrawn", bool(row["copied"])) for row in found]


def recount(round_id: int, user: str) -> Unit[int | None]:
    """Bring one person's result at a round, and every board it is on, up to date; the score that counts now."""
    round_ = yield from one("round_get", id=round_id)
    if round_ is None or not user:
        return None
    found = yield from rows("reply_attempts", round_id=round_id, user_id=user)
    new = rules.counted(CountingRule(round_["rule"]), attempts(list(found)))
    before = yield from one("result_get", round_id=round_id, user_id=user)
    old = before["score"] if before else None
    if new == old:
        return new
    if new is None:
        yield from one("result_delete", round_id=round_id, user_id=user)
    else:
        yield from one(
            "result_put",
            round_id=round_id,
            user_id=user,
            platform=round_["platform"],
            community=round_["community"],
            local_date=round_["local_date"],
            daily=round_["daily"],
            score=new,
        )
    points, answers = (new or 0) - (old or 0), (new is not None) - (old is not None)
    for period, topic in summaries(round_["local_date"], round_["section"]):
        key = {"platform": round_["platform"], "community": round_["community"], "user_id": user}
        at = {**key, "period": period, "topic": topic}
        row = yield from one("standing_add", **at, points=points, answers=answers)
        if row is not None and row["answers"] <= 0:
            yield from one("standing_drop_empty", **at)
    return new


def summaries(local_date: str, section: str) -> list[tuple[str, str]]:
    """The (period, topic) keys of the summary rows that a result is part of."""
    periods = rules.periods(dt.date.fromisoformat(local_date))
    return [(period, topic) for period in periods for topic in ("", section)]
