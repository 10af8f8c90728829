"""Markdown as lines: what is a heading, a labelled part, code or a comment, and how text is kept from being one.

Every step looks at a character a bounded number of times, so that no document takes longer than its length.

A backslash before a heading, a label, a fence, a rule or `<!--` makes it text, as in Markdown; one backslash is dropped
on reading and added on writing, so that `escaped` is undone by `scan` whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from bot.content.faults import Faults, shorten
from bot.content.labels import Label, label, misspelt


class Kind(Enum):
    """What a line is."""

    TEXT = auto()
    HEADING = auto()
    LABEL = auto()
    RULE = auto()  # a thematic break
    CODE = auto()  # a line of a fenced block, its fences included


class Line(NamedTuple):
    """A line; `number` counts from 1, `text` is as it reads (unescaped, without comments), `level` a heading's."""

    number: int
    kind: Kind
    text: str
    level: int = 0
    label: Label | None = None


_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*))?")
_FENCE = re.compile(r"(`{3,})([^`]*)|(~{3,})(.*)")
_STARTS = frozenset("#*_-`~\\<qQsSaAkKhHfFlLiI")
_BULLETS = ("- ", "  - ")
"""How a line begins that has no other meaning, whatever follows: `- - -` isn't a rule here."""
_BARE_LEVEL = 4  # from here on a heading with a part's bare name is its label


def fence(text: str) -> tuple[str, str] | None:
    """The marker and info string of a line that opens (or, without info string, closes) fenced code, or None."""
    found = _FENCE.fullmatch(text.strip())
    if not found:
        return None
    return (found[1], found[2].strip()) if found[1] else (found[3], found[4].strip())


def fenced(lines: Sequence[str], start: int) -> tuple[int, bool]:
    """Where the code that is opened by the fence at `start` ends: its closing line and True.

    Without one False, and the line up to which there was none: the next opening fence of the same kind, because nobody
    nests those, or the end.
    """
    opening = fence(lines[start])
    mark = opening[0] if opening else "```"
    for index in range(start + 1, len(lines)):
        body = lines[index].strip()
        if not body.startswith(mark):
            continue
        other = fence(body)
        if other and not other[1]:
            return index, True
        if other:
            return index, False
    return len(lines), False


def is_rule(text: str) -> bool:
    """Whether a line is a thematic break. `- - -` isn't one here, because it may be an empty list."""
    body = text.strip()
    if len(body) >= 3 and body[0] in "-*_" and not body.strip(body[0]):
        return True
    return body[:3] in ("* *", "_ _") and len(set(body)) == 2 and body.count(body[0]) >= 3


def _special(body: str) -> bool:
    """Whether a line without indentation would be read as something else than text."""
    if not body or body[0] not in _STARTS:
        return False
    if _HEADING.fullmatch(body) or is_rule(body) or fence(body):
        return True
    return label(body) is not None or misspelt(body) is not None


def _dedent(line: str) -> tuple[str, int, str]:
    """A line's indentation, the number of backslashes that follow, and the rest."""
    body = line.lstrip()
    rest = body.lstrip("\\")
    return line[: len(line) - len(body)], len(body) - len(rest), rest


# ---------------------------------------------------------------------------------------------- writing


def escaped(text: str) -> str:
    """Text of any number of lines, written so that `scan` reads it back as text. Closed fenced code stays as it is."""
    lines = text.split("\n")
    out: list[str] = []
    while len(out) < len(lines):
        at = len(out)
        end = at
        if fence(lines[at]):
            end, closed = fenced(lines, at)
            if closed:
                out.extend(lines[at : end + 1])
                continue
        out.extend(_escaped_line(line) for line in lines[at : max(end, at + 1)])
    return "\n".join(out)


def escaped_inline(text: str) -> str:
    """One line that follows a label, a bullet or a number: only comments need care there."""
    return _on_comments(text, lambda before: f"{before}\\")


def escaped_heading(text: str) -> str:
    """One line that follows the `#` of a heading."""
    rest = text.lstrip("\\")
    return escaped_inline(f"\\{text}" if label(rest, bare=True) else text)


def _escaped_line(line: str) -> str:
    indent, _, rest = _dedent(line)
    return escaped_inline(f"{indent}\\{line[len(indent) :]}" if _special(rest) else line)


def _on_comments(line: str, mend: Callable[[str], str]) -> str:
    """Pass what stands before each `<!--` outside of code spans through `mend`."""
    pieces = line.split("<!--")
    ticks = 0
    for index, piece in enumerate(pieces[:-1]):
        ticks += piece.count("`")
        if ticks % 2 == 0:
            pieces[index] = mend(piece)
    return "<!--".join(pieces)


