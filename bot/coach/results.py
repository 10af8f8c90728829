"""What a person's attempts at a round are worth, kept in step with the boards.

Every event that may change it (a grade, an edit, a deletion, a copy, a regrade, forgetting, another counting rule)
calls `recount` in its own transaction: the difference of new and old goes to the summary rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.core import rules
from bot.core.model import Attempt, CountingRule, RoundState
from bot.core.ports import Query, Row, Unit, one, rows

FRESH = dt.timedelta(hours=1)
"""How long after it was posted a question's count is kept up to date quickly: chats limit how often older messages
may be edited."""

COUNT_SOON = dt.timedelta(seconds=30)
COUNT_LATER = dt.timedelta(minutes=5)
"""How long answers to a fresh, or an older, question are gathered into one amendment of its message."""


MOST_REPAIRED = 30_000
"""Rows that one repair changes: a unit of work is bounded."""

_ROUNDS_TOGETHER = 200


def attempts(found: Sequence[Row], hints: Sequence[Row] = (), cost: int = 0) -> list[Attempt]:
    """A person's attempts, in the order they were written, with what the `hints` opened before each take off."""
    return [
        Attempt(row["score"], row["state"] == "withdrawn", bool(row["copied"]), off=off(hints, cost, row["at"]))
        for row in found
    ]


def off(hints: Sequence[Row], cost: int, written: int) -> int:
    """The points that a person's hints for a round take off what they wrote at a moment (microseconds)."""
    return rules.hints_off([(row["taken_at"], row["cost"]) for row in hints], cost, written) if cost else 0


def recount(round_id: int, user: str, round_: Row | None = None) -> Unit[int | None]:
    """Bring one person's result at a round, and every board it is on, up to date; the score that counts now.

    `round_` is the row of `round_home` where it was read already.
    """
    round_ = round_ or (yield from one("round_home", id=round_id))
    if round_ is None or not user:
        return None
    found = yield from rows("reply_attempts", round_id=round_id, user_id=user)
    hints = (yield from rows("hints_of", round_id=round_id, user_id=user)) if round_["hint_cost"] else ()
    new = rules.counted(CountingRule(round_["rule"]), attempts(found, hints, round_["hint_cost"]))
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


