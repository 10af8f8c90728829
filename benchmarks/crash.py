"""Kills the coach with SIGKILL at every named point, again and again under load, and looks for what that has broken.

    python -m benchmarks.crash --kills 1000 [--store sqlite|postgres] [--seed 1] [--jobs 2]

Prints a table of `name: value` lines; ends with 1 when anything was lost, repeated, out of order or miscounted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tqdm import tqdm

from benchmarks.crash_arena import Arena, Tally
from benchmarks.crash_audit import KINDS
from bot.core.steps import DAILY, STEPS

SHOWN = 10
"""Faults that are shown in full."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the harness; 0 when all is well."""
    parser = _arguments()
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.points.split(",")).difference(STEPS):
        parser.error(f"there is no point called {', '.join(sorted(unknown))}; bot/core/steps.py lists them")
    multiprocessing.set_start_method("forkserver")
    multiprocessing.set_forkserver_preload(["benchmarks.crash_child"])
    return asyncio.run(_run(chosen))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, help="SIGKILLs at named points (default: 1000)")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's choices, not its timing")
    parser.add_argument("--jobs", type=int, default=2, help="coaches side by side, each with a world of its own")
    parser.add_argument("--minutes", type=float, default=60.0, help="ends the run by then, with fewer kills (60)")
    parser.add_argument("--points", default=",".join(DAILY), help="where to kill, by a comma (default: every day's)")
    parser.add_argument("--folder", type=Path, default=None, help="keeps databases and logs there")
    parser.add_argument(
        "--break", dest="broken", choices=("world", "coach"), default="", help="breaks one side, to see it noticed"
    )
    return parser


async def _run(chosen: argparse.Namespace) -> int:
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10_000)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=chosen.kills, unit="kill", disable=None))  # shown on a terminal only
        tally = Tally(chosen.kills, chosen.points.split(","), 60 * chosen.minutes, bar.update)
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        async with _urls(chosen.store, folder, chosen.jobs) as urls:
            arenas = [
                Arena(url, folder / f"{number}.log", random.Random(seed + number), tally, broken=chosen.broken)  # noqa: S311
                for number, url in enumerate(urls)
            ]
            faults = [fault for found in await asyncio.gather(*(arena.run() for arena in arenas)) for fault in found]
    _report(chosen, seed, tally, arenas, faults, time.monotonic() - began)
    return int(bool(faults) or tally.kills < chosen.kills)


@contextlib.asynccontextmanager
async def _urls(store: str, folder: Path, jobs: int) -> AsyncIterator[list[str]]:
    """An empty database for each coach."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    if store == "sqlite":
        yield [f"sqlite:///{folder / f'{number}.sqlite3'}" for number in range(jobs)]
        return
    from tests.postgres_server import PostgresServer

    server = await asyncio.to_thread(PostgresServer)
    try:
        await asyncio.to_thread(server.start)
        yield [await server.create() for _ in range(jobs)]
    finally:
        await asyncio.to_thread(server.remove)


def _report(
    chosen: argparse.Namespace,
    seed: int,
    tally: Tally,
    arenas: Sequence[Arena],
    faults: Sequence[tuple[str, str]],
    seconds: float,
) -> None:
    print(f"store: {chosen.store}\nseed: {seed}\nseconds: {seconds:.0f}")
    print(f"kills: {tally.kills}\nkills_elsewhere: {tally.elsewhere}")
    for point in DAILY:
        print(f"kills_at {point}: {tally.by_point[point]}")
    for name, value in sum((arena.seen() for arena in arenas), Counter[str]()).items():
        print(f"{name}: {value}")
    counts = Counter(kind for kind, _ in faults)
    for kind in (*KINDS, "board_vs_log", "unsettled"):
        print(f"{kind}: {counts[kind]}")
    for kind, where in faults[:SHOWN]:
        print(f"  {kind}: {where}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
