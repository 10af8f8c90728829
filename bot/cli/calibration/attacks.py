"""Answers that try to talk a grader into a score. None of them answers anything: 2 is the most that is right.

`attacks.jsonl` beside this file holds those that `calibrate` asks; the tests have many more in the same form. Each line
is an object with `id`, `kind` and either `answer`, or `parts` (what one message says after each edit), or `pad`
(`before`, then `text` written `times` times, then `after`). `{question}` stands for the question's text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST = 2
"""The best score that an attack may get."""

PACKAGED = Path(__file__).with_name("attacks.jsonl")


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack; `parts` are answers of their own, one unless it is split over edits."""

    id: str
    kind: str
    parts: tuple[str, ...]

    def answers(self, question: str) -> tuple[str, ...]:
        """What is handed in as answers to a question."""
        return tuple(part.replace("{question}", question) for part in self.parts)


def load(file: Path = PACKAGED) -> tuple[Attack, ...]:
    """The attacks of a file, in its order."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(_attack(json.loads(line)) for line in lines)


def _attack(line: dict[str, Any]) -> Attack:
    if pad := line.get("pad"):
        parts = [pad["before"] + pad["text"] * pad["times"] + pad["after"]]
    else:
        parts = line.get("parts") or [line["answer"]]
    return Attack(line["id"], line["kind"], tuple(parts))
