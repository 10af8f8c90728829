"""The tests themselves: no network beyond this machine, no settings of whoever runs them, no warning overlooked."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).parents[2]


def test_a_test_that_reaches_beyond_loopback_fails() -> None:
    with socket.socket() as outside, pytest.raises((SocketConnectBlockedError, UserWarning)):
        outside.connect(("192.0.2.1", 9))  # an address that is nobody's, by RFC 5737


def test_a_warning_is_an_error() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_settings_tokens_and_keys_are_stripped_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(
        "import os\ndef test_it():\n    assert not [n for n in os.environ if 'HUSH' in n]\n"
    )
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    secrets = ("COACH_HUSH", "OPENAI_HUSH", "HUSH_API_KEY", "HUSH_TOKEN", "SLACK_HUSH")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(tmp_path)],
        cwd=tmp_path, env={**os.environ, **dict.fromkeys(secrets, "x")}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
