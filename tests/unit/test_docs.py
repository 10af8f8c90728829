"""The pages in docs/ name what there is: commands that can be typed, settings, files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.commands import BY_VERB, parse
from bot.content import load_bank
from bot.core.errors import UsageError

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def commands(page: Path) -> list[str]:
    """What a page tells people to type in the chat, without /mlops before it."""
    said = CODE.findall(page.read_text(encoding="utf-8"))
    asked = [text.partition(" ")[2] for text in said if text.startswith(("/mlops ", "/mlops-admin "))]
    if page.name == "organisers.md":  # its commands stand there as they follow `/mlops-admin`
        asked += [text for text in said if text.split()[0] in {verb.split()[0] for verb in BY_VERB}]
    return [text for text in asked if not re.search(r"[…|<\[]|^admin$", text)]


@pytest.mark.parametrize("name", ["learners.md", "organisers.md"])
def test_every_command_of_a_page_can_be_typed(name: str) -> None:
    known = commands(ROOT / "docs" / name)
    assert len(known) >= 10
    for text in known:
        try:
            parse(text.replace("NAME VALUE", "time 9:00"))
        except UsageError as error:
            pytest.fail(f"docs/{name}: {text}: {error}")


def test_the_organisers_page_names_questions_that_the_bank_has() -> None:
    page = (ROOT / "docs/organisers.md").read_text(encoding="utf-8")
    named = re.findall(r"`(?:pin \d{4}-\d{2}-\d{2}|health) ([a-z-]+)`", page)
    assert len(named) == 2
    assert set(named) <= {question.id for question in load_bank(ROOT / "bank")}


def test_the_learners_page_names_a_section_that_has_a_board() -> None:
    (named,) = re.findall(r"`/mlops leaderboard week ([^`]+)`", (ROOT / "docs/learners.md").read_text(encoding="utf-8"))
    assert named in {question.section.casefold() for question in load_bank(ROOT / "bank")}


def test_the_organisers_page_names_every_command_of_theirs_and_every_setting() -> None:
    page = (ROOT / "docs/organisers.md").read_text(encoding="utf-8")
    typed = [command for command in BY_VERB.values() if command.organisers and "slash" in command.kinds]
    verbs = [command.verb for command in typed if command.verb != "config set"]
    settings = next(command for command in typed if command.verb == "config set").params[0].choices
    assert [name for name in (*verbs, *settings) if f"`{name}" not in page] == []


def test_the_learners_page_names_every_command_of_theirs() -> None:
    page = (ROOT / "docs/learners.md").read_text(encoding="utf-8")
    typed = [command.verb for command in BY_VERB.values() if not command.organisers and "slash" in command.kinds]
    assert [verb for verb in typed if f"/mlops {verb}" not in page and verb != "help"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    places = LINK.findall(page.read_text(encoding="utf-8"))
    assert [place for place in places if not (page.parent / place).exists()] == []
