"""The one place where the coach is put together, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.clock import SystemClock, local_zone
from bot.coach import (
    Acts,
    Archive,
    Coach,
    Community,
    Dates,
    Digests,
    Exchange,
    Graders,
    Grading,
    Learners,
    Notices,
    Organise,
    Overrides,
    Privacy,
    QuestionHealth,
    Replies,
    Rounds,
    Standings,
    Suggestions,
    Wakes,
)
from bot.coach.delivery import Delivery
from bot.coach.rounds import Bank
from bot.coach.work import LEASE, Bell, loop
from bot.core.errors import SettingsError, StoreError, UsageError
from bot.core.model import Place, Question
from bot.core.ports import Clock, CrashPoint, Grader, Platform, Store, no_crash
from bot.ops import logs
from bot.ops.skew import Skew
from bot.ops.watch import UNWATCHED, Watch, watching
from bot.parts import bank_when_needed, check_grader, check_platforms, documents, graders_of, make_folder, platforms_of
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.platforms.web import WebChat

log = logging.getLogger(__name__)

LOCAL_CHANNEL = "mlops-daily"
LOCAL_GRACE = "24h"
"""A laptop may be opened at any time of the day: the local chat's daily question waits for it."""


STOP_S = 3.0
"""Seconds at the end to let go of what was begun; a database that is away for longer finds it by the leases."""


class Role(StrEnum):
    """What one process of a coach does."""

    ALL = "all"
    PLATFORM = "platform"  # talks and keeps the schedule, grades nothing
    GRADER = "grader"  # grades, talks to nobody


