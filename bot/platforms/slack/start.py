"""Puts Slack together from plain settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.ports import Clock, Store
from bot.platforms.slack.chat import SlackChat
from bot.platforms.slack.link.connection import Access, Connection
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs, States
from bot.platforms.slack.link.workspaces import Workspaces


def slack_chat(
    store: Store,
    clock: Clock,
    *,
    bot_token: str,
    app_token: str,
    signing_secret: str,
    api_url: str,
    client_id: str,
    client_secret: str,
    mode: str,
    host: str,
    port: int,
    command: str,
    encryption_keys: Sequence[str],
    grace: dt.timedelta,
) -> SlackChat:
    """Slack as a platform; "" stands for what isn't set.

    `mode` is "socket" or "http". A workspace that removed the coach is forgotten after `grace`. Raises SettingsError
    for an encryption key that is none.
    """
    installs = Installs(store, clock, Vault(encryption_keys))
    workspaces = Workspaces(installs, token=bot_token, api_url=api_url)
    access = Access(
        mode=mode,
        app_token=app_token,
        signing_secret=signing_secret,
        client_id=client_id,
        client_secret=client_secret,
        host=host,
        port=port,
        command=command,
    )
    connection = Connection(workspaces, States(store, clock), access)
    return SlackChat(store, clock, workspaces=workspaces, connection=connection, command=command, grace=grace)
