"""Carries bells from process to process, so that work is taken up at once by whoever may do it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Final

from bot.coach.work import RETRY_AFTER_ERROR_S, Bell
from bot.core.errors import CoachError
from bot.core.ports import Store

log = logging.getLogger(__name__)

GATHER_S: Final = 0.02
"""Seconds in which rings for one topic become one notification: a burst of replies needs no more."""


class Wakes:
    """The topics that the processes of one database wake each other about.

    A notification that is lost costs only time: every loop also looks by itself now and then.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._me = uuid.uuid4().hex[:8]
        self._hear: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
        self._rung: set[str] = set()
        self._some = asyncio.Event()

    def bell(self, topic: str) -> Bell:
        """A bell that is heard in every process that has one of the same topic."""
        bell = Bell(partial(self.tell, topic))
        self.on(topic, bell.hear)
        return bell

    def on(self, topic: str, hear: Callable[[], None]) -> None:
        """Call `hear` when another process tells of a topic."""
        self._hear[topic].append(hear)

    def tell(self, topic: str) -> None:
        """Tell the other processes, soon; this one isn't told."""
        self._rung.add(topic)
        self._some.set()

    async def run(self) -> None:
        """Carry until cancelled."""
        await self._store.listen(self._heard)
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            self._some.clear()
            rung, self._rung = self._rung, set()
            try:
                for topic in sorted(rung):
                    await self._store.notify(f"{self._me} {topic}")
            except CoachError as error:
                log.warning("other processes could not be woken (%s); they look by themselves", error)
                await asyncio.sleep(RETRY_AFTER_ERROR_S)

    def _heard(self, told: str) -> None:
        who, _, topic = told.partition(" ")
        if who == self._me:
            return
        for name, ears in self._hear.items():
            if name == topic or not told:  # nothing told: something may have been missed
                for hear in ears:
                    hear()
