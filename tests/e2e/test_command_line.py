"""The command line as people use it, each time as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINE = {
    "question": "How do you release a model?",
    "sample_answer": "Send a small share of traffic to the new version and roll back automatically when errors rise.",
    "answer": "Send a small share of traffic to the new version and roll back automatically when errors rise.",
}


def coach(cwd: Path, *arguments: str, stdin: str | bytes = "", **settings: str) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    data = stdin.encode() if isinstance(stdin, str) else stdin
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd, env=environment, input=data, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"COACH_PLATFORMS": "slack"}, "COACH_SLACK_BOT_TOKEN is not set"),
        ({"COACH_PLATFORMS": "web,discord"}, "COACH_DISCORD_TOKEN is not set"),
        ({"COACH_PLATFORMS": "irc"}, "COACH_PLATFORMS is wrong ('irc')"),
        ({"COACH_WEB_PORT": "eighty"}, "COACH_WEB_PORT is wrong ('eighty')"),
        ({"COACH_WEB_HOST": "0.0.0.0"}, "COACH_WEB_TOKEN is not set"),  # noqa: S104  refused is what is tested
        ({"COACH_BANK": "/nowhere/at/all"}, "COACH_BANK is /nowhere/at/all, and there is no such folder"),
        ({"COACH_PROMPTS": "/nowhere/at/all"}, "COACH_PROMPTS is /nowhere/at/all, and there is no such folder"),
        ({"COACH_DATABASE_URL": "sqlite:////proc/no/c.sqlite3"}, "The folder /proc/no can't be made"),
        ({"COACH_DATABASE_URL": "mysql://somewhere"}, "COACH_DATABASE_URL is wrong"),
        ({"COACH_TIMEZONE": "Mars/Base"}, "COACH_TIMEZONE is wrong ('Mars/Base')"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    done = coach(tmp_path, "run", **settings)
    lines = [line for line in done.stderr.decode().splitlines() if " WARNING bot.stores" not in line]
    assert done.returncode == 2
    assert len(lines) == 1
    assert lines[0].startswith("mlops-coach: ")
    assert words in lines[0]


@pytest.mark.parametrize("taken", ["COACH_WEB_PORT", "COACH_OPS_PORT"])
def test_a_start_that_is_refused_tells_nothing_but_why(tmp_path: Path, taken: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        ports = {"COACH_WEB_PORT": "0", "COACH_OPS_PORT": "0", taken: str(held.getsockname()[1])}
        done = coach(tmp_path, "run", COACH_LOG_LEVEL="INFO", COACH_LOG_FORMAT="json", **ports)
    lines = [line for line in done.stderr.decode().splitlines() if "bot.stores" not in line]
    assert (done.returncode, len(lines)) == (2, 1), lines
    assert lines[0].startswith("mlops-coach: ")


@pytest.mark.parametrize("role", ["platform", "grader"])
def test_a_database_file_is_not_for_several_processes(tmp_path: Path, role: str) -> None:
    done = coach(tmp_path, "run", "--role", role)
    assert done.returncode == 2
    assert "A SQLite file belongs to one process" in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_database_server_that_is_not_there_is_one_line_without_the_password(tmp_path: Path) -> None:
    done = coach(tmp_path, "run", COACH_DATABASE_URL="postgresql://coach:hunter2@127.0.0.1:9/coach")
    assert done.returncode != 0
    assert "the server can't be reached" in done.stderr.decode().splitlines()[-1]
    assert "hunter2" not in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_an_unknown_name_in_dotenv_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COACH_GRADR=embedded\n")
    done = coach(tmp_path, "run")
    assert done.returncode == 2
    assert "COACH_GRADR in .env is not a setting. Did you mean COACH_GRADER?" in done.stderr.decode()


def test_an_unknown_variable_in_the_environment_is_a_warning(tmp_path: Path) -> None:
    done = coach(tmp_path, "bank", "list", COACH_PLATFORM="web")
    assert done.returncode == 0
    assert "COACH_PLATFORM in the environment is not a setting. Did you mean COACH_PLATFORMS?" in done.stderr.decode()


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = coach(tmp_path, "run", COACH_WEB_PORT=port)
    assert done.returncode == 2
    assert f"mlops-coach: Port {port} is taken" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_secret_never_shows_in_an_error(tmp_path: Path) -> None:
    done = coach(tmp_path, "run", COACH_WEB_TOKEN="hush-hush", COACH_WEB_PORT="x", COACH_DISCORD_TOKEN="hush-hush")
    assert done.returncode == 2
    assert b"hush-hush" not in done.stderr + done.stdout


# ---------------------------------------------------------------------------------------------- grade


def test_each_line_gets_a_grade_in_its_place_and_a_bad_line_an_error(tmp_path: Path) -> None:
    bad = {**LINE, "sample_answer": ""}
    lines = [json.dumps(LINE), "{not json", json.dumps({"question": "x"}), json.dumps(bad), "", json.dumps(LINE)]
    done = coach(tmp_path, "grade", "--jsonl", stdin="\n".join(lines))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [line.get("score") for line in found] == [10, None, None, None, 10]
    assert [line.get("line") for line in found] == [None, 2, 3, 4, None]
    assert all(("error" in line) != ("score" in line) for line in found)
    assert set(found[0]) == {"score", "reasons", "key_points", "grader"}


def test_a_line_that_is_not_utf8_is_an_error_of_its_own(tmp_path: Path) -> None:
    done = coach(tmp_path, "grade", "--jsonl", stdin=b'{"question": "\xff"}\n' + json.dumps(LINE).encode())
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("score") for line in found] == [None, 10]


def test_key_points_that_are_given_are_the_ones_judged(tmp_path: Path) -> None:
    line = {
        **LINE,
        "answer": "I roll back automatically.",
        "key_points": ["Undo: roll back automatically", "pay taxes"],
    }
    (found,) = [
        json.loads(line) for line in coach(tmp_path, "grade", "--jsonl", stdin=json.dumps(line)).stdout.splitlines()
    ]
    assert [point["point"] for point in found["key_points"]] == ["Undo: roll back automatically", "pay taxes"]
    assert [point["verdict"] for point in found["key_points"]] == ["covered", "missing"]
    assert found["key_points"][0]["quote"] in line["answer"]


def test_one_answer_is_graded_from_options(tmp_path: Path) -> None:
    done = coach(
        tmp_path,
        "grade",
        "--question",
        LINE["question"],
        "--sample-answer",
        LINE["sample_answer"],
        "--answer",
        "no idea",
    )
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["score"] <= 2
    assert found["reasons"]


def test_missing_options_are_named(tmp_path: Path) -> None:
    done = coach(tmp_path, "grade", "--question", "x")
    assert done.returncode == 2
    assert b"Give --question, --sample-answer and --answer, or --jsonl." in done.stderr


# ---------------------------------------------------------------------------------------------- bank and db

DOCUMENT = """# Ours

