"""Forms as modals, what comes back from them, and messages as the coach's home."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.core.message import Field, Form, Message
from bot.core.text import one_line, storable, visible
from bot.platforms.slack.blocks import ids
from bot.platforms.slack.blocks.markup import ELLIPSIS, cut, plain, size
from bot.platforms.slack.blocks.rich import Block
from bot.platforms.slack.blocks.show import MOST_BUTTONS, show

TITLE_LIMIT = 24
LABEL_LIMIT = 150
INTRO_LIMIT = 3_000
INPUT_LIMIT = 3_000
OPTION_LIMIT = 75
MOST_OPTIONS = 100
MOST_FIELDS = 50
MOST_BLOCKS = 100
ERROR_LIMIT = 500
ACTION = "value"
"""The action id of every input."""

_VALUE_LIMIT = 10_000  # more than any command takes, so that what is too long is refused and not cut unseen
_NAME_LIMIT = 100
_HOME_VERB = "me"


def modal(form: Form, channel: str, thread: str) -> dict[str, Any]:
    """A form as a modal view; `channel` and `thread` ("" for none) are where its sending will count."""
    blocks = [*_intro(form), *(_input(field) for field in _distinct(form.fields))]
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": ids.FORM_CALLBACK,
        "private_metadata": ids.of_form(form.verb, form.target, channel, thread),
        "title": plain(_title(form), TITLE_LIMIT),
        "close": plain("Cancel", TITLE_LIMIT),
        "blocks": blocks or [{"type": "section", "text": plain(form.title, INTRO_LIMIT)}],
    }
    if form.fields:
        view["submit"] = plain(form.submit, TITLE_LIMIT)
    return view


def _title(form: Form) -> str:
    """The title, or as many whole words as fit and end well; the whole of it then stands below."""
    title = one_line(form.title, 500)
    if size(title) <= TITLE_LIMIT:
        return title
    short = cut(title, TITLE_LIMIT + 1).removesuffix(ELLIPSIS)
    return re.sub(r"(?: \w{1,4})+$", "", short.rpartition(" ")[0]) or short


def _intro(form: Form) -> Iterable[Block]:
    title = one_line(form.title, 500)
    if size(title) > TITLE_LIMIT:
        yield {"type": "header", "text": plain(title, LABEL_LIMIT)}
    if intro := cut(visible(form.intro).strip(), INTRO_LIMIT):
        yield {"type": "section", "text": {"type": "plain_text", "text": intro, "emoji": False}}


def _distinct(fields: Iterable[Field]) -> list[Field]:
    """One field for each name: Slack wants block ids to be unique."""
    return list({field.name[:_NAME_LIMIT]: field for field in fields}.values())[:MOST_FIELDS]


def _input(field: Field) -> Block:
    element = _menu(field) if any(field.choices) else _text(field)
    made: Block = {
        "type": "input",
        "block_id": field.name[:_NAME_LIMIT],
        "label": plain(field.label, LABEL_LIMIT),
        "element": element,
        "optional": not field.required,
    }
    if not any(field.choices) and field.long:
        made["hint"] = plain(f"At most {min(field.limit, INPUT_LIMIT):,} characters.", LABEL_LIMIT)
    return made


def _text(field: Field) -> dict[str, Any]:
    limit = max(1, min(field.limit, INPUT_LIMIT))
    made: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": ACTION,
        "multiline": field.long,
        "max_length": limit,
    }
    value = cut(visible(field.value), limit) if field.long else one_line(field.value, limit)
    if value:
        made["initial_value"] = value
    return made


def _menu(field: Field) -> dict[str, Any]:
    options = {choice[:OPTION_LIMIT]: _option(choice) for choice in field.choices if choice}
    made: dict[str, Any] = {
        "type": "static_select",
        "action_id": ACTION,
        "options": list(options.values())[:MOST_OPTIONS],
    }
    chosen = options.get(field.value[:OPTION_LIMIT])
    if chosen in made["options"]:
        made["initial_option"] = chosen
    return made


def _option(choice: str) -> dict[str, Any]:
    return {"text": plain(choice, OPTION_LIMIT), "value": choice[:OPTION_LIMIT]}


# ---------------------------------------------------------------------------------------------- what comes back


def values(view: object) -> dict[str, str]:
    """The fields of a modal that was sent, by name; what isn't a field of ours is left out."""
    found: dict[str, str] = {}
    for name, actions in list(_mapping(_mapping(_mapping(view).get("state")).get("values")).items())[:MOST_FIELDS]:
        typed = _mapping(actions).get(ACTION)
        if isinstance(name, str) and len(name) <= _NAME_LIMIT and isinstance(typed, Mapping):
            chosen = _mapping(typed.get("selected_option")).get("value")
            value = chosen if isinstance(chosen, str) else typed.get("value")
            found[storable(name)] = storable(value)[:_VALUE_LIMIT] if isinstance(value, str) else ""
    return found


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def missing(names: Iterable[str], text: str) -> dict[str, Any]:
    """What acknowledges a form that can't be taken as it is: the text stands under each of the named fields."""
    problem = cut(visible(text), ERROR_LIMIT) or ELLIPSIS
    return {"response_action": "errors", "errors": dict.fromkeys(names, problem)}


# ---------------------------------------------------------------------------------------------- the home


async def home(messages: Sequence[Message], *, channel: str = "", command: str = "/mlops") -> dict[str, Any]:
    """Messages, one below the other, as the coach's home view.

    Their buttons carry `channel`, or their own argument of that name. What is too much for a view is left out.
    """
    blocks: list[Block] = []
    for number, message in enumerate(messages):
        shown = await show(
            message, command=command, channel=channel, personal=True, verb=_HOME_VERB, first=number * MOST_BUTTONS
        )
        made = [{"type": "divider"}, *shown.blocks] if blocks else shown.blocks
        if len(blocks) + len(made) > MOST_BLOCKS:
            break
        blocks += made
    return {"type": "home", "blocks": blocks or [{"type": "section", "text": plain("", INTRO_LIMIT)}]}
