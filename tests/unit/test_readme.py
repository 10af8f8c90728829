"""What the README shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import content, settings
from bot.__main__ import parser
from bot.cli import demo
from bot.coach import Graders
from bot.graders.embedded import EmbeddedGrader

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)
    assert found, f"README has no part {name}"
    return found[1]


def test_the_settings_table_is_the_one_of_the_settings() -> None:
    assert part("settings") == settings.table()


async def test_the_demo_prints_what_the_readme_shows() -> None:
    lines: list[str] = []
    grader = EmbeddedGrader()
    try:
        bank = content.load_bank(content.default_folder("bank"))
        await demo.play(bank, Graders(grader), lines.append)
    finally:
        await grader.close()
    shown = part("demo").removeprefix("```text\n").removesuffix("\n```")
    assert unscored("\n".join(lines)) == unscored(shown)
    # Processors round the encoder's sums differently: a score may differ by one, no more.
    for here, there in zip(scores("\n".join(lines)), scores(shown), strict=True):
        assert abs(here - there) <= 1


SCORE = re.compile(r"Score: (\d+)/10")


def scores(text: str) -> list[int]:
    return [int(score) for score in SCORE.findall(text)]


def unscored(text: str) -> list[str]:
    """The lines without figures, and without the reasons, which come and go with a score's crossing of 6."""
    kept = [line for line in text.splitlines() if not re.match(r"\s+\| (- |Reasons:)", line)]
    return [re.sub(r" +", " ", re.sub(r"\d+(\.\d)?", "N", line)).rstrip() for line in kept]


@pytest.mark.parametrize("line", re.findall(r"^mlops-coach .*$", README, re.MULTILINE))
def test_every_command_line_shown_is_one_that_is_there(line: str) -> None:
    words = line.split()[1:]
    verbs = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert verbs is not None
    assert words[0] in verbs


def test_the_files_that_it_links_to_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
