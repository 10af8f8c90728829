"""Discord's length limits: what is over them is refused with code 50035, as the real API does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.e2e.discord_server.entities import ApiError, Json

_EMBED = {"title": 256, "description": 4096}


def _over(where: str, value: object, limit: int, least: int = 0) -> Iterator[tuple[str, str]]:
    size = len(value) if isinstance(value, str | list) else 0
    if not least <= size <= limit:
        yield where, f"Must be between {least} and {limit} in length."


def _embeds(embeds: list[Json]) -> Iterator[tuple[str, str]]:
    yield from _over("embeds", embeds, 10)
    total = 0
    for number, embed in enumerate(embeds):
        where = f"embeds.{number}"
        author, footer = embed.get("author") or {}, embed.get("footer") or {}
        texts: list[tuple[str, Any, int]] = [(key, embed.get(key), limit) for key, limit in _EMBED.items()]
        texts += [("author.name", author.get("name"), 256), ("footer.text", footer.get("text"), 2048)]
        yield from _over(f"{where}.fields", embed.get("fields", []), 25)
        for place, part in enumerate(embed.get("fields", [])):
            for key, limit in (("name", 256), ("value", 1024)):
                yield from _over(f"{where}.fields.{place}.{key}", part.get(key), limit, least=1)
                total += len(part.get(key) or "")
        for key, text, limit in texts:
            yield from _over(f"{where}.{key}", text, limit)
            total += len(text or "")
    if total > 6000:
        yield "embeds", "Embed size exceeds maximum size of 6000"


def _rows(rows: list[Json]) -> Iterator[tuple[str, str]]:
    yield from _over("components", rows, 5)
    seen: list[str] = []
    for number, row in enumerate(rows):
        where = f"components.{number}"
        parts = row.get("components", [])
        yield from _over(where, parts, 5, least=1)
        for part in parts:
            if part.get("style") != 5:
                yield from _over(f"{where}.custom_id", part.get("custom_id"), 100, least=1)
                seen.append(part.get("custom_id", ""))
            yield from _over(f"{where}.label", part.get("label"), 80)
            yield from _over(f"{where}.options", part.get("options"), 25)
    if len(seen) != len(set(seen)):
        yield "components", "Component custom id cannot be duplicated"


def _modal(modal: Json) -> Iterator[tuple[str, str]]:
    yield from _over("title", modal.get("title"), 45, least=1)
    yield from _over("custom_id", modal.get("custom_id"), 100, least=1)
    yield from _over("components", modal.get("components"), 5, least=1)
    for number, part in enumerate(modal.get("components", [])):
        where = f"components.{number}"
        yield from _over(f"{where}.label", part.get("label"), 45)
        yield from _over(f"{where}.description", part.get("description"), 100)
        yield from _over(f"{where}.content", part.get("content"), 4000)
        for inner in inputs_of(part):
            yield from _over(f"{where}.custom_id", inner.get("custom_id"), 100, least=1)
            yield from _over(f"{where}.value", inner.get("value"), min(4000, inner.get("max_length") or 4000))
            yield from _over(f"{where}.placeholder", inner.get("placeholder"), 150)
            yield from _over(f"{where}.options", inner.get("options"), 25)


def inputs_of(part: Json) -> list[Json]:
    """The inputs in one part of a form: of an action row, a label, or none."""
    return [part["component"]] if "component" in part else list(part.get("components", ()))


def _refuse(faults: list[tuple[str, str]]) -> None:
    if faults:
        errors = {where: {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": why}]} for where, why in faults}
        raise ApiError(400, 50035, "Invalid Form Body", errors)


def check_message(body: Json) -> None:
    """Raise ApiError for a message, new or edited, that Discord would refuse."""
    faults = list(_over("content", body.get("content"), 2000))
    faults += _over("nonce", body.get("nonce"), 25)
    faults += _embeds(body.get("embeds") or [])
    if not body.get("flags", 0) & 1 << 15:
        faults += _rows(body.get("components") or [])
    _refuse(faults)


def check_modal(modal: Json) -> None:
    """Raise ApiError for a form that Discord would refuse."""
    _refuse(list(_modal(modal)))


def check_choices(choices: list[Json]) -> None:
    """Raise ApiError for autocomplete choices that Discord would refuse."""
    faults = list(_over("choices", choices, 25))
    for choice in choices:
        faults += _over("choices.name", choice.get("name"), 100, least=1)
        faults += _over("choices.value", choice.get("value"), 100)
    _refuse(faults)
