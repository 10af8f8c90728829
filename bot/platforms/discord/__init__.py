"""Discord: the coach in a server, on discord.py. Nothing of that is imported before it is needed."""

from bot.platforms.discord.chat import DiscordChat

__all__ = ["DiscordChat"]
