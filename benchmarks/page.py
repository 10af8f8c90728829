"""The parts of docs/scale.md that are measured: each stands between two comments and is renewed by its command."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"


def renew(name: str, text: str, page: Path = PAGE) -> None:
    """Put a text between `<!-- NAME -->` and `<!-- /NAME -->`. Raises ValueError where the page has no such part."""
    whole = page.read_text(encoding="utf-8")
    part = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    renewed, count = part.subn(lambda match: f"{match[1]}{text}\n{match[2]}", whole)
    if count != 1:
        raise ValueError(f"{page} has {count} parts called {name}; it needs one, between two comments")
    page.write_text(renewed, encoding="utf-8")


def machine() -> str:
    """What was measured on, in a line: no absolute rate means much elsewhere."""
    import os
    import platform
    import sqlite3

    load = os.getloadavg()[0]
    return (
        f"Measured on {os.cpu_count()} shared cores under a load of {load:.1f} at the end, Python"
        f" {platform.python_version()}, SQLite {sqlite3.sqlite_version}: ratios carry over, absolute figures don't."
    )
