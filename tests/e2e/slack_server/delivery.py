"""Deliveries to the app: events with Slack's retries, commands and presses without; by socket or by signed HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.e2e.slack_server.reading import Json

RETRY_S = (0.0, 60.0, 300.0)
"""When Slack sends an event again that wasn't acknowledged: at once, after 1 minute, after 5 minutes."""


@dataclass(eq=False)
class Delivery:
    """One event, command or press on its way: `kind` is the envelope's type."""

    kind: str
    payload: Json
    attempts: int = 0
    acked: bool = False
    ack_ms: float = 0.0
    """From the attempt that was acknowledged to its acknowledgement."""
    response: Json | None = None
    """What the acknowledgement carried."""
    reasons: list[str] = field(default_factory=list)
    """Why attempts failed: timeout, no_connection, connection_failed, http_timeout, http_error."""
    given_up: bool = False
    sent: tuple[str, dict[str, str]] = ("", {})
    """Body and headers of the last request, over HTTP."""
    connection: int = -1
    """The number of the socket that the last attempt went to."""

    @property
    def event_id(self) -> str:
        return str(self.payload.get("event_id", ""))

    @property
    def settled(self) -> bool:
        return self.acked or self.given_up


class Transport(Protocol):
    async def attempt(self, delivery: Delivery, seconds: float) -> tuple[bool, Json | None, str]:
        """Send once: whether it was acknowledged in time, with what, and why not."""
        ...


class Outgoing:
    """`ack_s` is how long an acknowledgement may take; `factor` compresses the retry schedule (0.01: 0.6 s and 3 s)."""

    def __init__(self, transport: Callable[[], Transport], faults: list[str]) -> None:
        self.ack_s = 3.0
        self.factor = 1.0
        self.drop = False
        """Whether events are lost instead of sent, as in an outage of Slack's own."""
        self.all: list[Delivery] = []
        self.running: set[asyncio.Task[None]] = set()
        self._transport, self._faults = transport, faults

    @property
    def given_up(self) -> list[Delivery]:
        """The events that were never acknowledged, all retries being over."""
        return [d for d in self.all if d.given_up and d.kind == "events_api"]

    @property
    def pending(self) -> int:
        """How many events are still on their way or waiting for a retry."""
        return sum(1 for d in self.all if d.kind == "events_api" and not d.settled)

    def event(self, payload: Json) -> Delivery:
        """Send an event, in order with what was sent before, and again until it is acknowledged or given up."""
        delivery = Delivery("events_api", payload)
        self.all.append(delivery)
        if self.drop:
            delivery.given_up = True
        else:
            self.spawn(self._insist(delivery))
        return delivery

    def once(self, kind: str, payload: Json) -> tuple[Delivery, asyncio.Task[None]]:
        """Send a command or a press, which Slack never repeats."""
        delivery = Delivery(kind, payload)
        self.all.append(delivery)
        return delivery, self.spawn(self._try(delivery))

    def again(self, delivery: Delivery) -> Delivery:
        """Send the same payload once more although it was acknowledged, as around a refresh of the socket."""
        copy = Delivery(delivery.kind, delivery.payload)
        self.all.append(copy)
        self.spawn(self._insist(copy) if copy.kind == "events_api" else self._try(copy))
        return copy

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._faults.append(f"the server itself failed: {error!r}")

    async def stop(self) -> None:
        tasks = list(self.running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _insist(self, delivery: Delivery) -> None:
        await self._try(delivery)
        for pause in RETRY_S:
            if delivery.acked or delivery.given_up:
                return
            await asyncio.sleep(pause * self.factor)
            await self._try(delivery)
        delivery.given_up = not delivery.acked

    async def _try(self, delivery: Delivery) -> None:
        begun = time.monotonic()
        delivery.attempts += 1
        acked, response, why = await self._transport().attempt(delivery, self.ack_s)
        if not acked:
            delivery.reasons.append(why)
            delivery.given_up = delivery.kind != "events_api" or why == "no_retry"
            return
        delivery.ack_ms = (time.monotonic() - begun) * 1000
        delivery.acked, delivery.response = True, response
