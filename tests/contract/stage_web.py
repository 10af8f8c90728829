"""The stage in the browser's place: the real web chat, over HTTP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from simcord import Env

from bot.app import App, assemble
from bot.core.message import MESSAGE
from bot.core.model import Place, Round
from bot.core.ports import Store
from bot.platforms.web import WebChat, members, units
from bot.platforms.web.basics import micros
from bot.stores import open_store
from tests import postgres_server
from tests.contract.stages import ORGANISER, ROUND_HOURS, Said, Stage
from tests.flow.world import BANK, HandClock, WordGrader

CHANNEL = "mlops-daily"
Json = dict[str, Any]


class WebStage:
    """The real web chat, over HTTP on loopback; each person has a browser's worth of cookies."""

    types_commands = True
    env: Env | None = None

    def __init__(self, url: str, sessions: contextlib.AsyncExitStack) -> None:
        self._url, self._sessions = url, sessions
        self._clock, self._grader = HandClock(), WordGrader()
        self._people: dict[str, tuple[aiohttp.ClientSession, str]] = {}
        self._answers: dict[str, Json] = {}
        self._keys = itertools.count(1)
        self._thread = 0
        self._store: Store
        self._app: App
        self._serving: asyncio.Task[None]
        self._address = ""

    async def begin(self) -> None:
        """Start to serve, and read what was missed, as the program does."""
        self._store = await open_store(self._url)
        chat = WebChat(self._store, self._clock, port=0)
        self._app = assemble(self._store, self._grader, BANK, [chat], clock=self._clock, rng=random.Random(7))
        chat.attach(self._app.coach)
        await self._app.coach.replies.catch_up(chat)
        self._serving = asyncio.create_task(chat.run())
        self._address = (await chat.address()).rstrip("/")
        await self._app.settle()

    async def end(self) -> None:
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        await self._app.coach.grading.stop()
        for delivery in self._app.deliveries:
            await delivery.stop()
        await self._store.close()

    # ------------------------------------------------------------------------------------------ requests

    async def come_in(self, name: str) -> tuple[aiohttp.ClientSession, str]:
        """A person's browser and id."""
        if name not in self._people:
            jar = aiohttp.CookieJar(unsafe=True)  # loopback has an address instead of a name
            session = await self._sessions.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
            async with session.post(f"{self._address}/api/people", json={"name": name}) as response:
                answer = await response.json()
                assert response.status == 200, answer
            self._people[name] = (session, answer["person"]["id"])
        return self._people[name]

    async def _post(self, who: str, path: str, **body: Any) -> Json:
        session, person = await self.come_in(who)
        async with session.post(f"{self._address}/api/{path}", json={"person": person, **body}) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
        self._clock.pass_(seconds=1)
        await self._app.settle()
        return answer

    async def _page(self, who: str) -> list[Json]:
        session, person = await self.come_in(who)
        params = {"person": person, "channel": CHANNEL, "thread": str(self._thread)}
        async with session.get(f"{self._address}/api/messages", params=params) as response:
            answer = await response.json()
            assert response.status == 200, answer
        shown: list[Json] = [message for message in answer["messages"] if not message.get("deleted")]
        return shown

    async def _call(self, who: str, **body: Any) -> Json:
        return await self._post(who, "calls", key=self._key(), channel=CHANNEL, **body)

    def _key(self) -> str:
        return f"key-{next(self._keys):08}"

    def _answer(self, who: str, answer: Json) -> str:
        assert "answer" in answer, "all answers here are for the asker alone"
        self._answers[who] = answer["answer"]
        if answer["forgotten"]:
            del self._people[who]
        return MESSAGE.validate_json(json.dumps(answer["answer"])).text

    # ------------------------------------------------------------------------------------------ what people do

    async def question(self) -> Round:
        await self.command(ORGANISER, "admin post-now")
        round_ = await self._app.coach.rounds.find(Place("web", "local", CHANNEL))
        self._thread = int(round_.thread)
        return round_

    def address(self, who: str) -> str:
        return f"@{who}"

    async def say(self, who: str, said: str) -> str:
        answer = await self._post(who, "messages", key=self._key(), channel=CHANNEL, thread=self._thread, text=said)
        return str(answer["message"]["id"])

    async def edit(self, who: str, message: str, said: str) -> None:
        await self._post(who, f"messages/{message}/edit", text=said)

    async def delete(self, who: str, message: str) -> None:
        await self._post(who, f"messages/{message}/delete")

    async def graded(self, message: str) -> list[str]:
        page = await self._page(ORGANISER)
        return [_as_read(shown) for shown in page if not shown["author"] and str(shown["reply_to"]) == message]

    async def command(self, who: str, line: str) -> str:
        return self._answer(who, await self._call(who, line=f"/mlops {line}"))

    async def press(self, who: str, label: str) -> str:
        (button,) = (button for button in self._answers[who]["buttons"] if button["label"] == label)
        args = dict(button["args"])
        return self._answer(who, await self._call(who, verb=button["verb"], target=button["target"], args=args))

    async def private(self, who: str, said: str) -> str:
        form = (await self._call(who, line="/mlops answer"))["form"]
        sent = await self._call(
            who, verb=form["verb"], target=form["target"], args={form["fields"][0]["name"]: said}, submitted=True
        )
        return self._answer(who, sent)

    async def mygrade(self, who: str) -> str:
        return await self.command(who, "mygrade")

    async def thread_texts(self, who: str) -> list[str]:
        return [_as_read(shown) for shown in await self._page(who)]

    async def tick(self) -> None:
        self._clock.pass_(seconds=1)

    async def close_round(self) -> None:
        self._clock.pass_(hours=ROUND_HOURS)
        await self._app.settle()

    async def restart(self, meanwhile: Said = ()) -> list[str]:
        for who, _ in meanwhile:
            await self.come_in(who)
        await self.end()
        missed = await self._last_breath(meanwhile)
        await self.begin()
        return missed

    async def _last_breath(self, said: Said) -> list[str]:
        """While the coach is away nobody can write here: what it can miss is what it stored just before it died."""
        store, missed = await open_store(self._url), []
        for who, words in said:
            people = {one.id: one for one in await store.read(members.people)}
            author = people[self._people[who][1]]
            now = micros(self._clock.now())
            row, _ = await store.write(units.post, author, self._key(), CHANNEL, self._thread, words, now)
            missed.append(str(row["id"]))
        await store.close()
        return missed


def _as_read(shown: Json) -> str:
    # The page puts all of it as text, never as markup: tests/e2e/test_web_page.py holds that in a browser.
    return MESSAGE.validate_json(json.dumps(shown["message"])).text if shown["message"] else str(shown["text"])


@contextlib.asynccontextmanager
async def web_stage(path: Path) -> AsyncIterator[Stage]:
    """A web chat to which the organiser came first."""
    async with _web_stage(f"sqlite:///{path}") as stage:
        yield stage


@contextlib.asynccontextmanager
async def web_stage_on_postgres(_: Path) -> AsyncIterator[Stage]:
    """The same, with its messages in a PostgreSQL database."""
    server = postgres_server.server()
    url = await server.create_coach()
    async with _web_stage(url) as stage:
        yield stage
    server.give_back(url)


@contextlib.asynccontextmanager
async def _web_stage(url: str) -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as sessions:
        stage = WebStage(url, sessions)
        await stage.begin()
        try:
            await stage.come_in(ORGANISER)
            yield stage
        finally:
            await stage.end()
