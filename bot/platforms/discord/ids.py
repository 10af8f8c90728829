"""What the coach writes into the custom ids of buttons and forms, so that they work after any restart.

A button carries `mc|verb|target|args|mark`, a form `mcf|verb|target`; at most 100 characters. The mark says which
parcel a message is, for finding it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote_plus

from bot.core.message import Button
from bot.platforms.discord.markup import size

LIMIT = 100
_BUTTON, _FORM = "mc", "mcf"
_PARTING = re.compile(r"[\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed, or a form that was sent."""

    verb: str
    target: str
    args: Mapping[str, str]


def of_button(button: Button, mark: str) -> str | None:
    """The id of a button; None when its arguments don't fit."""
    args = "&".join(f"{_written(name)}={_written(value)}" for name, value in button.args if value)
    made = "|".join((_BUTTON, button.verb, button.target, args, mark))
    return made if size(made) <= LIMIT else None


def _written(text: str) -> str:
    """As in an address, but for letters beyond ASCII: these would take up to nine times their room."""
    return _PARTING.sub(lambda found: quote_plus(found[0]), text)


def of_form(verb: str, target: str) -> str:
    """The id of a form."""
    return "|".join((_FORM, verb, target))[:LIMIT]


def press(custom_id: str) -> Press | None:
    """What a button's id says; None when the button isn't ours."""
    parts = custom_id.split("|")
    if len(parts) != 5 or parts[0] != _BUTTON:
        return None
    return Press(parts[1], parts[2], dict(parse_qsl(parts[3], max_num_fields=10)))


def form(custom_id: str) -> Press | None:
    """What a form's id says; None when the form isn't ours."""
    parts = custom_id.split("|")
    return Press(parts[1], parts[2], {}) if len(parts) == 3 and parts[0] == _FORM else None


def mark(custom_id: str) -> str:
    """The mark in a button's id, "" without one."""
    parts = custom_id.split("|")
    return parts[4] if len(parts) == 5 and parts[0] == _BUTTON else ""
