"""Collecting everything that is wrong with a document, and reading its bytes as text."""

from __future__ import annotations

import re
from typing import NoReturn

from bot.core.errors import ContentError, Fault

MAX_BYTES = 1_000_000
MAX_LINES = 100_000
_MAX_FAULTS = 1_000
_NAME = 120
_QUOTE = 60

# C0 and C1 controls but tab and line feed, lone surrogates, and the two characters that are none.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def shorten(text: str, limit: int = _QUOTE) -> str:
    """The text as one line of at most `limit` characters, fit to be quoted in a fault."""
    line = " ".join(_CONTROL.sub(" ", text[: limit * 4]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


class Faults:
    """The faults of one file; at most 1,000 are kept, the rest are counted in a last one."""

    def __init__(self, file: str) -> None:
        self.file = shorten(file, _NAME) or "document"
        self._found: list[Fault] = []
        self._dropped = 0

    def add(self, line: int, problem: str, remedy: str) -> None:
        """Note a fault; `line` counts from 1, 0 means the whole file."""
        if len(self._found) < _MAX_FAULTS:
            self._found.append(Fault(self.file, line, problem, remedy))
        else:
            self._dropped += 1

    @property
    def found(self) -> tuple[Fault, ...]:
        """All faults in the order of their lines."""
        faults = sorted(self._found, key=lambda fault: fault.line)
        if self._dropped:
            faults.append(Fault(self.file, 0, f"{self._dropped:,} more faults", "mend those above first"))
        return tuple(faults)

    def check(self) -> None:
        """Raise ContentError when there are any."""
        if self._found:
            raise ContentError(self.found)

    def fail(self, line: int, problem: str, remedy: str) -> NoReturn:
        """Note a fault and raise ContentError with all of them."""
        self.add(line, problem, remedy)
        raise ContentError(self.found)


def check_size(size: int, faults: Faults) -> None:
    """Raise ContentError when `size` in bytes is more than a document may have."""
    if size > MAX_BYTES:
        megabytes = f"{size / 1_000_000:,.1f} MB" if size >= 1_050_000 else f"{size:,} bytes"
        faults.fail(0, f"the document has {megabytes}, at most 1 MB is read", "split it into several documents")


def decode(content: str | bytes, faults: Faults) -> str:
    """The content as text with `\\n` line ends and without byte order marks.

    Control characters become spaces, each line that has one a fault. Raises ContentError for what is too large or
    isn't UTF-8; the size is looked at first.
    """
    check_size(len(content), faults)
    if isinstance(content, bytes):
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = _newlines(content[: error.start].decode("utf-8")).count("\n") + 1
            bad = f"byte 0x{content[error.start]:02X} isn't UTF-8"
            faults.fail(line, f"the document isn't text in UTF-8 ({bad})", "save it as UTF-8 and send it again")
    else:
        text = content
        check_size(len(text.encode("utf-8", "surrogatepass")), faults)
    # Three searches, where str.translate would take longer than all the rest of the reading.
    text = _newlines(text).replace("\u2028", " ").replace("\u2029", " ").replace("\ufeff", "")
    if text.count("\n") > MAX_LINES:
        faults.fail(MAX_LINES + 1, f"more than {MAX_LINES:,} lines", "split it into several documents")
    if _CONTROL.search(text):
        for number, row in enumerate(text.split("\n"), 1):
            if found := _CONTROL.search(row):
                problem = f"control character U+{ord(found[0]):04X} in the line"
                faults.add(number, problem, "remove it; a document is plain text")
        text = _CONTROL.sub(" ", text)
    return text


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
