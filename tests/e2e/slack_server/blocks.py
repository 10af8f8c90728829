"""What Slack refuses in blocks, views and metadata, each named with a pointer to where it stands."""

from __future__ import annotations

import json
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SdkView

from tests.e2e.slack_server.elements import Found, element, picture, size, some, text
from tests.e2e.slack_server.entities import SlackError
from tests.e2e.slack_server.reading import Json, elements_of, texts_in

_MESSAGE = frozenset("actions context divider header image input markdown rich_text section table video".split())
_VIEW = frozenset("actions context divider header image input rich_text section video".split())
_KEYS: dict[str, str] = {
    "section": "text fields accessory expand", "header": "text", "context": "elements", "actions": "elements",
    "divider": "", "image": "image_url alt_text title slack_file",
    "input": "label element hint optional dispatch_action", "markdown": "text", "rich_text": "elements",
    "table": "rows column_settings", "video": "alt_text author_name description provider_icon_url provider_name title"
    " title_url thumbnail_url video_url",
}  # fmt: skip
_NEEDED: dict[str, dict[str, type]] = {
    "date": {"timestamp": int, "format": str}, "user": {"user_id": str}, "link": {"url": str}, "emoji": {"name": str},
    "channel": {"channel_id": str}, "broadcast": {"range": str},
}  # fmt: skip
_RICH = frozenset("text link user usergroup channel emoji broadcast date color team".split())


def _section(where: str, block: Json) -> Found:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text [json-pointer:{where}]"
    if "text" in block:
        yield from text(f"{where}/text", block["text"], 3000)
    if "fields" in block:
        yield from some(f"{where}/fields", block["fields"], 10)
        for number, one in enumerate(block["fields"]):
            yield from text(f"{where}/fields/{number}", one, 2000)
    if "accessory" in block:
        yield from element(f"{where}/accessory", block["accessory"], within="section")


def _context(where: str, block: Json) -> Found:
    yield from some(f"{where}/elements", block.get("elements"), 10)
    for number, part in enumerate(block.get("elements", [])):
        place = f"{where}/elements/{number}"
        yield from picture(place, part) if part.get("type") == "image" else text(place, part, 3000)


def _actions(where: str, block: Json) -> Found:
    yield from some(f"{where}/elements", block.get("elements"), 25)
    for number, part in enumerate(block.get("elements", [])):
        yield from element(f"{where}/elements/{number}", part, within="actions")


def _input(where: str, block: Json) -> Found:
    yield from text(f"{where}/label", block.get("label"), 2000, plain=True)
    yield from element(f"{where}/element", block.get("element"), within="input")
    if block.get("hint"):
        yield from text(f"{where}/hint", block["hint"], 2000, plain=True)


def _rich(where: str, block: Json) -> Found:
    yield from some(f"{where}/elements", block.get("elements"), 1000)
    for number, part in enumerate(block.get("elements", [])):
        yield from _rich_part(f"{where}/elements/{number}", part)


def _rich_part(where: str, part: Json) -> Found:
    kind = part.get("type")
    if kind not in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"):
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"
        return
    if kind == "rich_text_list" and part.get("style") not in ("bullet", "ordered"):
        yield f"style must be bullet or ordered [json-pointer:{where}/style]"
    for number, inner in enumerate(part.get("elements", [])):
        place = f"{where}/elements/{number}"
        if kind == "rich_text_list":
            yield from _rich_part(place, inner)
        elif inner.get("type") not in _RICH:
            yield f"unsupported type: {inner.get('type')} [json-pointer:{place}/type]"
        elif not all(isinstance(inner.get(key), kind) for key, kind in _NEEDED.get(inner["type"], {}).items()):
            yield f"missing required field of {inner['type']} [json-pointer:{place}]"
        elif inner["type"] == "text":
            yield from size(f"{place}/text", inner.get("text"), 100_000)


def _table(where: str, block: Json) -> Found:
    yield from some(f"{where}/rows", block.get("rows"), 100)
    for number, row in enumerate(block.get("rows", [])):
        yield from some(f"{where}/rows/{number}", row, 20)
        for place, cell in enumerate(row):
            if cell.get("type") not in ("raw_text", "rich_text", "raw_number"):
                yield f"unsupported type: {cell.get('type')} [json-pointer:{where}/rows/{number}/{place}]"
            elif cell["type"] == "raw_text":
                yield from size(f"{where}/rows/{number}/{place}/text", cell.get("text"), 100_000)


def _one(where: str, block: Json) -> Found:
    kind = block["type"]
    checks = {"section": _section, "context": _context, "actions": _actions, "input": _input, "rich_text": _rich,
              "table": _table, "image": picture}  # fmt: skip
    if kind in checks:
        yield from checks[kind](where, block)
    elif kind == "header":
        yield from text(f"{where}/text", block.get("text"), 150, plain=True)
    elif kind == "markdown":
        yield from size(f"{where}/text", block.get("text"), 12_000)
    if kind == "image" and block.get("title"):
        yield from text(f"{where}/title", block["title"], 2000, plain=True)
    if "block_id" in block:
        yield from size(f"{where}/block_id", block["block_id"], 255)
    for key in block.keys() - {"type", "block_id", *_KEYS[kind].split()}:
        yield f"no such field: {key} [json-pointer:{where}]"


