"""What a form sends: the state of its inputs as a client fills it in."""

from __future__ import annotations

from typing import Any

from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.view import View


def filled(view: View, values: Json) -> Json:
    """The state of a form, `values` being by block or action id.

    Raises AssertionError for what a client wouldn't let one send: too long, missing, not offered, of no such input.
    """
    left, state = dict(values), {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        part, id_ = block["element"], block["block_id"]
        given = left.pop(id_, left.pop(part["action_id"], None))
        state[id_] = {part["action_id"]: _one(part, given, optional=bool(block.get("optional")), name=id_)}
    assert not left, f"the form has no {sorted(left)}; it has {sorted(state)}"
    return state


def _one(part: Json, given: Any, *, optional: bool, name: str) -> Json:
    kind = part["type"]
    if kind in ("plain_text_input", "number_input", "email_text_input", "url_text_input"):
        return {"type": kind, "value": _typed(part, given, optional=optional, name=name)}
    options = part.get("options") or [o for group in part.get("option_groups", []) for o in group["options"]]
    if kind in ("static_select", "radio_buttons"):
        chosen = part.get("initial_option") if given is None else _offered(options, given)
        assert chosen or optional, f"{name} is required"
        return {"type": kind, "selected_option": chosen}
    if kind in ("checkboxes", "multi_static_select"):
        several = part.get("initial_options", []) if given is None else [_offered(options, one) for one in given]
        assert several or optional, f"{name} is required"
        return {"type": kind, "selected_options": several}
    return _picked(part, given, optional=optional, name=name)


def _typed(part: Json, given: Any, *, optional: bool, name: str) -> str | None:
    text = part.get("initial_value", "") if given is None else str(given)
    assert text or optional, f"{name} is required"
    assert len(text) <= part.get("max_length", 3000), f"{name}: longer than the form lets one type"
    assert not text or len(text) >= part.get("min_length", 0), f"{name}: shorter than the form lets one send"
    return text or None


def _offered(options: list[Json], given: Any) -> Json:
    found = next((o for o in options if given in (o["value"], o["text"]["text"])), None)
    assert found is not None, f"{given!r} is not offered"
    return found


def _picked(part: Json, given: Any, *, optional: bool, name: str) -> Json:
    kind = part["type"]
    many = kind.startswith("multi_")
    what = kind.removeprefix("multi_").removesuffix("_select").removesuffix("picker")
    key = f"selected_{what}" if many else f"selected_{what.removesuffix('s')}"
    initial = f"initial_{what}" if many else f"initial_{what.removesuffix('s')}"
    value = part.get(initial) if given is None else given
    assert value or optional, f"{name} is required"
    return {"type": kind, key: (value or []) if many else value}