@dataclass(frozen=True, slots=True)
class App:
    """A coach with its loops and platforms, ready to run."""

    store: Store
    coach: Coach
    deliveries: Sequence[Delivery]
    platforms: Sequence[Platform]
    wakes: Wakes
    role: Role = Role.ALL
    watch: Watch = UNWATCHED

    async def run(self) -> None:
        """Serve until cancelled; when a platform stops with an error, all stop and it is raised."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for platform in self.platforms:
                    with logs.bound(platform=platform.name):
                        tasks.create_task(platform.run(), name=platform.name)
                for name, bell, step in self._loops():
                    with logs.bound(loop=name):
                        tasks.create_task(loop(name, bell, self.watch.step(name, step)), name=name)
                tasks.create_task(self.wakes.run(), name="wakes")
                skew = Skew(self.store, self.coach.clock)
                tasks.create_task(loop("clock", Bell(), skew.step), name="clock")
        finally:
            await self._stop()

    def _loops(self) -> list[tuple[str, Bell, Callable[[], Awaitable[float]]]]:
        """What this process does again and again: name, bell and step of each loop."""
        found: list[tuple[str, Bell, Callable[[], Awaitable[float]]]] = []
        if self.role is not Role.PLATFORM:
            grading = self.coach.grading
            found += [("grading", grading.bell, grading.step), ("grading leases", Bell(), grading.renew)]
        if self.role is not Role.GRADER:
            rounds = self.coach.rounds
            found += [("rounds", rounds.bell, rounds.step), ("recounts", Bell(), rounds.recount)]
        for platform, delivery in zip(self.platforms, self.deliveries, strict=True):
            name = f"delivery to {platform.name}"
            found += [(name, delivery.bell, delivery.step), (f"{name}, leases", Bell(), delivery.renew)]
        return found

    async def _stop(self) -> None:
        """Let go of what was begun: nothing of ours may use the store once it closes."""
        try:
            async with asyncio.timeout(STOP_S):
                await self.coach.grading.stop()
                for delivery in self.deliveries:
                    await delivery.stop()
        except (StoreError, TimeoutError) as error:
            log.warning("what was begun is taken up when its lease ends: %s", error or "the database doesn't answer")

    async def settle(self) -> None:
        """Do all that is due now, to its end, without waiting for anything: one turn of every loop until all rest."""
        for _ in range(4):
            await self.coach.rounds.step()
            await self.coach.rounds.recount()
            await self.coach.grading.step()
            await self.coach.grading.idle()
            for delivery in self.deliveries:
                await delivery.step()
                await delivery.idle()


def assemble(
    store: Store,
    grader: Grader | Graders,
    bank: Sequence[Question] | Callable[[], Sequence[Question]],
    platforms: Sequence[Platform],
    *,
    clock: Clock,
    rng: random.Random,
    crash: CrashPoint = no_crash,
    cooldown: dt.timedelta = dt.timedelta(minutes=1),
    lease: dt.timedelta = LEASE,
    role: Role = Role.ALL,
    watch: Watch = UNWATCHED,
) -> App:
    """Wire a coach from its parts; platforms that take a coach get it by their `attach`.

    `bank` may be what reads it, once it is needed.
    """
    wakes = Wakes(store)
    grading_bell = wakes.bell("grading")
    meter = watch.meter
    replies = Replies(store, clock, crash, grading=grading_bell, meter=meter)
    deliveries = [
        Delivery(store, platform, clock, crash, catch_up=replies.catch_up, lease=lease, meter=meter)
        for platform in platforms
    ]

    def hear_delivery() -> None:
        for delivery in deliveries:
            delivery.bell.hear()

    def deliver() -> None:
        hear_delivery()
        wakes.tell("delivery")

    def serves(place: Place) -> bool:
        return any(platform.name == place.platform and platform.serves(place.community) for platform in platforms)

    wakes.on("delivery", hear_delivery)
    whole_bank = Bank(bank if callable(bank) else lambda: bank)
    rounds = Rounds(
        store, whole_bank, clock, rng, crash, bell=wakes.bell("rounds"), deliver=deliver, cooldown=cooldown,
        serves=serves, lease=lease,
    )  # fmt: skip
    privacy = Privacy(store, clock, crash, deliver=deliver)
    notices = Notices(store, clock)
    graders = grader if isinstance(grader, Graders) else Graders(grader)
    for knows in (replies, privacy):
        knows.platforms.update({platform.name: platform for platform in platforms})
    coach = Coach(
        rounds=rounds,
        replies=replies,
        grading=Grading(
            store, graders, clock, crash, notices=notices, bell=grading_bell, deliver=deliver, lease=lease, meter=meter
        ),
        standings=Standings(store, clock),
        organise=Organise(store, rounds, clock, crash),
        privacy=privacy,
        notices=notices,
        archive=Archive(store),
        acts=Acts(store),
        dates=Dates(store, whole_bank, rounds, clock, crash),
        overrides=Overrides(store, clock, crash, deliver=deliver),
        question_health=QuestionHealth(store, whole_bank),
        community=Community(store, clock),
        exchange=Exchange(store, whole_bank, documents(), clock, crash),
        digests=Digests(store, clock),
        suggestions=Suggestions(store, whole_bank, documents(), clock, crash, deliver=deliver),
        learners=Learners(store, clock, deliver=deliver),
        clock=clock,
    )
    return App(store, coach, deliveries, platforms, wakes, role, watch)


@contextlib.asynccontextmanager
async def opened(
    settings: Settings,
    *,
    role: Role = Role.ALL,
    clock: Clock | None = None,
    crash: CrashPoint = no_crash,
    watch: Watch = UNWATCHED,
) -> AsyncIterator[App]:
    """A coach as the settings describe it, closed at the end. Raises SettingsError, ContentError, StoreError."""
    from bot.stores import open_store

    if role is not Role.GRADER:
        check_platforms(settings)
    check_grader(settings)
    clock = clock or SystemClock()
    bank = await bank_when_needed(settings)
    async with contextlib.AsyncExitStack() as stack:
        if settings.one_process:
            await make_folder(settings)
        store = watch.store(await open_store(settings.database_url, crash=watch.crash(crash)))
        stack.push_async_callback(store.close)
        graders = await graders_of(settings, store, clock, measured=watch.grader)
        stack.push_async_callback(graders.close)
        platforms = platforms_of(settings, store, clock, crash) if role is not Role.GRADER else []
        app = assemble(
            store,
            graders,
            bank,
            platforms,
            clock=clock,
            rng=random.Random(),  # noqa: S311  it draws questions, not secrets
            crash=crash,
            cooldown=dt.timedelta(seconds=settings.question_cooldown_s),
            lease=dt.timedelta(seconds=settings.lease_s),
            role=role,
            watch=watch,
        )
        for platform in platforms:
            platform.attach(app.coach)
        yield app


async def serve(
    settings: Settings,
    *,
    ready: Callable[[str], None],
    loaded: Callable[[], None] = lambda: None,
    role: Role = Role.ALL,
    crash: CrashPoint = no_crash,
) -> None:
    """Run the coach until it is cancelled; `ready` is told the local chat's address once it listens.

    `loaded` is called once all that it begins with is there.

    Raises SettingsError, ContentError, StoreError.
    """
    from bot.stores import schema_version

    if settings.one_process and role is not Role.ALL:
        raise SettingsError(
            f"A SQLite file belongs to one process, which does all. For --role {role} set COACH_DATABASE_URL to a"
            " PostgreSQL database (postgresql://user:password@host/name)."
        )
    clock = SystemClock()
    async with (
        watching(settings.ops_host, settings.ops_port, role=role, clock=clock) as watch,
        opened(settings, role=role, clock=clock, crash=crash, watch=watch) as app,
    ):
        loaded()
        chats = _web_chats(app.platforms) if "web" in settings.platforms else []
        if not chats:  # otherwise after the line that says where the chat is
            _begun(settings, watch)
        if settings.one_process:
            await app.coach.grading.take_back()
        for chat in chats:  # the others read again by themselves whenever they have connected
            chat.share(app.wakes)
            await open_local_channel(app.coach, settings.timezone or local_zone())
            missed = await app.coach.replies.catch_up(chat)
            if missed:
                log.info("%d replies had come while the coach was away", missed)
        async with watch.running(app.store, app.platforms, schema_version()), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(app.run())
            for chat in chats:
                tasks.create_task(_announce(chat.address(), running, ready, settings, watch))


def _web_chats(platforms: Sequence[Platform]) -> list[WebChat]:
    from bot.platforms.web import WebChat

    return [platform for platform in platforms if isinstance(platform, WebChat)]


async def _announce(
    address: Coroutine[Any, Any, str],
    running: asyncio.Task[None],
    ready: Callable[[str], None],
    settings: Settings,
    watch: Watch,
) -> None:
    waiting = asyncio.create_task(address)
    try:
        await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            ready(waiting.result())
            _begun(settings, watch)
    finally:
        waiting.cancel()


def _begun(settings: Settings, watch: Watch) -> None:
    """Tell what is to be known of a start, once nothing can refuse it any more: such an error stands alone."""
    if watch.address:
        log.info("health and metrics at %s", watch.address)
    if settings.one_process:
        from bot.stores.sqlite import warn_once

        warn_once()


async def open_local_channel(coach: Coach, zone: str) -> None:
    """Set the local chat's channel up at its first start: a daily question, and today's at once."""
    place = Place("web", "local", LOCAL_CHANNEL)
    channel, _ = await coach.organise.show(place)
    if channel.name:
        return  # set up before; an organiser may have changed or ended its schedule since
    await coach.organise.set(place, {"time": "09:00", "zone": zone, "grace": LOCAL_GRACE})
    with contextlib.suppress(UsageError):  # posted by a first start that was cut short
        await coach.rounds.post_now(place)
    await coach.rounds.channel(place, LOCAL_CHANNEL)
