"""Encoded texts, parts of them, and the cosines between two of them.

All that a question holds an answer against lies on one sheet: the cosines of an answer to it are computed once, and
whatever compares two parts later looks them up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.graders.embedded.encoder import Floats, Ints
from bot.graders.embedded.text import Sentence

Flags = npt.NDArray[np.bool_]

_BLOCK = 24
"""Rows of one multiplication: 24 x 24 x 384 is below what OpenBLAS would share among threads."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The vectors of many passages end to end, in blocks of _BLOCK rows (the last one filled up with zeros)."""

    blocks: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a passage begins on a sheet."""

    sheet: Sheet
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A passage's cosines to a sheet: a row for each of the sheet's pieces, a column for each of the passage's."""

    sheet: Sheet
    cosines: Floats


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences of a text, encoded one by one and laid end to end; `bounds[i]` is where sentence i begins.

    `words` and `under` tell, for each piece, the word that it is of and the negations (numbered) that govern it.
    `place` and `held` are for `similarity` to look up what was computed already.
    """

    sentences: tuple[Sentence, ...]
    ids: Ints
    vectors: Floats
    words: tuple[str, ...]
    under: tuple[frozenset[int], ...]
    bounds: Ints
    place: Place | None = None
    held: Held | None = None

    @property
    def edges(self) -> list[int]:
        """Where each sentence begins, and the end."""
        return [*self.bounds.tolist(), len(self.ids)]


def lay_out(passages: Sequence[Passage]) -> tuple[Sheet, list[Passage]]:
    """A sheet, and the same passages on it."""
    starts = np.cumsum([0, *(len(each.ids) for each in passages)]).tolist()
    rows = np.zeros((-(-starts[-1] // _BLOCK) * _BLOCK, 384), np.float32)
    for each, start in zip(passages, starts, strict=False):
        rows[start : start + len(each.ids)] = each.vectors
    sheet = Sheet(rows.reshape(-1, _BLOCK, 384))
    return sheet, [replace(each, place=Place(sheet, start)) for each, start in zip(passages, starts, strict=False)]


def hold(passage: Passage, sheet: Sheet) -> Passage:
    """The passage with its cosines to all that lies on a sheet."""
    table = np.empty((len(sheet.blocks) * _BLOCK, len(passage.ids)), np.float32)
    for columns in _blocks(passage):
        table[:, columns] = (sheet.blocks @ passage.vectors[columns].T).reshape(len(table), -1)
    return replace(passage, held=Held(sheet, table))


def similarity(left: Passage, right: Passage) -> Floats:
    """Cosines of all pieces of two passages, in blocks that start with each sentence of `right`; the caller's own.

    Block by block the last bits depend neither on the number of threads nor on what stands beside a sentence.
    """
    if left.place and right.held and left.place.sheet is right.held.sheet:
        start = left.place.start
        return right.held.cosines[start : start + len(left.ids)].copy()
    table = np.empty((len(left.ids), len(right.ids)), np.float32)
    for rows in _blocks(left):
        for columns in _blocks(right):
            table[rows, columns] = left.vectors[rows] @ right.vectors[columns].T
    return table


def sentence(passage: Passage, number: int) -> Passage:
    """One sentence of a passage as a passage."""
    edges = passage.edges
    part = slice(edges[number], edges[number + 1])
    place, held = passage.place, passage.held
    return Passage(
        sentences=(passage.sentences[number],),
        ids=passage.ids[part],
        vectors=passage.vectors[part],
        words=passage.words[part],
        under=passage.under[part],
        bounds=np.zeros(1, dtype=np.int64),
        place=Place(place.sheet, place.start + edges[number]) if place else None,
        held=Held(held.sheet, held.cosines[:, part]) if held else None,
    )


def chosen(passage: Passage, keep: Flags) -> Passage:
    """The pieces that `keep` names, without the sentences that have none left."""
    counts = [int(keep[start:end].sum()) for start, end in pairwise(passage.edges)]
    left = [count for count in counts if count]
    places = np.flatnonzero(keep).tolist()
    return Passage(
        sentences=tuple(each for each, count in zip(passage.sentences, counts, strict=True) if count),
        ids=passage.ids[keep],
        vectors=passage.vectors[keep],
        words=tuple(passage.words[i] for i in places),
        under=tuple(passage.under[i] for i in places),
        bounds=np.cumsum([0, *left])[:-1].astype(np.int64),
        held=Held(passage.held.sheet, passage.held.cosines[:, keep]) if passage.held else None,
    )


def without(passage: Passage, numbers: Collection[int]) -> Passage:
    """The passage without some of its sentences; itself if there are none of these."""
    if not any(number in numbers for number in range(len(passage.sentences))):
        return passage
    keep = np.ones(len(passage.ids), np.bool_)
    for number, (start, end) in enumerate(pairwise(passage.edges)):
        keep[start:end] = number not in numbers
    return chosen(passage, keep)


def _blocks(passage: Passage) -> list[slice]:
    return [slice(i, min(i + _BLOCK, end)) for start, end in pairwise(passage.edges) for i in range(start, end, _BLOCK)]
