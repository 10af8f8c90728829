"""What the embedded grader is measured on: answers that people graded, and the bank's questions with their answers."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from bot.content import load_bank
from bot.core import strict
from bot.core.model import Grade, Question, Remark, Task
from bot.core.points import parts_of
from bot.graders.embedded import EmbeddedGrader

ROOT = Path(__file__).parents[1]
BANK = ROOT / "bank"
ANSWERS = Path(__file__).parent / "interview_answers.jsonl"
SETS = ("mohler", "saf", "scientsbank", "beetle")
BINARY = ("scientsbank", "beetle")
"""Sets whose labels say right or not; the others have grades in between."""


@dataclass(frozen=True, slots=True)
class Row:
    """One graded answer: `grade` is people's, 0 to 1."""

    task: Task
    grade: float


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer's score (1 to 10, as it would be posted) beside people's grade (0 to 1), and what held it down."""

    question: str
    score: int
    grade: float
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Interview:
    """An answer to a question of the bank with the band of a strict reader.

    `points` has a letter for each key point: c covered, p partly, m missing, x contradicted.
    """

    question: str
    kind: str
    split: str
    low: int
    high: int
    points: tuple[str, ...]
    answer: str


def graded(grader: EmbeddedGrader, task: Task) -> tuple[Grade, tuple[Remark, ...]]:
    """The grade as it would be posted, and what the grader remarked."""
    if settled := strict.settled(task):
        return settled, ()
    verdict = grader.judge(task)
    return strict.enforce(task, verdict), verdict.remarks


def score(grader: EmbeddedGrader, task: Task) -> int:
    """The score as it would be posted, 1 to 10."""
    return graded(grader, task)[0].score


def read(file: Path, size: int, seed: int) -> list[Row]:
    """A fixed random sample of a data set; all of it with size 0."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if 0 < size < len(rows):
        rows = random.Random(seed).sample(rows, size)  # noqa: S311
    return [
        Row(
            Task(row["question"], row["reference"], parts_of(row["reference"]), row["answer"]),
            float(row["grade_0_1"]),
        )
        for row in rows
    ]


def rated(grader: EmbeddedGrader, rows: Sequence[Row], name: str = "") -> list[Rated]:
    """All rows graded, with progress on stderr."""
    found = []
    for row in tqdm(rows, desc=name, disable=None, leave=False):
        grade, remarks = graded(grader, row.task)
        found.append(Rated(row.task.question, grade.score, row.grade, remarks))
    return found


def read_bank(folder: Path = BANK) -> list[Task]:
    """Every question of the bank that has key points, with an empty answer."""
    questions = (question for question in load_bank(folder) if question.key_points)
    return [strict.task(question, "") for question in questions]


def read_interviews(file: Path = ANSWERS) -> list[Interview]:
    """The interview answers, in the file's order."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Interview(**{**row, "points": tuple(row["points"])}) for row in rows]


def bank_questions(folder: Path = BANK) -> dict[str, Question]:
    """The bank's questions by their id."""
    return {question.id: question for question in load_bank(folder)}
