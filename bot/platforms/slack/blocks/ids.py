"""What the coach writes into threads, buttons and forms, so that all of them work after any restart.

A thread is `channel/ts`: Slack's ts is unique per channel only. A button carries JSON in its value, a form in its
private metadata. Both come back from outside, so what isn't exactly ours reads as None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.message import Button
from bot.core.text import storable

VALUE_LIMIT = 2_000
METADATA_LIMIT = 3_000
FORM_CALLBACK = "mcf"
ACTION = re.compile(r"mc:[0-9]{1,4}:")
"""How the action ids of our buttons begin."""
CHART = "chart"
"""The verb of the button that sends a chart; it is the adapter's own and in no table."""

_CHANNEL = re.compile(r"[A-Z][A-Z0-9]{0,40}")
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,10}")
_VERB = re.compile(r"[a-z][a-z -]{0,39}")
_TARGET_LIMIT = 200
_MOST_ARGS = 10
_ARG_LIMIT = 1_000
_IN_CHANNEL = "channel"  # the argument by which a button says where it belongs
_ESCAPES = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})  # Slack may hand them back as entities


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed, or a form that was sent.

    `channel` and `thread` say where it belongs, "" when the event itself tells. `of` is the verb whose chart is asked
    for, set when `verb` is CHART only.
    """

    verb: str
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    thread: str = ""
    of: str = ""


# ---------------------------------------------------------------------------------------------- threads


def thread_of(channel: str, ts: str) -> str:
    """The id of the thread under a message."""
    return f"{channel}/{ts}"


def split_thread(thread: str) -> tuple[str, str]:
    """The channel and the ts of a thread's id; ("", "") when it is no id of Slack's."""
    channel, _, ts = thread.partition("/")
    return (channel, ts) if _CHANNEL.fullmatch(channel) and _TS.fullmatch(ts) else ("", "")


# ---------------------------------------------------------------------------------------------- buttons


def action_id(number: int, verb: str) -> str:
    """The action id of the button at a position of its message, where it is unique."""
    return f"mc:{number}:{verb}"


def of_button(button: Button, channel: str = "") -> str | None:
    """The value of a button; None when its arguments don't fit.

    An argument called "channel" isn't handed to the verb: it says where the button belongs, instead of `channel`.
    """
    args = {name: value for name, value in button.args if value}
    where = args.pop(_IN_CHANNEL, "") or channel
    return _written({"v": button.verb, "t": button.target, "a": args, "c": where})


def of_chart(verb: str, args: Mapping[str, str], channel: str = "") -> str | None:
    """The value of the button that runs `verb` again and sends its chart; None when it doesn't fit."""
    kept = {name: value for name, value in args.items() if value}
    return _written({"v": CHART, "of": verb, "a": kept, "c": channel})


def press(value: object) -> Press | None:
    """What a button's value says; None when the button isn't ours."""
    found = _read(value, VALUE_LIMIT)
    if found is None:
        return None
    made = Press(
        _text(found.get("v"), 40), _text(found.get("t", ""), _TARGET_LIMIT), _args(found.get("a")),
        _text(found.get("c", ""), 41), of=_text(found.get("of", ""), 40),
    )  # fmt: skip
    return made if _sound(made) and (made.verb == CHART) == bool(made.of) else None


# ---------------------------------------------------------------------------------------------- forms


def of_form(verb: str, target: str, channel: str, thread: str) -> str:
    """The private metadata of a form."""
    written = {"v": verb, "t": target[:_TARGET_LIMIT], "c": channel, "h": thread}
    return json.dumps(written, separators=(",", ":")).translate(_ESCAPES)[:METADATA_LIMIT]


def form(metadata: object) -> Press | None:
    """What a form's private metadata says; None when the form isn't ours."""
    found = _read(metadata, METADATA_LIMIT)
    if found is None:
        return None
    made = Press(
        _text(found.get("v"), 40), _text(found.get("t", ""), _TARGET_LIMIT),
        channel=_text(found.get("c", ""), 41), thread=_text(found.get("h", ""), 70),
    )  # fmt: skip
    return made if _sound(made) else None


# ---------------------------------------------------------------------------------------------- reading and writing


def _written(value: Mapping[str, object]) -> str | None:
    made = json.dumps(value, separators=(",", ":")).translate(_ESCAPES)
    return made if press(made) else None  # one that we wouldn't know again does nothing


def _read(text: object, limit: int) -> dict[str, object] | None:
    if not isinstance(text, str) or len(text) > limit:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_WRONG = "\0"  # no text of ours has it, so it fails every check


def _text(value: object, limit: int) -> str:
    return storable(value) if isinstance(value, str) and len(value) <= limit else _WRONG


def _args(value: object) -> dict[str, str]:
    """Arguments as written; what isn't ours is refused as a whole."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_ARGS:
        return {_WRONG: ""}
    return {_text(name, 40): _text(text, _ARG_LIMIT) for name, text in value.items()}


def _sound(made: Press) -> bool:
    texts = (made.target, *made.args, *made.args.values())
    return (
        _VERB.fullmatch(made.verb) is not None
        and (not made.of or _VERB.fullmatch(made.of) is not None)
        and (not made.channel or _CHANNEL.fullmatch(made.channel) is not None)
        and (not made.thread or split_thread(made.thread) != ("", ""))
        and _WRONG not in texts
    )
