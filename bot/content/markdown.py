"""Writing questions as a document in the question shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.content import points
from bot.content.labels import Part
from bot.content.lines import escaped, escaped_heading, escaped_inline
from bot.core.model import Question


def render(questions: Iterable[Question], title: str) -> str:
    """A Markdown document of the questions, in their order, numbered within each section.

    `parse` reads the same questions back, whatever their texts look like, as long as the document stays within the
    bounds that `parse` has (1 MB, 2,000 questions).
    """
    return "\n\n".join(_paragraphs(questions, title)) + "\n"


def _paragraphs(questions: Iterable[Question], title: str) -> Iterator[str]:
    yield f"# {escaped_heading(title)}"
    section, number = None, 0
    for question in questions:
        if question.section != section:
            section, number = question.section, 0
            yield f"## {escaped_heading(section)}"
        number += 1
        yield f"### {number}. {escaped_inline(question.title)}"
        yield from _parts(question)


def _parts(question: Question) -> Iterator[str]:
    yield from _text(Part.QUESTION, question.text)
    yield from _text(Part.SAMPLE_ANSWER, question.sample_answer, own_line=True)
    yield from _list(Part.KEY_POINTS, points.written(question.key_points))
    yield from _list(Part.HINTS, (f"- {escaped_inline(hint)}" for hint in question.hints))
    yield from _text(Part.FOLLOW_UP, question.follow_up)
    if question.level is not None:
        yield f"{Part.LEVEL} {question.level}"
    if question.source:
        yield f"{Part.SOURCE} {escaped_inline(question.source)}"
    yield f"{Part.ID} {question.id}"


def _text(part: Part, text: str, *, own_line: bool = False) -> Iterator[str]:
    """A part on its label's line if it has one plain line, otherwise below it."""
    if not text:
        return
    below = escaped(text)
    if own_line or "\n" in text or below != text:
        yield str(part)
        yield below
    else:
        yield f"{part} {text}"


def _list(part: Part, lines: Iterable[str]) -> Iterator[str]:
    if text := "\n".join(lines):
        yield str(part)
        yield text
