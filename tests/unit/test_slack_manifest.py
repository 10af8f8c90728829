"""manifest.yaml asks for what the code uses: no scope, event or method too few or too many."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.link.scopes import APP_SCOPE, COMMAND, EVENT_SCOPES, EVENTS, METHOD_SCOPES, SCOPES, SHORTCUT
from tests.slack_link import CREATE, creation_link

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "manifest.yaml").read_text(encoding="utf-8")
SOURCES = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "bot/platforms/slack").rglob("*.py")}

# The Web API's methods as the client has them, each with a line of its own in the table.
METHODS = {name for name in vars(AsyncWebClient) if "_" in name and not name.startswith("_")}
BY_NAME = re.compile(r'api_call\(\s*"([\w.]+)"')
WITH_APP_TOKEN = {"apps.connections.open"}


def manifest(text: str = TEXT) -> Any:
    return importlib.import_module("yaml").safe_load(text)


def camel(name: str) -> str:
    """chat_postMessage -> chat.postMessage, oauth_v2_access -> oauth.v2.access."""
    if name.startswith("files_upload"):
        return "files.upload_v2"
    return name.replace("_", ".")


def used() -> set[str]:
    found: set[str] = set()
    for text in SOURCES.values():
        found |= {camel(name) for name in re.findall(r"\.(\w+)", text) if name in METHODS}
        found |= set(BY_NAME.findall(text))
    return found - WITH_APP_TOKEN


def test_the_scopes_and_events_are_those_of_the_code() -> None:
    made = manifest()
    assert made["oauth_config"]["scopes"] == {"bot": list(SCOPES)}
    assert made["settings"]["event_subscriptions"] == {"bot_events": list(EVENTS)}
    assert list(SCOPES) == sorted(set(SCOPES))
    assert APP_SCOPE not in SCOPES, "that one is the app-level token's"


def test_every_method_that_is_called_has_its_scopes_asked_for() -> None:
    assert used() <= set(METHOD_SCOPES), "name the scopes of a new method in scopes.py, and in manifest.yaml"
    for method in used():
        assert set(METHOD_SCOPES[method]) <= set(SCOPES), method


def test_no_scope_is_asked_for_in_vain() -> None:
    needed = {scope for method in used() for scope in METHOD_SCOPES[method]}
    needed |= {scope for event in EVENTS for scope in EVENT_SCOPES[event]}
    assert needed | {"commands"} == set(SCOPES)


def test_the_app_is_of_use_as_it_is_pasted() -> None:
    made = manifest()
    features, settings = made["features"], made["settings"]
    assert features["app_home"] == {
        "home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False
    }  # fmt: skip
    (command,) = features["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True
    assert command["usage_hint"]
    (shortcut,) = features["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", SHORTCUT)
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["socket_mode_enabled"] is True
    assert settings["token_rotation_enabled"] is settings["org_deploy_enabled"] is False


def test_names_keep_to_slacks_lengths() -> None:
    made = manifest()
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    for shortcut in made["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in made["features"]["slash_commands"]:
        assert len(command["command"]) <= 32
        assert max(len(command["description"]), len(command["usage_hint"])) <= 2_000


def test_http_mode_is_the_commented_lines_with_the_host_filled_in() -> None:
    text = re.sub(r"^( *)# ((?:request_url|url|redirect_urls):|  - https)", r"\1\2", TEXT, flags=re.MULTILINE)
    text = text.replace("YOUR-HOST", "coach.example.org").replace(
        "socket_mode_enabled: true", "socket_mode_enabled: false"
    )
    made = manifest(text)
    events = "https://coach.example.org/slack/events"
    assert made["features"]["slash_commands"][0]["url"] == events
    assert made["settings"]["event_subscriptions"]["request_url"] == events
    assert made["settings"]["interactivity"]["request_url"] == events
    assert made["oauth_config"]["redirect_urls"] == ["https://coach.example.org/slack/oauth_redirect"]


def test_the_link_in_the_readme_creates_the_very_app() -> None:
    link = creation_link()
    assert manifest(unquote(link.removeprefix(CREATE))) == manifest()
    assert "#%20" not in link, "comments are left out"
    assert len(link) < 4_000, "longer ones are cut by some browsers and proxies"
    for shown in re.findall(rf"{re.escape(CREATE)}[^)\s]*", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert shown == link, "print it anew with python -m tests.slack_link"


@pytest.mark.parametrize("method", sorted(METHOD_SCOPES))
def test_the_table_names_no_scope_that_is_not_asked_for(method: str) -> None:
    assert set(METHOD_SCOPES[method]) <= set(SCOPES)
