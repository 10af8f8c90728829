"""What a coach loads when it starts: not what it may never need, however convenient an import would be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot import content
from bot.core.errors import ContentError
from bot.core.model import Question
from bot.parts import bank_when_needed
from bot.settings import load

ROOT = Path(__file__).parents[2]

NOT_AT_THE_START = {
    "pydantic", "pydantic_core", "openai", "onnxruntime", "tokenizers", "numpy", "asyncpg", "cryptography", "rapidfuzz",
    "PIL", "prometheus_client", "structlog", "dotenv", "tqdm",
}  # fmt: skip

STARTED = """
import os, sys
for name in [name for name in os.environ if name.startswith("COACH_")]:
    del os.environ[name]
import bot.__main__
bot.__main__.parser("run")
import bot.app, bot.graders.embedded, bot.platforms.discord, bot.platforms.slack, bot.stores.sqlite
from bot import content, settings
settings.load({}, None)
content.load_bank(content.default_folder("bank"))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_a_coach_on_discord_and_slack_starts_without_what_it_may_never_need() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert {"discord", "slack_bolt", "aiosqlite"} <= loaded
    assert not loaded & NOT_AT_THE_START


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of which banks have been read."""
    found: list[Path] = []
    right = content.load_bank

    def noted(folder: Path) -> tuple[Question, ...]:
        found.append(folder)
        return right(folder)

    monkeypatch.setattr(content, "load_bank", noted)
    return found


async def test_our_own_bank_is_read_when_it_is_first_asked_for_and_once(reads: list[Path]) -> None:
    bank = await bank_when_needed(load({}, None))
    assert not reads
    assert len(bank()) == len(bank()) >= 75
    assert reads == [content.default_folder("bank")]


async def test_the_faults_of_an_organisers_own_bank_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("### 1. Nothing\n\n**Question:**\n", encoding="utf-8")
    with pytest.raises(ContentError, match="has no text"):
        await bank_when_needed(load({"COACH_BANK": str(tmp_path)}, None))


async def test_where_units_of_work_run_on_the_event_loop_the_bank_is_read_before(reads: list[Path]) -> None:
    await bank_when_needed(load({"COACH_DATABASE_URL": "postgresql://coach@127.0.0.1/coach"}, None))
    assert reads
