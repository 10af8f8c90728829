"""The command tree, made from the table: /mlops for everybody, /mlops-admin for organisers, and message commands."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import discord
from discord import app_commands

from bot.commands import TABLE, Command, Kind, Param

log = logging.getLogger(__name__)

EVERYBODY, ORGANISERS = "mlops", "mlops-admin"
DESCRIPTION_LIMIT = 100
MOST_CHOICES = 25

Run = Callable[[discord.Interaction, Command, Mapping[str, str]], Awaitable[None]]
RunOnMessage = Callable[[discord.Interaction, Command, discord.Message], Awaitable[None]]
Complete = Callable[[discord.Interaction, str], Awaitable[list[str]]]


def plant(tree: app_commands.CommandTree[Any], *, run: Run, run_on_message: RunOnMessage, topics: Complete) -> None:
    """Add all commands of the table to a tree: `run` and `run_on_message` run them, `topics` completes a topic."""
    everybody = _group(EVERYBODY, "A daily MLOps question, graded strictly.")
    organisers = _group(ORGANISERS, "Set the coach up and look after it.", organisers=True)
    groups: dict[str, app_commands.Group] = {}
    for command in TABLE:
        if Kind.SLASH in command.kinds:
            home = organisers if command.organisers else everybody
            first, _, second = command.verb.partition(" ")
            if second:
                if first not in groups:
                    groups[first] = app_commands.Group(
                        name=first, description=f"{first.title()} of this channel", parent=home
                    )
                home = groups[first]
            home.add_command(_command(command, second or first, run, topics))
        if Kind.MESSAGE in command.kinds:
            tree.add_command(_menu(command, run_on_message))
    tree.add_command(everybody)
    tree.add_command(organisers)


def _group(name: str, description: str, *, organisers: bool = False) -> app_commands.Group:
    return app_commands.Group(
        name=name,
        description=description,
        default_permissions=discord.Permissions(manage_guild=True) if organisers else None,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


def _command(command: Command, name: str, run: Run, topics: Complete) -> app_commands.Command[Any, ..., None]:
    async def callback(interaction: discord.Interaction, **values: str) -> None:
        await run(interaction, command, {name: value for name, value in values.items() if value})

    # discord.py reads parameters from a signature: here it is written from the table.
    parameters = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_ONLY, annotation=discord.Interaction)]
    parameters += [_parameter(param) for param in command.params]
    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described = app_commands.describe(**{param.name: _short(param.help) for param in command.params})(callback)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=name, description=_short(command.help), callback=described
    )
    for param in command.params:
        if param.topic:
            made.autocomplete(param.name)(_completing(topics))
    return made


def _parameter(param: Param) -> inspect.Parameter:
    kind: Any = str
    if param.choices:
        kind = Literal[param.choices[:MOST_CHOICES]]
    default = inspect.Parameter.empty if param.required else ""
    return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _completing(topics: Complete) -> Any:  # noqa: ANN401  discord.py's own type for it is private
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        found = await topics(interaction, current)
        return [app_commands.Choice(name=topic[:100], value=topic[:100]) for topic in found[:MOST_CHOICES]]

    return complete


def _menu(command: Command, run: RunOnMessage) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction, message: discord.Message) -> None:
        await run(interaction, command, message)

    return app_commands.ContextMenu(
        name=command.help,
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


def _short(text: str) -> str:
    return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT - 1] + "…"
