"""The one place where the coach is put together, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import SystemClock, local_zone
from bot.coach import Coach, Graders, Grading, Notices, Organise, Privacy, Replies, Rounds, Standings
from bot.coach.delivery import Delivery
from bot.coach.rounds import Bank
from bot.coach.work import Bell, loop
from bot.core.errors import UsageError
from bot.core.model import Place, Question
from bot.core.ports import Clock, CrashPoint, Grader, Platform, Store, no_crash
from bot.parts import bank_of, check_grader, check_platforms, graders_of, make_folder, platforms_of
from bot.settings import Settings

log = logging.getLogger(__name__)

LOCAL_CHANNEL = "mlops-daily"
LOCAL_GRACE = "24h"
"""A laptop may be opened at any time of the day: the local chat's daily question waits for it."""


@dataclass(frozen=True, slots=True)
class App:
    """A coach with its loops and platforms, ready to run."""

    store: Store
    coach: Coach
    deliveries: Sequence[Delivery]
    platforms: Sequence[Platform]

    async def run(self) -> None:
        """Serve until cancelled; when a platform stops with an error, all stop and it is raised."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for platform in self.platforms:
                    tasks.create_task(platform.run(), name=platform.name)
                tasks.create_task(loop("rounds", self.coach.rounds.bell, self.coach.rounds.step))
                tasks.create_task(loop("grading", self.coach.grading.bell, self.coach.grading.step))
                for delivery in self.deliveries:
                    tasks.create_task(loop("delivery", delivery.bell, delivery.step))
        finally:
            # Nothing of ours may use the store once it closes.
            await self.coach.grading.stop()
            for delivery in self.deliveries:
                await delivery.stop()

    async def settle(self) -> None:
        """Do all that is due now, to its end, without waiting for anything: one turn of every loop until all rest."""
        for _ in range(4):
            await self.coach.rounds.step()
            await self.coach.grading.step()
            await self.coach.grading.idle()
            for delivery in self.deliveries:
                await delivery.step()
                await delivery.idle()


def assemble(
    store: Store,
    grader: Grader | Graders,
    bank: Sequence[Question],
    platforms: Sequence[Platform],
    *,
    clock: Clock,
    rng: random.Random,
    crash: CrashPoint = no_crash,
    cooldown: dt.timedelta = dt.timedelta(minutes=1),
) -> App:
    """Wire a coach from its parts; platforms that take a coach get it by their `attach`."""
    grading_bell = Bell()
    replies = Replies(store, clock, crash, grading=grading_bell)
    deliveries = [Delivery(store, platform, clock, crash, catch_up=replies.catch_up) for platform in platforms]

    def deliver() -> None:
        for delivery in deliveries:
            delivery.bell.ring()

    rounds = Rounds(store, Bank(tuple(bank)), clock, rng, crash, bell=Bell(), deliver=deliver, cooldown=cooldown)
    privacy = Privacy(store, clock, deliver=deliver)
    notices = Notices(store, clock)
    graders = grader if isinstance(grader, Graders) else Graders(grader)
    privacy.platforms.update({platform.name: platform for platform in platforms})
    coach = Coach(
        rounds=rounds,
        replies=replies,
        grading=Grading(store, graders, clock, crash, notices=notices, bell=grading_bell, deliver=deliver),
        standings=Standings(store, clock),
        organise=Organise(store, rounds, clock),
        privacy=privacy,
        notices=notices,
        clock=clock,
    )
    return App(store, coach, deliveries, platforms)


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, clock: Clock | None = None, crash: CrashPoint = no_crash) -> AsyncIterator[App]:
    """A coach as the settings describe it, closed at the end. Raises SettingsError, ContentError, StoreError."""
    from bot.stores.sqlite import SqliteStore

    check_platforms(settings)
    check_grader(settings)
    clock = clock or SystemClock()
    bank = await bank_of(settings)
    async with contextlib.AsyncExitStack() as stack:
        await make_folder(settings)
        store = await SqliteStore.open(settings.database, crash=crash)
        stack.push_async_callback(store.close)
        graders = await graders_of(settings, store, clock)
        stack.push_async_callback(graders.close)
        platforms = platforms_of(settings, store, clock)
        app = assemble(
            store,
            graders,
            bank,
            platforms,
            clock=clock,
            rng=random.Random(),  # noqa: S311  it draws questions, not secrets
            crash=crash,
            cooldown=dt.timedelta(seconds=settings.question_cooldown_s),
        )
        for platform in platforms:
            platform.attach(app.coach)
        yield app


async def serve(settings: Settings, *, ready: Callable[[str], None], crash: CrashPoint = no_crash) -> None:
    """Run the coach until it is cancelled; `ready` is told the local chat's address once it listens."""
    from bot.platforms.web import WebChat
    from bot.stores.sqlite import warn_once

    async with opened(settings, crash=crash) as app:
        if not any(isinstance(platform, WebChat) for platform in app.platforms):
            warn_once()  # otherwise after the line that says where the chat is
        await app.coach.grading.take_back()
        for platform in app.platforms:
            if not isinstance(platform, WebChat):
                continue  # read again by itself whenever it has connected
            await open_local_channel(app.coach, settings.timezone or local_zone())
            missed = await app.coach.replies.catch_up(platform)
            if missed:
                log.info("%d replies had come while the coach was away", missed)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(app.run())
            for platform in app.platforms:
                if isinstance(platform, WebChat):
                    tasks.create_task(_announce(platform.address(), running, ready))


async def _announce(
    address: Coroutine[Any, Any, str], running: asyncio.Task[None], ready: Callable[[str], None]
) -> None:
    from bot.stores.sqlite import warn_once

    waiting = asyncio.create_task(address)
    try:
        await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            ready(waiting.result())
            warn_once()
    finally:
        waiting.cancel()


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
