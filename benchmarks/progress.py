"""What a long run tells meanwhile, so that nobody takes it for hanging."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

Tell = Callable[[str], None]
"""Is told what begins."""


def silent(_: str) -> None:
    """Tells nobody."""


class Progress:
    """A line on stderr for all that begins, with the seconds since the run did."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock, self._began = clock, clock()

    def __call__(self, part: str) -> None:
        print(f"{self._clock() - self._began:5.0f} s  {part}", file=sys.stderr, flush=True)


def by_tens(items: Sequence[T], tell: Tell) -> Iterator[T]:
    """The items, with a word before each tenth."""
    for i, item in enumerate(items):
        if i and i % 10 == 0:
            tell(f"  {i} of {len(items)}")
        yield item