def tell(round_id: int, now: int, round_: Row | None = None) -> Unit[None]:
    """Have what was said of a round's results said again: its reveal at once, the question's count after a while.

    `round_` is the row of `round_home` where it was read already: most rounds are open and soon counted anyway.
    """
    if round_ is None or round_["state"] != RoundState.OPEN:
        yield from rows("outbox_again_of_round", round_id=round_id, kind="reveal", now=now)
    if round_ is not None and round_["count_due"] is not None:
        return
    fresh, soon, later = (span // dt.timedelta(microseconds=1) for span in (FRESH, COUNT_SOON, COUNT_LATER))
    yield from one("round_count_due", id=round_id, fresh=now - fresh, soon=now + soon, later=now + later)


def count_due(now: int, most: int) -> Unit[int]:
    """Have questions amended whose count is due and has changed; how many were due, at most `most`."""
    found = yield from rows("rounds_to_count", now=now, most=most)
    for row in found:
        if row["busy"]:
            yield from one("round_count_later", id=row["id"], soon=now + COUNT_SOON // dt.timedelta(microseconds=1))
            continue
        yield from one("round_counted", id=row["id"], answered=row["counted"])
        if row["counted"] != row["answered"]:
            yield from rows("outbox_again_of_round", round_id=row["id"], kind="question", now=now)
    return len(found)


def summaries(local_date: str, section: str) -> list[tuple[str, str]]:
    """The (period, topic) keys of the summary rows that a result is part of."""
    periods = rules.periods(dt.date.fromisoformat(local_date))
    return [(period, topic) for period in periods for topic in dict.fromkeys(("", section))]


# ---------------------------------------------------------------------------------------------- against the log


@dataclass(frozen=True, slots=True)
class _Difference:
    """A summary row that isn't what the replies give, in words, and what makes it so."""

    words: str
    remedy: tuple[Query, ...]


def differences() -> Unit[list[str]]:
    """Where results and boards aren't what the replies give, a line each; none when all is well. Only reads."""
    return [found.words for found in (yield from _differences())]


def repair() -> Unit[list[str]]:
    """Make results and boards what the replies give; what was changed, a line each. No reply is touched.

    At most MOST_REPAIRED rows at once: run it again until nothing is left.
    """
    found = (yield from _differences())[:MOST_REPAIRED]
    for difference in found:
        for query in difference.remedy:
            yield from rows(query.name, **query.params)
    return [difference.words for difference in found]


def _differences() -> Unit[list[_Difference]]:
    """Goes through the log some rounds at a time: it may be long."""
    found: list[_Difference] = []
    sums: defaultdict[_Place, list[int]] = defaultdict(lambda: [0, 0])
    after = 0
    while page := (yield from rows("rounds_of_log", after=after, most=_ROUNDS_TOGETHER)):
        rounds = {row["id"]: row for row in page}
        span = {"first": page[0]["id"], "last": page[-1]["id"]}
        hints = _hints((yield from rows("hints_of_log", **span)))
        wanted = _worth(rounds, (yield from rows("attempts_of_log", **span)), hints)
        found += _wrong_results(wanted, (yield from rows("results_of_log", **span)))
        for (round_id, user), (platform, community, day, _, score) in wanted.items():
            for period, topic in summaries(day, rounds[round_id]["section"]):
                row = sums[platform, community, period, topic, user]
                row[0] += score
                row[1] += 1
        after = span["last"]
    return found + _wrong_boards(sums, (yield from rows("standings_all")))


def _hints(log: Sequence[Row]) -> Mapping[tuple[int, str], list[Row]]:
    """The hints taken, by round and person."""
    found: defaultdict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in log:
        found[row["round_id"], row["user_id"]].append(row)
    return found


def _worth(
    rounds: Mapping[int, Row], log: Sequence[Row], hints: Mapping[tuple[int, str], list[Row]]
) -> dict[tuple[int, str], tuple[str, str, str, int, int]]:
    """What each result has to be, by round and person: platform, community, date, daily, score."""
    found = {}
    for (round_id, user), tried in groupby(log, key=lambda row: (row["round_id"], row["user_id"])):
        of = rounds[round_id]
        mine = attempts(list(tried), hints.get((round_id, user), ()), of["hint_cost"])
        score = rules.counted(CountingRule(of["rule"]), mine)
        if score is not None:
            found[round_id, user] = (of["platform"], of["community"], of["local_date"], of["daily"], score)
    return found


_RESULT = ("platform", "community", "local_date", "daily", "score")


def _wrong_results(
    wanted: Mapping[tuple[int, str], tuple[str, str, str, int, int]], kept: Sequence[Row]
) -> list[_Difference]:
    there = {(row["round_id"], row["user_id"]): tuple(row[name] for name in _RESULT) for row in kept}
    found = []
    for key in sorted({*wanted, *there}):
        if wanted.get(key) == there.get(key):
            continue
        which = {"round_id": key[0], "user_id": key[1]}
        remedy = [Query("result_delete", which)]
        if key in wanted:
            remedy.append(Query("result_put", which | dict(zip(_RESULT, wanted[key], strict=True))))
        words = f"result of user {key[1]} at round {key[0]}: {_told(there.get(key))} is kept, the replies give"
        found.append(_Difference(f"{words} {_told(wanted.get(key))}", tuple(remedy)))
    return found


def _told(result: tuple[object, ...] | None) -> str:
    """A result in words; where it belongs only differs in a damaged one, so it is told too."""
    if result is None:
        return "none"
    platform, community, day, daily, score = result
    return f"{score} ({'daily' if daily else 'on demand'}, {day}, {platform} {community})"


_Place = tuple[str, str, str, str, str]
"""Platform, community, period, topic, user: the key of a board's row."""
_PLACE = ("platform", "community", "period", "topic", "user_id")


def _wrong_boards(sums: Mapping[_Place, list[int]], kept: Sequence[Row]) -> list[_Difference]:
    there = {tuple(row[name] for name in _PLACE): [row["points"], row["answers"]] for row in kept}
    found = []
    for key in sorted({*sums, *there}):
        kept_row, should = there.get(key), sums.get(key)
        if kept_row == should:
            continue
        which = dict(zip(_PLACE, key, strict=True))
        if should is None:
            remedy = Query("standing_delete", which)
        else:
            remedy = Query("standing_set", which | {"points": should[0], "answers": should[1]})
        platform, community, period, topic, user = key
        where = f"board {period}{f' of {topic}' if topic else ''} in {platform} {community}: user {user}"
        found.append(_Difference(f"{where} has {_counts(kept_row)}, the replies give {_counts(should)}", (remedy,)))
    return found


def _counts(row: list[int] | None) -> str:
    return f"{row[0]} points of {row[1]} answers" if row else "no row"
