"""What starting costs: a coach with Discord and Slack on, against importing discord.py and Bolt alone.

Each is a process of its own. The coach opens its database, builds both platforms and begins to connect (to an address
where nobody listens); no answer has come yet, so no grader is loaded.

    python -m benchmarks.startup coach|sdks     the processes that are measured
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

NOBODY = "http://127.0.0.1:9"
"""The discard port: a connection is refused at once."""

BEGUN_S = 0.5
"""How long a coach runs before it is measured: both platforms have tried to connect by then."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor milliseconds since the process began, and MiB that are resident."""

    cpu: float
    rss: float


def measure(what: str) -> Cost:
    """What a process costs that starts a coach ("coach"), or imports the SDKs alone ("sdks")."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "COACH_DATABASE_URL": f"sqlite:///{folder}/coach.sqlite3",
            "COACH_PLATFORMS": "discord,slack",
            "COACH_DISCORD_TOKEN": "none.none.none",
            "COACH_DISCORD_API_URL": NOBODY,
            "COACH_SLACK_BOT_TOKEN": "xoxb-none",
            "COACH_SLACK_APP_TOKEN": "xapp-none",
            "COACH_SLACK_API_URL": f"{NOBODY}/api/",
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.startup", what],
            env=environment, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True,
        )  # fmt: skip
    cpu, rss = done.stdout.split()
    return Cost(float(cpu), float(rss))


def _report() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    print(1000 * (used.ru_utime + used.ru_stime), pages * resource.getpagesize() / 2**20)


def _sdks() -> None:
    import discord  # noqa: F401
    import slack_bolt.async_app  # noqa: F401  as every coach imports it that is async

    _report()


async def _coach() -> None:
    from bot import app, settings

    async with app.opened(settings.load()) as made:
        running = asyncio.create_task(made.run())
        await asyncio.sleep(BEGUN_S)
        _report()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


if __name__ == "__main__":
    if sys.argv[1] == "coach":
        asyncio.run(_coach())
    else:
        _sdks()
