"""Another counting rule, applied to all that was answered before: to its end, also when a crash comes between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.coach import results
from bot.core.ports import CrashPoint, Row, Store, Unit, one, rows

TOGETHER: Final = 500
"""Results in one transaction: others' can come between."""


async def recount_due(store: Store, crash: CrashPoint) -> None:
    """Count every channel anew whose rule was changed, until each is counted by its present one. Raises StoreError."""
    while found := await store.read(rows, "channels_to_recount"):
        for channel in found:
            pairs = await store.read(rows, "results_by_rule", channel_id=channel["id"])
            for begin in range(0, len(pairs), TOGETHER):
                await store.write(_recount, pairs[begin : begin + TOGETHER])
                crash("rule.recounted")
            # Not if the rule was changed once more meanwhile: what was counted first is by the former one.
            await store.write(one, "channel_recounted", id=channel["id"], recount=channel["recount"])


def _recount(pairs: Sequence[Row]) -> Unit[None]:
    for pair in pairs:
        yield from results.recount(pair["round_id"], pair["user_id"])
