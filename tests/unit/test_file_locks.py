"""The lock on a file: one has it at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.stores.file_locks import FileLock


def test_a_lock_is_had_once_until_it_is_let_go_of(tmp_path: Path) -> None:
    file = tmp_path / "it.lock"
    first = FileLock.take(file)
    with pytest.raises(BlockingIOError):
        FileLock.take(file)
    first.release()
    second = FileLock.take(file)
    first.release()  # again, and it isn't the second that it lets go of
    with pytest.raises(BlockingIOError):
        FileLock.take(file)
    second.release()


def test_what_the_file_says_stays(tmp_path: Path) -> None:
    file = tmp_path / "it.lock"
    file.write_text("1234\n", encoding="ascii")
    FileLock.take(file).release()
    assert file.read_text(encoding="ascii") == "1234\n"
