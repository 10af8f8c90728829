"""Slack: the coach in workspaces, through one app. Bolt and the SDK are imported in here only."""

from bot.platforms.slack.chat import SlackChat
from bot.platforms.slack.start import slack_chat

__all__ = ["SlackChat", "slack_chat"]
