"""The coach as its own process, killed with SIGKILL in the middle of a burst, loses nothing and repeats nothing."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.web_process import SENT, all_is_well, coach, free_port, open_thread, people, rows, until

PEOPLE, EACH = 10, 20


@pytest.mark.parametrize("kill_after", [30, 120])
async def test_kill_9_in_a_burst_of_200_replies_loses_and_repeats_nothing(tmp_path: Path, kill_after: int) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    async with people(port, PEOPLE) as clients:
        async with coach(tmp_path, database, port) as process:
            await asyncio.gather(*(client.come_in() for client in clients))
            thread = await open_thread(database)
            burst = asyncio.gather(*(client.answer(thread, EACH) for client in clients))
            await until(lambda: sum(client.acknowledged for client in clients) >= kill_after, 30)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        kept = rows(database, "SELECT count(*) FROM replies")[0][0]
        assert kept >= sum(client.acknowledged for client in clients), "acknowledged means kept"
        async with coach(tmp_path, database, port):
            await burst
            await until(lambda: len(rows(database, SENT)) >= PEOPLE * EACH, 90)
    all_is_well(database, PEOPLE, PEOPLE * EACH)
