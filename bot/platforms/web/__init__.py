"""The local web chat: a chat platform of its own, served by this process and kept in the coach's database."""

from bot.platforms.web.chat import WebChat

__all__ = ["WebChat"]
