"""The commands that look after a database, on PostgreSQL, each time as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres_server
from tests.e2e.test_command_line import DOCUMENT, coach

PASSWORD = "s3cret"  # the server trusts everybody; it must not show


@pytest.fixture
def urls() -> Iterator[list[str]]:
    """Addresses of two empty databases, each with a password in it."""
    server = postgres_server.server()
    made = [asyncio.run(server.create()) for _ in range(2)]
    yield [url.replace("postgres@", f"postgres:{PASSWORD}@") for url in made]
    for url in made:
        server.drop(url)


def said(folder: Path, url: str, *arguments: str, code: int = 0) -> str:
    """What a command says; never the password."""
    done = coach(folder, *arguments, COACH_DATABASE_URL=url)
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == code, told
    assert PASSWORD not in told
    return told


def test_a_database_is_filled_checked_backed_up_restored_and_copied(tmp_path: Path, urls: list[str]) -> None:
    (tmp_path / "ours.md").write_text(DOCUMENT)
    first, second = urls
    assert "will be made at the first start" in said(tmp_path, first, "doctor")
    assert "it has no tables yet" in said(tmp_path, first, "db", "check", code=1)
    said(tmp_path, first, "bank", "import", "ours.md")
    assert "On call" in said(tmp_path, first, "bank", "show", "on-call")
    assert "no problems found" in said(tmp_path, first, "db", "check")
    assert "nothing to do" in said(tmp_path, first, "db", "upgrade")
    assert "is sound" in said(tmp_path, first, "doctor")
    said(tmp_path, first, "db", "backup", "copy.sqlite3")
    assert "exists; choose another name" in said(tmp_path, first, "db", "backup", "copy.sqlite3", code=2)
    assert "checked" in said(tmp_path, second, "db", "restore", "copy.sqlite3")
    assert "On call" in said(tmp_path, second, "bank", "show", "on-call")
    assert "it isn't empty" in said(tmp_path, second, "db", "restore", "copy.sqlite3", code=2)
    assert "rows, checked one by one" in said(tmp_path, "", "db", "copy", second, "sqlite:///moved.sqlite3")
    assert "On call" in said(tmp_path, "sqlite:///moved.sqlite3", "bank", "show", "on-call")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"ours.md", "copy.sqlite3", "copy.sqlite3.lock", "moved.sqlite3", "moved.sqlite3.lock"}


def test_a_board_that_is_not_what_the_replies_give_is_repaired(tmp_path: Path, urls: list[str]) -> None:
    (tmp_path / "ours.md").write_text(DOCUMENT)
    said(tmp_path, urls[0], "bank", "import", "ours.md")
    insert = "INSERT INTO standings VALUES ('web', 'local', 'all', '', 'ada', 99, 1)"
    asyncio.run(postgres_server.execute(urls[0], insert))
    assert "user ada has 99 points" in said(tmp_path, urls[0], "db", "check", code=1)
    assert "1 rows repaired" in said(tmp_path, urls[0], "db", "check", "--repair")
    assert "no problems found" in said(tmp_path, urls[0], "db", "check")


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    told = said(tmp_path, f"postgresql://coach:{PASSWORD}@127.0.0.1:1/coach", "db", "check", code=2)
    assert told.splitlines() == [
        "mlops-coach: postgresql://coach@127.0.0.1:1/coach: the server can't be reached (ConnectionRefusedError);"
        " start it, or check COACH_DATABASE_URL"
    ]
