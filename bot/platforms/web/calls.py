"""Commands, buttons and forms: from the page's request to a call of the command table, and its answer back."""

from __future__ import annotations

import datetime as dt

from bot.coach import Coach
from bot.commands import Call, command_of, dispatch, parse
from bot.core.errors import UsageError
from bot.core.message import FORM, MESSAGE, Form
from bot.core.model import Place
from bot.core.ports import Store
from bot.platforms.web import units
from bot.platforms.web.names import TEXT_LIMIT
from bot.platforms.web.units import COMMUNITY, PLATFORM, Member, micros
from bot.platforms.web.wire import CallBody, Json, message_json


def place(channel: str) -> Place:
    return Place(PLATFORM, COMMUNITY, channel)


async def run(store: Store, coach: Coach, member: Member, body: CallBody, now: dt.datetime) -> Json:
    """Run a command once per key.

    Returns {"form": ...} to be filled in, {"answer": ...} for the asker's eyes, or {"posted": ...}, the stored message.
    Raises UsageError.
    """
    ...
