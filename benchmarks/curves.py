"""How cost grows: boards with their grades, acknowledgements with those who wait, the clock with communities, graders.

    python -m benchmarks.curves [NAME ...] [--quick] [--docs DIR] [--folder DIR]

Measures each curve by name (boards, takes, communities, graders; all by default), prints its table, draws it to
`docs/scale-NAME.png`, and renews its part of docs/scale.md. Graders need PostgreSQL's programs. Takes about three
minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import boards, fleet, page, pipeline, plot, single
from benchmarks.plot import Line
from benchmarks.stage import PLATFORM, NoGrader, Room, answers, questions
from bot.app import assemble
from bot.stores.sqlite import SqliteStore

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney")
NOON = dt.datetime(2026, 3, 2, 12, 30, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Curve:
    """A picture: what it shows, what grows, and a line for each thing that was measured."""

    title: str
    across: str
    lines: Sequence[Line]

    def table(self) -> str:
        """The same in Markdown, a row for each point."""
        found = [
            f"| {self.across} | {' | '.join(line.label for line in self.lines)} |",
            "|" + "---:|" * (1 + len(self.lines)),
        ]
        found += [
            f"| {row[0][0]:,.0f} | {' | '.join(f'{y:.3g}' for _, y in row)} |"
            for row in zip(*(line.points for line in self.lines), strict=True)
        ]
        return "\n".join(found)


def boards_curve(folder: Path, *, quick: bool) -> Curve:
    """Processor milliseconds of boards, from 1,000 to 5,000,000 grades."""
    lines: dict[str, list[tuple[float, float]]] = {"top 10": [], "my rank": [], "top 10 by GROUP BY": []}
    for grades in (1_000, 10_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000, 5_000_000):
        path = folder / f"{grades}.sqlite3"
        boards.fill(path, grades)
        for name, value in zip(lines, asyncio.run(_boards(path)), strict=True):
            lines[name].append((grades, value))
        path.unlink()
    return Curve("Processor milliseconds of a board", "grades", [Line(*each) for each in lines.items()])


async def _boards(path: Path) -> tuple[float, float, float]:
    async with boards.boards(path) as made:
        return await made.top(50), await made.rank(20), made.top_by_sums(3)


def takes_curve(folder: Path, *, quick: bool) -> Curve:
    """Replies acknowledged a second, from 1 to 512 waiting, as multiples of one commit for each."""
    rates, whole = [], []
    for people in (1, 8, 64) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        row, all_ = [], []
        for _ in range(1 if quick else 3):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                with single.raw(Path(place) / "raw.sqlite3") as connection:
                    alone = single.inserts(connection, 0.4, answers(1)[0])
                row.append(asyncio.run(pipeline.rows_stored(Path(place), people, 0.4)) / alone)
                all_.append(asyncio.run(pipeline.grouped(Path(place), pipeline.takes, people, 0.4)).rate / alone)
        rates.append((float(people), statistics.median(row)))
        whole.append((float(people), statistics.median(all_)))
    lines = [Line("the row alone", rates), Line("Replies.take", whole)]
    return Curve("Replies stored a second, times a commit for each", "waiting at once", lines)


class Still:
    """A clock that stands still."""

    def now(self) -> dt.datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        return None


def communities_curve(folder: Path, *, quick: bool) -> Curve:
    """Processor milliseconds of a step of the rounds' clock when nothing is due, and of posting one question."""
    steps, posts = [], []
    for count in (1, 10, 100) if quick else (1, 10, 100, 1_000, 10_000):
        path = folder / f"communities-{count}.sqlite3"
        with single.raw(path) as connection:
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO channels (platform, community, channel, scheduled, zone, grace_s, since)"
                " VALUES (?, ?, 'daily', 1, ?, 86400, 0)",
                [(PLATFORM, f"community {number}", ZONES[number % len(ZONES)]) for number in range(count)],
            )
            connection.execute("COMMIT")
        post, step = asyncio.run(_steps(path))
        posts.append((float(count), post / count))
        steps.append((float(count), step))
    lines = [Line("a post, each", posts), Line("nothing due", steps)]
    return Curve("Processor milliseconds of the rounds' clock", "communities", lines)


async def _steps(path: Path) -> tuple[float, float]:
    store = await SqliteStore.open(path)
    try:
        rounds = assemble(
            store,
            NoGrader(),
            questions(),
            [Room()],
            clock=Still(),
            rng=random.Random(7),  # noqa: S311
        ).coach.rounds
        found = []
        for _ in range(12):  # the first posts, the second puts off, the others find nothing due
            begun = time.process_time()
            await rounds.step()
            found.append(1000 * (time.process_time() - begun))
        return found[0], statistics.median(found[2:])
    finally:
        await store.close()


def graders_curve(folder: Path, *, quick: bool) -> Curve:
    """Answers graded a second by 1 to 4 processes on one PostgreSQL database."""
    processes = (1, 2) if quick else (1, 2, 3, 4)
    rates = [(float(count), fleet.rate(folder, count, 40 if quick else 160)) for count in processes]
    first = rates[0][1]
    lines = [Line("graded", [(x, y / first) for x, y in rates]), Line("in proportion", [(x, x) for x, _ in rates])]
    return Curve("Answers graded a second, times one process", "grader processes", lines)


CURVES: dict[str, Callable[..., Curve]] = {
    "boards": boards_curve,
    "takes": takes_curve,
    "communities": communities_curve,
    "graders": graders_curve,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(CURVES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer points")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="where the pictures go (default: docs)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure (default: here)")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(CURVES):
        parser.error(f"no curve is called {', '.join(sorted(unknown))}; there are {', '.join(CURVES)}")
    logging.disable(logging.WARNING)
    for name in asked.names or CURVES:
        with tempfile.TemporaryDirectory(dir=asked.folder, prefix=".benchmark-") as folder:
            curve = CURVES[name](Path(folder), quick=asked.quick)
        print(f"{name}: {curve.title}\n\n{curve.table()}\n", flush=True)
        (asked.docs / f"scale-{name}.png").write_bytes(plot.draw(curve.title, curve.across, curve.lines))
        page.renew(name, f"{curve.table()}\n\n{page.machine()}", asked.docs / page.PAGE.name)


if __name__ == "__main__":
    main()
