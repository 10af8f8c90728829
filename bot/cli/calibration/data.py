"""Answers that people graded, from a CSV file."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from bot.core.errors import UsageError
from bot.core.model import Question

COLUMNS = ("question", "reference", "answer", "grade_0_1")
LARGEST = 50_000_000  # bytes
LONGEST = 20_000
"""Characters of a question or a reference."""
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One graded answer: `grade` is people's, from 0 to 1; `line` is where it stands in the file."""

    line: int
    qid: str
    question: str
    reference: str
    answer: str
    grade: float

    @property
    def key(self) -> str:
        """Tells answers apart from run to run, whatever else is in the file."""
        return _digest("\0".join((self.question, self.reference, self.answer)))[:16]

    def asked(self) -> Question:
        """The question as a grader gets it; its key points are split from the reference."""
        return Question(self.qid, "", "", self.question, self.reference)


@dataclass(frozen=True, slots=True)
class Data:
    """A file's answers; `digest` is the file's, `chosen` those to be graded."""

    name: str
    digest: str
    rows: tuple[Row, ...]
    chosen: tuple[Row, ...]


def read(file: Path, limit: int = 0) -> Data:
    """The answers of a file and the sample of `limit` of them (0: all).

    Raises UsageError with a line for each fault: then nothing of the file is used.
    """
    raw = _bytes(file)
    rows = tuple(_rows(file, _text(file, raw)))
    if not rows:
        raise UsageError(f"{file} has no rows. Put one answer a line below the names of the columns.")
    return Data(file.name, hashlib.sha256(raw).hexdigest(), rows, sample(rows, limit))


def sample(rows: Sequence[Row], limit: int) -> tuple[Row, ...]:
    """At most `limit` rows (0: all), the same every time, spread over the questions.

    Question by question in the file's order, one answer of each in turn, those of a question in the order of a digest
    of their text; the result stands in the file's order.
    """
    if not limit or limit >= len(rows):
        return tuple(rows)
    questions: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        questions.setdefault((row.question, row.reference), []).append(row)
    turns = zip_longest(*(sorted(found, key=lambda row: (row.key, row.line)) for found in questions.values()))
    spread = [row for turn in turns for row in turn if row is not None]
    return tuple(sorted(spread[:limit], key=lambda row: row.line))


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}). Check the path and its permissions.") from error
    if len(raw) > LARGEST:
        raise UsageError(f"{file} is larger than {LARGEST // 1_000_000} MB. Split it, or take out what isn't graded.")
    return raw


def _text(file: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}:{where}: not UTF-8. Save the file with that encoding.") from error


def _rows(file: Path, text: str) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restval="")
    faults: list[str] = []
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(f"{file} lacks the column {', '.join(missing)}. It needs {', '.join(COLUMNS)}.")
        for found in reader:
            row = _row(found, reader.line_num)
            if isinstance(row, Row):
                yield row
            elif len(faults) < MOST_FAULTS:
                faults.append(f"{file}:{reader.line_num}: {row}")
    except csv.Error as error:
        raise UsageError(f"{file}:{reader.line_num}: not CSV ({error}). Check its quotes.") from error
    if faults:
        raise UsageError("\n".join(faults))


def _row(found: dict[str, str], line: int) -> Row | str:
    """The row, or what is wrong with it."""
    question, reference = found["question"].strip(), found["reference"].strip()
    for name, value in (("question", question), ("reference", reference)):
        if not value:
            return f"the {name} is empty. Fill it in."
        if len(value) > LONGEST:
            return f"the {name} is longer than {LONGEST:,} characters. Shorten it."
    try:
        grade = float(found["grade_0_1"])
    except ValueError:
        grade = math.nan
    if not 0 <= grade <= 1:
        return f"grade_0_1 is {found['grade_0_1']!r:.40}. Write a number from 0 to 1."
    return Row(line, (found.get("qid") or "").strip()[:80], question, reference, found["answer"], grade)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
