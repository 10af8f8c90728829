"""Questions that are to be asked on a certain date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.model import Channel, Question
from bot.core.ports import Unit, one


def take(channel: Channel, day: dt.date, questions: Sequence[Question]) -> Unit[Question | None]:
    """The question that a date is to have, or None; its pin is used up. One that is no longer there is passed over."""
    gone = yield from one("pin_delete", channel_id=channel.id, local_date=day.isoformat())
    if gone is None:
        return None
    return next((q for q in questions if q.id == gone["question_id"] and not q.draft), None)
