"""What a person's attempts at a round are worth, kept in step with the boards.

Every event that may change it (a grade, an edit, a deletion, a copy, a regrade, forgetting, another counting rule)
calls `recount` in its own transaction: the difference of new and old goes to the summary rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

from bot.core import rules
from bot.core.model import Attempt, CountingRule
from bot.core.ports import Row, Unit, one, rows

FRESH = dt.timedelta(hours=1)
"""How long after it was posted a question's count is kept up to date quickly: chats limit how often older messages
may be edited."""

COUNT_SOON = dt.timedelta(seconds=30)
COUNT_LATER = dt.timedelta(minutes=5)
"""How long answers to a fresh, or an older, question are gathered into one amendment of its message."""


def attempts(found: list[Row]) -> list[Attempt]:
    """A person's attempts, in the order they were written."""
    return [Attempt(row["score"], row["state"] == "withdrawn", bool(row["copied"])) for row in found]


def recount(round_id: int, user: str, round_: Row | None = None) -> Unit[int | None]:
    """Bring one person's result at a round, and every board it is on, up to date; the score that counts now.

    `round_` is the row of `round_get` where it was read already.
    """
    round_ = round_ or (yield from one("round_get", id=round_id))
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
    key = {"platform": round_["platform"], "community": round_["community"], "user_id": user}
    _, month, week = rules.periods(dt.date.fromisoformat(round_["local_date"]))
    section = round_["section"]
    changed = yield from rows(
        "standings_add", **key, month=month, week=week, section=section, points=points, answers=answers
    )
    for row in changed:
        if row["answers"] <= 0:
            yield from one("standing_drop_empty", **key, period=row["period"], topic=row["topic"])
    return new


def differences() -> Unit[list[str]]:
    """Where the boards' summary rows aren't the sums of the results, a line each; none when all is well."""
    sums: Counter[tuple[str, ...]] = Counter()
    answers: Counter[tuple[str, ...]] = Counter()
    for row in (yield from rows("standings_recomputed")):
        for period, topic in summaries(row["local_date"], row["section"]):
            key = (row["platform"], row["community"], period, topic, row["user_id"])
            sums[key] += row["score"]
            answers[key] += 1
    kept = yield from rows("standings_all")
    there = {
        (row["platform"], row["community"], row["period"], row["topic"], row["user_id"]): (
            row["points"],
            row["answers"],
        )
        for row in kept
    }
    wrong = [key for key in sorted({*there, *sums}) if there.get(key, (0, 0)) != (sums[key], answers[key])]
    return [
        f"board {period}{f' of {topic}' if topic else ''} in {platform} {community}: user {user} has"
        f" {there.get((platform, community, period, topic, user), (0, 0))} points and answers, the replies give"
        f" {(sums[platform, community, period, topic, user], answers[platform, community, period, topic, user])}"
        for platform, community, period, topic, user in wrong
    ]


def tell(round_id: int, now: int) -> Unit[None]:
    """Have what was said of a round's results said again: its reveal at once, the question's count after a while."""
    yield from rows("outbox_again_of_round", round_id=round_id, kind="reveal", now=now)
    fresh, soon, later = (span // dt.timedelta(microseconds=1) for span in (FRESH, COUNT_SOON, COUNT_LATER))
    yield from one("round_count_due", id=round_id, fresh=now - fresh, soon=now + soon, later=now + later)


def count_due(now: int) -> Unit[int]:
    """Have the questions amended whose count is due and has changed; how many."""
    amended = 0
    for row in (yield from rows("rounds_to_count", now=now)):
        if row["busy"]:
            yield from one("round_count_later", id=row["id"], soon=now + COUNT_SOON // dt.timedelta(microseconds=1))
            continue
        yield from one("round_counted", id=row["id"], answered=row["counted"])
        if row["counted"] != row["answered"]:
            yield from rows("outbox_again_of_round", round_id=row["id"], kind="question", now=now)
            amended += 1
    return amended


def summaries(local_date: str, section: str) -> list[tuple[str, str]]:
    """The (period, topic) keys of the summary rows that a result is part of."""
    periods = rules.periods(dt.date.fromisoformat(local_date))
    return [(period, topic) for period in periods for topic in dict.fromkeys(("", section))]
