"""A loopback Discord: a gateway and a REST API that the real discord.py talks to, with people and with faults.

    async with DiscordServer() as server:
        guild = server.guild()
        channel = server.channel(guild)
        ana = server.user("Ana")
        ...  # a coach starts with server.token, server.api_url and server.gateway_url
        server.say(channel, ana, "Hello")
        await server.wait_for(lambda: server.messages(channel), 5)

What people and faults do is done at once and synchronously; the coach learns of it through its socket.
"""

from tests.e2e.discord_server.entities import EPHEMERAL, LOADING, Channel, Guild, Message, User
from tests.e2e.discord_server.interactions import Interaction
from tests.e2e.discord_server.server import DiscordServer

__all__ = ["EPHEMERAL", "LOADING", "Channel", "DiscordServer", "Guild", "Interaction", "Message", "User"]
