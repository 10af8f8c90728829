"""Time and chance as the grader meets them, so that tests can turn the clock and throw the dice."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """`now` counts seconds and never goes back; `date` is for Retry-After headers that give one."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    date: Callable[[], dt.datetime] = _utc
    chance: random.Random = field(default_factory=random.Random)
