"""`mlops-coach grade`: grade answers from the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, StringConstraints, ValidationError
from tqdm import tqdm

from bot import settings
from bot.coach.grading import assess
from bot.core.errors import CoachError, UsageError
from bot.core.model import Grade, KeyPoint, Question
from bot.core.rules import ANSWER_LIMIT

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from bot.coach.grading import Graders

AT_ONCE = 16
LONGEST_LINE = 1_000_000  # bytes

_Needed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class Line(BaseModel):
    """One answer to grade, as it stands on a line of JSON. Lengths are in characters."""

    question: _Needed
    sample_answer: _Needed
    answer: Annotated[str, StringConstraints(max_length=100_000)]
    key_points: list[_Needed] = []


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "grade",
        help="grade answers",
        description="Grade one answer, or with --jsonl one a line from standard input (objects with question, "
        "sample_answer, answer and optional key_points). Prints a JSON object for each.",
    )
    command.add_argument("--question")
    command.add_argument("--sample-answer")
    command.add_argument("--answer")
    command.add_argument("--key-point", action="append", default=[], help="may be given several times")
    command.add_argument("--jsonl", action="store_true", help="read one object a line from standard input")
    command.set_defaults(command=grade)


async def grade(arguments: argparse.Namespace) -> int:
    """Print a grade for each answer; 1 when one couldn't be had. Raises UsageError for missing options."""
    from bot import parts

    chosen = settings.load()
    given = (arguments.question, arguments.sample_answer, arguments.answer)
    if arguments.jsonl and any(value is not None for value in given):
        raise UsageError("--jsonl reads standard input; leave --question, --sample-answer and --answer out.")
    if not arguments.jsonl and any(value is None for value in given):
        raise UsageError("Give --question, --sample-answer and --answer, or --jsonl.")
    graders = await parts.graders_of(chosen)
    try:
        if arguments.jsonl:
            return await _lines(graders)
        line = {"question": given[0], "sample_answer": given[1], "answer": given[2], "key_points": arguments.key_point}
        found = await _graded(graders, json.dumps(line).encode(), 1)
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return int("error" in found)
    finally:
        await graders.close()


async def _lines(graders: Graders) -> int:
    """Grade standard input line by line, several at once, printing in the order of the input."""
    waiting: deque[asyncio.Task[dict[str, Any]]] = deque()
    faults = 0
    # Without a terminal there is nobody to watch a bar: disable=None leaves it out.
    with tqdm(unit=" answers", disable=None, file=sys.stderr) as bar:

        async def print_first() -> int:
            found = await waiting.popleft()
            print(json.dumps(found, ensure_ascii=False), flush=True)
            bar.update()
            return int("error" in found)

        async for number, raw in _stdin():
            waiting.append(asyncio.create_task(_graded(graders, raw, number)))
            if len(waiting) >= AT_ONCE:
                faults += await print_first()
        while waiting:
            faults += await print_first()
    return int(faults > 0)


async def _stdin() -> AsyncIterator[tuple[int, bytes]]:
    """The lines of standard input that aren't blank, with their numbers from 1."""
    number = 0
    while raw := await asyncio.to_thread(sys.stdin.buffer.readline, LONGEST_LINE + 1):
        number += 1
        whole = raw
        while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):  # too long: read on to its end, keep nothing
            raw = await asyncio.to_thread(sys.stdin.buffer.readline, LONGEST_LINE + 1)
        if whole.strip():
            yield number, whole


async def _graded(graders: Graders, raw: bytes, number: int) -> dict[str, Any]:
    try:
        if len(raw) > LONGEST_LINE:
            return {"error": f"the line is longer than {LONGEST_LINE:,} bytes", "line": number}
        line = Line.model_validate_json(raw)
        points = tuple(KeyPoint.parse(point) for point in line.key_points)
        question = Question("", "", "", line.question, line.sample_answer, points)
        answer = line.answer[:ANSWER_LIMIT]
        return _shown(graders, await assess(graders.grader, question, answer, graders.support))
    except ValidationError as error:
        return {"error": _worded(error), "line": number}
    except CoachError as error:
        return {"error": str(error), "line": number}


def _worded(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg']}" if where else found["msg"]


def _shown(graders: Graders, found: Grade) -> dict[str, Any]:
    points = [
        {"point": str(verdict.point), "verdict": verdict.coverage, "quote": verdict.quote} for verdict in found.points
    ]
    return {"score": found.score, "reasons": list(found.reasons), "key_points": points, "grader": graders.grader.name}
