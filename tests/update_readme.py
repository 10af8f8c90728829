"""Renew what the README shows of the program: `python -m tests.update_readme` (or `make readme`)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from bot import content, settings
from bot.cli import demo
from bot.coach import Graders
from bot.graders.embedded import EmbeddedGrader

README = Path(__file__).parents[1] / "README.md"


async def _demo() -> str:
    lines: list[str] = []
    grader = EmbeddedGrader()
    try:
        await demo.play(content.load_bank(content.default_folder("bank")), Graders(grader), lines.append)
    finally:
        await grader.close()
    return "```text\n" + "\n".join(lines) + "\n```"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, body in (("settings", settings.table()), ("demo", asyncio.run(_demo()))):
        between = re.compile(rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)", re.DOTALL)
        start, end = between.search(text).span()  # type: ignore[union-attr]
        text = f"{text[:start]}<!-- {name} -->\n{body}\n<!-- /{name} -->{text[end:]}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
