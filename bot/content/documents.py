"""Reading documents of questions, in two shapes.

*Question shape*, when there is any `**Question:**`: sections, numbered titles, and below each title labelled parts.
*Plain shape* otherwise: headings that are the questions, each with its answer as prose below.

A document is taken whole or not at all: `parse` raises ContentError with every fault that it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TypeVar

from bot.content import plain, points, prose
from bot.content.faults import Faults, decode, shorten
from bot.content.labels import Label, Part
from bot.content.lines import Kind, Line, heading_text, scan
from bot.core.model import Question

MAX_QUESTIONS = 2_000
MAX_TITLE = 200
MAX_QUESTION = 2_000
MAX_ANSWER = 6_000
MAX_ITEM = 500
MAX_KEY_POINTS = 12
MAX_HINTS = 10

_TITLE_LEVELS = range(2, 5)  # titles are ### as a rule, one level off is understood
_USUAL_TITLE = 3


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds. `lines` has the line of each question's title, counted from 1."""

    title: str
    questions: tuple[Question, ...]
    lines: tuple[int, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Entry:
    """A question while it is being read: its title, and each part's line and lines."""

    line: int
    title: str
    section: str
    parts: dict[Part, tuple[int, list[Line]]] = field(default_factory=dict)


T = TypeVar("T", Entry, plain.Topic)
_OF_QUESTIONS_ALONE = frozenset({Part.KEY_POINTS, Part.HINTS, Part.LEVEL, Part.ID})


def parse(content: str | bytes, file: str) -> Document:
    """Read a document; `file` is its name, for faults and for documents without a title.

    Texts come back in one form: lines without trailing space, paragraphs as written, bullets and labels of one line.
    Ids are what **Id:** says or a slug of the title, so they don't change with order or numbering.

    Raises ContentError with all faults: over 1 MB or 100,000 lines, not UTF-8, nothing to read, unclosed or repeated
    parts, an id used twice, values out of bounds (title 200, question and follow-up 2,000, sample answer 6,000, key
    point, hint and source 500 characters; 12 key points, 10 hints, 2,000 questions), and what `points.read` refuses.
    """
    faults = Faults(file)
    lines = scan(decode(content, faults), faults)
    stem = prose.clean_section(PurePath(faults.file).stem) or "Questions"
    first = next((line for line in lines if line.kind is Kind.HEADING), None)
    top = _section(first, faults) if first and first.level == 1 else ""
    if _asks(lines):
        found = [_built(entry, faults) for entry in _bounded(_entries(lines, top or stem, faults), faults)]
    else:
        if plain.level(lines) == 1:
            top = ""
        found = [_of_topic(topic, faults) for topic in _bounded(plain.topics(lines, top or stem), faults)]
    questions = tuple(question for question, _ in found)
    numbers = tuple(number for _, number in found)
    _check_all(questions, numbers, faults)
    faults.check()
    return Document(top or stem, questions, numbers)


def _asks(lines: Sequence[Line]) -> bool:
    """Whether a document is in the question shape: by its labels, one of them at least spelt right."""
    labels = [line.label for line in lines if line.label]
    asked = [label for label in labels if label.part is Part.QUESTION]
    right = {label.part for label in labels if not label.slip}
    # With a sample answer and a part that no prose has, only the question was forgotten.
    forgotten = Part.SAMPLE_ANSWER in right and not right.isdisjoint(_OF_QUESTIONS_ALONE)
    return any(not label.slip for label in asked) or (bool(asked) and bool(right)) or forgotten


def _bounded(found: list[T], faults: Faults) -> list[T]:
    if len(found) > MAX_QUESTIONS:
        problem = f"{len(found):,} questions, at most {MAX_QUESTIONS:,} are read from a document"
        faults.add(found[MAX_QUESTIONS].line, problem, "split it into several documents")
    return found[:MAX_QUESTIONS]


def _check_all(questions: Sequence[Question], numbers: Sequence[int], faults: Faults) -> None:
    if not questions and not faults.found:
        faults.add(
            0,
            "there are no questions in it",
            "write `### title`, **Question:** and **Sample Answer:** for each, or `## question` with the answer below",
        )
    seen: dict[str, int] = {}
    for question, number in zip(questions, numbers, strict=True):
        if question.id in seen:
            problem = f"the id {question.id} is used in line {seen[question.id]} and again in line {number}"
            faults.add(number, problem, "give one of the two an **Id:** of its own")
        seen.setdefault(question.id, number)


def _section(line: Line, faults: Faults) -> str:
    """The title of a section or of the whole document, within its bound."""
    text = prose.clean_section(heading_text(line))
    if len(text) > MAX_TITLE:
        faults.add(line.number, f"the heading has {len(text):,} characters, at most {MAX_TITLE} are read", "shorten it")
    return text[:MAX_TITLE]


def _of_topic(topic: plain.Topic, faults: Faults) -> tuple[Question, int]:
    entry = Entry(topic.line, topic.title, topic.section)
    question = Question(prose.slug(topic.title), topic.section, topic.title, topic.title, topic.answer)
    _check_bounds(question, entry, faults)
    return question, topic.line


# ---------------------------------------------------------------------------------------------- question shape


def _title_level(lines: Sequence[Line]) -> int:
    """The level of most headings that stand right above a question; of equals the deepest."""
    levels: Counter[int] = Counter()
    above = 0
    for line in lines:
        if line.kind is Kind.HEADING and line.level < _TITLE_LEVELS.stop:
            above = line.level
        elif line.label and line.label.part is Part.QUESTION:
            levels[above] += above in _TITLE_LEVELS
            above = 0
    usual, count = max(levels.items(), key=lambda item: (item[1], item[0]), default=(_USUAL_TITLE, 0))
    return usual if count else _USUAL_TITLE


def _structure(lines: Sequence[Line], title_level: int) -> set[int]:
    """The numbers of the heading lines that aren't text: down to the titles' level, and titles one level deeper."""
    found: set[int] = set()
    above: Line | None = None
    for line in lines:
        if line.kind is Kind.HEADING and line.level <= min(title_level + 1, _TITLE_LEVELS.stop - 1):
            above = line
            if line.level <= title_level:
                found.add(line.number)
        elif line.label and line.label.part is Part.QUESTION and above:
            found.add(above.number)
            above = None
    return found


def _entries(lines: Sequence[Line], title: str, faults: Faults) -> list[Entry]:
    title_level = _title_level(lines)
    structure = _structure(lines, title_level)
    reader = _Reader(title, faults)
    for line in lines:
        if line.number in structure and line.kind is Kind.HEADING:
            reader.heading(line, section=line.level < title_level)
        elif line.label:
            reader.label(line)
        elif reader.part is not None:
            reader.part.append(line)
    return [entry for entry in reader.entries if entry.parts]


class _Reader:
    """Sorts the lines of a document in the question shape into entries and their parts."""

    def __init__(self, title: str, faults: Faults) -> None:
        self.faults = faults
        self.entries: list[Entry] = []
        self.part: list[Line] | None = None
        self._entry: Entry | None = None
        self._title = self._section = title
        self._told = False

    def heading(self, line: Line, *, section: bool) -> None:
        text = heading_text(line)
        self._entry = self.part = None
        self._told = False
        if section:
            self._section = _section(line, self.faults) or self._title
        elif title := prose.clean_title(text):
            self._entry = Entry(line.number, title, self._section)
            self.entries.append(self._entry)

    def label(self, line: Line) -> None:
        found = line.label
        if found is None:
            return
        self.part = None
        if not found.closed:
            problem = f"the label {found.part.value} isn't set in bold on both sides"
            self.faults.add(line.number, problem, f"write {found.part}, or put a backslash before it if it is text")
        if found.slip and not self._misspelt(line, found):
            return
        if self._entry is None:
            if not self._told:
                problem = f"{found.part} stands below no question title"
                self.faults.add(line.number, problem, "put a line like `### 1. A title` above the question")
            self._told = True
            return
        if found.part in self._entry.parts:
            problem = f"{found.part} is given twice, first in line {self._entry.parts[found.part][0]}"
            self.faults.add(line.number, problem, "keep one, or give the second question a `###` title of its own")
            return
        self.part = [Line(0, Kind.TEXT, found.rest)] if found.rest else []
        self._entry.parts[found.part] = (line.number, self.part)

    def _misspelt(self, line: Line, found: Label) -> bool:
        """Tell of a label that is nearly one; whether to go on with it as the one that it is near."""
        if self._entry is None:  # what a document says before its first question
            return False
        problem = f"**{shorten(found.slip)}:** isn't a label"
        self.faults.add(line.number, problem, f"write {found.part} if that is meant, or put a backslash before it")
        return found.part not in self._entry.parts


def _built(entry: Entry, faults: Faults) -> tuple[Question, int]:
    texts = {part: prose.block(lines) for part, (_, lines) in entry.parts.items()}
    hints = prose.items(entry.parts.get(Part.HINTS, (0, []))[1])
    question = Question(
        id=_id(entry, texts, faults),
        section=entry.section,
        title=entry.title,
        text=texts.get(Part.QUESTION, ""),
        sample_answer=texts.get(Part.SAMPLE_ANSWER, ""),
        key_points=points.read(entry.parts.get(Part.KEY_POINTS, (0, []))[1], faults),
        hints=tuple(hints),
        follow_up=texts.get(Part.FOLLOW_UP, ""),
        level=_level(entry, texts, faults),
        source=" ".join(texts.get(Part.SOURCE, "").split()),
    )
    if not question.text:
        at = entry.parts.get(Part.QUESTION, (entry.line,))[0]
        problem = f"the question {shorten(entry.title)} has no text"
        faults.add(at, problem, f"write it after {Part.QUESTION}")
    if Part.SAMPLE_ANSWER in entry.parts and not question.sample_answer:
        at = entry.parts[Part.SAMPLE_ANSWER][0]
        faults.add(
            at, f"{Part.SAMPLE_ANSWER} has nothing under it", "write the answer, or remove the label for a draft"
        )
    _check_bounds(question, entry, faults)
    return question, entry.line


def _id(entry: Entry, texts: dict[Part, str], faults: Faults) -> str:
    if Part.ID not in texts:
        return prose.slug(entry.title)
    given = texts[Part.ID].strip("`")
    if not prose.is_id(given):
        problem = f"{shorten(given) or 'nothing'} can't be an id"
        remedy = f"use small letters, digits and hyphens, at most {prose.MAX_ID}: {prose.slug(given or entry.title)}"
        faults.add(entry.parts[Part.ID][0], problem, remedy)
        return prose.slug(entry.title)
    return given


def _level(entry: Entry, texts: dict[Part, str], faults: Faults) -> int | None:
    if Part.LEVEL not in texts:
        return None
    given = texts[Part.LEVEL]
    if given in {"1", "2", "3"}:
        return int(given)
    problem = f"the level is {shorten(given) or 'empty'}"
    faults.add(entry.parts[Part.LEVEL][0], problem, "write 1 (junior), 2 (some years of practice) or 3 (senior)")
    return None


def _check_bounds(question: Question, entry: Entry, faults: Faults) -> None:
    def bound(part: Part | None, what: str, text: str, limit: int) -> None:
        if len(text) > limit:
            line = entry.parts[part][0] if part in entry.parts else entry.line
            faults.add(line, f"{what} has {len(text):,} characters, at most {limit:,} are read", "shorten it")

    def count(part: Part, number: int, limit: int) -> None:
        if number > limit:
            problem = f"{number} {part.value.lower()}, at most {limit} are read"
            faults.add(entry.parts[part][0], problem, "merge or remove some")

    bound(None, "the title", question.title, MAX_TITLE)
    bound(Part.QUESTION, "the question", question.text, MAX_QUESTION)
    bound(Part.SAMPLE_ANSWER, "the sample answer", question.sample_answer, MAX_ANSWER)
    bound(Part.FOLLOW_UP, "the follow-up", question.follow_up, MAX_QUESTION)
    bound(Part.SOURCE, "the source", question.source, MAX_ITEM)
    count(Part.KEY_POINTS, len(question.key_points), MAX_KEY_POINTS)
    count(Part.HINTS, len(question.hints), MAX_HINTS)
    for index, point in enumerate(question.key_points, 1):
        bound(Part.KEY_POINTS, f"key point {index}", str(point), MAX_ITEM)
    for index, hint in enumerate(question.hints, 1):
        bound(Part.HINTS, f"hint {index}", hint, MAX_ITEM)
