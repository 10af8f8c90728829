"""The crash points that the code calls are those that are listed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bot.core.steps import STEPS

BOT = Path(__file__).parents[2] / "bot"


def names(file: Path) -> Iterator[str]:
    """What a file calls a crash point with: each text of the argument, which may choose between two."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        own = isinstance(node.func, ast.Attribute) and node.func.attr == "_crash"
        handed = isinstance(node.func, ast.Name) and node.func.id == "crash" and not isinstance(node.args[0], ast.Name)
        if own or handed:
            (argument,) = node.args
            chosen = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
            for each in chosen:
                assert isinstance(each, ast.Constant), f"{file}:{node.lineno} has to name its point as a text"
                yield str(each.value)


def test_every_crash_point_in_the_code_is_listed_and_every_listed_one_is_in_the_code() -> None:
    called = {name for file in BOT.rglob("*.py") for name in names(file)}
    assert called == set(STEPS)


def test_no_name_is_listed_twice() -> None:
    assert [name for name, times in Counter(STEPS).items() if times > 1] == []
