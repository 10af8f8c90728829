"""What goes wrong on Discord's side, in the coach's own errors and words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import aiohttp
import discord

from bot.core.errors import PlatformAway, PlatformError
from bot.core.text import one_line

UNKNOWN_MESSAGE = 10_008
THREAD_ARCHIVED = 50_083
THREAD_EXISTS = 160_004

LABELS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "add_reactions": "Add Reactions",
    "pin_messages": "Pin Messages",
    "mention_everyone": "Mention Everyone",
}
"""Permissions by discord.py's names, as Discord's own settings call them."""

_DEEDS = {
    "view_channel": "see",
    "send_messages": "write in",
    "embed_links": "show questions in",
    "attach_files": "show pictures in",
    "read_message_history": "re-read what I missed in",
    "create_public_threads": "create threads in",
    "send_messages_in_threads": "answer in the threads of",
    "add_reactions": "put receipts on answers in",
    "pin_messages": "pin the question in",
    "mention_everyone": "mention that role in",
}
NEEDED = (
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "create_public_threads",
    "send_messages_in_threads",
    "add_reactions",
)
"""What the coach needs in a channel, the most important first."""

INVITED = (*NEEDED, "pin_messages", "mention_everyone")
"""What the invite link asks for."""


def missing(permissions: discord.Permissions, wanted: tuple[str, ...] = NEEDED) -> list[str]:
    """Those of the wanted permissions that aren't there."""
    return [name for name in wanted if not getattr(permissions, name)]


def refusal(channel: str, lacking: list[str]) -> str:
    """What the coach may not do in a channel, and what to grant."""
    deeds = " or ".join(_DEEDS[name] for name in lacking)
    labels = ", ".join(LABELS[name] for name in lacking)
    return f"I may not {deeds} #{one_line(channel, 100)}. Give my role {labels} there."


def translated(error: Exception, where: str, *, lacking: str = "") -> PlatformError:
    """An SDK's or network error as the coach's: PlatformAway for what passes. `lacking` words a missing permission."""
    match error:
        case discord.RateLimited():
            return PlatformAway("Discord asks to slow down", retry_after=error.retry_after)
        case discord.Forbidden():
            return PlatformError(lacking or f"Discord doesn't let me do that in {where} ({error.code}).")
        case discord.NotFound():
            return PlatformError(f"{where} isn't there any more, or I can't see it ({error.code}).")
        case discord.HTTPException() if error.status == 429:
            return PlatformAway("Discord asks to slow down", retry_after=_retry_after(error))
        case discord.HTTPException() if error.status >= 500 or error.status == 401:
            return PlatformAway(f"Discord answered with {error.status}")
        case discord.HTTPException():
            return PlatformError(f"Discord refused it in {where}: {one_line(error.text, 200)} ({error.code}).")
        case _:
            return PlatformAway(f"Discord can't be reached ({type(error).__name__})")


def _retry_after(error: discord.HTTPException) -> float:
    try:
        return max(1.0, float(error.response.headers.get("Retry-After", "")))
    except (ValueError, AttributeError):
        return 60.0


PASSING = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError, RuntimeError)
"""What calls of the SDK raise; RuntimeError comes from a session that was closed meanwhile."""


@contextlib.contextmanager
def translating(where: str) -> Iterator[None]:
    """Raise PlatformError or PlatformAway for what the SDK raises within."""
    try:
        yield
    except PASSING as error:
        raise translated(error, where) from error
