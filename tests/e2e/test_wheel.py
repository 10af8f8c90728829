"""The wheel alone, without the checkout, has all that the coach needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built, folder = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("unpacked")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=ROOT, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def coach(unpacked: Path, cwd: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(unpacked)}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd, env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_wheel_brings_its_bank(unpacked: Path, tmp_path: Path) -> None:
    done = coach(unpacked, tmp_path, "bank", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) >= 24


def test_the_wheel_grades(unpacked: Path, tmp_path: Path) -> None:
    line = {"question": "How?", "sample_answer": "Roll back when errors rise.", "answer": "Roll back when errors rise."}
    done = coach(unpacked, tmp_path, "grade", "--jsonl", stdin=json.dumps(line))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"] == 10


def test_the_wheel_plays_the_demo_with_its_own_model_files(unpacked: Path, tmp_path: Path) -> None:
    done = coach(unpacked, tmp_path, "demo")
    assert done.returncode == 0, done.stderr
    assert "Leaderboard" in done.stdout
