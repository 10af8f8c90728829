"""A calibration's results: kept as JSON lines, a header and then one line for each answer."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.core.errors import CoachError, UsageError

LARGEST = 200_000_000  # bytes


class Header(BaseModel):
    """What was run: `digest` is the data file's, `sampled` how many of its `rows` were to be graded."""

    model_config = ConfigDict(frozen=True)

    format: Literal["mlops-coach calibration 1"] = "mlops-coach calibration 1"
    at: dt.datetime
    version: str
    grader: str
    identity: str = ""
    data: str
    digest: str
    rows: int
    sampled: int
    attacks: int
    interrupted: bool = False


class Outcome(BaseModel):
    """What became of one answer: a score from 1 to 10, or a failure in words ("" without one).

    `pending` says that the grader was away; `grade` is people's, from 0 to 1, None for an attack. `settled` says that
    the contract graded it without asking the grader.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    kind: Literal["answer", "attack"]
    line: int = 0
    grade: float | None = None
    score: int | None = None
    failure: str = ""
    pending: bool = False
    settled: bool = False
    fallback: bool = False
    model: str = ""
    prompt_version: str = ""
    seconds: float = 0.0
    cost: float = 0.0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


class Run(BaseModel):
    """A calibration with all of its outcomes."""

    model_config = ConfigDict(frozen=True)

    header: Header
    outcomes: tuple[Outcome, ...]

    @property
    def answers(self) -> list[Outcome]:
        """The people's answers that got a score."""
        return [each for each in self.outcomes if each.kind == "answer" and each.score is not None]

    @property
    def attacks(self) -> list[Outcome]:
        """The attacks that got a score."""
        return [each for each in self.outcomes if each.kind == "attack" and each.score is not None]

    @property
    def failures(self) -> list[Outcome]:
        """What got none."""
        return [each for each in self.outcomes if each.score is None]


def save(run: Run, folder: Path) -> Path:
    """Keep a run in a file of its own in `folder`, whole or not at all. Raises CoachError when it can't be written."""
    head = run.header
    name = f"{head.at:%Y%m%dT%H%M%S}.{head.at.microsecond // 1000:03}-{head.grader}-{head.digest[:8]}.jsonl"
    lines = [head.model_dump_json(), *(each.model_dump_json() for each in run.outcomes)]
    return write(folder / name, "".join(f"{line}\n" for line in lines).encode())


def write(file: Path, content: bytes) -> Path:
    """Put a file in place at once, made elsewhere first. Raises CoachError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}-")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(content)
            Path(made).replace(file)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CoachError(f"{file} can't be written ({error.strerror}). Choose another place.") from error
    return file


def load(file: Path) -> Run:
    """A run that was kept. Raises UsageError when the file isn't one."""
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError(f"{file} is too large for a calibration's results.")
        header, *lines = file.read_text(encoding="utf-8").splitlines()
        outcomes = tuple(Outcome.model_validate_json(line) for line in lines)
        return Run(header=Header.model_validate_json(header), outcomes=outcomes)
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}). Check the path.") from error
    except (ValidationError, ValueError) as error:
        raise UsageError(f"{file} isn't a calibration's results. Name a .jsonl that calibrate kept.") from error


def last(folder: Path, digest: str) -> Path | None:
    """The newest run of the same data in a folder, by its name; None without one."""
    found = sorted(folder.glob(f"*-{digest[:8]}.jsonl")) if folder.is_dir() else []
    return found[-1] if found else None
