"""A look at the bot's set-up at Discord: token, intents, commands, and what is allowed in each channel."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import PlatformError
from bot.core.model import Channel
from bot.platforms.discord import start
from bot.platforms.discord.client import intents
from bot.platforms.discord.faults import INVITED, PASSING, missing, refusal, translated
from bot.platforms.discord.send import mentioned
from bot.platforms.discord.tree import EVERYBODY, ORGANISERS
from bot.platforms.findings import Finding

PORTAL = "https://discord.com/developers/applications"


def invite_link(application: int) -> str:
    """Where an organiser adds the bot to a server: its two scopes, and the permissions that it needs."""
    permissions = discord.Permissions(**dict.fromkeys(INVITED, True))
    return discord.utils.oauth_url(application, permissions=permissions, scopes=("bot", "applications.commands"))


async def check(token: str, channels: Sequence[Channel], *, api_url: str = "", gateway_url: str = "") -> list[Finding]:
    """Log in, without connecting, and look at everything; one finding where that isn't possible."""
    start.redirect(api_url, gateway_url)
    with _errors_only():
        return await _examined(token, channels)


@contextlib.contextmanager
def _errors_only() -> Iterator[None]:
    """What the SDK warns of here is found and told by the examination itself."""
    log = logging.getLogger("discord")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


async def _examined(token: str, channels: Sequence[Channel]) -> list[Finding]:
    async with discord.Client(intents=intents(content=False)) as client:
        try:
            await client.login(token)
            return await examine(app_commands.CommandTree(client), channels)
        except discord.LoginFailure:
            return [Finding("Discord refuses the token", f"copy the present one from Bot > Token at {PORTAL}")]
        except PASSING as error:
            return [Finding(str(translated(error, "Discord's API")), "try again; check the network and any proxy")]


async def examine(tree: app_commands.CommandTree[Any], channels: Sequence[Channel]) -> list[Finding]:
    """What a client that has logged in can tell, asked for by its tree. Raises what discord.py does."""
    client: discord.Client = tree.client
    application = await client.application_info()
    page = f"{PORTAL}/{application.id}"
    found = [Finding(f"Token: {application.name} ({application.id})")]
    found.append(_content(application.flags, page))
    found.append(_commands(await tree.fetch_commands()))
    guilds = [guild async for guild in client.fetch_guilds(limit=None)]
    link = invite_link(application.id)
    found.append(
        Finding(f"Servers: {len(guilds)}") if guilds else Finding("The bot is in no server", f"invite it: {link}")
    )
    for guild in guilds:
        found.extend(await _guild(client, guild, [c for c in channels if c.place.community == str(guild.id)], page))
    known = {str(guild.id) for guild in guilds}
    gone = sorted({channel.place.community for channel in channels} - known)
    found += [Finding(f"The bot isn't in server {id_} any more", f"invite it again: {link}") for id_ in gone]
    found.append(Finding(f"Invite link: {link}"))
    return found


def _content(flags: discord.ApplicationFlags, page: str) -> Finding:
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        return Finding("Message Content Intent is on: replies in threads can be read")
    return Finding(
        "Message Content Intent is off: only answers by the form can be graded",
        f"switch it on under Bot > Privileged Gateway Intents at {page}/bot",
    )


def _commands(published: Sequence[app_commands.AppCommand]) -> Finding:
    names = {command.name for command in published}
    if {EVERYBODY, ORGANISERS} <= names:
        return Finding(f"Commands: {', '.join(sorted(names))}")
    return Finding("The commands aren't published yet", "start the coach once (mlops-coach run); it publishes them")


async def _guild(client: discord.Client, guild: discord.Guild, channels: Sequence[Channel], page: str) -> list[Finding]:
    try:
        whole = await client.fetch_guild(guild.id)
        mine = await whole.fetch_member(client.user.id if client.user else 0)
        there = {str(channel.id): channel for channel in await whole.fetch_channels()}
    except PASSING as error:
        fault: PlatformError = translated(error, guild.name)
        return [Finding(f"{guild.name}: {fault}", f"invite the bot again from {page}/oauth2")]
    if not channels:
        how = f"write /{ORGANISERS} config setup in the channel that is to have one"
        return [Finding(f"{guild.name}: no channel has a daily question", how)]
    return [finding for channel in channels for finding in _channel(whole, mine, channel, there)]


def _channel(
    guild: discord.Guild, mine: discord.Member, channel: Channel, there: Mapping[str, discord.abc.GuildChannel]
) -> list[Finding]:
    found = there.get(channel.place.channel)
    name = f"{guild.name} #{found.name if found else channel.name or channel.place.channel}"
    if found is None:
        how = "give its role View Channel there, or set up another channel"
        return [Finding(f"{name}: the bot can't see the channel, or it is gone", how)]
    allowed = found.permissions_for(mine)
    lacking = missing(allowed) + (missing(allowed, ("pin_messages",)) if channel.pin else [])
    faults = []
    if lacking:
        how = "change it in Server Settings > Roles, or in the channel's own permissions"
        faults.append(Finding(f"{name}: {refusal(found.name, lacking)}", how))
    if channel.mention:
        role = mentioned(guild, channel.mention)
        if role is None:
            how = f"choose another with /{ORGANISERS} config set mention"
            faults.append(Finding(f"{name}: there is no role called {channel.mention}", how))
        elif not allowed.mention_everyone and not (isinstance(role, discord.Role) and role.mentionable):
            how = "let anybody mention it (Server Settings > Roles), or give the bot's role Mention Everyone"
            faults.append(Finding(f"{name}: the bot may not mention {channel.mention}", how))
    return faults or [Finding(f"{name}: all that is needed is allowed")]
