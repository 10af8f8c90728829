"""A message's words as rich_text blocks: parted, shortened and packed so that Slack takes them.

Nothing in rich_text is parsed: whatever people or models wrote is shown as it is, and can't format, link or call.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from bot.core.message import Block as Part
from bot.core.message import Bullets, Code, Inline, Listing, Message, Para, Quote, Strong, Table, When
from bot.core.text import one_line
from bot.platforms.slack.blocks.markup import Element, clean, cut, inline, pairs, saying, size, weight, words
from bot.platforms.tables import aligned

HEADER_LIMIT = 150
RICH_LIMIT = 3_000
TOTAL_LIMIT = 12_000  # of JSON; Slack refuses at some 13,000
MOST_RICH = 40  # of 50 blocks; what else there is takes at most eight

_LEAST = 320  # of JSON: what every part keeps, however long the others are
_PARTING = 800  # of JSON: what it takes to part long leaves into blocks

_BY_LINES = ("code", "table")
"""What is parted at the ends of lines only."""

Block = dict[str, Any]
"""A block as JSON."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A paragraph, an entry of a list, somebody's words, lines of code or a table; `list_` tells lists apart."""

    kind: Literal["para", "item", "quote", "code", "table"]
    parts: tuple[Inline, ...]
    list_: int = 0


def leaves(message: Message) -> list[Leaf]:
    """The message in parts that can be shortened or dropped; a title that is too long for a header is the first."""
    title = one_line(message.title, TOTAL_LIMIT)
    made = [Leaf("para", (Strong(title),))] if size(title) > HEADER_LIMIT else []
    made += [leaf for number, block in enumerate(message.blocks) for leaf in _leaves_of(block, number)]
    return [leaf for leaf in made if any(isinstance(part, When) or words(part).strip() for part in leaf.parts)]


def _leaves_of(block: Part, number: int) -> list[Leaf]:
    match block:
        case Para():
            return [Leaf("para", clean(block.parts))]
        case Bullets():
            return [Leaf("item", clean(item), number) for item in block.items]
        case Listing():
            return [Leaf("code", clean((block.text,)))]
        case Quote():
            return [Leaf("quote", clean((block.text,)))]
        case Table():
            return _table(block, number)
        case _:
            return []


def _table(block: Table, number: int) -> list[Leaf]:
    lines = aligned(block.header, block.rows)
    if lines is not None:
        return [Leaf("table", ("\n".join(lines),))]
    told = [clean(line) for line in pairs(block.header, block.rows)]
    if len(block.header) > 2:
        return [Leaf("item", line, number) for line in told]
    return [Leaf("para", tuple(part for line in told for part in (*line, "\n"))[:-1])]


# ---------------------------------------------------------------------------------------------- lengths


def _length(leaf: Leaf) -> int:
    return sum(size(words(part)) for part in leaf.parts)


def _pieces(leaf: Leaf) -> Iterable[Leaf]:
    """A leaf in parts that a block holds, parted at a line's end or between words."""
    if _length(leaf) <= RICH_LIMIT:
        yield leaf
        return
    head: list[Inline] = []
    room = RICH_LIMIT
    for part in leaf.parts:
        while size(words(part)) > room and not isinstance(part, When):
            begin, part = _parted(part, room, leaf.kind in _BY_LINES)
            yield dataclasses.replace(leaf, parts=(*head, begin))
            leaf = dataclasses.replace(leaf, kind="para" if leaf.kind == "item" else leaf.kind)
            head, room = [], RICH_LIMIT
        head.append(part)
        room -= size(words(part))
    yield dataclasses.replace(leaf, parts=tuple(head))


def _parted(part: str | Strong | Code, room: int, lines: bool) -> tuple[Inline, Inline]:
    text = words(part)
    head = cut(text, room)[:-1]
    at = head.rfind("\n") if lines else max(head.rfind("\n"), head.rfind(" "))
    if at < len(head) // 2:
        at = len(head)
    before, after = text[:at].rstrip(), text[at:].removeprefix("\n") if lines else text[at:].lstrip()
    return saying(part, before), saying(part, after)


