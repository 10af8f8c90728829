"""The stage on Discord: the real adapter; simcord stands in for Discord alone."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path

import discord
from simcord import Env, InteractionResult, MemberActor

from bot.app import assemble
from bot.commands import command_of, parse
from bot.core.model import Round
from bot.platforms.discord import DiscordChat
from bot.stores.sqlite import SqliteStore
from tests.contract.discord_world import Server, server, text
from tests.contract.stages import ORGANISER, ROUND_HOURS, Said, Stage
from tests.flow.world import BANK

_MARKUP = re.compile(
    r"```\n?(?P<code>.*?)\n?```|\\(?P<plain>.)|<t:\d+:\w>|(?P<call>@everyone|@here|<@[!&]?\d+>)"
    r"|\[(?P<link>[^]]*)\]\([^)]*\)|[*_~`|]+",
    re.DOTALL,
)


def as_read(markup: str) -> str:
    """What a person reads where Discord shows this markup."""

    def shown(found: re.Match[str]) -> str:
        return found["code"] or found["plain"] or ("[call]" if found["call"] else found["link"] or "")

    return _MARKUP.sub(shown, markup).replace("@\u200b", "@")


class DiscordStage:
    """The real adapter on a virtual Discord."""

    types_commands = False

    def __init__(self, world: Server) -> None:
        self._world = world
        self.env: Env | None = world.env
        self._people: dict[str, MemberActor] = {}
        self._messages: dict[str, discord.Message] = {}
        self._answers: dict[str, InteractionResult] = {}
        self._whispers: dict[str, list[InteractionResult]] = {}

    def _person(self, name: str) -> MemberActor:
        if name not in self._people:
            permissions = {"manage_guild": True} if name == ORGANISER else {}
            self._people[name] = self._world.person(name, **permissions)
        return self._people[name]

    async def question(self) -> Round:
        await self.command(ORGANISER, "post-now")
        return await self._world.app.coach.rounds.find(self._world.place)

    def address(self, who: str) -> str:
        return self._person(who).mention

    async def say(self, who: str, said: str) -> str:
        message = await self._world.say(self._person(who), said)
        self._messages[str(message.id)] = message
        return str(message.id)

    async def edit(self, who: str, message: str, said: str) -> None:
        await self._world.env.advance_time(1)
        await self._person(who).edit(self._messages[message], said)
        await self._world.settle()

    async def delete(self, who: str, message: str) -> None:
        await self._person(who).delete(self._messages[message])
        await self._world.settle()

    async def graded(self, message: str) -> list[str]:
        return [
            as_read(text(said))
            for said in self._world.spoken()
            if said.reference and str(said.reference.message_id) == message
        ]

    async def command(self, who: str, line: str) -> str:
        verb, args = parse(line)
        group = "mlops-admin" if command_of(verb).organisers else "mlops"
        return await self._answer(who, await self._person(who).slash(self._world.channel, f"{group} {verb}", **args))

    async def press(self, who: str, label: str) -> str:
        shown = self._answers[who].response
        assert shown is not None
        return await self._answer(who, await self._person(who).click(shown, label=label))

    async def private(self, who: str, said: str) -> str:
        form = await self._person(who).click(self._world.question, label="Answer privately")
        sent = await self._person(who).submit_modal(form, {"answer": said})
        self._whispers.setdefault(who, []).append(sent)
        return await self._answer(who, sent)

    async def _answer(self, who: str, result: InteractionResult) -> str:
        await self._world.settle()
        assert result.ephemeral, "all answers here are for the asker alone"
        self._answers[who] = result
        return as_read(text(result))

    async def mygrade(self, who: str) -> str:
        return await self.command(who, "mygrade")

    async def thread_texts(self, who: str) -> list[str]:
        public = [text(message) for message in self._world.thread.history() if not message.is_system()]
        alone = [text(told) for sent in self._whispers.get(who, []) for told in sent.followups]
        return [as_read(shown) for shown in (*public, *alone)]

    async def tick(self) -> None:
        await self._world.env.advance_time(1)

    async def close_round(self) -> None:
        await self._world.env.advance_time(ROUND_HOURS * 3600)
        await self._world.settle()

    async def restart(self, meanwhile: Said = ()) -> list[str]:
        world, backend = self._world, self._world.env.backend
        feed = backend.subscribers.pop()  # what happens now isn't heard
        missed = [
            str(backend.create_message(world.thread.id, self._person(who).id, said).id) for who, said in meanwhile
        ]
        backend.subscribers.append(feed)
        await world.store.close()
        world.store = await SqliteStore.open(world.path)
        world.chat = DiscordChat(world.store, token="a.b.c")
        world.app = assemble(
            world.store, world.grader, BANK, [world.chat], clock=world.app.coach.clock, rng=random.Random(7)
        )
        world.chat.attach(world.app.coach)
        await world.restart()
        return missed

    async def end(self) -> None:
        await self._world.store.close()


@contextlib.asynccontextmanager
async def discord_stage(path: Path) -> AsyncIterator[Stage]:
    """A server with one channel that the coach has just joined."""
    async with server(path) as world:
        stage = DiscordStage(world)
        try:
            yield stage
        finally:
            await stage.end()
