"""What the authors of questions wrote, as they meant it: lists, code, and words that stand out.

Of Markdown only what nobody writes by accident: fenced code, lists with a bullet each, headings, `code` and **bold**.
All else stays as it was typed; marks that don't close are text. Nothing here looks at a character again and again: the
text may be anybody's who suggests a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.core.message import Block, Bullets, Code, Inline, Listing, Para, Strong

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
_FENCE_END = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*")
_ITEM = re.compile(r"[ \t]*[-*+•][ \t]+(?=\S)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<text>[^\s#].*)")
_MARKED = re.compile(
    r"(?<![`\\])`(?P<code>[^`\n]+)`(?!`)"
    r"|(?<![*\\])\*\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*\*(?!\*)"
)


def spoken(text: str, *, strong: bool = False) -> tuple[Inline, ...]:
    """A line or a paragraph with its code and its bold words; `strong` lets all of it stand out."""
    parts: list[Inline] = []
    end = 0
    plain = ""  # what has no form of its own yet
    for found in _MARKED.finditer(text):
        plain += text[end : found.start()]
        end = found.end()
        code, bold = found["code"], found["strong"]
        if code is not None and not code.strip():
            plain += found[0]
        elif code is None and strong:  # it stands out already
            plain += bold
        else:
            parts += [_plain(plain, strong=strong), Strong(bold) if code is None else Code(code)]
            plain = ""
    parts.append(_plain(plain + text[end:], strong=strong))
    return tuple(part for part in parts if part not in ("", Strong("")))


def _plain(text: str, *, strong: bool) -> Inline:
    return Strong(text) if strong else text


def authored(text: str, *, strong: bool = False) -> tuple[Block, ...]:
    """A text of several lines as blocks. Between lists and code it is one block, its paragraphs as they were typed."""
    return tuple(_blocks(text.split("\n"), strong=strong))


def _blocks(lines: list[str], *, strong: bool) -> Iterator[Block]:
    words: list[str] = []
    ends = [(at, found[1]) for at, line in enumerate(lines) if (found := _FENCE_END.fullmatch(line))]
    at = 0
    while at < len(lines):
        end, block = _set_apart(lines, at, ends, strong=strong)
        if block is None:
            words.append(lines[at])
        else:
            yield from _para(words, strong=strong)
            words = []
            if block != Listing(""):
                yield block
        at = end
    yield from _para(words, strong=strong)


def _set_apart(lines: list[str], at: int, ends: Sequence[tuple[int, str]], *, strong: bool) -> tuple[int, Block | None]:
    """The block that begins at a line, if one does, and the line behind it; `ends` are the lines that may end code."""
    if fence := _FENCE.fullmatch(lines[at]):
        end = next((end for end, marks in ends if end > at and marks.startswith(fence[1])), None)
        if end is None:
            return at + 1, None
        inside = "\n".join(lines[at + 1 : end])
        return end + 1, Listing(inside.strip("\n") if inside.strip() else "")
    if _ITEM.match(lines[at]):
        return _list(lines, at, strong=strong)
    if heading := _HEADING.fullmatch(lines[at]):
        return at + 1, Para((Strong(heading["text"].rstrip(" \t#")),))
    return at + 1, None


def _list(lines: list[str], at: int, *, strong: bool) -> tuple[int, Bullets]:
    """Entries may have blank lines between them, and go on in lines that are indented."""
    items: list[str] = []
    end = at
    while end < len(lines):
        line = lines[end]
        if bullet := _ITEM.match(line):
            items.append(line[bullet.end() :].rstrip())
        elif line.strip() and line[0] in " \t" and lines[end - 1].strip():
            items[-1] += f" {line.strip()}"
        elif line.strip() or not any(map(_ITEM.match, lines[end + 1 : end + 2])):
            break
        end += 1
    return end, Bullets(tuple(spoken(item, strong=strong) for item in items))


def _para(lines: list[str], *, strong: bool) -> Iterator[Para]:
    if text := "\n".join(lines).strip("\n"):
        yield Para(spoken(text, strong=strong))
