"""Block Kit as a page that looks like Slack's message pane, to see what people see without a workspace.

It shows the very blocks and views that would be sent, and knows the kinds that the coach uses: anything else is an
error, so that nothing is shown that wouldn't have been looked at.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

Json = Mapping[str, Any]
Files = Sequence[tuple[str, bytes, str]]

GROUPS = {"S0MLOPS1": "mlops-learners"}
"""The user groups of the pictured workspace: Slack shows their names for their ids."""

_STYLE = """
:root { --page: #fff; --ink: #1d1c1d; --faint: #616061; --line: #dddddd; --link: #1264a3; --code: #f8f8f8;
  --button: #fff; --edge: #c4c5c7; --go: #007a5a; --stop: #e01e5a; --call: #fdf2d0; }
.dark { --page: #1a1d21; --ink: #d1d2d3; --faint: #9b9d9f; --line: #3c3f44; --link: #1d9bd1; --code: #222529;
  --button: #1a1d21; --edge: #6b6d70; --go: #007a5a; --stop: #e01e5a; --call: #4a3f1c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.46668 Lato, "Noto Color Emoji", sans-serif; }
.pane { padding: 8px 0; }
.message { display: flex; gap: 8px; padding: 8px 20px; }
.avatar { flex: 0 0 36px; height: 36px; border-radius: 8px; color: #fff; font-weight: 900; font-size: 17px;
  display: grid; place-items: center; }
.body { flex: 1; min-width: 0; }
.who { font-weight: 900; } .at { color: var(--faint); font-size: 12px; margin-left: 6px; }
.app { background: var(--line); color: var(--faint); font-size: 10px; font-weight: 700; border-radius: 2px;
  padding: 1px 3px; margin-left: 5px; }
.only { color: var(--faint); font-size: 13px; padding: 4px 20px 0 64px; }
.block { margin: 4px 0 8px; max-width: 600px; overflow-wrap: anywhere; }
.header { font-size: 18px; font-weight: 900; line-height: 1.33; }
.context { color: var(--faint); font-size: 13px; margin-bottom: 2px; }
.section, .rich_text section { white-space: pre-wrap; }
ul { margin: 0; padding-left: 26px; } li { white-space: pre-wrap; }
blockquote { margin: 4px 0; padding-left: 12px; border-left: 4px solid var(--line); white-space: pre-wrap; }
pre { margin: 4px 0; padding: 8px; border: 1px solid var(--line); border-radius: 4px; background: var(--code);
  font: 12px/1.50001 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
a { color: var(--link); text-decoration: none; } .call { background: var(--call); color: var(--link);
  border-radius: 3px; padding: 0 2px; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; }
.button { border: 1px solid var(--edge); border-radius: 4px; padding: 0 12px; height: 36px; line-height: 34px;
  font-weight: 700; background: var(--button); font-size: 15px; }
.primary { background: var(--go); border-color: var(--go); color: #fff; }
.danger { background: var(--stop); border-color: var(--stop); color: #fff; }
.divider { max-width: none; } hr { border: 0; border-top: 1px solid var(--line); margin: 8px 0; }
.reaction { display: inline-block; border: 1px solid var(--line); border-radius: 12px; padding: 0 8px;
  font-size: 13px; background: var(--code); }
.thread { color: var(--link); font-weight: 700; font-size: 13px; padding: 2px 0; }
.file { color: var(--faint); font-size: 13px; } .file img { display: block; margin-top: 4px; width: 480px;
  max-width: 100%; border: 1px solid var(--line); border-radius: 8px; }
.view { width: 520px; margin: 16px auto; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.view > .top { display: flex; align-items: center; gap: 12px; padding: 20px 24px 12px; font-size: 22px;
  font-weight: 900; } .top .avatar { flex-basis: 28px; height: 28px; font-size: 13px; border-radius: 6px; }
.top .close { margin-left: auto; color: var(--faint); font-weight: 400; }
.view > .middle { padding: 0 24px 8px; } .view > .bottom { display: flex; justify-content: flex-end; gap: 12px;
  padding: 16px 24px; border-top: 1px solid var(--line); }
.input { margin: 16px 0; } .label { font-weight: 700; margin-bottom: 6px; } .optional { color: var(--faint);
  font-weight: 400; } .hint { color: var(--faint); font-size: 13px; margin-top: 4px; }
.field { border: 1px solid var(--edge); border-radius: 4px; padding: 8px 12px; min-height: 40px;
  white-space: pre-wrap; }
.field.long { min-height: 96px; } .menu::after { content: "⌄"; float: right; color: var(--faint); }
"""


def page(parts: Iterable[str], *, dark: bool = False) -> str:
    """A whole page of messages or views; nothing in it runs or is loaded from anywhere."""
    body = "".join(parts)
    return (
        f'<!doctype html><meta charset="utf-8"><title>Slack</title><style>{_STYLE}</style>'
        f'<body class="{"dark" if dark else "light"}"><main class="pane">{body}</main></body>'
    )


def message(
    who: str,
    at: str,
    inside: str,
    *,
    app: bool = False,
    only_you: bool = False,
    reaction: str = "",
    thread: str = "",
    files: Files = (),
) -> str:
    """A message: `inside` is HTML of `blocks` or `said`; `reaction` an emoji, `thread` the line under it."""
    only = '<div class="only">Only visible to you</div>' if only_you else ""
    badge = '<span class="app">APP</span>' if app else ""
    colour = "#4a154b" if app else f"hsl({sum(map(ord, who)) * 37 % 360} 45% 40%)"
    below = "".join(_file(file) for file in files)
    below += f'<span class="reaction">{escape(reaction)} 1</span>' if reaction else ""
    below += f'<div class="thread">{escape(thread)}</div>' if thread else ""
    return (
        f'{only}<article class="message"><div class="avatar" style="background:{colour}">{escape(who[:1])}</div>'
        f'<div class="body"><span class="who">{escape(who)}</span>{badge}<span class="at">{escape(at)}</span>'
        f"{inside}{below}</div></article>"
    )


def said(text: str) -> str:
    """What a person typed."""
    return f'<div class="block section">{escape(text)}</div>'


def blocks(made: Iterable[Json]) -> str:
    """Blocks of a message or view as HTML. Raises ValueError for a kind that the coach doesn't use."""
    return "".join(f'<div class="block {escape(block["type"])}">{_block(block)}</div>' for block in made)


def modal(view: Json) -> str:
    """A modal view as HTML."""
    buttons = f'<span class="button">{_plain(view["close"])}</span>'
    buttons += f'<span class="button primary">{_plain(view["submit"])}</span>' if "submit" in view else ""
    return (
        '<div class="view"><div class="top"><div class="avatar" style="background:#4a154b">M</div>'
        f'{_plain(view["title"])}<span class="close">✕</span></div>'
        f'<div class="middle">{blocks(view["blocks"])}</div><div class="bottom">{buttons}</div></div>'
    )


def home(view: Json) -> str:
    """A home view as HTML."""
    return f'<div style="padding: 8px 24px">{blocks(view["blocks"])}</div>'


# ---------------------------------------------------------------------------------------------- blocks


def _block(block: Json) -> str:
    match block["type"]:
        case "header":
            return _plain(block["text"])
        case "section":
            return _text(block["text"])
        case "context":
            return " ".join(_text(element) for element in block["elements"])
        case "rich_text":
            return "".join(_rich(element) for element in block["elements"])
        case "divider":
            return "<hr>"
        case "actions":
            return "".join(_button(element) for element in block["elements"])
        case "input":
            return _input(block)
        case other:
            raise ValueError(f"no block of the coach's: {other}")


def _plain(text: Json) -> str:
    if text["type"] != "plain_text" or text.get("emoji"):
        raise ValueError(f"not plain text: {text}")
    return escape(text["text"])


def _text(text: Json) -> str:
    return _mrkdwn(text["text"]) if text["type"] == "mrkdwn" else _plain(text)


def _mrkdwn(text: str) -> str:
    """Links and mentions; the coach sends no other mrkdwn."""
    made = []
    for part in re.split(r"(<[^<>]+>)", text):
        if not part.startswith("<"):
            made.append(part)  # Slack's three entities are HTML's
        elif part.startswith("<!"):
            name, _, group = part[2:-1].partition("^")
            made.append(f'<span class="call">@{escape(GROUPS.get(group, group or name))}</span>')
        else:
            made.append(f"<a>{part[1:-1].partition('|')[2]}</a>")
    return "".join(made)


def _rich(element: Json) -> str:
    inside = "".join(_rich(part) if "elements" in part else _inline(part) for part in element["elements"])
    match element["type"]:
        case "rich_text_section":
            return f"<section>{inside}</section>"
        case "rich_text_list":
            items = (f"<li>{''.join(map(_inline, item['elements']))}</li>" for item in element["elements"])
            return f"<ul>{''.join(items)}</ul>"
        case "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        case other:
            raise ValueError(f"no rich text of the coach's: {other}")


def _inline(part: Json) -> str:
    match part["type"]:
        case "text":
            text = escape(part["text"])
        case "date":
            text = escape(_date(part))
        case other:
            raise ValueError(f"no part of the coach's: {other}")
    return f"<b>{text}</b>" if part.get("style", {}).get("bold") else text


def _date(part: Json) -> str:
    """As a reader in UTC sees it on another day."""
    at = dt.datetime.fromtimestamp(part["timestamp"], dt.UTC)
    shown: str = part["format"].replace("{date_short_pretty}", f"{at:%b} {at.day}, {at.year}")
    return shown.replace("{time}", f"{at:%I:%M %p}".lstrip("0"))


def _button(element: Json) -> str:
    if element["type"] != "button":
        raise ValueError(f"no button: {element['type']}")
    return f'<span class="button {element.get("style", "")}">{_plain(element["text"])}</span>'


def _input(block: Json) -> str:
    element = block["element"]
    optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
    if element["type"] == "static_select":
        chosen = element.get("initial_option")
        field = f'<div class="field menu">{_plain(chosen["text"]) if chosen else "Choose an option"}</div>'
    else:
        long = " long" if element.get("multiline") else ""
        field = f'<div class="field{long}">{escape(element.get("initial_value", ""))}</div>'
    hint = f'<div class="hint">{_plain(block["hint"])}</div>' if "hint" in block else ""
    return f'<div class="label">{_plain(block["label"])}{optional}</div>{field}{hint}'


def _file(file: tuple[str, bytes, str]) -> str:
    name, data, alt = file
    if not name.endswith(".png"):
        return f'<div class="file">{escape(name)}</div>'
    picture = base64.b64encode(data).decode()
    return f'<div class="file">{escape(name)}<img alt="{escape(alt)}" src="data:image/png;base64,{picture}"></div>'
