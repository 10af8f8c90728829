"""`mlops-coach calibrate` as a process, with the embedded grader on a small file."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
REFERENCE = (
    "A canary release sends a small share of the traffic to the new version. Its errors and latency are compared with "
    "those of the old version. It is rolled back automatically when they are worse."
)
ANSWERS = [
    (REFERENCE, 1.0),
    ("A few percent of the requests go to the new version, and we compare error rate and latency with the old.", 0.7),
    ("The new version gets a small share of the traffic first.", 0.4),
    ("You bake it at two hundred degrees for an hour and let it cool down.", 0.0),
    ("", 0.0),
]
QUESTIONS = ("How does a canary release work?", "What is done in a canary release, and why?")


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(
        tmp_path / "answers.csv",
        [
            {"qid": number, "question": question, "reference": REFERENCE, "answer": answer, "grade_0_1": grade}
            for number, question in enumerate(QUESTIONS)
            for answer, grade in ANSWERS
        ],
    )


def start(folder: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COACH_DATABASE_URL": f"sqlite:///{folder}/coach.sqlite3"}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "calibrate", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_a_file_of_graded_answers_becomes_measures_a_picture_and_a_kept_run(data: Path, tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "--data", data, "--json", "found.json", "--chart", "found.png", "--no-attacks")
    assert (code, err) == (0, "")
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["agreement"]["answers"] == 10
    assert found["agreement"]["pearson"] > 0.8
    assert found["agreement"]["rmse_1_to_10"] == pytest.approx(9 * found["agreement"]["rmse_0_to_1"])
    assert found["failures"] == {"pending": 0, "errors": 0, "words": []}
    assert "Pearson" in out
    assert "Left, people's grades" in out
    with Image.open(tmp_path / "found.png") as image:
        assert image.size == (1100, 560)
    kept = list((tmp_path / "calibrations").iterdir())
    assert [file.suffix for file in kept] == [".jsonl"]
    assert len(kept[0].read_text("utf-8").splitlines()) == 11


def test_the_next_run_of_the_same_data_is_compared_and_any_two_can_be(data: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "--data", data, "--limit", "4", "--no-attacks")[0] == 0
    code, out, _ = run(tmp_path, "--data", data, "--no-attacks")
    assert code == 0
    assert "Compared with" in out
    assert "sampled          4 -> 10" in out
    assert "4 answers were graded in both: 0 changed" in out
    code, out, _ = run(tmp_path, "--compare", *sorted((tmp_path / "calibrations").iterdir()))
    assert code == 0
    assert "0 changed" in out


def test_attacks_are_asked_too_and_none_counts_as_an_answer(data: Path, tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "--data", data, "--limit", "2", "--out", "kept", "--json", "found.json")
    assert code == 0
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["agreement"]["answers"] == 2
    assert found["attacks"]["answers"] >= 30
    assert f"{found['attacks']['held']} of {found['attacks']['answers']} held" in out
    assert len(list((tmp_path / "kept").iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"question,answer\nq,a\n", "lacks the column reference, grade_0_1"),
        (b"question,reference,answer,grade_0_1\n", "has no rows"),
        (b"", "lacks the column"),
        (b"question,reference,answer,grade_0_1\nq,r,a,1.5\n", "answers.csv:2: grade_0_1 is '1.5'"),
        (b"question,reference,answer,grade_0_1\nq,r,a,\n", "Write a number from 0 to 1"),
        (b"question,reference,answer,grade_0_1\nq,r,a,nan\n", "Write a number from 0 to 1"),
        (b"question,reference,answer,grade_0_1\n,r,a,1\n", "the question is empty"),
        (b"question,reference,answer,grade_0_1\nq,r,caf\xe9,1\n", "answers.csv:2: not UTF-8"),
        (b'question,reference,answer,grade_0_1\nq,r,"a,1\n', "not CSV"),
    ],
)
def test_a_faulty_file_is_refused_in_a_line_and_nothing_is_kept(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "answers.csv").write_bytes(content)
    code, out, err = run(tmp_path, "--data", "answers.csv", "--json", "found.json")
    assert (code, out) == (2, "")
    assert err.startswith("mlops-coach: ")
    assert said in err
    assert err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["answers.csv"]


def test_what_cant_be_written_or_compared_is_refused_before_anything_is_graded(data: Path, tmp_path: Path) -> None:
    refused: list[list[str | Path]] = [["--data", data, "--chart", "nowhere/found.png"], [], ["--compare", data, data]]
    for arguments in refused:
        code, out, err = run(tmp_path, *arguments)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
    assert not (tmp_path / "calibrations").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent as a signal")
def test_ctrl_c_keeps_what_was_graded_and_says_so(tmp_path: Path) -> None:
    words = ["traffic", "version", "share", "error", "latency", "request", "rollback", "metric"]
    many = [
        {
            "question": QUESTIONS[0],
            "reference": REFERENCE,
            "answer": f"Answer {number}: " + " ".join(words[(number + i) % 8] for i in range(60)),
            "grade_0_1": 0.5,
        }
        for number in range(20_000)
    ]
    process = start(tmp_path, "--data", write(tmp_path / "many.csv", many), "--no-attacks")
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    kept = list((tmp_path / "calibrations").glob("*.jsonl"))
    if "Interrupted before anything" in err:  # a very slow machine had not loaded the model yet
        assert kept == []
        return
    assert "were graded and are kept" in err
    assert "Agreement" in out
    header, *lines = kept[0].read_text("utf-8").splitlines()
    assert json.loads(header)["interrupted"] is True
    assert 0 < len(lines) < 20_000
