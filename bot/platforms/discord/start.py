"""Staying connected: a session is made again whenever one ends, with patience; what can't be mended stops the coach."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.coach.work import backoff
from bot.core.errors import SettingsError

log = logging.getLogger(__name__)

LONG_ENOUGH_S = 60.0
"""A session that lasted so long wasn't a failed start: the next one is tried soon."""

_BAD_TOKEN = 4004
_CONTENT_REFUSED = 4014
_HOPELESS = {
    4010: "it refuses the shards in COACH_DISCORD_SHARDS; give each process others, of the same total",
    4011: "the bot is in too many servers for so few shards; raise the total in COACH_DISCORD_SHARDS, in all processes",
    4012: "the gateway's version is not supported any more: update mlops-coach",
    4013: "an intent isn't known: update mlops-coach",
}

Session = Callable[[bool], Awaitable[None]]
"""Connects and serves, with or without the message content intent; returns or raises when the session ends."""


def redirect(api_url: str, gateway_url: str) -> None:
    """Send all traffic to a proxy or a test server, for this process; "" leaves Discord's own address."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the coach doesn't speak
    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


async def supervise(session: Session, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Run sessions until cancelled. Raises SettingsError when the token is refused, at the start or later."""
    content, failures = True, 0
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await session(content)
            why = "the session ended"
        except discord.LoginFailure as error:
            raise _refused() from error
        except discord.PrivilegedIntentsRequired:
            content = _without_content(content)
            continue
        except discord.ConnectionClosed as error:
            if error.code == _BAD_TOKEN:
                raise _refused() from error
            if error.code == _CONTENT_REFUSED:
                content = _without_content(content)
                continue
            if error.code in _HOPELESS:
                raise SettingsError(f"Discord ended the connection: {_HOPELESS[error.code]}.") from error
            why = f"Discord closed the connection ({error.code})"
        except Exception as error:
            if getattr(error, "status", None) == 401:
                raise _refused() from error
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        failures = 1 if loop.time() - began > LONG_ENOUGH_S else failures + 1
        wait = backoff(failures) * random.uniform(0.75, 1.25)  # noqa: S311  only spreads load
        log.error("Discord: %s; connecting again in %.0f s (try %d)", why, wait, failures + 1)
        await sleep(wait)


def _refused() -> SettingsError:
    return SettingsError(
        "Discord refuses the token in COACH_DISCORD_TOKEN. Copy the present one from Bot > Token in the developer"
        " portal: it changes when it is reset."
    )


def _without_content(content: bool) -> bool:
    if not content:
        raise SettingsError("Discord refuses an intent that the coach needs. Run mlops-coach doctor.")
    log.warning(
        "Discord doesn't let me read messages: replies in threads can't be graded, only answers by the form. Switch"
        " Message Content Intent on under Bot > Privileged Gateway Intents in the developer portal and start again."
    )
    return False
