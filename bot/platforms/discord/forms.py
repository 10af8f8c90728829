"""Forms as modals, and what comes back from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import discord

from bot.core.message import Field, Form
from bot.platforms.discord import ids
from bot.platforms.discord.markup import cut, escape

TITLE_LIMIT = 45
LABEL_LIMIT = 45
INTRO_LIMIT = 2_000
INPUT_LIMIT = 4_000
MOST_PARTS = 5
MOST_OPTIONS = 25


def modal(form: Form) -> discord.ui.Modal:
    """A form as a modal. Its sending is routed by custom id, so the object itself listens to nothing."""
    made = discord.ui.Modal(title=cut(form.title, TITLE_LIMIT), custom_id=ids.of_form(form.verb, form.target))
    if form.intro and len(form.fields) < MOST_PARTS:
        made.add_item(discord.ui.TextDisplay(cut(escape(form.intro), INTRO_LIMIT)))
    for field in form.fields[:MOST_PARTS]:
        made.add_item(discord.ui.Label(text=cut(field.label, LABEL_LIMIT), component=_input(field)))
    made.stop()
    return made


def _input(field: Field) -> discord.ui.Item[Any]:
    if field.choices:
        select: discord.ui.Select[Any] = discord.ui.Select(custom_id=field.name, required=field.required)
        for choice in field.choices[:MOST_OPTIONS]:
            select.add_option(label=cut(choice, 100), value=choice[:100], default=choice == field.value)
        return select
    limit = min(field.limit, INPUT_LIMIT)
    return discord.ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
        default=field.value[:limit] or None,
        required=field.required,
        max_length=limit,
    )


def values(components: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of a modal that was sent, by name."""
    found: dict[str, str] = {}
    for part in components:
        inner = part.get("components") or ([part["component"]] if part.get("component") else [])
        found.update(values(inner))
        if "custom_id" in part:
            chosen = part.get("values")
            found[str(part["custom_id"])] = str(chosen[0] if chosen else part.get("value") or "")
    return found
