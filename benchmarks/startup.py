"""What starting costs: `mlops-coach run` with Discord and Slack on, against importing discord.py and Bolt alone.

Each is a process of its own. The coach has opened its database (which is there, as at every start but the first), read
its bank, built both platforms and tried to connect (to an address where nobody listens); no answer has come yet, so no
grader is loaded.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bot.stores.sqlite import SqliteStore

NOBODY = "http://127.0.0.1:9"
"""The discard port: a connection is refused at once."""

COACH = "import sys; from bot.__main__ import main; sys.exit(main(['run']))"
"""What `mlops-coach run` runs."""

SDKS = "import discord, slack_bolt.async_app; print('imported', flush=True); input()"
"""As every coach imports them that is async."""

TRIED = ("bot.platforms.discord.", "bot.platforms.slack.")
"""What a line of the log has in it once a platform has tried to connect in vain."""

STUCK_S = 60.0
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_TIMES, _RESIDENT = slice(11, 13), 1
"""Processor time in user and system mode, of /proc/PID/stat after the name; resident pages, of statm."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor milliseconds since the process began, and MiB that are resident."""

    cpu: float
    rss: float


def measure(what: str) -> Cost:
    """What a process costs that has started a coach ("coach"), or imported the SDKs alone ("sdks")."""
    with tempfile.TemporaryDirectory() as folder:
        if what == "sdks":
            return _cost([sys.executable, "-c", SDKS], {}, ("imported",))
        database = Path(folder, "coach.sqlite3")
        asyncio.run(_create(database))
        return _cost([sys.executable, "-c", COACH], _settings(database), TRIED)


async def _create(database: Path) -> None:
    store = await SqliteStore.open(database)
    await store.close()


def _settings(database: Path) -> dict[str, str]:
    return {
        "COACH_DATABASE_URL": f"sqlite:///{database}",
        "COACH_PLATFORMS": "discord,slack",
        "COACH_DISCORD_TOKEN": "none.none.none",
        "COACH_DISCORD_API_URL": NOBODY,
        "COACH_SLACK_BOT_TOKEN": "xoxb-none",
        "COACH_SLACK_APP_TOKEN": "xapp-none",
        "COACH_SLACK_API_URL": f"{NOBODY}/api/",
    }


def _cost(command: list[str], settings: dict[str, str], awaited: tuple[str, ...]) -> Cost:
    """What a command has cost once its lines have said all that is awaited; it is ended then."""
    with subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], **settings},
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        stuck = threading.Timer(STUCK_S, process.kill)
        stuck.start()
        try:
            _wait_for(process, awaited)
            return _used(process.pid)
        finally:
            stuck.cancel()
            process.kill()


def _wait_for(process: subprocess.Popen[str], awaited: tuple[str, ...]) -> None:
    assert process.stdout is not None
    said = ""
    while not all(word in said for word in awaited):
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{process.args!r} ended before it said {' and '.join(awaited)}:\n{said}")
        said += line
    time.sleep(SETTLED_S)


SETTLED_S = 0.3
"""What follows on the last line is over by then, and nothing more is due."""


def _used(process: int) -> Cost:
    folder = Path(f"/proc/{process}")
    times = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[_TIMES]
    pages = int((folder / "statm").read_text(encoding="ascii").split()[_RESIDENT])
    return Cost(1000 * sum(map(int, times)) / TICKS_A_SECOND, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
