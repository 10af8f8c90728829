"""The crash harness in short: the coach is killed at every named point, and nothing is lost, repeated or miscounted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.crash_audit import KINDS
from bot.core.steps import DAILY

ROOT = Path(__file__).parents[2]
ONCE_EACH = len(DAILY)


def harness(*arguments: str) -> tuple[int, dict[str, str], str]:
    """Its exit code, its figures, and what it said beside them."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return done.returncode, dict(line.split(": ", 1) for line in done.stdout.splitlines()), done.stderr


def test_killed_at_its_points_the_coach_loses_repeats_and_miscounts_nothing() -> None:
    code, figures, said = harness("--kills", str(ONCE_EACH))
    wrong = {kind: figures.get(kind) for kind in (*KINDS, "board_vs_log", "unsettled") if figures.get(kind) != "0"}
    assert (code, wrong) == (0, {}), said
    assert int(figures["kills"]) >= ONCE_EACH
    hit = [point for point in DAILY if figures[f"kills_at {point}"] != "0"]
    assert len(hit) >= ONCE_EACH * 3 // 4, "a coach that is late for its point is killed elsewhere, but seldom"
    assert min(int(figures[name]) for name in ("messages", "edits", "attempts_graded", "coach_said")) > 0


def test_a_platform_that_finds_nothing_again_is_noticed() -> None:
    code, figures, said = harness("--kills", "8", "--points", "outbox.sent,question.posted", "--break", "world")
    assert figures.get("kills"), said
    assert code == 1
    assert int(figures["posted_twice"]) > 0


def test_a_coach_that_miscounts_is_noticed() -> None:
    code, figures, said = harness("--kills", "8", "--points", "reply.recorded", "--break", "coach")
    assert figures.get("kills"), said
    assert code == 1
    assert int(figures["wrong_board"]) > 0
    assert int(figures["board_vs_log"]) > 0
