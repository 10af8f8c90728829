"""What every test gets: an environment without the coach's settings, keys and proxies."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says nothing on a machine that is busy with other things.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_STRIPPED = ("COACH_", "OPENAI_", "AZURE_", "DISCORD_", "SLACK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def _is_private(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_STRIPPED) or upper.endswith(("_TOKEN", "_KEY", "_SECRET", "_PASSWORD"))


def pytest_configure() -> None:
    # Before anything is imported, so that no module can have read them.
    for name in [name for name in os.environ if _is_private(name)]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _away_from_any_dotenv(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env in the folder from which the tests are started is nobody's business here."""
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))