def _parsed(where: str, block: Json) -> Found:
    try:
        parsed = Block.parse(json.loads(json.dumps(block)))
        assert parsed is not None, "slack_sdk knows no such block"
        parsed.to_dict()
    except (SlackObjectFormationError, AssertionError, TypeError) as error:
        yield f"{error} [json-pointer:{where}]"


def _all(blocks: Any, surface: str) -> Found:
    most = 50 if surface == "message" else 100
    yield from some("/blocks", blocks, most, least=0)
    for number, block in enumerate(blocks if isinstance(blocks, list) else []):
        where = f"/blocks/{number}"
        if not isinstance(block, dict) or block.get("type") not in (_MESSAGE if surface == "message" else _VIEW):
            kind = block.get("type") if isinstance(block, dict) else block
            yield f"unsupported type: {kind} [json-pointer:{where}/type]"
            continue
        found = list(_one(where, block))
        yield from found or _parsed(where, block)
    yield from unique([b["block_id"] for b in blocks if isinstance(b, dict) and b.get("block_id")], "block_id")


def unique(ids: list[str], what: str) -> Found:
    for doubled in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"{what} {doubled!r} already exists"


def _refuse(error: str, found: list[str]) -> None:
    if found:
        raise SlackError(error, errors=found, response_metadata={"messages": [f"[ERROR] {one}" for one in found]})


def check_blocks(blocks: Any, surface: str = "message") -> None:
    """Raise SlackError for blocks that Slack would refuse on this surface: message, modal or home."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    found = list(_all(blocks, surface))
    if not found:
        pressed = elements_of([block for block in blocks if block["type"] != "input"])
        found = list(unique([part["action_id"] for part in pressed if part.get("action_id")], "action_id"))
    _refuse("invalid_blocks", found)
    if surface == "message" and sum(len(text) for block in blocks for text in texts_in(block)) > 13_000:
        raise SlackError("msg_blocks_too_long")


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks as Slack keeps them: each block and element with an id, made up where none was given."""
    kept: list[Json] = json.loads(json.dumps(blocks))
    for number, block in enumerate(kept):
        block.setdefault("block_id", f"b{number}")
        parts = block.get("elements", []) if block["type"] == "actions" else []
        for place, part in enumerate([*parts, block.get("accessory") or {}, block.get("element") or {}]):
            if part:
                part.setdefault("action_id", f"a{number}.{place}")
    return kept


# ---------------------------------------------------------------------------------------------- views, metadata


def _view(view: Json) -> Found:
    modal = view.get("type") == "modal"
    if view.get("type") not in ("modal", "home"):
        yield "type must be modal or home [json-pointer:/view/type]"
    if modal or "title" in view:
        yield from text("/view/title", view.get("title"), 24, plain=True)
    for key in ("submit", "close"):
        if view.get(key) is not None:
            if not modal:
                yield f"a home has no {key} [json-pointer:/view/{key}]"
            yield from text(f"/view/{key}", view[key], 24, plain=True)
    for key, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        yield from size(f"/view/{key}", view.get(key, ""), most, least=0)
    if modal and any(b.get("type") == "input" for b in view.get("blocks", [])) and not view.get("submit"):
        yield "submit is required when an input block is within the blocks array [json-pointer:/view]"
    known = "type title blocks close submit private_metadata callback_id clear_on_close notify_on_close external_id"
    for key in view.keys() - {*known.split(), "submit_disabled"}:
        yield f"no such field: {key} [json-pointer:/view]"


def check_view(view: Any, kind: str) -> None:
    """Raise SlackError for a view that Slack would refuse; `kind` is modal or home."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] a {kind} view is expected"]})
    if not view.get("blocks"):
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing field: blocks"]})
    if len(json.dumps(view)) > 250_000:
        raise SlackError("view_too_large")
    try:
        check_blocks(view["blocks"], kind)
    except SlackError as refused:
        raise SlackError("invalid_arguments", **{k: refused.body[k] for k in ("response_metadata",)}) from None
    found = list(_view(view))
    if not found:
        try:
            SdkView(**json.loads(json.dumps(view))).to_dict()
        except SlackObjectFormationError as error:
            found = [str(error)]
    _refuse("invalid_arguments", found)


def check_metadata(metadata: Any) -> None:
    """Raise SlackError for message metadata that Slack would drop: not event_type and event_payload, over 8 KB."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"] or metadata.keys() - {
        "event_type", "event_payload"
    }:  # fmt: skip
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > 8_000:
        raise SlackError("metadata_too_large")
