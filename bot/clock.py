"""The time as the machine has it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from pathlib import Path

from bot.core.zones import zones


class SystemClock:
    """A `bot.core.ports.Clock` that reads the machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def local_zone() -> str:
    """This machine's IANA zone as TZ or /etc/localtime names it, "UTC" when neither does."""
    named = os.environ.get("TZ", "").lstrip(":")
    try:
        linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
        written = Path("/etc/timezone").read_text(encoding="utf-8").strip() if Path("/etc/timezone").is_file() else ""
    except (OSError, UnicodeDecodeError):
        linked = written = ""
    found = [zone for zone in (named, linked, written) if zone in zones()]
    # Etc/UTC and its like are UTC to a reader.
    return "UTC" if not found or found[0].startswith("Etc/U") else found[0]
