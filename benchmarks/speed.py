"""How fast the embedded grader is: against the bare model, and with many answers at once.

    python -m benchmarks.speed [--answers 40] [--concurrent 50]

Answers of about 150 words are put together from interview answers; each text is graded once, after its question's
reference side was computed. Beside wall time stands the processor's own, which grows less when others use the machine.
The bare model gets the same texts: tokenizer and inference alone, sentence by sentence as the grader reads them, and
each text in one run. One thread throughout. The aims: p95 below 150 ms on one quiet core, at most 1.3 times the bare
model.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence

from benchmarks.data import bank_questions, read_interviews
from bot import measures
from bot.core import strict
from bot.core.model import Task
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.text import sentences

WORDS = 150
P95_AIM, RATIO_AIM = 150.0, 1.3
"""Milliseconds of an answer, and times the bare model's inference."""

Clock = Callable[[], float]


def tasks(count: int) -> list[Task]:
    """Answers of about 150 words, no two alike: a question's interview answers end to end, begun at each in turn."""
    questions = bank_questions()
    said: dict[str, list[str]] = {}
    for row in read_interviews():
        if row.kind not in ("injection", "dontknow", "echo", "keywords"):
            said.setdefault(row.question, []).append(row.answer)
    made = [
        strict.task(questions[name], cut(" ".join(texts[start:] + texts[:start])))
        for start in range(max(map(len, said.values())))
        for name, texts in said.items()
        if start < len(texts)
    ]
    return made[:count]


def cut(text: str) -> str:
    """The sentences of a text until there are WORDS words."""
    parts: list[str] = []
    for each in sentences(text):
        parts.append(each.text)
        if sum(len(part.split()) for part in parts) >= WORDS:
            break
    return " ".join(parts)


def timed(run: Callable[[Task], object], asked: Sequence[Task], clock: Clock) -> list[float]:
    """Milliseconds of each."""
    found = []
    for task in asked:
        begun = clock()
        run(task)
        found.append(1000 * (clock() - begun))
    return found


def one_by_one(grader: EmbeddedGrader, asked: Sequence[Task]) -> None:
    """Print what one answer takes, and the bare model's inference for the same texts."""
    encoder = Encoder()
    runs: dict[str, Callable[[Task], object]] = {
        "graded": grader.judge,
        "bare model, by sentence": lambda task: [encoder.encode(each.text) for each in sentences(task.answer)],
        "bare model, whole text": lambda task: encoder.encode(task.answer),
    }
    print(f"{'':26}{'p50 ms':>9}{'p95 ms':>9}{'p50 cpu':>9}{'p95 cpu':>9}{'graded / this':>15}")
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    wall: dict[str, list[float]] = {name: [] for name in runs}
    for task in asked:  # by turns, so that a busy moment of the machine falls on all of them
        for name, run in runs.items():
            begun = time.perf_counter()
            cpu[name] += timed(run, [task], time.thread_time)
            wall[name].append(1000 * (time.perf_counter() - begun))
    for name in runs:
        figures = [measures.quantile(each[name], share) or 0.0 for each in (wall, cpu) for share in (0.5, 0.95)]
        ratio = sum(cpu["graded"]) / sum(cpu[name])
        print(f"{name:26}{''.join(f'{each:9.1f}' for each in figures)}{ratio:15.2f}")
    print(f"aims: p95 {P95_AIM:.0f} ms on a quiet core, {RATIO_AIM} times the bare model")


async def at_once(grader: EmbeddedGrader, asked: Sequence[Task]) -> None:
    """Print the answers a second one after the other and all at once, and whether the verdicts are the same."""

    async def alone() -> list[object]:
        return [shown(await grader.grade(task)) for task in asked]

    async def together() -> list[object]:
        return [shown(verdict) for verdict in await asyncio.gather(*map(grader.grade, asked))]

    print(f"\n{len(asked)} answers{'':15}{'a second':>9}{'a second of cpu':>17}")
    found: dict[str, list[object]] = {}
    for _ in range(2):
        for name, run in (("one at a time", alone), ("at once", together)):
            wall, cpu = time.perf_counter(), time.process_time()
            found[name] = await run()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            print(f"{name:26}{len(asked) / wall:9.1f}{len(asked) / cpu:17.1f}")
    same = sum(one == other for one, other in zip(found["one at a time"], found["at once"], strict=True))
    print(f"the same verdict, to the byte: {same} of {len(asked)}")


def shown(verdict: object) -> object:
    """A verdict without the seconds that it took."""
    return repr(verdict).split("receipt=")[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--answers", type=int, default=40, help="answers timed one by one (default: 40)")
    parser.add_argument("--concurrent", type=int, default=50, help="answers graded at once (default: 50)")
    asked = parser.parse_args()
    grader = EmbeddedGrader()
    made = tasks(max(asked.answers, asked.concurrent))
    for task in made:
        grader.judge(Task(task.question, task.sample_answer, task.key_points, "A first answer fills the cache."))
    one_by_one(grader, made[: asked.answers])
    asyncio.run(at_once(grader, made[: asked.concurrent]))


if __name__ == "__main__":
    main()
