"""Shards: how Discord divides its communities among connections, and so among processes."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_SHARDS = 100_000
"""A shard holds at most 2,500 communities, so more are a slip of the pen."""

_FORM = re.compile(r"(?P<ids>[\d,\- ]+)/ *(?P<total>\d{1,6})")
_PART = re.compile(r"(?P<first>\d{1,6})(?:-(?P<last>\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Shards:
    """One process's shards: `ids` are numbers from 0 to `total` - 1, in order, each once."""

    ids: tuple[int, ...]
    total: int

    def hear(self, community: int) -> bool:
        """Whether what happens in a community comes to one of these, by Discord's own rule."""
        return (community >> 22) % self.total in self.ids

    @property
    def share(self) -> float:
        """Which part of all shards these are, from above 0 to 1."""
        return len(self.ids) / self.total

    @property
    def first(self) -> bool:
        """Whether these do what is done once for all."""
        return 0 in self.ids


def parse_shards(text: str) -> Shards:
    """Shards as people write them: `0-3/8`, `2/8` or `0,3,5/8`, counted from 0. Raises ValueError for anything else."""
    form = _FORM.fullmatch(text.strip())
    parts = [_PART.fullmatch(part.strip()) for part in form["ids"].split(",")] if form else []
    if form is None or not all(parts):
        raise ValueError("use this process's shards and how many there are in all, such as 0-3/8, 2/8 or 0,3,5/8")
    total = int(form["total"])
    if not 1 <= total <= MOST_SHARDS:
        raise ValueError(f"the number of shards is from 1 to {MOST_SHARDS}")
    ids: set[int] = set()
    for part in parts:
        assert part is not None  # noqa: S101  looked at above
        first, last = int(part["first"]), int(part["last"] or part["first"])
        if not first <= last < total:
            raise ValueError(f"{part[0]} is not among {total} shards, which are counted from 0 to {total - 1}")
        ids.update(range(first, last + 1))
    return Shards(tuple(sorted(ids)), total)
