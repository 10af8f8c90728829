"""What Slack refuses in texts and in the elements of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.e2e.slack_server.reading import Json

Found = Iterator[str]
_CHOICES = ("static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow")
_PICKERS = frozenset(
    "users_select multi_users_select channels_select multi_channels_select conversations_select"
    " multi_conversations_select datepicker timepicker datetimepicker number_input email_text_input url_text_input"
    " rich_text_input external_select multi_external_select file_input".split()
)
_INPUT_ONLY = frozenset(
    "plain_text_input number_input email_text_input url_text_input rich_text_input file_input".split()
)


def size(where: str, value: Any, most: int, least: int = 1) -> Found:
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{where}]"
    elif len(value) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{where}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}]"


def text(where: str, value: Any, most: int, *, plain: bool = False) -> Found:
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield f"must be a {' or '.join(kinds)} object [json-pointer:{where}]"
        return
    yield from size(f"{where}/text", value.get("text"), most)
    allowed = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
    for key in value.keys() - allowed:
        yield f"no more than the documented fields: {key} [json-pointer:{where}]"


def some(where: str, value: Any, most: int, least: int = 1) -> Found:
    if not isinstance(value, list) or not least <= len(value) <= most:
        yield f"must have between {least} and {most} items [json-pointer:{where}]"


def _button(where: str, part: Json) -> Found:
    yield from text(f"{where}/text", part.get("text"), 75, plain=True)
    if "value" in part:
        yield from size(f"{where}/value", part["value"], 2000)
    if "url" in part:
        yield from size(f"{where}/url", part["url"], 3000)
    if part.get("style") not in (None, "primary", "danger"):
        yield f"style must be primary or danger [json-pointer:{where}/style]"


def _option(where: str, option: Json) -> Found:
    yield from text(f"{where}/text", option.get("text"), 75)
    yield from size(f"{where}/value", option.get("value"), 150)
    if "description" in option:
        yield from text(f"{where}/description", option["description"], 75)


def _chooser(where: str, part: Json) -> Found:
    most = 100 if "select" in part["type"] else 5 if part["type"] == "overflow" else 10
    options = part.get("options") or [o for group in part.get("option_groups", []) for o in group.get("options", [])]
    yield from some(f"{where}/options", options, most)
    for number, option in enumerate(options):
        yield from _option(f"{where}/options/{number}", option)
    values = [option.get("value") for option in options]
    if len(values) != len(set(values)):
        yield f"options must have values of their own [json-pointer:{where}/options]"
    initial = part.get("initial_options") or ([part["initial_option"]] if part.get("initial_option") else [])
    for option in initial:
        if option not in options:
            yield f"initial option is not among the options [json-pointer:{where}/initial_option]"


def _typed(where: str, part: Json) -> Found:
    least, most = part.get("min_length", 0), part.get("max_length", 3000)
    if not 0 <= least <= 3000 or not 1 <= most <= 3000 or least > most:
        yield f"min_length and max_length must be between 0 and 3000 [json-pointer:{where}]"
    if part.get("initial_value"):
        yield from size(f"{where}/initial_value", part["initial_value"], most)


def element(where: str, part: Any, *, within: str) -> Found:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        yield f"must be an element [json-pointer:{where}]"
        return
    kind = part["type"]
    if "action_id" in part:
        yield from size(f"{where}/action_id", part["action_id"], 255)
    if part.get("placeholder"):
        yield from text(f"{where}/placeholder", part["placeholder"], 150, plain=True)
    if (kind in _INPUT_ONLY) and within != "input":
        yield f"{kind} belongs in an input block [json-pointer:{where}]"
    if kind in ("button", "overflow") and within == "input":
        yield f"{kind} doesn't belong in an input block [json-pointer:{where}]"
    if kind == "button":
        yield from _button(where, part)
    elif kind in _CHOICES:
        yield from _chooser(where, part)
    elif kind == "plain_text_input":
        yield from _typed(where, part)
    elif kind == "image" and within == "section":
        yield from picture(where, part)
    elif kind not in _PICKERS:
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"


def picture(where: str, part: Json) -> Found:
    yield from size(f"{where}/alt_text", part.get("alt_text"), 2000)
    if ("image_url" in part) == ("slack_file" in part):
        yield f"needs one of image_url and slack_file [json-pointer:{where}]"
    if "image_url" in part:
        yield from size(f"{where}/image_url", part["image_url"], 3000)
