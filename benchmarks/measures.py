"""How each figure of `python -m benchmarks` is measured: coach and baseline by turns, a ratio for each turn."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import boards, frames, models, pipeline, single, startup
from benchmarks.figures import FIGURES, Found
from benchmarks.stage import answers

PEOPLE, TAKERS, CROWD = 64, 128, 256
FEW, MANY, QUICK_MANY = 1_000, 5_000_000, 200_000
STARTS = 3
"""Starts in a turn: a single one is short, and its processor time is counted in hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure, and on which disk."""

    folder: Path
    quick: bool

    @property
    def turns(self) -> int:
        return 2 if self.quick else 5

    @property
    def seconds(self) -> float:
        """For one side of a turn."""
        return 0.4 if self.quick else 1.5

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A folder for one turn."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".benchmark-") as folder:
            yield Path(folder)


Measured = list[Found]


def found(name: str, values: Sequence[float], note: str = "") -> Found:
    return Found(FIGURES[name], values, note)


def commits(plan: Plan) -> Measured:
    """`commits_per_answer_64`."""
    values = []
    for _ in range(plan.turns):
        with plan.place() as folder:
            ran = asyncio.run(pipeline.grouped(folder, pipeline.answers, PEOPLE, plan.seconds))
            values.append(ran.commits_each)
    return [found("commits_per_answer_64", values)]


def way(plan: Plan) -> Measured:
    """`pipeline_vs_single_step` and `pipeline_vs_discord_ceiling`."""
    steps, ceiling, texts = [], [], answers(2000)
    rates = []
    for _ in range(plan.turns):
        with plan.place() as folder:
            ran = asyncio.run(pipeline.grouped(folder, pipeline.answers, CROWD, plan.seconds))
            alone = asyncio.run(pipeline.single(folder, pipeline.answers, CROWD, plan.seconds))
            frame = asyncio.run(frames.rate(plan.seconds / 2, texts))
        steps.append(ran.rate / alone.rate)
        ceiling.append(ran.rate / frame)
        rates.append(f"{ran.rate:.0f}/s of {1e6 * ran.cpu / ran.done:.0f} us")
    note = f"; {', '.join(rates)} each"
    return [found("pipeline_vs_single_step", steps, note), found("pipeline_vs_discord_ceiling", ceiling, note)]


def takes(plan: Plan) -> Measured:
    """`takes_vs_single_commit_128`: the reply's row alone on both sides, as many as 128 writers get through."""
    values, whole = [], []
    for _ in range(plan.turns):
        with plan.place() as folder:
            with single.raw(folder / "raw.sqlite3") as connection:
                alone = single.inserts(connection, plan.seconds / 2, answers(1)[0])
            values.append(asyncio.run(pipeline.rows_stored(folder, TAKERS, plan.seconds / 2)) / alone)
            ran = asyncio.run(pipeline.grouped(folder, pipeline.takes, TAKERS, plan.seconds / 2))
            whole.append(ran.rate / alone)
    note = f"; all of `Replies.take`, with its three other statements: {sorted(whole)[len(whole) // 2]:.1f}"
    return [found("takes_vs_single_commit_128", values, note)]


def board(plan: Plan) -> Measured:
    """`top10_5m_vs_1k` and `my_rank_vs_group_by_5m`."""
    many = QUICK_MANY if plan.quick else MANY
    with plan.place() as folder:
        small, large = folder / "small.sqlite3", folder / "large.sqlite3"
        boards.fill(small, FEW)
        boards.fill(large, many)
        top, rank = asyncio.run(_board(plan, small, large))
    note = f"; only {many:,} grades, to be quick" if plan.quick else ""
    return [found("top10_5m_vs_1k", top, note), found("my_rank_vs_group_by_5m", rank, note)]


async def _board(plan: Plan, small: Path, large: Path) -> tuple[list[float], list[float]]:
    top, rank = [], []
    async with boards.boards(small) as few, boards.boards(large) as many:
        for _ in range(plan.turns):
            base = await few.top(30)
            top.append(await many.top(30) / base)
            rank.append(await many.rank(10) / many.rank_by_sums(1))
    return top, rank


def start(plan: Plan) -> Measured:
    """`startup_cpu_vs_sdks` and `startup_rss_vs_sdks`."""
    cpu, rss = [], []
    for _ in range(STARTS * plan.turns):
        sdks, coach = startup.measure("sdks"), startup.measure("coach")
        cpu.append(coach.cpu / sdks.cpu)
        rss.append(coach.rss / sdks.rss)
    return [found("startup_cpu_vs_sdks", cpu), found("startup_rss_vs_sdks", rss)]


def grade(plan: Plan) -> Measured:
    """`grade_vs_bare_model`."""
    return [found("grade_vs_bare_model", models.grade_ratios(10 if plan.quick else 25, plan.turns))]


def prompt(_plan: Plan) -> Measured:
    """`llm_prompt_tokens_vs_texts`."""
    return [found("llm_prompt_tokens_vs_texts", models.token_ratios(100))]


MEASURES: dict[Callable[[Plan], Measured], tuple[str, ...]] = {
    commits: ("commits_per_answer_64",),
    takes: ("takes_vs_single_commit_128",),
    way: ("pipeline_vs_single_step", "pipeline_vs_discord_ceiling"),
    board: ("top10_5m_vs_1k", "my_rank_vs_group_by_5m"),
    start: ("startup_cpu_vs_sdks", "startup_rss_vs_sdks"),
    grade: ("grade_vs_bare_model",),
    prompt: ("llm_prompt_tokens_vs_texts",),
}
"""What measures which figures."""
