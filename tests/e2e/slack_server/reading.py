"""What stands in blocks and texts: words, buttons, mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def elements_of(blocks: list[Json]) -> list[Json]:
    """The interactive elements of blocks, each with its `block_id`."""
    found: list[Json] = []
    for block in blocks:
        inner = block.get("elements", []) if block["type"] == "actions" else []
        one = block.get("accessory") or (block.get("element") if block["type"] == "input" else None)
        parts = [*inner, *([one] if one else [])]
        found += [{"block_id": block.get("block_id", "")} | part for part in parts]
    return found


def texts_in(part: object) -> Iterator[str]:
    """Every text that a person reads in a block."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for key, value in part.items():
            if key not in ("value", "action_id", "block_id", "metadata"):
                yield from texts_in(value)
    elif isinstance(part, list):
        for one in part:
            yield from texts_in(one)


def pings_of(text: str) -> Iterator[str]:
    for piece in text.split("<")[1:]:
        inner = piece.split(">", 1)[0].split("|", 1)[0]
        if inner.startswith(("@", "!here", "!channel", "!everyone", "!subteam")):
            yield inner[1:]


def pings_in(part: object) -> Iterator[str]:
    """Whom a block notifies: mrkdwn tokens, and rich text's users, groups and broadcasts."""
    if isinstance(part, list):
        for one in part:
            yield from pings_in(one)
    if not isinstance(part, dict):
        return
    if part.get("type") in ("user", "usergroup", "broadcast"):
        yield str(part.get("user_id") or part.get("usergroup_id") or part.get("range"))
    if part.get("type") == "mrkdwn" or (part.get("type") == "markdown" and isinstance(part.get("text"), str)):
        yield from pings_of(str(part["text"]))
    for value in part.values():
        if isinstance(value, dict | list):
            yield from pings_in(value)


def labels_of(blocks: list[Json]) -> list[str]:
    """The labels of the buttons in blocks."""
    return [part["text"]["text"] for part in elements_of(blocks) if part.get("type") == "button"]
