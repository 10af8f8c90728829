"""Runs the coach as `mlops-coach run` does, and kills it with SIGKILL at a crash point: `coach_runner.py POINT NTH`."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys

from bot import app, settings
from bot.core.ports import CrashPoint, no_crash


def killing_at(point: str, nth: int) -> CrashPoint:
    """A crash point that ends this process when `point` is passed for the nth time."""
    passed = itertools.count(1)

    def crash(name: str) -> None:
        if name == point and next(passed) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return crash


async def main(point: str = "", nth: str = "1") -> None:
    crash = killing_at(point, int(nth)) if point else no_crash
    await app.serve(settings.load(), ready=lambda address: None, crash=crash)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
