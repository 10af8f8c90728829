"""The coach's messages as Slack's: Block Kit, a text for notifications, and files, within every limit of length.

People's words stand in rich_text and plain_text only, where Slack parses nothing; mrkdwn is left for our own links and
for the group that organisers chose to call.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.message import Attachment, Bullets, Button, Chart, Code, Inline, Message, Para, Strong, When
from bot.core.message import Block as Part
from bot.core.text import one_line
from bot.platforms.slack.blocks import ids
from bot.platforms.slack.blocks.markup import ELLIPSIS, cut, fallback, plain, size
from bot.platforms.slack.blocks.rich import HEADER_LIMIT, TOTAL_LIMIT, Block, Leaf, fit, heft, leaves, rich

LABEL_LIMIT = 75
TEXT_LIMIT = 4_000
ALT_LIMIT = 1_000
MOST_BUTTONS, A_ROW = 25, 5
MOST_ABOUT = 10

_BUTTONS_LIMIT = 7_000  # of JSON
_GROUP = re.compile(r"(?:<!subteam\^)?(S(?=[A-Z]*[0-9])[A-Z0-9]{2,40})(?:\|[^<>]*)?>?")
_ALL = re.compile(r"@?(channel|here|everyone)|<!(channel|here|everyone)(?:\|[^<>]*)?>", re.IGNORECASE)
_COMMAND = re.compile(r"(?<![\w/])/mlops(?![\w/-])")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in Slack's terms; `files` are (name, content, words for who can't see it)."""

    blocks: list[Block]
    text: str
    files: tuple[tuple[str, bytes, str], ...] = ()


async def show(
    message: Message,
    *,
    command: str = "/mlops",
    channel: str = "",
    charts: bool = True,
    personal: bool = False,
    about: Sequence[Mapping[str, Any]] = (),
    verb: str = "",
    args: Mapping[str, str] | None = None,
    first: int = 0,
) -> Shown:
    """A message as blocks, text and files.

    `command` is what /mlops is called here. `channel` goes into the buttons, for places that have no channel of their
    own. `about` are context elements that come first. Without `charts` pictures are left out; with `personal`, where
    no file can go, they become a button that runs `verb` with `args` again and sends them. `first` is the number of
    the first button, where several messages make one view.
    """
    message = _renamed(message, command)
    drawn = [block for block in message.blocks if isinstance(block, Chart)] if charts else []
    asked = ids.of_chart(verb, args or {}, channel) if drawn and personal and verb else None
    mention = mentioned(message.mention) or ""
    front, back = _front(message, mention, about), _actions(_buttons(message.buttons, channel, asked, first))
    kept, short = fit(leaves(message), TOTAL_LIMIT - heft(front) - heft(back))
    body = rich(kept) or ([] if one_line(message.title, HEADER_LIMIT) else rich([Leaf("para", (ELLIPSIS,))]))
    files = [*_attachments(message), *([("in-full.txt", message.text.encode("utf-8", "replace"), "")] if short else [])]
    if not personal:
        files += [await _picture(number, chart) for number, chart in enumerate(drawn)]
    text = fallback(message.text, TEXT_LIMIT - size(mention) - 1).strip() or ELLIPSIS
    return Shown([*front, *body, *back], f"{mention} {text}".strip(), tuple(files[:10]))


def mentioned(text: str) -> str | None:
    """The mention that organisers mean: channel, here, everyone, or a user group by its id or as Slack writes it."""
    wanted = text.strip()
    if found := _ALL.fullmatch(wanted):
        return f"<!{(found[1] or found[2]).casefold()}>"
    group = _GROUP.fullmatch(wanted)
    return f"<!subteam^{group[1]}>" if group and wanted.startswith("<") == wanted.endswith(">") else None


# ---------------------------------------------------------------------------------------------- words


def _renamed(message: Message, command: str) -> Message:
    """The command goes by the name that it has here."""
    if command == "/mlops":
        return message
    return dataclasses.replace(message, blocks=tuple(_with_command(block, command) for block in message.blocks))


def _with_command(block: Part, command: str) -> Part:
    def called(part: Inline) -> Inline:
        if isinstance(part, When | Code):
            return part
        if isinstance(part, Strong):
            return Strong(_COMMAND.sub(lambda _: command, part.text))
        return _COMMAND.sub(lambda _: command, part)

    match block:
        case Para():
            return Para(tuple(map(called, block.parts)))
        case Bullets():
            return Bullets(tuple(tuple(map(called, item)) for item in block.items))
        case _:
            return block


# ---------------------------------------------------------------------------------------------- blocks


def _front(message: Message, mention: str, about: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What comes before the words: whose answer it is about, who is called, the title."""
    made: list[Block] = []
    if about:
        made.append({"type": "context", "elements": [dict(element) for element in about[:MOST_ABOUT]]})
    if mention:
        made.append({"type": "section", "text": {"type": "mrkdwn", "text": mention}})
    title = one_line(message.title, TOTAL_LIMIT)
    if title and size(title) <= HEADER_LIMIT:
        made.append({"type": "header", "text": plain(title, HEADER_LIMIT)})
    return made


def _buttons(buttons: Sequence[Button], channel: str, chart: str | None, first: int) -> Iterable[Block]:
    """The buttons whose values fit, `chart` being the value of the one that sends a picture."""
    made = [(button, ids.of_button(button, channel)) for button in buttons]
    made += [(Button("Send me the chart", ids.CHART), chart)]
    used = 0
    for number, (button, value) in enumerate([(b, v) for b, v in made if v][:MOST_BUTTONS], first):
        shown = _button(button, ids.action_id(number, button.verb), value or "")
        used += heft(shown)
        if used <= _BUTTONS_LIMIT:
            yield shown


def _button(button: Button, action_id: str, value: str) -> Block:
    made: Block = {"type": "button", "text": plain(button.label, LABEL_LIMIT), "action_id": action_id, "value": value}
    if button.verb == "answer":
        made["style"] = "primary"
    elif button.verb == "privacy" and ("what", "delete") in button.args:
        made["style"] = "danger"
    return made


def _actions(buttons: Iterable[Block]) -> list[Block]:
    left = list(buttons)
    return [{"type": "actions", "elements": left[at : at + A_ROW]} for at in range(0, len(left), A_ROW)]


# ---------------------------------------------------------------------------------------------- files


def _attachments(message: Message) -> list[tuple[str, bytes, str]]:
    files = (block for block in message.blocks if isinstance(block, Attachment))
    return [(file.name, file.content.encode("utf-8", "replace"), "") for file in files]


async def _picture(number: int, chart: Chart) -> tuple[str, bytes, str]:
    from bot.platforms import charts  # Pillow isn't needed before somebody asks for a picture

    name = re.sub(r"[^a-z0-9]+", "-", chart.title.casefold()).strip("-")[:60] or "chart"
    return f"{name}{number or ''}.png", await asyncio.to_thread(charts.draw, chart), cut(chart.alt, ALT_LIMIT)
