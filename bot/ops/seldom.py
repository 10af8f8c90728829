"""Keeps an outage from filling the log: after a few messages of one kind the others are only counted."""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FEW: Final = 5
SPAN_S: Final = 60.0
KINDS: Final = 1_000
"""Kinds that are remembered at once, the newest."""


LENGTH: Final = 160
"""Characters of a message that tell its kind."""

_NUMBERS: Final = re.compile(r"\w*\d\w*")


@dataclass(slots=True)
class _Kind:
    since: float
    told: int = 0
    kept: int = 0


class Seldom(logging.Filter):
    """Lets FEW warnings and errors of a kind through in SPAN_S seconds; the next one then says how many were kept back.

    Messages are of one kind when they differ in numbers and ids only. Lower levels pass: whoever asks for them wants
    all. `now` are seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._kinds: OrderedDict[tuple[str, str], _Kind] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is to be logged; the first after some that were kept back tells their number."""
        if record.levelno < logging.WARNING:
            return True
        kind, now = self._kind(record), self._now()
        kept = 0
        if now >= kind.since + SPAN_S:
            kept, kind.since, kind.told, kind.kept = kind.kept, now, 0, 0
        if kind.told >= FEW:
            kind.kept += 1
            return False
        kind.told += 1
        if kept:
            record.msg = f"{record.msg} (and {kept} more like this before)"
        return True

    def _kind(self, record: logging.LogRecord) -> _Kind:
        try:
            told = record.getMessage()
        except Exception:  # noqa: BLE001  a filter must not raise; the handler tells that it can't be made
            told = str(record.msg)
        key = (record.name, _NUMBERS.sub("#", told)[:LENGTH])
        kind = self._kinds.setdefault(key, _Kind(self._now()))
        self._kinds.move_to_end(key)
        while len(self._kinds) > KINDS:
            self._kinds.popitem(last=False)
        return kind
