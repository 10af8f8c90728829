"""Boards over many grades: the coach's summary rows, against sums that are made when somebody asks."""

from __future__ import annotations

import datetime as dt
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

from benchmarks.single import raw
from benchmarks.stage import PLATFORM
from bot.clock import SystemClock
from bot.coach import Standings
from bot.core import rules
from bot.core.model import Person, Place
from bot.core.ports import Unit, one, rows
from bot.stores.sqlite import SqliteStore

ROUNDS = 500
"""Daily rounds of the one community; people have answered all of them, or the latest where there are few grades."""

FEWEST = 10
"""People at least, as many as a board shows."""

COMMUNITY = "community"
FIRST_DAY = dt.date(2025, 1, 6)

_FILL = """
INSERT INTO channels (id, platform, community, channel, since) VALUES (1, :platform, :community, 'daily', 0);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rounds)
INSERT INTO rounds (id, channel_id, daily, local_date, question_id, section, state, created_at, closes_at)
SELECT i, 1, 1, date(:first, '+' || (i - 1) || ' days'), 'q', 'Alpha', 'closed', i, i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :people)
INSERT INTO people (platform, community, user_id, name)
SELECT :platform, :community, printf('u%07d', i), 'Person ' || i FROM n;
DROP INDEX results_days;
INSERT INTO results (round_id, user_id, platform, community, local_date, daily, score)
SELECT r.id, p.user_id, :platform, :community, r.local_date, 1,
    1 + (substr(p.user_id, 2) * 7919 + r.id * 104729) % 10 * (1 + substr(p.user_id, 2) % 4) / 4
FROM rounds r CROSS JOIN people p WHERE r.id > :rounds - :each;
CREATE INDEX results_days ON results (platform, community, user_id, daily, local_date);
CREATE INDEX benchmark_covering ON results (platform, community, user_id, score);
INSERT INTO standings (platform, community, period, topic, user_id, points, answers)
SELECT platform, community, 'all', '', user_id, sum(score), count(*) FROM results
GROUP BY platform, community, user_id;
"""

_GROUP_BY = """
SELECT count(*) FROM (
    SELECT user_id, sum(score) AS points FROM results WHERE platform = :platform AND community = :community
    GROUP BY user_id
) WHERE points > :points
"""
_TOP_GROUP_BY = """
SELECT user_id, sum(score) AS points FROM results WHERE platform = :platform AND community = :community
GROUP BY user_id ORDER BY points DESC, user_id LIMIT 10
"""
WHERE = {"platform": PLATFORM, "community": COMMUNITY}


def fill(path: Path, grades: int) -> None:
    """A database in which one community has so many counted grades, with an index to sum them up from."""
    people = max(FEWEST, grades // ROUNDS)
    values = {**WHERE, "rounds": ROUNDS, "first": FIRST_DAY.isoformat(), "people": people, "each": grades // people}
    with raw(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")  # KiB
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        for statement in _FILL.strip().split(";\n"):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            if statement.strip():
                connection.execute(statement, used)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Boards:
    """What people ask of a filled database: processor milliseconds in the median, all threads together."""

    def __init__(self, store: SqliteStore, path: Path) -> None:
        self._store, self._path = store, path
        self._standings = Standings(store, SystemClock())
        self._place = Place(PLATFORM, COMMUNITY, "daily")

    async def top(self, times: int) -> float:
        """The ten best of all time."""
        where = {**WHERE, "period": "all", "topic": ""}
        return await _median(times, lambda: self._store.read(rows, "standings_top", **where, most=rules.BOARD_ROWS))

    async def shown(self, times: int) -> float:
        """The board of all time as it is shown: the ten best with their names and streaks."""
        best = (await self._standings.board(self._place, Person("nobody", ""), "all")).rows[0].person
        return await _median(times, lambda: self._standings.board(self._place, best, "all"))

    async def rank(self, times: int) -> float:
        """The rank of somebody in the middle."""
        user = self._middle()[0]
        return await _median(times, lambda: self._store.read(_rank, user))

    def rank_by_sums(self, times: int) -> float:
        """The same rank from the covering index."""
        points = self._middle()[1]
        return self._raw(times, _GROUP_BY, {**WHERE, "points": points})

    def top_by_sums(self, times: int) -> float:
        """The same ten from the covering index."""
        return self._raw(times, _TOP_GROUP_BY, WHERE)

    def _raw(self, times: int, sql: str, values: Mapping[str, str | int]) -> float:
        found = []
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            for _ in range(times):
                begun = time.process_time()
                connection.execute(sql, values).fetchall()
                found.append(1000 * (time.process_time() - begun))
        return statistics.median(found)

    def _middle(self) -> tuple[str, int]:
        """The person in the middle of the board and their points."""
        sql = """SELECT user_id, points FROM standings ORDER BY points DESC, user_id
            LIMIT 1 OFFSET (SELECT count(*) / 2 FROM standings)"""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            user, points = connection.execute(sql).fetchone()
        return str(user), int(points)


@asynccontextmanager
async def boards(path: Path) -> AsyncIterator[Boards]:
    """The boards of a filled database, opened by the coach's own store."""
    store = await SqliteStore.open(path)
    try:
        yield Boards(store, path)
    finally:
        await store.close()


def _rank(user: str) -> Unit[int]:
    """How many stand above a person, as `Standings` finds it."""
    where = {**WHERE, "period": "all", "topic": ""}
    row = yield from one("standing_of", **where, user_id=user)
    assert row is not None
    above = yield from one("standings_above", **where, points=row["points"])
    equal = yield from one("standings_equal", **where, points=row["points"])
    assert above is not None
    assert equal is not None
    return int(above["above"]) + 1


async def _median(times: int, act: Callable[[], Awaitable[object]]) -> float:
    found = []
    for _ in range(times):
        begun = time.process_time()
        await act()
        found.append(1000 * (time.process_time() - begun))
    return statistics.median(found)
