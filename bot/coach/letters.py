"""Messages that are about no round: a word to somebody who suggested a question, the weekly digest.

The outbox keeps the order of a channel by its rounds, so these hang on one of the channel's that never was: a round
that is skipped, without a date or a question of its own.
"""

from __future__ import annotations

from bot.core.message import ParcelKind
from bot.core.ports import Unit, one


def post(channel_id: int, kind: ParcelKind, about: str, now: int) -> Unit[None]:
    """Put a message into the outbox, for a channel, once; what it is `about` tells its kind."""
    anchor = yield from one("round_anchor", channel_id=channel_id)
    anchor = anchor or (yield from one("round_anchor_put", channel_id=channel_id, now=now))
    assert anchor is not None  # noqa: S101  one writer: it is there now
    if (yield from one("letter_about", round_id=anchor["id"], kind=kind, about=about)):
        return
    yield from one("outbox_put_about", channel_id=channel_id, kind=kind, round_id=anchor["id"], about=about, now=now)
