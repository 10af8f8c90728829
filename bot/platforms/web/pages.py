"""The pages beside the chat: leaderboard, a person's own page, the archive, what organisers look after.

They only read, but for the form that adds a channel: all else that can be done there is a command of the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.coach import Coach
from bot.coach.archive import LAST
from bot.coach.budget import MILLIONTHS
from bot.commands import BY_VERB
from bot.core.errors import UsageError
from bot.core.model import Person, Place
from bot.core.ports import Store
from bot.platforms.web import guard, units
from bot.platforms.web.basics import COMMUNITY, PLATFORM, Member
from bot.platforms.web.shown import (
    answer_json,
    asked_json,
    board_json,
    channel_json,
    past_json,
    progress_json,
    reveal_json,
    waiting_json,
)
from bot.platforms.web.wire import ChannelBody, Json, number, read_body

PERIODS = ("week", "month", "all")
DAYS = 30  # newest questions of a channel beside it
PAST = 10  # questions of the archive on a page
ANSWERS = 20
WAITING = 20
LINES = 6  # people whose points are drawn
MOST_CHANNELS = 50
LOOKS = ("grades", "suggestions", "health", "digest", "audit")  # commands that only show something
TEXT_LIMIT = 200  # characters of a search or a section's name

EVERYWHERE = Place(PLATFORM, COMMUNITY, "")

Shown = Awaitable[Json]
Who = Callable[[web.Request, str], Awaitable[Member]]


class Pages:
    """The routes. `member` says who asks and `writer` the same of somebody who changes something."""

    def __init__(self, store: Store, coach: Callable[[], Coach], member: Who, writer: Who) -> None:
        self._store, self._coach = store, coach
        self._member, self._writer = member, writer

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/days", self.days),
            web.get("/api/board", self.board),
            web.get("/api/me", self.me),
            web.get("/api/answers", self.answers),
            web.get("/api/archive", self.archive),
            web.get(r"/api/archive/{id:\d{1,15}}", self.reveal),
            web.get("/api/organise", self.organise),
            web.post("/api/channels", self.add_channel),
        ]

    async def _asker(self, request: web.Request) -> Member:
        return await self._member(request, request.query.get("person", ""))

    async def days(self, request: web.Request) -> web.Response:
        """The newest questions of a channel."""
        member = await self._asker(request)
        place = Place(PLATFORM, COMMUNITY, words(request, "channel"))
        found = await self._coach().archive.days(place, member.person, most=DAYS)
        return web.json_response({"days": [asked_json(asked) for asked in found]})

    async def board(self, request: web.Request) -> web.Response:
        member = await self._asker(request)
        return web.json_response(await board(self._coach(), EVERYWHERE, request, member.person))

    async def me(self, request: web.Request) -> web.Response:
        member = await self._asker(request)
        coach, person = self._coach(), member.person
        bank = [question.section for question in await coach.rounds.questions(EVERYWHERE) if not question.draft]
        courses = await coach.standings.courses(EVERYWHERE, [person.id], "all")
        answer = progress_json(
            await coach.standings.progress(EVERYWHERE, person),
            courses.get(person.id, ()),
            Counter(bank),
        )
        return web.json_response(answer)

    async def answers(self, request: web.Request) -> web.Response:
        """A page of one's own answers."""
        member = await self._asker(request)
        before = number(request, "before") or LAST
        found, more = await self._coach().archive.answers(EVERYWHERE, member.person, before=before, most=ANSWERS)
        return web.json_response({"answers": [answer_json(answer) for answer in found], "more": more})

    async def archive(self, request: web.Request) -> web.Response:
        member = await self._asker(request)
        return web.json_response(await archive(self._coach(), EVERYWHERE, request, member.person))

    async def reveal(self, request: web.Request) -> web.Response:
        await self._asker(request)
        return web.json_response(await reveal(self._coach(), EVERYWHERE, request))

    # ------------------------------------------------------------------------------------------ organisers

    async def _organiser(self, member: Member) -> None:
        if not await is_organiser(self._coach(), member):
            raise guard.Refusal(403, "This page is for organisers.")

    async def organise(self, request: web.Request) -> web.Response:
        """All that organisers look after, in one answer."""
        await self._organiser(await self._asker(request))
        coach = self._coach()
        questions = await coach.rounds.questions(EVERYWHERE)
        drafts = [question for question in questions if question.draft]
        return web.json_response(
            {
                "channels": await self._channels(),
                **await _troubles(coach),
                "more": [{"verb": verb, "help": BY_VERB[verb].help} for verb in LOOKS if verb in BY_VERB],
                "ready": len(questions) - len(drafts),
                "drafts": [{"id": one.id, "section": one.section, "title": one.title} for one in drafts],
            }
        )

    async def _channels(self) -> list[Json]:
        coach = self._coach()
        names, _ = await self._store.read(units.start)
        known = {channel.place.channel: channel for channel in await coach.organise.channels(EVERYWHERE)}
        posts = await coach.rounds.next_posts(EVERYWHERE, most=3)
        return [
            channel_json(name, known.get(name), [at for of, at in posts if of.place.channel == name]) for name in names
        ]

    async def add_channel(self, request: web.Request) -> web.Response:
        """Add a channel to the chat."""
        body = await read_body(request, ChannelBody)
        await self._organiser(await self._writer(request, body.person))
        names, _ = await self._store.read(units.start)
        if len(names) >= MOST_CHANNELS:
            raise UsageError(f"There are {len(names)} channels already, which is as many as fit.")
        name = channel_name(body.name)
        if not await self._store.write(units.add_channel, name):
            raise UsageError(f"There is a channel #{name} already.")
        return web.json_response({"channel": name})


