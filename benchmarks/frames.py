"""How fast discord.py itself is on one core: frames of the gateway that reach `on_message`, and nothing done there."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import discord
from discord.gateway import DiscordWebSocket

from bot.platforms.discord.client import intents

GUILD, CHANNEL, THREAD, AUTHOR = "1400000000000000001", "1400000000000000002", "1400000000000000003", "4"
FIRST_MESSAGE = 1_400_000_000_000_001_000
SLICE = 200
"""Frames between two turns of the event loop, as a socket's buffer hands them over in a burst."""


class Counting(discord.Client):
    """Counts what reaches it."""

    def __init__(self) -> None:
        super().__init__(intents=intents(content=True), max_messages=None)
        self.heard = 0

    async def on_message(self, _message: discord.Message) -> None:
        self.heard += 1


def frame(number: int, text: str) -> str:
    """A message in a thread, as the gateway sends it."""
    author = {"id": AUTHOR, "username": "ada", "discriminator": "0", "global_name": "Ada", "avatar": None}
    member = {"roles": [], "joined_at": "2025-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
    data: dict[str, Any] = {
        "id": str(FIRST_MESSAGE + number), "channel_id": THREAD, "guild_id": GUILD, "type": 0, "content": text,
        "author": author, "member": member, "timestamp": "2025-06-01T09:00:00+00:00", "edited_timestamp": None,
        "tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "components": [], "pinned": False, "flags": 0, "nonce": str(FIRST_MESSAGE + number),
    }  # fmt: skip
    return json.dumps({"t": "MESSAGE_CREATE", "s": number, "op": 0, "d": data})


def _guild() -> dict[str, Any]:
    channel = {"id": CHANNEL, "type": 0, "name": "daily", "position": 0, "permission_overwrites": []}
    thread = {
        "id": THREAD, "type": 11, "name": "question", "parent_id": CHANNEL, "owner_id": AUTHOR, "guild_id": GUILD,
        "message_count": 0, "member_count": 1,
        "thread_metadata": {
            "archived": False, "auto_archive_duration": 1440, "archive_timestamp": "2025-06-01T09:00:00+00:00",
        },
    }  # fmt: skip
    everyone = {
        "id": GUILD, "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False,
        "managed": False, "mentionable": False,
    }  # fmt: skip
    return {
        "id": GUILD, "name": "Guild", "owner_id": AUTHOR, "channels": [channel], "threads": [thread],
        "roles": [everyone], "members": [], "emojis": [], "features": [], "member_count": 1,
    }  # fmt: skip


async def rate(seconds: float, texts: list[str]) -> float:
    """Frames a second, from the text of a frame to the end of `on_message`."""
    client = Counting()
    await client._async_setup_hook()  # noqa: SLF001  there is no public way to feed it without a connection
    state = client._connection  # noqa: SLF001
    state._add_guild_from_data(_guild())  # type: ignore[arg-type]  # noqa: SLF001
    socket = DiscordWebSocket(None, loop=asyncio.get_running_loop())  # type: ignore[arg-type]
    socket._discord_parsers, socket._dispatch = state.parsers, client.dispatch  # noqa: SLF001
    socket.shard_id = None
    frames = [frame(number, text) for number, text in enumerate(texts)]
    sent, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for _ in range(SLICE):
            await socket.received_message(frames[sent % len(frames)])
            sent += 1
        while client.heard < sent:  # noqa: ASYNC110  an event would cost what is to be measured
            await asyncio.sleep(0)
    return sent / (time.perf_counter() - begun)
