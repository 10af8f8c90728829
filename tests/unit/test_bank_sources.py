"""Which headings of the seed documents the bank answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.content import default_folder, load_bank

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
CUT = " …"
"""Ends the name of a heading that is too long to be written out."""

# Headings that ask nothing: of the document itself, of its template and examples, of what else to read.
NO_QUESTIONS = {
    "000": {"MLOps Question Bank", "How to use it?", "Test", "Tech debts", "Reading Material"},
    "003": {"MLOps Questions"},
}
_HEADING = re.compile(r"^#{1,3}\s+(?:\d+\.\s+)?(?P<name>.+?)\s*$", re.MULTILINE)


def headings(number: str) -> list[str]:
    """The headings of a seed document that a question should name, without sections that hold others."""
    (path,) = SEEDS.glob(f"{number}_*.txt")
    text = path.read_text(encoding="utf-8")
    found = [plain(match["name"]) for match in _HEADING.finditer(text)]
    return [name for name in found if name not in NO_QUESTIONS[number] and not name.endswith(":")]


def named() -> set[str]:
    """The headings that questions of the bank name as their sources, as they name them."""
    sources = [part for question in load_bank(default_folder("bank")) for part in question.source.split("; ")]
    return {plain(part.partition(" > ")[2]) for part in sources}


def plain(name: str) -> str:
    return name.replace("$$$", "").strip()


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed documents aren't beside this checkout")
@pytest.mark.parametrize("number", ["000", "003"])
def test_every_heading_of_the_seeds_is_answered_by_a_question(number: str) -> None:
    sources = named()
    cut = tuple(name.removesuffix(CUT) for name in sources if name.endswith(CUT))
    missing = [name for name in headings(number) if name not in sources and not name.startswith(cut or ("\0",))]
    assert missing == []
