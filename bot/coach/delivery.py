"""The outbox: every message of the coach leaves through here, in order per channel, once."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from bot.coach import records
from bot.coach.parcels import Words, is_nobodys, lost_parcel, parcel_of
from bot.coach.work import LEASE, RETRY_AFTER_ERROR_S, Bell, backoff, stop
from bot.core.errors import PlatformAway, PlatformError, StoreError
from bot.core.message import Parcel, ParcelKind
from bot.core.ports import (
    NO_METER,
    Clock,
    CrashPoint,
    Erases,
    Meter,
    Platform,
    Row,
    Sent,
    Store,
    Unit,
    one,
    rows,
    soft,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH = 50
"""Messages of one channel that are claimed together."""

LONGEST_WAIT_S = 30.0

MOST_AT_WORK = 200
"""Channels that are sent to at once. More would only wait for the platform's own limits, and give up in the end."""

SEND_S = 120.0
"""Seconds that a platform has to send one message, its own retries included."""

TRIES = 5
"""How often a message is tried that fails for a reason that no platform gave."""


class _Held:
    """A channel's rows that this process has claimed, and until when they are left to it.

    `coming` is what a renewal that is under way may have made of that.
    """

    def __init__(self, until: dt.datetime) -> None:
        self.until = self.coming = until

    @property
    def lease(self) -> dict[str, int]:
        """What tells the rows as ours, to the microsecond: nobody else's lease ends then."""
        return {"held": records.micros(self.until), "coming": records.micros(self.coming)}


class _Over(Exception):
    """This process stood still for longer than its lease: another may be sending by now."""


