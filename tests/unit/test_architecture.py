"""The shape of the code: imports point down, and each SDK lives in one package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"

# Who may import whom, within bot.
ALLOWED = {
    "core": {"core"},
    "coach": {"core", "coach"},
    "graders": {"core", "graders"},
    "stores": {"core", "stores"},
    "content": {"core", "content"},
    "commands": {"core", "coach", "commands"},
    "measures": set[str](),
    "ops": {"core", "ops"},
    "platforms": {"core", "coach", "commands", "platforms"},
    "settings": {"core", "settings"},
    "clock": {"core"},
    "parts": {"core", "coach", "graders", "content", "platforms", "settings"},
    "app": {"core", "coach", "ops", "stores", "platforms", "settings", "clock", "parts"},
    "cli": {
        "core",
        "coach",
        "measures",
        "ops",
        "commands",
        "stores",
        "content",
        "platforms",
        "settings",
        "parts",
        "app",
        "cli",
    },
    "__main__": {"core", "cli", "ops"},
    "__init__": set[str](),
}
SDKS = {
    "aiosqlite": "stores",
    "sqlite3": "stores",
    "asyncpg": "stores",
    "discord": "platforms/discord",
    "cryptography": "platforms/slack",
    "slack_bolt": "platforms/slack",
    "slack_sdk": "platforms/slack",
    "prometheus_client": "ops",
    "structlog": "ops",
    "openai": "graders",
    "onnxruntime": "graders/embedded",
    "tokenizers": "graders/embedded",
    "numpy": "graders/embedded",
}
FILES = sorted(BOT.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def area(file: Path) -> str:
    return file.relative_to(BOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BOT)))
def test_imports_point_down(file: Path) -> None:
    for name in imports(file):
        if name.startswith("bot."):
            target = name.split(".")[1]
            if target in ALLOWED:  # `from bot import __version__` names no area
                assert target in ALLOWED[area(file)], f"{area(file)} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BOT)))
def test_each_sdk_is_imported_in_one_package_only(file: Path) -> None:
    where = file.relative_to(BOT).as_posix()
    for name in imports(file):
        home = SDKS.get(name.split(".")[0])
        assert home is None or where.startswith(home), f"{where} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BOT)))
def test_no_adapter_imports_a_sibling(file: Path) -> None:
    parts = file.relative_to(BOT).parts
    if len(parts) > 2 and parts[0] in ("platforms", "graders"):
        for name in imports(file):
            other = name.split(".")
            if other[:2] == ["bot", parts[0]] and len(other) > 2:
                assert (other[2] == parts[1]) or (BOT / parts[0] / f"{other[2]}.py").exists(), f"{file} imports {name}"
