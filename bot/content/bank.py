"""Documents on disk, the packaged data, and questions as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bot.content.documents import Document, parse
from bot.content.faults import MAX_BYTES, Faults, check_size
from bot.core.errors import ContentError, Fault
from bot.core.model import KeyPoint, Question

SAMPLE_WORDS = (80, 200)
KEY_POINTS = (4, 7)
HINTS = 2


def default_folder(name: Literal["bank", "prompts"]) -> Path:
    """The folder that comes with the program: package data in an installation, the repository's in a checkout.

    Raises ContentError when neither is there.
    """
    package = Path(__file__).parents[1]
    installed, checkout = package / "_data" / name, package.parent / name
    folder = installed if installed.is_dir() else checkout
    if not folder.is_dir():
        Faults(name).fail(0, "the packaged folder is missing", "install the program again")
    return folder


def read_bytes(path: Path) -> bytes:
    """A file's content; never more than a document may have. Raises ContentError when it can't be read."""
    faults = Faults(path.name)
    try:
        if not path.is_file():
            faults.fail(0, "there is no such file, or it isn't a plain one", "check its name")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            check_size(max(len(content), path.stat().st_size), faults)
    except OSError as error:
        faults.add(0, f"it can't be read ({error.strerror})", "check its permissions")
        raise ContentError(faults.found) from error
    return content


def read_document(path: Path) -> Document:
    """`parse` for a file on disk."""
    return parse(read_bytes(path), path.name)


def markdown_files(folder: Path) -> tuple[Path, ...]:
    """The *.md files of a folder in the order of their names, hidden ones left out.

    Raises ContentError for a folder that is missing, unreadable or has none.
    """
    faults = Faults(str(folder))
    try:
        found = sorted(
            p for p in folder.iterdir() if p.suffix == ".md" and not p.name.startswith(".") and not p.is_dir()
        )
    except FileNotFoundError as error:
        faults.add(0, "there is no such folder", "check its name")
        raise ContentError(faults.found) from error
    except OSError as error:
        faults.add(0, f"the folder can't be read ({error.strerror})", "name a folder that can")
        raise ContentError(faults.found) from error
    if not found:
        faults.fail(0, "there are no Markdown files in the folder", "put documents of questions there, named *.md")
    return tuple(found)


def load_bank(folder: Path) -> tuple[Question, ...]:
    """All questions of a folder's documents, in the order of the files' names.

    Raises ContentError with the faults of all files, ids used in two of them included.
    """
    faults: list[Fault] = []
    questions: list[Question] = []
    seen: dict[str, str] = {}
    for path in markdown_files(folder):
        try:
            document = read_document(path)
        except ContentError as error:
            faults.extend(error.faults)
            continue
        own = Faults(path.name)
        for question, line in zip(document.questions, document.lines, strict=True):
            if question.id in seen:
                problem = f"the id {question.id} is used in {seen[question.id]} and again in line {line}"
                own.add(line, problem, "give one of the two an **Id:** of its own")
            seen.setdefault(question.id, f"{path.name}:{line}")
        faults.extend(own.found)
        questions.extend(document.questions)
    if faults:
        raise ContentError(faults)
    return tuple(questions)


def checks(questions: Iterable[Question]) -> list[Fault]:
    """Where questions fall short of our own bank's standard; for others' documents these are advice.

    The standard: a sample answer of 80 to 200 words, 4 to 7 key points, 2 hints, a follow-up, a level, a source. A
    fault's `file` is the question's id.
    """
    return [Fault(question.id, 0, *finding) for question in questions for finding in _findings(question)]


def _findings(question: Question) -> Iterable[tuple[str, str]]:
    if question.draft:
        yield "no sample answer", "write one, or it stays a draft and is never posted"
    else:
        low, high = SAMPLE_WORDS
        words = len(question.sample_answer.split())
        if not low <= words <= high:
            yield f"the sample answer has {words} words", f"aim at {low} to {high}"
    low, high = KEY_POINTS
    if not low <= len(question.key_points) <= high:
        yield f"key points: {len(question.key_points)}", f"name {low} to {high} claims that a full answer makes"
    if len(question.hints) != HINTS:
        yield f"hints: {len(question.hints)}", f"give {HINTS}, the first vaguer than the second"
    if not question.follow_up:
        yield "no follow-up question", "add one that digs deeper"
    if question.level is None:
        yield "no level", "write 1 (junior), 2 (some years of practice) or 3 (senior)"
    if not question.source:
        yield "no source", "say where the question comes from"


# ---------------------------------------------------------------------------------------------- JSON


def as_json(question: Question) -> dict[str, Any]:
    """A question as JSON values; key points as `Topic: claim`, `level` None when there is none.

    `alternatives` has a list for each key point, in their order.
    """
    return {
        "id": question.id,
        "section": question.section,
        "title": question.title,
        "question": question.text,
        "sample_answer": question.sample_answer,
        "key_points": [str(point) for point in question.key_points],
        "alternatives": [list(point.alternatives) for point in question.key_points],
        "hints": list(question.hints),
        "follow_up": question.follow_up,
        "level": question.level,
        "source": question.source,
        "draft": question.draft,
    }


def from_json(data: Mapping[str, Any]) -> Question:
    """The question that `as_json` gave, with or without `alternatives`.

    `id`, `title` and `question` must be there; raises ContentError.
    """
    faults = Faults("question")
    for key in ("id", "title", "question"):
        if not data.get(key):
            faults.add(0, f"`{key}` is missing", "every question has one")
    texts = {key: _text(data, key, faults) for key in _TEXTS}
    points, hints = _points(data, faults), _texts(data, "hints", faults)
    level = data.get("level")
    if level is not None and (isinstance(level, bool) or level not in (1, 2, 3)):
        faults.add(0, "`level` isn't 1, 2 or 3", "give one of these or null")
    faults.check()
    return Question(
        id=texts["id"],
        section=texts["section"],
        title=texts["title"],
        text=texts["question"],
        sample_answer=texts["sample_answer"],
        key_points=points,
        hints=tuple(hints),
        follow_up=texts["follow_up"],
        level=level,
        source=texts["source"],
    )


_TEXTS = ("id", "section", "title", "question", "sample_answer", "follow_up", "source")


def _text(data: Mapping[str, Any], key: str, faults: Faults) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        faults.add(0, f"`{key}` isn't a text", "give a string")
        return ""
    return value


def _points(data: Mapping[str, Any], faults: Faults) -> tuple[KeyPoint, ...]:
    points = tuple(KeyPoint.parse(point) for point in _texts(data, "key_points", faults))
    if "alternatives" not in data:
        return points
    value = data["alternatives"]
    if not isinstance(value, list) or len(value) != len(points) or not all(_is_texts(found) for found in value):
        faults.add(0, "`alternatives` isn't a list of texts for each key point", "give as many lists as key points")
        return points
    return tuple(replace(point, alternatives=tuple(found)) for point, found in zip(points, value, strict=True))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _texts(data: Mapping[str, Any], key: str, faults: Faults) -> Sequence[str]:
    value: Any = data.get(key, [])
    if not _is_texts(value):
        faults.add(0, f"`{key}` isn't a list of texts", "give a list of strings")
        return ()
    texts: list[str] = value
    return texts