def heft(made: object) -> int:
    """What a part takes of a message's JSON, with the block's id that Slack adds."""
    written = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return weight(written) - written.count('"') - written.count("\\") + 40  # these are escaped by now


def _weight(leaf: Leaf) -> int:
    return heft(_element(leaf)) + (60 if leaf.kind == "para" else 0)


def fit(parts: list[Leaf], budget: int) -> tuple[list[Leaf], bool]:
    """The leaves, the longest shortened until all fit together; and whether any had to be. `budget` is in JSON."""
    heavy = [_weight(leaf) for leaf in parts]
    if sum(heavy) <= budget - _PARTING:
        return parts, False
    while sum(min(each, _LEAST) for each in heavy) > budget - _PARTING:
        heavy.pop()
    level = _level(heavy, budget - _PARTING)
    kept = zip(parts, heavy, strict=False)  # what is over is dropped
    return [leaf if each <= level else _shortened(leaf, level) for leaf, each in kept], True


def _level(heavy: Sequence[int], budget: int) -> int:
    """The length to which the longest are cut, so that all together fill the budget."""
    for index, each in enumerate(sorted(heavy)):
        share = budget // (len(heavy) - index)
        if each > share:
            return share
        budget -= each
    return max(heavy, default=0)


def _shortened(leaf: Leaf, limit: int) -> Leaf:
    """A leaf of at most `limit`, which is _LEAST or more."""
    if leaf.kind == "table":
        return _fewer_rows(leaf, limit)
    kept: list[Inline] = []
    for part in leaf.parts:
        room = limit - _weight(dataclasses.replace(leaf, parts=(*kept, Strong("")))) - 60
        if not isinstance(part, When) and weight(words(part)) > room:
            short = cut(words(part), room, weight)
            kept.append(saying(part, short))
            break
        if isinstance(part, When) and room < 120:
            break
        kept.append(part)
    return dataclasses.replace(leaf, parts=tuple(kept))


def _fewer_rows(leaf: Leaf, limit: int) -> Leaf:
    """Rows go from above the last, which may be the asker's own."""
    *lines, last = words(leaf.parts[0]).split("\n")
    room = limit - _weight(dataclasses.replace(leaf, parts=(last,)))
    kept = []
    for line in lines:
        room -= weight(line) + 2
        if room < 0:
            break
        kept.append(line)
    return dataclasses.replace(leaf, parts=("\n".join([*kept, last]),))


# ---------------------------------------------------------------------------------------------- blocks


def rich(parts: Iterable[Leaf]) -> list[Block]:
    """rich_text blocks: one begins with each paragraph, as long as there aren't too many."""
    pieces = [piece for leaf in parts for piece in _pieces(leaf)]
    groups = _packed(pieces, apart=True)
    if len(groups) > MOST_RICH:
        groups = _packed(pieces, apart=False)
    return [{"type": "rich_text", "elements": _elements(group)} for group in groups]


def _packed(leaves: Sequence[Leaf], *, apart: bool) -> list[list[Leaf]]:
    groups: list[list[Leaf]] = []
    room = 0
    for leaf in leaves:
        if not groups or _length(leaf) > room or (apart and leaf.kind == "para"):
            groups.append([])
            room = RICH_LIMIT
        groups[-1].append(leaf)
        room -= _length(leaf)
    return groups


def _elements(leaves: Iterable[Leaf]) -> list[Element]:
    made: list[Element] = []
    for (kind, _), same in groupby(leaves, key=lambda leaf: (leaf.kind, leaf.list_)):
        parts = [_element(leaf) for leaf in same]
        made += [{"type": "rich_text_list", "style": "bullet", "elements": parts}] if kind == "item" else parts
    return made


def _element(leaf: Leaf) -> Element:
    names = {"quote": "rich_text_quote", "code": "rich_text_preformatted", "table": "rich_text_preformatted"}
    return {"type": names.get(leaf.kind, "rich_text_section"), "elements": inline(leaf.parts)}
