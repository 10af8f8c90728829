"""The plain shape: headings that are questions, with their answers as prose below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.content import prose
from bot.content.lines import Kind, Line, heading_text

_QUESTION_LEVEL = 2
_LINK = re.compile(r"!?\[[^\[\]]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)|<img\b[^<>]*>", re.I)
_BARE_LINK = re.compile(r"<?https?://[^\s<>]+>?", re.I)
_REFERENCE = re.compile(r"\s*\[[^\[\]]+\]:\s+\S+\s*(?:\"[^\"]*\")?\s*")
_BACK = re.compile(r"\W*(?:back to(?: the)?(?: (?:top|toc|index|contents|table of contents))?)?\W*", re.I)
_CONTENTS = re.compile(r"(?:table of )?contents|toc|index", re.I)


class Topic(NamedTuple):
    """A question in the plain shape; `answer` is "" for a draft."""

    line: int
    title: str
    section: str
    answer: str


def level(lines: Sequence[Line]) -> int:
    """The level of the headings that are questions: 2, else 3, else 1 where there are several."""
    levels = [line.level for line in lines if line.kind is Kind.HEADING]
    if _QUESTION_LEVEL in levels or not levels:
        return _QUESTION_LEVEL
    if _QUESTION_LEVEL + 1 in levels:
        return _QUESTION_LEVEL + 1
    return 1 if levels.count(1) > 1 else _QUESTION_LEVEL


def topics(lines: Sequence[Line], title: str) -> list[Topic]:
    """The questions of a document, in order. A list of contents isn't one."""
    return list(_topics(lines, title))


def _topics(lines: Sequence[Line], title: str) -> Iterator[Topic]:
    own = level(lines)
    section, heading = title, None
    body: list[Line] = []
    for line in lines:
        if line.kind is Kind.HEADING and line.level <= own:
            if heading:
                yield from _topic(heading, section, body)
            heading, body = (line, []) if line.level == own else (None, [])
            if line.level < own:
                section = prose.clean_section(heading_text(line)) or title
        elif heading:
            body.append(line)
    if heading:
        yield from _topic(heading, section, body)


def _topic(heading: Line, section: str, body: Sequence[Line]) -> Iterator[Topic]:
    title = prose.clean_title(heading_text(heading))
    answer = _answer(body)
    if title and (answer or not _CONTENTS.fullmatch(title)):
        yield Topic(heading.number, title, section, answer)


def _answer(lines: Sequence[Line]) -> str:
    """The text of an answer; "" when there is nothing but headings."""
    kept: list[Line] = []
    said = False
    for line in lines:
        mended = line if line.kind is Kind.CODE or not line.text else _text(line)
        if mended is None:
            continue
        if not mended.text and (not kept or (not kept[-1].text and kept[-1].kind is not Kind.CODE)):
            continue
        kept.append(mended)
        said = said or mended.kind is Kind.CODE or (mended.kind in (Kind.TEXT, Kind.LABEL) and bool(mended.text))
    return prose.block(kept) if said else ""


def _text(line: Line) -> Line | None:
    """The line without images; None when that leaves nothing but links or a way back to the contents."""
    text = line.text
    if "[" not in text and "<" not in text and "http" not in text and "ack to" not in text:
        return line
    without = _IMAGE.sub("", text)
    bare = _BARE_LINK.sub("", _LINK.sub("", without))
    if _BACK.fullmatch(bare) and (bare != text or bare.strip()):
        return None
    return None if _REFERENCE.fullmatch(text) else line._replace(text=without)
