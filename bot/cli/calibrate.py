"""`mlops-coach calibrate`: hold the grader against grades that people gave, and against attacks."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tqdm import tqdm

from bot import __version__, settings
from bot.cli.calibration import attacks, chart, data, report, runs
from bot.coach.grading import assess
from bot.core.errors import GraderAway, GraderError, UsageError
from bot.core.model import Question, Receipt
from bot.core.rules import ANSWER_LIMIT

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from bot.coach import Graders

FOLDER = "calibrations"
"""Where runs are kept, next to the database."""

FAULTY = 1
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to be graded: a person's answer with its grade and line, or an attack."""

    key: str
    kind: Literal["answer", "attack"]
    question: Question
    answer: str
    line: int = 0
    grade: float | None = None


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "calibrate",
        help="measure the grader against people's grades",
        description="Grade the answers of a CSV file (columns question, reference, answer, grade_0_1, optional qid) "
        "with the configured grader, ask it some attacks too, and print how far it agrees. Results are kept, and "
        "compared with the last run of the same data.",
    )
    command.add_argument("--data", type=Path, metavar="FILE.csv")
    command.add_argument("--limit", type=int, default=0, metavar="N", help="grade a sample of N, always the same one")
    command.add_argument("--no-attacks", action="store_true", help="leave the attack answers out")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the measures as JSON")
    command.add_argument("--chart", type=Path, metavar="FILE.png", help="write a picture")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help=f"where results are kept; {FOLDER} next to the database unless told"
    )
    command.add_argument("--compare", type=Path, nargs=2, metavar=("A", "B"), help="compare two results that were kept")
    command.set_defaults(command=calibrate)


async def calibrate(arguments: argparse.Namespace) -> int:
    """0 when all was graded, 1 with failures, 130 when it was interrupted. Raises UsageError, CoachError."""
    _check(arguments)
    if arguments.compare:
        before, after = [await asyncio.to_thread(runs.load, file) for file in arguments.compare]
        print(report.comparison(before, after))
        return 0
    chosen = settings.load()
    found = await asyncio.to_thread(data.read, arguments.data, arguments.limit)
    asked = [*_answers(found.chosen), *(() if arguments.no_attacks else _attacks(found.chosen))]
    from bot import parts

    graders = await parts.graders_of(chosen)
    try:
        run = await _run(graders, found, asked)
    finally:
        await graders.close()
    home = chosen.database.parent if chosen.one_process else Path("data")
    folder = arguments.out or home / FOLDER
    return await asyncio.to_thread(_tell, run, folder, arguments)


def _check(arguments: argparse.Namespace) -> None:
    """Raises UsageError before anything is graded and paid for."""
    if bool(arguments.data) == bool(arguments.compare):
        raise UsageError("Give --data FILE.csv, or --compare with two results that were kept.")
    if arguments.limit < 0:
        raise UsageError("--limit takes a number from 1; without it all answers are graded.")
    for file in (arguments.json, arguments.chart):
        if file and (file.is_dir() or not file.resolve().parent.is_dir()):
            raise UsageError(f"{file} can't be written. Name a file in a folder that is there.")


def _answers(rows: Sequence[data.Row]) -> Iterator[Asked]:
    for row in rows:
        yield Asked(row.key, "answer", row.asked(), row.answer[:ANSWER_LIMIT], row.line, row.grade)


def _attacks(rows: Sequence[data.Row]) -> Iterator[Asked]:
    """Each packaged attack, against the questions in turn."""
    questions = list({(row.question, row.reference): row.asked() for row in rows}.values())
    for number, attack in enumerate(attacks.load()):
        question = questions[number % len(questions)]
        for part, answer in enumerate(attack.answers(question.text)):
            yield Asked(f"{attack.id}.{part + 1}", "attack", question, answer[:ANSWER_LIMIT])


# ---------------------------------------------------------------------------------------------- grading


