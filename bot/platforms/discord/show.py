"""The coach's messages as Discord's: embeds, buttons and files, within every limit of length."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import discord

from bot.commands import TABLE, Kind
from bot.core.message import (
    Attachment,
    Block,
    Bullets,
    Button,
    Chart,
    Inline,
    Listing,
    Message,
    Para,
    Quote,
    Strong,
    Table,
)
from bot.platforms.discord import ids
from bot.platforms.discord.markup import FENCE, cut, escape, inline, listing, size, table

TITLE_LIMIT = 256
EMBED_LIMIT = 4_096
MESSAGE_LIMIT = 5_900  # Discord's is 6,000 over all embeds
LABEL_LIMIT = 80
ALT_LIMIT = 1_024
MOST_BUTTONS = 25
COLOUR = 0x2F6FED
NOBODY = discord.AllowedMentions.none()

_DANGEROUS = frozenset({"privacy"})
_INVITING = frozenset({"answer"})
_ORGANISERS = "|".join(
    re.escape(command.verb) for command in TABLE if command.organisers and Kind.SLASH in command.kinds
)
_ADMIN = re.compile(rf"/mlops (?=(?:{_ORGANISERS})\b)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in Discord's terms. `short` says that something had to be left out; it is then in a file."""

    embeds: list[discord.Embed]
    buttons: tuple[tuple[Button, str], ...] = ()
    files: tuple[tuple[str, bytes, str], ...] = field(default=())

    def view(self) -> discord.ui.View | None:
        """The buttons. Their presses are routed by custom id, so the view itself listens to nothing."""
        if not self.buttons:
            return None
        view = discord.ui.View(timeout=None)
        for button, custom_id in self.buttons:
            view.add_item(discord.ui.Button(label=cut(button.label, LABEL_LIMIT), custom_id=custom_id,
                                            style=_style(button)))  # fmt: skip
        view.stop()
        return view

    def attached(self) -> list[discord.File]:
        """The files, anew each time: sending one uses it up."""
        return [discord.File(io.BytesIO(data), name, description=alt or None) for name, data, alt in self.files]


def _style(button: Button) -> discord.ButtonStyle:
    if button.verb in _DANGEROUS:
        return discord.ButtonStyle.danger
    return discord.ButtonStyle.primary if button.verb in _INVITING else discord.ButtonStyle.secondary


async def show(message: Message, mark: str = "") -> Shown:
    """A message as embeds, buttons and files; `mark` is carried by its buttons, or in small print without any."""
    message = _named(message)
    texts = [_markup(block) for block in message.blocks if not isinstance(block, Attachment | Chart)]
    title = cut(escape(message.title), TITLE_LIMIT)
    kept, short = _fit([text for text in texts if text], MESSAGE_LIMIT - size(title) - 40)
    embeds = [discord.Embed(description=text, colour=COLOUR) for text in _packed(kept)]
    if title or not embeds:
        embeds = embeds or [discord.Embed(colour=COLOUR)]
        embeds[0].title = title or "…"
    buttons = tuple(_identified(message.buttons, mark))
    if mark and not buttons:
        embeds[-1].set_footer(text=mark)
    files = [*_attachments(message), *([("in-full.txt", message.text.encode(), "")] if short else [])]
    for number, block in enumerate(block for block in message.blocks if isinstance(block, Chart)):
        name = f"chart-{number}.png"
        files.append((name, await _drawn(block), cut(block.alt, ALT_LIMIT)))
        if not embeds[-1].image:
            embeds[-1].set_image(url=f"attachment://{name}")
    return Shown(embeds, buttons, tuple(files[:10]))


async def _drawn(chart: Chart) -> bytes:
    from bot.platforms import charts  # Pillow isn't needed before somebody asks for a picture

    return await asyncio.to_thread(charts.draw, chart)


def _identified(buttons: Sequence[Button], mark: str) -> Iterable[tuple[Button, str]]:
    for button in buttons[:MOST_BUTTONS]:
        custom_id = ids.of_button(button, mark)
        if custom_id:
            yield button, custom_id


def _attachments(message: Message) -> list[tuple[str, bytes, str]]:
    files = (block for block in message.blocks if isinstance(block, Attachment))
    return [(file.name, file.content.encode(), "") for file in files]


# ---------------------------------------------------------------------------------------------- words


def _named(message: Message) -> Message:
    """Organisers' commands are a group of their own here: /mlops-admin."""
    return dataclasses.replace(message, blocks=tuple(_renamed(block) for block in message.blocks))


def _renamed(block: Block) -> Block:
    match block:
        case Para():
            return Para(_admin(block.parts))
        case Bullets():
            return Bullets(tuple(_admin(item) for item in block.items))
        case _:
            return block


def _admin(parts: Iterable[Inline]) -> tuple[Inline, ...]:
    return tuple(
        _ADMIN.sub("/mlops-admin ", part)
        if isinstance(part, str)
        else Strong(_ADMIN.sub("/mlops-admin ", part.text))
        if isinstance(part, Strong)
        else part
        for part in parts
    )


def _markup(block: Block) -> str:
    match block:
        case Para():
            return inline(block.parts)
        case Bullets():
            return "\n".join("- " + inline(item).replace("\n", "\n  ") for item in block.items)
        case Listing():
            return listing(block.text)
        case Quote():
            return "\n".join(f"> {escape(line)}" for line in block.text.splitlines())
        case Table():
            return table(block.header, block.rows)
        case _:
            return ""


# ---------------------------------------------------------------------------------------------- lengths


def _fit(texts: list[str], budget: int) -> tuple[list[str], bool]:
    """The texts, the longest shortened until all fit together; and whether any had to be."""
    short = False
    while texts and (excess := sum(size(text) + 1 for text in texts) - budget) > 0:
        longest = max(range(len(texts)), key=lambda index: size(texts[index]))
        texts[longest] = _shortened(texts[longest], max(size(texts[longest]) - excess, 40))
        short = True
        if all(size(text) <= 40 for text in texts):  # hundreds of tiny ones
            texts = texts[: budget // 42]
    return texts, short


def _shortened(text: str, limit: int) -> str:
    if not text.startswith(FENCE):
        return cut(text, limit)
    lines = text.split("\n")
    while len(lines) > 3 and sum(size(line) + 1 for line in lines) > limit:
        del lines[-2]
    return "\n".join(lines) if size("\n".join(lines)) <= limit else cut(text.strip(FENCE), limit)


def _packed(texts: Sequence[str]) -> list[str]:
    """As few descriptions as hold the texts, each within an embed's limit."""
    packed: list[str] = []
    for text in texts:
        for piece in _pieces(text):
            if packed and size(packed[-1]) + size(piece) + 1 <= EMBED_LIMIT:
                packed[-1] += "\n" + piece
            else:
                packed.append(piece)
    return packed


def _pieces(text: str) -> Iterable[str]:
    """A text in parts that an embed holds, parted at a line's end or between words; of code each is a block."""
    fenced = text.startswith(FENCE)
    while size(text) > EMBED_LIMIT:
        head = cut(text, EMBED_LIMIT - size(FENCE) - 1)[:-1]
        at = head.rfind("\n") if fenced else max(head.rfind("\n"), head.rfind(" "))
        if at < len(head) // 2:
            at = len(head)
        yield f"{text[:at]}\n{FENCE}" if fenced else text[:at].rstrip()
        text = f"{FENCE}\n{text[at:].removeprefix(chr(10))}" if fenced else text[at:].lstrip()
    yield text
