"""A crash of the coach in the middle of its work, for tests: nothing may catch it."""

from __future__ import annotations


class Crash(BaseException):
    """The process is gone."""


class CrashAt:
    """A crash point that strikes at the n-th passing of one name."""

    def __init__(self, name: str, passing: int = 1) -> None:
        self.name, self.left = name, passing

    def __call__(self, name: str) -> None:
        if name == self.name:
            self.left -= 1
            if self.left == 0:
                raise Crash(name)