async def is_organiser(coach: Coach, member: Member) -> bool:
    """Whether somebody is an organiser, as the first who came or because one named them."""
    return member.organiser or await coach.organise.is_named(EVERYWHERE, member.id)


def channel_name(raw: str) -> str:
    """What was typed as a channel's name, such as "System design", as it is called. Raises UsageError."""
    name = "-".join(raw.strip().lstrip("#").casefold().split())
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= 40):
        raise UsageError("A channel's name is up to 40 small letters, digits and hyphens, such as system-design.")
    return name


def words(request: web.Request, name: str) -> str:
    """A text from the address. Raises UsageError when it is too long."""
    text = request.query.get(name, "").strip()
    if len(text) > TEXT_LIMIT:
        raise UsageError(f"{name} holds at most {TEXT_LIMIT} characters.")
    return text.replace("\0", "")


# ---------------------------------------------------------------------------------------------- for all to read


async def board(coach: Coach, place: Place, request: web.Request, person: Person) -> Json:
    """The board that the address asks for by `period` and `topic`, and the topics that there are."""
    period = words(request, "period") or "week"
    if period not in PERIODS:
        raise UsageError(f"{period[:40]} is not a period. Known: {', '.join(PERIODS)}.")
    topic = words(request, "topic")
    found = await coach.standings.board(place, person, period, topic)
    drawn = [row.person.id for row in (*found.rows[:LINES], *([found.own] if found.own else []))]
    drawn += [row.person.id for row in found.rows[LINES:] if row.person.id == person.id]
    courses = await coach.standings.courses(place, drawn, period, topic)
    return {**board_json(found, courses, person.id), "topics": await coach.rounds.topics(place)}


async def archive(coach: Coach, place: Place, request: web.Request, person: Person) -> Json:
    """The page of the archive that the address asks for by `search`, `section` and `before`."""
    found, more = await coach.archive.past(
        place,
        person,
        section=words(request, "section"),
        search=words(request, "search"),
        before=number(request, "before") or LAST,
        most=PAST,
    )
    return {
        "rounds": [past_json(asked) for asked in found],
        "more": more,
        "sections": await coach.archive.sections(place),
    }


async def reveal(coach: Coach, place: Place, request: web.Request) -> Json:
    """A past question by the id in the path."""
    return reveal_json(*await coach.archive.reveal(place, int(request.match_info["id"])))


async def _troubles(coach: Coach) -> Json:
    """What waits, what failed, what has to be known, and what grading cost today."""
    waiting, count = await coach.archive.waiting(EVERYWHERE, most=WAITING)
    failed, dropped = await coach.organise.failed(EVERYWHERE)
    disputed = await coach.organise.disputed(EVERYWHERE)
    spent = await coach.grading.spent_today(EVERYWHERE)
    tokens, money = coach.grading.day_limits
    notices = await coach.notices.of(EVERYWHERE)
    return {
        "waiting": [waiting_json(reply) for reply in waiting],
        "waiting_count": count,
        "failed": [{"id": id_, "name": name, "title": title, "why": why} for id_, name, title, why in failed],
        "dropped": [{"kind": kind, "why": why} for kind, why in dropped],
        "disputed": [{"id": id_, "name": name, "scores": scores} for id_, name, scores in disputed],
        "notices": [{"text": text, "since": since.isoformat()} for text, since in notices],
        "spent": {"tokens": spent.tokens, "cost": spent.cost / MILLIONTHS} if spent else None,
        "limits": {"tokens": tokens, "money": money},
    }
