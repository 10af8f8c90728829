"""What must not stand in a log: secrets, and the texts that an exception of somebody else's may quote."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator

from bot.core.errors import CoachError

MASKED = "***"
SHORTEST = 4
"""Characters that a secret has at least to be looked for: shorter ones would take words apart."""

LONGEST = 500
"""Characters of an exception's text that are shown."""

_PLAIN = (CoachError, OSError, TypeError, AttributeError, NameError, ImportError)
"""Exceptions whose texts name things and code. Those of all others may quote the value that they choked on."""

_SHAPES = (
    (re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]{6,}", re.ASCII), MASKED),  # Slack
    (re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}", re.ASCII), MASKED),  # a Discord bot
    (re.compile(r"\bsk-[\w-]{16,}", re.ASCII), MASKED),  # OpenAI and its like
    (re.compile(r"\b(Bearer|Basic) [\w.~+/=-]{8,}", re.ASCII | re.IGNORECASE), rf"\1 {MASKED}"),
    (re.compile(r"(://[^\s:/@]*:)[^\s/]+@"), rf"\1{MASKED}@"),  # a password in an address
    (re.compile(r"/(webhooks|interactions)/(\d+)/[\w-]{20,}", re.ASCII), rf"/\1/\2/{MASKED}"),
    (re.compile(r"(hooks\.slack\.com/)[^\s\"']+"), rf"\1{MASKED}"),
    (
        re.compile(r"\b((?:access_|refresh_|client_)?(?:token|secret)|password|api[_-]?key|ticket)=[^\s&\"']+", re.I),
        rf"\1={MASKED}",
    ),
)


def masking(secrets: Iterable[str] = ()) -> Callable[[str], str]:
    """What takes secrets out of a text: those that are given, and whatever has the shape of a token or a password."""
    known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
    given = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(text: str) -> str:
        if given:
            text = given.sub(MASKED, text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    return mask


def said(error: BaseException) -> str:
    """An exception on one line: its text where that is known to quote nothing, otherwise its type alone."""
    text = _text(error)
    if isinstance(error, CoachError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _text(error: BaseException) -> str:
    return " ".join(str(error).split())[:LONGEST] if isinstance(error, _PLAIN) else ""


def trace(error: BaseException) -> str:
    """A traceback as Python prints it, but with each exception as `said` has it."""
    return "\n".join(_trace(error, set()))


def _trace(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _trace(before, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__).format():
        yield frame.rstrip()
    kind, text = type(error), _text(error)
    where = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    yield f"{where}{kind.__qualname__}{f': {text}' if text else ''}"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from (f"  | {line}" for line in _trace(inner, seen))