async def _run(graders: Graders, found: data.Data, asked: Sequence[Asked]) -> runs.Run:
    """Grade everything, several at once. Interrupted, it is what was graded until then."""
    outcomes: dict[int, runs.Outcome] = {}
    interrupted = False
    # Without a terminal there is nobody to watch a bar: disable=None leaves it out.
    with tqdm(total=len(asked), unit=" answers", disable=None, file=sys.stderr) as bar:
        try:
            await _all(graders, asked, outcomes, bar)
        except asyncio.CancelledError:
            interrupted = True
            if task := asyncio.current_task():
                task.uncancel()
    header = runs.Header(
        at=dt.datetime.now(dt.UTC),
        version=__version__,
        grader=graders.grader.name,
        identity=graders.identity,
        data=found.name,
        digest=found.digest,
        rows=len(found.rows),
        sampled=len(found.chosen),
        attacks=sum(each.kind == "attack" for each in asked),
        interrupted=interrupted,
    )
    return runs.Run(header=header, outcomes=tuple(outcomes[i] for i in sorted(outcomes)))


async def _all(graders: Graders, asked: Sequence[Asked], outcomes: dict[int, runs.Outcome], bar: tqdm[Any]) -> None:
    waiting = iter(enumerate(asked))

    async def work() -> None:
        for number, each in waiting:
            outcomes[number] = await _outcome(graders, each)
            bar.update()

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, graders.at_once)):
            group.create_task(work())


async def _outcome(graders: Graders, asked: Asked) -> runs.Outcome:
    try:
        grade = await assess(graders.grader, asked.question, asked.answer, graders.support)
    except GraderError as error:
        failure, pending = str(error), isinstance(error, GraderAway)
        return _recorded(asked, error.spent, failure=failure, pending=pending)
    except Exception as error:  # noqa: BLE001  one answer's failure doesn't spoil the others, which were paid for
        return _recorded(asked, None, failure=f"unexpected {type(error).__name__} in the grader")
    return _recorded(asked, grade.receipt, score=grade.score, settled=grade.receipt.grader == "contract")


def _recorded(
    asked: Asked,
    receipt: Receipt | None,
    *,
    score: int | None = None,
    settled: bool = False,
    failure: str = "",
    pending: bool = False,
) -> runs.Outcome:
    used = receipt or Receipt("")
    return runs.Outcome(
        key=asked.key,
        kind=asked.kind,
        line=asked.line,
        grade=asked.grade,
        score=score,
        failure=failure,
        pending=pending,
        settled=settled,
        fallback=used.fallback,
        model=used.model,
        prompt_version=used.prompt_version,
        seconds=used.seconds,
        cost=used.cost,
        input_tokens=used.input_tokens,
        cached_tokens=used.cached_tokens,
        output_tokens=used.output_tokens,
    )


# ---------------------------------------------------------------------------------------------- the results


def _compared(before: Path, run: runs.Run) -> str:
    try:
        return f"Compared with  {before.name}\n{report.comparison(runs.load(before), run)}"
    except UsageError as error:
        return f"Not compared: {error}"


def _tell(run: runs.Run, folder: Path, arguments: argparse.Namespace) -> int:
    """Keep the results, then print and write what was asked for."""
    if not run.outcomes:
        print("Interrupted before anything was graded. Nothing is kept.", file=sys.stderr)
        return INTERRUPTED
    before = runs.last(folder, run.header.digest)
    kept = runs.save(run, folder)
    found = report.summary(run)
    print(report.text(found))
    if arguments.json:
        runs.write(arguments.json, (json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())
    if arguments.chart:
        runs.write(arguments.chart, chart.draw(run))
        print(f"Chart          {arguments.chart}: {chart.alt_text(run)}")
    print(f"Kept           {kept}")
    if before:
        print(f"\n{_compared(before, run)}")
    if run.header.interrupted:
        due = run.header.sampled + run.header.attacks
        print(f"Interrupted: {len(run.outcomes)} of {due} were graded and are kept.", file=sys.stderr)
        return INTERRUPTED
    return FAULTY if run.failures else 0
