"""What people type, made safe to store: names and texts. Showing them as text is the page's matter."""

from __future__ import annotations

import unicodedata

from bot.core.errors import UsageError

NAME_LIMIT = 40  # characters
TEXT_LIMIT = 6_000  # characters

_COACH = frozenset({"coach", "the coach", "mlops coach", "mlops-coach"})
# Control, format (bidi, zero-width), surrogate, private and unassigned code points; line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and symbols that are drawn as nothing.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
_KEPT_CONTROLS = frozenset("\n\t")


def clean_name(raw: str) -> str:
    """A name of 1 to 40 visible characters on one line; what can't be seen is dropped. Raises UsageError."""
    spaced = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", raw))
    seen = "".join(c for c in spaced if unicodedata.category(c) not in _UNSEEN and c not in _BLANKS)
    name = " ".join(seen.split())
    if not any(unicodedata.category(char)[0] in "LNSP" for char in name):
        raise UsageError("Pick a name with at least one visible character.")
    if len(name) > NAME_LIMIT:
        raise UsageError(f"That name has {len(name)} characters. Pick one of at most {NAME_LIMIT}.")
    if name_key(name) in _COACH:
        raise UsageError(f"{name} is the coach's own name. Pick another.")
    return name


def name_key(name: str) -> str:
    """What two spellings of one name have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def clean_text(raw: str) -> str:
    """A text of 1 to 6,000 characters, without control characters and lone surrogates. Raises UsageError."""
    lines = raw.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(char for char in lines if char in _KEPT_CONTROLS or unicodedata.category(char) not in ("Cc", "Cs"))
    text = text.strip()
    if not text:
        raise UsageError("There is nothing to send yet.")
    if len(text) > TEXT_LIMIT:
        raise UsageError(
            f"That is {len(text):,} characters; a message holds {TEXT_LIMIT:,}. Shorten it and send it again."
        )
    return text