## Team

### 1. On call

**Question:** Who is called at night?

**Sample Answer:**

Whoever built the service is on call for it, because that is who can change it.
"""


def test_an_import_is_listed_shown_and_exported(tmp_path: Path) -> None:
    (tmp_path / "ours.md").write_text(DOCUMENT)
    dry = json.loads(coach(tmp_path, "bank", "import", "ours.md", "--dry-run", "--json").stdout)
    assert (dry["new"], dry["dry_run"]) == (["on-call"], True)
    assert b"on-call" not in coach(tmp_path, "bank", "list").stdout
    assert coach(tmp_path, "bank", "import", "ours.md").returncode == 0
    shown = json.loads(coach(tmp_path, "bank", "show", "on-call", "--json").stdout)
    assert (shown["section"], shown["question"]) == ("Team", "Who is called at night?")
    assert coach(tmp_path, "bank", "export", "--output", "all.md").returncode == 0
    assert coach(tmp_path, "bank", "check", "all.md").returncode == 0
    again = json.loads(coach(tmp_path, "bank", "import", "ours.md", "--json").stdout)
    assert again["unchanged"] == ["on-call"]


def test_an_organiser_is_shown_the_alternatives_of_a_key_point(tmp_path: Path) -> None:
    shown = coach(tmp_path, "bank", "show", "model-deployment").stdout.decode()
    listed = json.loads(coach(tmp_path, "bank", "show", "model-deployment", "--json").stdout)["alternatives"]
    assert all(f"\n  - or: {text}\n" in shown for found in listed for text in found)
    assert len(listed) == 6


def test_a_broken_document_changes_nothing_and_names_its_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text(DOCUMENT + "\n### 2. On call\n\n**Question:** Again?\n\n**Sample Answer:**\n")
    done = coach(tmp_path, "bank", "import", "bad.md")
    assert done.returncode == 1
    assert b"bad.md:17: " in done.stderr
    assert b"bad.md:13: " in done.stderr
    assert b"on-call" not in coach(tmp_path, "bank", "list").stdout


def test_the_database_is_checked_and_backed_up(tmp_path: Path) -> None:
    (tmp_path / "ours.md").write_text(DOCUMENT)
    coach(tmp_path, "bank", "import", "ours.md")
    assert b"no problems found" in coach(tmp_path, "db", "check").stdout
    assert coach(tmp_path, "db", "backup", "copy.sqlite3").returncode == 0
    copy = {"COACH_DATABASE_URL": "sqlite:///copy.sqlite3"}
    assert b"On call" in coach(tmp_path, "bank", "show", "on-call", **copy).stdout
    assert coach(tmp_path, "db", "backup", "copy.sqlite3").returncode == 2
    assert b"nothing to do" in coach(tmp_path, "db", "upgrade").stdout


def test_a_board_that_is_not_the_sum_of_its_results_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ours.md").write_text(DOCUMENT)
    coach(tmp_path, "bank", "import", "ours.md")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "mlops-coach.sqlite3")) as file, file:
        file.execute("INSERT INTO standings VALUES ('web', 'local', 'all', '', 'ada', 99, 1)")
    done = coach(tmp_path, "db", "check")
    assert done.returncode == 1
    said = b"board all in web local: user ada has 99 points of 1 answers, the replies give no row"
    assert said in done.stderr
    done = coach(tmp_path, "db", "check", "--repair")
    assert done.returncode == 0
    assert b"repaired: " + said in done.stdout
    assert b"1 rows repaired" in done.stdout
    assert b"no problems found" in coach(tmp_path, "db", "check", "--repair").stdout


def test_help_and_version(tmp_path: Path) -> None:
    assert b"grade" in coach(tmp_path, "--help").stdout
    assert coach(tmp_path, "--version").stdout.startswith(b"mlops-coach ")
    assert coach(tmp_path).returncode == 2
