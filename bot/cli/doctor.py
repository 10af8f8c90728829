"""`mlops-coach doctor`: look at everything that can be set up wrongly, and say what to do about it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot import settings
from bot.coach import records
from bot.core.errors import CoachError
from bot.core.model import Channel
from bot.core.ports import Row, Unit, rows
from bot.core.text import visible
from bot.parts import bank_of, check_grader, check_platforms, check_prompts, graders_of, keys, secret
from bot.platforms.findings import Finding
from bot.stores import admin

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "doctor",
        help="look for what is set up wrongly",
        description="Check settings, bank, database and platforms, and say what to do. The coach may be running.",
    )
    command.set_defaults(command=doctor)


async def doctor(_: argparse.Namespace) -> int:
    """1 when something has to be done. Raises SettingsError."""
    chosen = settings.load()
    check_platforms(chosen)
    _tell([Finding(f"Settings: platforms {', '.join(chosen.platforms)}, grader {chosen.grader}")])
    found = [*(await _content(chosen)), *(await _database(chosen))]
    _tell(found)
    if "discord" in chosen.platforms and chosen.discord_token:
        from bot.platforms.discord.doctor import check

        looked = await check(
            chosen.discord_token.get_secret_value(),
            await _channels(chosen, "discord"),
            api_url=chosen.discord_api_url,
            gateway_url=chosen.discord_gateway_url,
        )
        _tell(looked)
        found += looked
    if "slack" in chosen.platforms:
        looked = await _slack(chosen)
        _tell(looked)
        found += looked
    graded = await _grader(chosen)
    _tell(graded)
    found += graded
    wrong = sum(not finding.right for finding in found)
    print("Nothing to do." if not wrong else f"{wrong} to look after.")
    return int(bool(wrong))


async def _grader(chosen: settings.Settings) -> list[Finding]:
    """One real graded call; none while the bank has no question to grade by."""
    from bot.cli.graded_call import graded_call

    try:
        ready = [question for question in await bank_of(chosen) if not question.draft]
        check_grader(chosen)
        graders = await graders_of(chosen)
    except CoachError as error:
        return [Finding(f"Grader {chosen.grader}: {error}", "correct it and run this again")]
    try:
        return [await graded_call(graders.grader, ready[0], graders.support)] if ready else []
    finally:
        await graders.close()


async def _slack(chosen: settings.Settings) -> list[Finding]:
    from bot.platforms.slack.doctor import check
    from bot.platforms.slack.link.installs import known

    installed: Sequence[Row] = ()
    with contextlib.suppress(CoachError):  # told by _database
        if await admin.exists(chosen.database_url):
            installed = await admin.look(chosen.database_url, known)
    return await check(
        await _channels(chosen, "slack"),
        bot_token=secret(chosen.slack_bot_token),
        app_token=secret(chosen.slack_app_token),
        signing_secret=secret(chosen.slack_signing_secret),
        client_id=chosen.slack_client_id,
        client_secret=secret(chosen.slack_client_secret),
        mode=chosen.slack_mode,
        api_url=chosen.slack_api_url,
        command=chosen.slack_command,
        installed=installed,
        encryption_keys=keys(chosen.encryption_key),
    )


def _tell(found: Sequence[Finding]) -> None:
    for finding in found:
        print(f"{'ok  ' if finding.right else 'TODO'} {visible(finding.text)}")
        if finding.remedy:
            print(f"     -> {visible(finding.remedy)}")


async def _content(chosen: settings.Settings) -> list[Finding]:
    try:
        bank = await bank_of(chosen)
        await check_prompts(chosen)
    except CoachError as error:
        return [Finding(line, "correct the document and run this again") for line in str(error).splitlines()]
    ready = sum(not question.draft for question in bank)
    return [Finding(f"Bank: {len(bank)} questions, {ready} with a sample answer")]


async def _database(chosen: settings.Settings) -> list[Finding]:
    where = admin.shown(chosen.database_url)
    try:
        if not await admin.exists(chosen.database_url):
            return [Finding(f"Database: {where} will be made at the first start")]
        problems = await admin.check(chosen.database_url)
    except CoachError as error:
        return [Finding(f"Database: {error}", "see mlops-coach db --help")]
    if problems:
        return [Finding(f"Database: {problem}", "restore a backup") for problem in problems]
    return [Finding(f"Database: {where} is sound")]


async def _channels(chosen: settings.Settings, platform: str) -> list[Channel]:
    """The channels of a platform that have a daily question; none while there is no database."""
    try:
        if not await admin.exists(chosen.database_url):
            return []
        return await admin.look(chosen.database_url, _scheduled, platform)
    except CoachError:
        return []  # told by _database


def _scheduled(platform: str) -> Unit[list[Channel]]:
    found = yield from rows("channels_scheduled")
    return [records.channel(row, row["id"]) for row in found if row["platform"] == platform]