class Delivery:
    """Sends what one platform has to say. A channel that has to wait holds up no other.

    Any number of processes may do so: a channel has one sender at a time, by a lease that is renewed while it lives.
    """

    def __init__(
        self,
        store: Store,
        platform: Platform,
        clock: Clock,
        crash: CrashPoint,
        *,
        catch_up: Callable[[Platform, int], Awaitable[int]],
        lease: dt.timedelta = LEASE,
        meter: Meter = NO_METER,
    ) -> None:
        self._store, self._platform, self._clock, self._crash = store, platform, clock, crash
        self._meter = meter
        self._catch_up = catch_up
        self._lease = lease
        self._erases = isinstance(platform, Erases)
        self._at_work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._held: dict[tuple[str, str], _Held] = {}
        self._failed: dict[tuple[str, str], _Held] = {}
        self.bell = Bell()

    async def step(self) -> float:
        """Start on every channel that has something due; the seconds until another may."""
        heads = await self._store.read(rows, "outbox_heads", platform=self._platform.name)
        now = records.micros(self._clock.now())
        for head in sorted(heads, key=lambda head: (self._due(head), head["id"])):
            key = (head["community"], head["channel"])
            if key in self._at_work:
                continue  # its end rings the bell
            due = self._due(head)
            if due > now:
                return min(LONGEST_WAIT_S, max(0.05, (due - now) / 1e6))
            if len(self._at_work) >= MOST_AT_WORK:
                break  # the end of one rings the bell
            task = asyncio.create_task(self._serve(*key), name=f"deliver to {self._platform.name} {key[1]}")
            self._at_work[key] = task
            task.add_done_callback(functools.partial(self._finished, key))
        return LONGEST_WAIT_S

    def _due(self, head: Row) -> int:
        """When this process may begin on a channel: later where another hears that community, and if alive sends."""
        due = max(int(head["due_at"]), int(head["held_until"] or 0))
        mine = self._platform.serves(head["community"])
        return due if mine else due + self._lease // dt.timedelta(microseconds=1)

    async def renew(self) -> float:
        """Hold on to the channels that are being sent to; the seconds until that is due again."""
        until = self._clock.now() + self._lease
        held = list(self._held.items())
        moves = [self._end(key, lease.lease, until) for key, lease in held]
        for _, lease in held:
            lease.coming = until
        kept = await asyncio.gather(*moves)  # in one transaction
        for (_, lease), so in zip(held, kept, strict=True):
            lease.until = lease.coming = until if so else lease.until
        return self._lease.total_seconds() / 3

    async def _end(self, key: tuple[str, str], lease: Mapping[str, int], end: dt.datetime) -> bool:
        """Let the lease on a channel end at another time; False where we have none any more."""
        moved = await self._store.write(
            rows, "outbox_renew", platform=self._platform.name, community=key[0], channel=key[1],
            lease=records.micros(end), **lease,
        )  # fmt: skip
        return bool(moved)

    async def idle(self) -> None:
        """Wait until the channels that were started on are through."""
        while self._at_work:
            await asyncio.wait(self._at_work.values())

    async def stop(self) -> None:
        """End what is being sent; what was sent and not marked is looked for by whoever comes next, at once."""
        held = list(self._held.items())
        await stop(self._at_work.values())
        await asyncio.gather(*(self._end(key, lease.lease, self._clock.now()) for key, lease in held))

    def _finished(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._at_work[key]
        self.bell.hear()
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: stopped; what is left is tried again when its lease expires: %s", task.get_name(), error)

    async def _serve(self, community: str, channel: str) -> None:
        try:
            await self._channel(community, channel)
        except StoreError as error:
            log.error("delivery to %s %s: %s", self._platform.name, channel, error)
            await self._clock.sleep(RETRY_AFTER_ERROR_S)  # at work until then, or the bell would start it at once
            with contextlib.suppress(StoreError):
                await self._let_go(community, channel)

    async def _let_go(self, community: str, channel: str) -> None:
        """End a lease that would keep the channel for longer than the database was away."""
        held = self._failed.pop((community, channel), None)
        if held:
            await self._end((community, channel), held.lease, self._clock.now())

    async def _channel(self, community: str, channel: str) -> None:
        now = self._clock.now()
        held = self._held[community, channel] = _Held(now + self._lease)
        try:
            claimed = await self._store.write(
                rows, "outbox_claim", platform=self._platform.name, community=community, channel=channel,
                now=records.micros(now), lease=records.micros(held.until), most=BATCH,
            )  # fmt: skip
            self._crash("outbox.claimed")
            await self._send_all(sorted(claimed, key=lambda row: int(row["id"])), held)
        except StoreError:
            self._failed[community, channel] = held
            raise
        finally:
            del self._held[community, channel]

    async def _send_all(self, waiting: list[Row], held: _Held) -> None:
        """Send a channel's rows in order, until one has to wait or the channel is no longer ours."""
        marks: list[asyncio.Task[object]] = []
        words = Words(self._store, self._clock, waiting)
        try:
            while waiting:
                self._require(held)
                wait = await self._one(waiting[0], held, marks, words)
                if wait:
                    await self._release(waiting[1:], held, wait)
                    return
                waiting.pop(0)
        except _Over:
            log.warning("the lease of %d messages ended before they were sent", len(waiting))
        finally:
            # Marks are committed together; until they are, a crash makes us look before sending again.
            if marks:
                await asyncio.gather(*marks)

    async def _one(self, row: Row, held: _Held, marks: list[asyncio.Task[object]], words: Words) -> float:
        """Deliver one message; the seconds that its channel has to wait, 0.0 when it can go on."""
        personal = False
        try:
            parcel = await words.of(row)
            if parcel is None:
                await self._void(row, held, marks)
                return 0.0
            personal = bool(parcel.only_for) and not self._platform.finds_personal
            if not personal:
                await self._deliver(row, parcel, held, marks)
            elif await self._marked_first(row, held, now := self._clock.now()):
                held = _Held(now)  # as it is marked
                await _in_time(self._platform.send(parcel))
                self._crash("personal.sent")
        except PlatformAway as error:
            log.warning("%s is away (%s); message %s waits", self._platform.name, error, row["id"])
            wait = max(backoff(row["tries"]), error.retry_after or 0.0)
            # Asked to come again, we know that it isn't there; otherwise a personal message may be.
            if personal and error.retry_after is None:
                await self._drop(row, held, f"{self._platform.name} was away: {error}", "dropped")
            else:
                await self._wait(row, held, wait, row["tries"], str(error))
            return wait
        except PlatformError as error:
            log.error("message %s (%s) can't be posted and is dropped: %s", row["id"], row["kind"], error)
            await self._drop(row, held, str(error), "dropped")
        except (StoreError, _Over):
            raise
        except Exception as error:
            log.exception("message %s (%s) could not be delivered", row["id"], row["kind"])
            why = f"unexpected error: {type(error).__name__}"
            if personal or row["tries"] >= TRIES:  # it must not hold its channel up for ever
                await self._drop(row, held, why, "dropped")
                return 0.0
            wait = backoff(row["tries"])
            await self._wait(row, held, wait, row["tries"], why)
            return wait
        return 0.0

    async def _void(self, row: Row, held: _Held, marks: list[asyncio.Task[object]]) -> None:
        """There is nothing to say: withdrawn, forgotten, or the round is gone."""
        lost = await self._store.read(lost_parcel, row) if self._erases else None
        there = await self._found(row, lost) if lost else None
        if lost and there:  # it was said before a crash, to somebody who is forgotten or has deleted it since
            await self._mark(row, lost, there)
        else:
            marks.append(asyncio.create_task(self._drop(row, held, "", "void")))

    async def _deliver(self, row: Row, parcel: Parcel, held: _Held, marks: list[asyncio.Task[object]]) -> None:
        there = await self._found(row, parcel)
        if there is None and await self._missed(row, parcel):
            await self._drop(row, held, "", "void")
            return
        sent = there or await self._send(row, parcel, held)
        self._crash("outbox.sent")
        mark = asyncio.create_task(self._mark(row, parcel, sent))
        marks.append(mark)
        if parcel.kind is ParcelKind.QUESTION:
            await mark  # the thread's first replies need their round to be open
            if not sent.thread and not row["message"]:
                await self._without_thread(row, sent)
            if there:
                await self._catch_up(self._platform, row["round_id"])  # some may have come since it was posted

    def _require(self, held: _Held) -> None:
        if self._clock.now() >= held.until:
            raise _Over

    async def _found(self, row: Row, parcel: Parcel) -> Sent | None:
        """A message that left before a crash, without its mark."""
        if row["tries"] <= 1 or row["message"]:
            return None
        wanted = dataclasses.replace(parcel, since=records.moment(row["created_at"]))
        return await _in_time(self._platform.find(wanted))

    async def _missed(self, row: Row, parcel: Parcel) -> bool:
        """Whether this is a question that comes too late to be posted."""
        if parcel.kind is not ParcelKind.QUESTION or row["message"]:
            return False
        now = records.micros(self._clock.now())
        return await self._store.read(one, "round_missed", id=row["round_id"], now=now) is not None

    async def _send(self, row: Row, parcel: Parcel, held: _Held) -> Sent:
        if row["message"]:
            await self._amend(row, parcel)
            return Sent(row["message"])
        self._require(held)  # the database may have kept us waiting since it was claimed
        self._crash("outbox.sending")
        return await _in_time(self._platform.send(parcel))

    async def _amend(self, row: Row, parcel: Parcel) -> None:
        try:
            await _in_time(self._platform.amend(row["message"], parcel))
            self._crash("outbox.amended")
        except PlatformError as error:
            if parcel.kind is not ParcelKind.QUESTION:
                raise
            # Only its count is new, and the next answer brings another: no grade waits for it.
            log.info("the count of question %s could not be shown: %s", row["round_id"], error)

    async def _without_thread(self, row: Row, sent: Sent) -> None:
        """A question that got no thread must not ask for replies there."""
        parcel = await self._store.read(parcel_of, row)
        if parcel:
            with contextlib.suppress(PlatformError):
                await _in_time(self._platform.amend(sent.message, parcel))

    async def _marked_first(self, row: Row, held: _Held, now: dt.datetime) -> bool:
        """Mark what can't be looked for afterwards: better once too few than twice.

        False where it isn't ours any more, or its person was forgotten or deleted what it answers a moment ago.
        """
        if not await self._store.write(_mark_first, row, records.micros(now), held.lease):
            return False
        self._count(row, "sent")
        self._crash("outbox.marked")
        return True

    async def _mark(self, row: Row, parcel: Parcel, sent: Sent) -> object:
        mark = _mark if parcel.only_for else _mark_public
        forgotten = await self._store.write(mark, row, parcel, sent, records.micros(self._clock.now()), self._erases)
        if forgotten and isinstance(self._platform, Erases):
            self._platform.erase_soon()
        self._count(row, "sent" if not row["message"] else "amended")
        if parcel.written and not row["message"]:
            took = (self._clock.now() - parcel.written).total_seconds()
            self._meter.observe("delivery", max(0.0, took), platform=self._platform.name)
        opened = parcel.kind is ParcelKind.QUESTION and not row["message"]
        self._crash("round.opened" if opened else "outbox.marked")
        return None

    async def _drop(self, row: Row, held: _Held, why: str, state: str) -> object:
        if await self._store.write(_drop, row, held.lease, why[:500], state):
            self._count(row, state)
        self._crash("outbox.dropped")
        return None

    def _count(self, row: Row, outcome: str) -> None:
        self._meter.count("messages", platform=self._platform.name, kind=row["kind"], outcome=outcome)

    async def _wait(self, row: Row, held: _Held, seconds: float, tries: int, why: str = "") -> None:
        due = records.micros(self._clock.now() + dt.timedelta(seconds=seconds))
        change = {"id": row["id"], "due_at": due, "tries": tries, "failure": why[:500]}
        await self._store.write(one, "outbox_wait", **change, **held.lease)
        self._crash("outbox.waiting")

    async def _release(self, untried: Sequence[Row], held: _Held, seconds: float) -> None:
        """Give back what wasn't tried: the oldest of its channel decides when that goes on."""
        await asyncio.gather(*(self._wait(row, held, seconds, row["tries"] - 1) for row in untried))


async def _in_time(call: Coroutine[Any, Any, T]) -> T:
    """What a platform answers. Raises PlatformAway when that takes too long: its channel waits for it meanwhile."""
    try:
        async with asyncio.timeout(SEND_S):
            return await call
    except TimeoutError as error:
        raise PlatformAway(f"no answer within {SEND_S:.0f} s") from error


# ---------------------------------------------------------------------------------------------- units of work


def _mark(row: Row, parcel: Parcel, sent: Sent, now: int, erases: bool) -> Unit[bool]:
    """Whether it has to be taken back, and is noted so: while it was on its way its person was forgotten, or deleted
    what it answers.
    """
    note = sent.note[:500]
    marked = yield from one("outbox_sent", id=row["id"], now=now, message=sent.message, note=note)
    if parcel.kind is ParcelKind.QUESTION and not row["message"]:
        yield from one("round_open", id=row["round_id"], now=now, message=sent.message, thread=sent.thread)
    if not (erases and sent.message and (yield from is_nobodys(row, marked))):
        return False
    where = f"@{parcel.only_for}" if parcel.only_for else parcel.thread
    yield from one(
        "erasure_put", platform=parcel.platform, community=parcel.community, channel=where, message=sent.message
    )
    return True


def _mark_first(row: Row, now: int, lease: Mapping[str, int]) -> Unit[bool]:
    """Whether it is to be sent."""
    mine = yield from one("outbox_sent_first", id=row["id"], now=now, message=row["message"], note="", **lease)
    return mine is not None and not (yield from is_nobodys(row, mine))


@soft
def _mark_public(row: Row, parcel: Parcel, sent: Sent, now: int, erases: bool) -> Unit[bool]:
    """Without its mark, a message that all can see is looked for before it is sent again."""
    return (yield from _mark(row, parcel, sent, now, erases))


def _drop(row: Row, lease: Mapping[str, int], why: str, state: str) -> Unit[bool]:
    """Whether it was dropped: not if another process has taken it over."""
    dropped = yield from one("outbox_drop", id=row["id"], state=state, failure=why, **lease)
    if dropped and row["kind"] == ParcelKind.QUESTION:
        yield from one("round_skip", id=row["round_id"])
    return dropped is not None
