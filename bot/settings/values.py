"""Reading a setting's value from text. Each reader raises ValueError that says what to write instead.

By hand and not by pydantic: reading some fifty values with it took a third of the coach's start and 10 MiB for good.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

_YES: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO: Final = frozenset({"0", "false", "f", "no", "n", "off"})


class SecretStr:
    """A text that shows only when it is asked for by name: not in a log, not in an error, not in a dump."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return f"SecretStr('{'*' * 10 if self._text else ''}')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be stored or sent")

    def __copy__(self) -> SecretStr:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> SecretStr:
        return self


@dataclass(frozen=True)
class About:
    """What is known of a setting beside its type: its words for the README, and what reads it from text."""

    description: str
    read: Callable[[str], Any]


def setting(default: T, description: str, read: Callable[[str], T], *, shown: bool = True) -> T:
    """A field of a dataclass of settings. It isn't `shown` when its value may hold a password."""
    made: T = field(default=default, repr=shown, metadata={"about": About(description, read)})
    return made


def text(value: str) -> str:
    """Any text."""
    return value


def secret(value: str) -> SecretStr | None:
    """A text that never shows."""
    return SecretStr(value)


def path(value: str) -> Path | None:
    """A file or folder."""
    return Path(value)


def yes_or_no(value: str) -> bool:
    """A switch."""
    word = value.strip().lower()
    if word not in _YES | _NO:
        raise ValueError("use true or false")
    return word in _YES


def one_of(*choices: str) -> Callable[[str], Any]:
    """One of some words."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"use {' or '.join([', '.join(choices[:-1]), choices[-1]])}")
        return value

    return read


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def read(value: str) -> int:
        found = int(value) if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value) else None
        if found is None or found < least or (most is not None and found > most):
            raise ValueError(f"use a whole number of at least {least}{_up_to(most)}")
        return found

    return read


def port(value: str) -> int | None:
    """A port's number; 0 is any free one."""
    return whole(0, 65_535)(value)


def number(least: float, most: float | None = None, *, above: bool = False) -> Callable[[str], float]:
    """A number from `least`, or `above` it, to `most`."""

    def read(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        low = found > least if above else found >= least
        if not (math.isfinite(found) and low and (most is None or found <= most)):
            raise ValueError(f"use a number {'above' if above else 'of at least'} {least:g}{_up_to(most)}")
        return found

    return read


def _up_to(most: float | None) -> str:
    return "" if most is None else f" and at most {most:g}"


def names(value: str) -> tuple[str, ...]:
    """A comma list, each once, in small letters."""
    return tuple(dict.fromkeys(cased(value.lower())))


def cased(value: str) -> tuple[str, ...]:
    """A comma list as it is written."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
