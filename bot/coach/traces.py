"""What a person leaves behind as an organiser, or in organisers' hands: to take along, and to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.coach import records
from bot.core.ports import Row, Unit, one, rows

MOST_EXPORTED = 10_000


def export(where: Mapping[str, str]) -> Unit[dict[str, Any]]:
    """All of it as JSON values; `where` is platform, community and user_id."""
    done = yield from rows("acts_of_person", **where)
    changed = yield from rows("overrides_of_person", **where)
    suggested = yield from rows("suggestions_of_person", **where, most=MOST_EXPORTED)
    return {
        "suggestions": [
            {
                "at": records.moment(row["at"]).isoformat(),
                "section": row["section"],
                "question": row["question"],
                "sample_answer": row["sample_answer"],
                "named": bool(row["credited"]),
                "state": row["state"],
                "reason": row["reason"],
            }
            for row in suggested
        ],
        "done_as_organiser": [
            {"at": records.moment(row["at"]).isoformat(), "act": row["act"], "detail": row["detail"]} for row in done
        ],
        "grades_changed_by_organisers": [
            {"reply": row["reply_id"], "before": row["score_before"], "score": row["score"], "reason": row["reason"]}
            for row in changed
        ],
    }


def forget(where: Mapping[str, str], replies: Sequence[Row], now: int) -> Unit[None]:
    """Forget a person whose replies these were: what they did stays, without them."""
    yield from rows("suggestions_drop", **where)
    here = {"platform": where["platform"], "community": where["community"]}
    for taken in (yield from rows("suggestions_forget", **where)):
        for asked in (yield from rows("rounds_of_question", **here, question_id=taken["question_id"])):
            yield from rows("outbox_again_of_round", round_id=asked["id"], kind="reveal", now=now)  # it may name them
    for row in replies:
        yield from one("override_forget", reply_id=row["id"])
    yield from rows("overrides_forget_person", **where)
    yield from rows("acts_forget_person", **where)
