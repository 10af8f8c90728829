"""Attack answers written for these tests: attacks.jsonl, in the form that bot/cli/calibration/attacks.py describes."""

from __future__ import annotations

from pathlib import Path

from bot.cli.calibration.attacks import Attack, load

ATTACKS: tuple[Attack, ...] = load(Path(__file__).with_name("attacks.jsonl"))
