"""What a coach loads when it starts: not what it may never need, however convenient an import would be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