# ---------------------------------------------------------------------------------------------- reading


def scan(text: str, faults: Faults) -> list[Line]:
    """The lines of a text with `\\n` line ends. Unclosed fences and comments become faults, and are read as text."""
    return list(_Scanner(text.split("\n"), faults).lines())


class _Scanner:
    def __init__(self, raw: list[str], faults: Faults) -> None:
        self.raw = raw
        self.faults = faults
        self.at = 0

    def lines(self) -> Iterator[Line]:
        while self.at < len(self.raw):
            line = self.raw[self.at]
            if line.startswith(_BULLETS) and "<!--" not in line:  # most lines are
                self.at += 1
                yield Line(self.at, Kind.TEXT, line)
            elif not line or line.isspace():
                self.at += 1
                yield Line(self.at, Kind.TEXT, "")
            elif line.lstrip()[0] in "`~" and fence(line):
                yield from self._code()
            elif "<!--" in line:
                number = self.at + 1
                rest = self._without_comments()
                if rest.strip():
                    yield _classified(number, rest)
            else:
                self.at += 1
                yield _classified(self.at, line)

    def _code(self) -> Iterator[Line]:
        start = self.at
        end, closed = fenced(self.raw, start)
        if not closed:
            problem = f"the code fence {shorten(self.raw[start])} isn't closed"
            self.faults.add(start + 1, problem, "end the code with a line of the same fence")
        self.at = end + 1 if closed else end
        kind = Kind.CODE if closed else Kind.TEXT
        for index in range(start, self.at):
            yield Line(index + 1, kind, self.raw[index]) if closed else _classified(index + 1, self.raw[index])

    def _without_comments(self) -> str:
        """The line at `at` without its comments, however many lines they take; moves on behind it."""
        line, position, ticks = self.raw[self.at], 0, 0
        out: list[str] = []
        while (start := line.find("<!--", position)) >= 0:
            before = line[position:start]
            out.append(before)
            ticks += before.count("`")
            end = None
            if ticks % 2 == 0:
                if before.endswith("\\"):
                    out[-1] = before[:-1]
                else:
                    end = self._comment_end(start + 4)
            if end is None:
                out.append("<!--")
                position = start + 4
            else:
                self.at, position = end
                line = self.raw[self.at]
        self.at += 1
        out.append(line[position:])
        return "".join(out)

    def _comment_end(self, start: int) -> tuple[int, int] | None:
        """Line index and position behind the comment whose text begins at `start`; None, a fault, if it isn't closed.

        Comments don't nest: an opening one inside means that the first was forgotten.
        """
        index, first = self.at, start
        while index < len(self.raw):
            line = self.raw[index]
            nested = line.find("<!--", first)
            end = line.find("-->", first, nested if nested >= 0 else len(line))
            if end >= 0:
                return index, end + 3
            if nested >= 0:
                break
            index, first = index + 1, 0
        self.faults.add(self.at + 1, "the comment <!-- isn't closed", "end it with -->, or write \\<!-- if it is text")
        return None


def _classified(number: int, line: str) -> Line:
    indent, slashes, body = _dedent(line)
    if slashes:
        return Line(number, Kind.TEXT, f"{indent}{line[len(indent) + 1 :]}" if _special(body) else line)
    if not body or body[0] not in _STARTS or len(indent) > 3 or "\t" in indent:
        return Line(number, Kind.TEXT, line)
    if heading := _HEADING.fullmatch(body):
        return _heading(number, line, len(heading[1]), (heading[2] or "").strip())
    if is_rule(body):
        return Line(number, Kind.RULE, line)
    if found := label(body) or misspelt(body):
        return Line(number, Kind.LABEL, line, label=found)
    return Line(number, Kind.TEXT, line)


def _heading(number: int, line: str, level: int, text: str) -> Line:
    if found := label(text, bare=level >= _BARE_LEVEL) or (misspelt(text) if level >= _BARE_LEVEL else None):
        return Line(number, Kind.LABEL, line, level, found)
    return Line(number, Kind.HEADING, line, level)


def heading_text(line: Line) -> str:
    """What a heading says, in one line: without its marks, a closing sequence of `#`, and an escape."""
    words = line.text.lstrip().lstrip("#").split()
    text = " ".join(without_hashes(words))
    rest = text.lstrip("\\")
    return text[1:] if rest != text and label(rest, bare=True) else text


def without_hashes(words: list[str]) -> list[str]:
    """The words without those at the end that are nothing but `#`."""
    last = len(words)
    while last and not words[last - 1].strip("#"):
        last -= 1
    return words[:last]
