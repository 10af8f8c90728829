"""compose.yaml: several processes whose settings are real and whose shards cover each guild once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import NAMES, PREFIX

FILE = Path(__file__).parents[2] / "compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


def coaches(services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services.items() if name != "postgres"}


def test_two_processes_talk_and_three_grade(services: dict[str, dict[str, Any]]) -> None:
    roles = [
        service["command"][-1]
        for service in coaches(services).values()
        for _ in range(service.get("deploy", {}).get("replicas", 1))
    ]
    assert sorted(roles) == ["grader"] * 3 + ["platform"] * 2


def test_every_variable_is_a_setting(services: dict[str, dict[str, Any]]) -> None:
    for service in coaches(services).values():
        for name in service["environment"]:
            assert name.removeprefix(PREFIX).lower() in NAMES


def test_no_guild_is_heard_by_nobody_or_by_two(services: dict[str, dict[str, Any]]) -> None:
    shared = [service["environment"].get("COACH_DISCORD_SHARDS") for service in coaches(services).values()]
    heard: list[int] = []
    for given in filter(None, shared):
        ranges, _, count = given.partition("/")
        first, _, last = ranges.partition("-")
        assert count == "8"
        heard += range(int(first), int(last or first) + 1)
    assert sorted(heard) == list(range(8))


def test_no_password_is_written_down(services: dict[str, dict[str, Any]]) -> None:
    assert "${POSTGRES_PASSWORD:?" in services["postgres"]["environment"]["POSTGRES_PASSWORD"]
    for service in coaches(services).values():
        assert "${POSTGRES_PASSWORD:?" in service["environment"]["COACH_DATABASE_URL"]


def test_processes_wait_for_a_database_that_is_ready_and_have_time_to_stop(services: dict[str, dict[str, Any]]) -> None:
    for service in coaches(services).values():
        assert service["depends_on"]["postgres"]["condition"] == "service_healthy"
        assert int(service["stop_grace_period"].removesuffix("s")) > 10
