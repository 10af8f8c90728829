"""The stage on Slack, by sockets and by signed requests: the real adapter, Bolt and SDK; a loopback server is Slack."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from simcord import Env

from bot.core.model import Round
from tests.contract.slack_world import Space, workspace
from tests.contract.stages import ORGANISER, ROUND_HOURS, Said, Stage
from tests.e2e.slack_server import Ephemeral, Message, User

Block = dict[str, Any]

_LINK = re.compile(r"/p(?P<seconds>\d+)(?P<fraction>\d{6})\?thread_ts=")
_TOKEN = re.compile(r"<(?P<call>[!@])[^>]*>|<[^|>]*\|(?P<label>[^>]*)>")


def as_read(blocks: Sequence[Block]) -> str:
    """What a person reads in blocks, a line each; not the small print about whose answer it is, nor the buttons."""
    return "\n".join(line for block in blocks for line in _lines(block))


def _lines(block: Block) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "section":
            yield _mrkdwn(block["text"])
        case "rich_text":
            for part in block["elements"]:
                yield from _rich(part)


def _mrkdwn(text: Block) -> str:
    if text["type"] == "plain_text":
        return str(text["text"])
    return _TOKEN.sub(lambda found: "[call]" if found["call"] else found["label"], text["text"])


def _rich(part: Block) -> Iterator[str]:
    if part["type"] == "rich_text_list":
        yield from (f"- {_inline(item)}" for item in part["elements"])
    else:
        yield _inline(part)


def _inline(part: Block) -> str:
    return "".join(_word(element) for element in part["elements"])


def _word(element: Block) -> str:
    if element["type"] in ("user", "usergroup", "broadcast"):
        return "[call]"
    return str(element.get("text") or element.get("fallback") or "")


def answers(message: Message) -> str:
    """The ts of the answer that a message of the coach is about, "" when it is about none."""
    small = [text["text"] for block in message.blocks if block["type"] == "context" for text in block["elements"]]
    found = _LINK.search(" ".join(small))
    return f"{found['seconds']}.{found['fraction']}" if found else ""


class SlackStage:
    """The real adapter in a virtual workspace."""

    types_commands = True
    env: Env | None = None

    def __init__(self, space: Space) -> None:
        self._space = space
        self._people: dict[str, User] = {}
        self._messages: dict[str, Message] = {}
        self._answers: dict[str, Ephemeral | Message] = {}

    def _person(self, name: str) -> User:
        if name not in self._people:
            self._people[name] = self._space.person(name, admin=name == ORGANISER)
        return self._people[name]

    async def question(self) -> Round:
        await self.command(ORGANISER, "post-now")
        return await self._space.app.coach.rounds.find(self._space.place)

    def address(self, who: str) -> str:
        return f"<@{self._person(who).id}>"

    async def say(self, who: str, said: str) -> str:
        message = await self._space.say(self._person(who), said)
        self._messages[message.ts] = message
        return message.ts

    async def edit(self, who: str, message: str, said: str) -> None:
        self._space.clock.pass_(seconds=1)
        self._space.slack.edit(self._messages[message], said)
        await self._space.settle()

    async def delete(self, who: str, message: str) -> None:
        self._space.slack.delete(self._messages[message])
        await self._space.settle()

    def _spoken(self) -> list[Message]:
        return [said for said in self._space.spoken() if said.user.bot_id]

    async def graded(self, message: str) -> list[str]:
        return [as_read(said.blocks) for said in self._spoken() if answers(said) == message]

    async def command(self, who: str, line: str) -> str:
        return self._answer(who, await self._space.slash(self._person(who), line))

    async def press(self, who: str, label: str) -> str:
        return self._answer(who, await self._space.press(self._person(who), self._answers[who], label))

    async def private(self, who: str, said: str) -> str:
        form = await self._space.form(self._person(who), self._space.question, "Answer privately")
        sent = await self._space.submit(self._person(who), form, answer=said)
        return self._answer(who, sent.ephemerals[-1])

    def _answer(self, who: str, answer: Ephemeral | Message) -> str:
        assert isinstance(answer, Ephemeral), "all answers here are for the asker alone"
        self._answers[who] = answer
        return as_read(answer.blocks)

    async def mygrade(self, who: str) -> str:
        return await self.command(who, "mygrade")

    async def thread_texts(self, who: str) -> list[str]:
        return [as_read(said.blocks) for said in (*self._spoken(), *self._space.direct(self._person(who)))]

    async def tick(self) -> None:
        self._space.clock.pass_(seconds=1)

    async def close_round(self) -> None:
        await self._space.later(hours=ROUND_HOURS)

    async def restart(self, meanwhile: Said = ()) -> list[str]:
        space = self._space
        await space.stop()
        space.slack.outgoing.drop = True  # away for longer than Slack goes on trying
        missed = [space.slack.say(space.channel, self._person(who), said, thread=space.question)
                  for who, said in meanwhile]  # fmt: skip
        space.slack.outgoing.drop = False
        self._messages.update({message.ts: message for message in missed})
        await space.start()
        await space.settle()
        return [message.ts for message in missed]


@contextlib.asynccontextmanager
async def slack_stage(path: Path, mode: str) -> AsyncIterator[Stage]:
    """A workspace with one channel that the coach has just been installed in, reached by `mode`."""
    async with workspace(path, mode=mode) as space:
        yield SlackStage(space)


slack_by_socket = functools.partial(slack_stage, mode="socket")
slack_by_http = functools.partial(slack_stage, mode="http")
