"""Which units of work share a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.core.ports import Query, soft
from bot.stores.batches import Batches
from bot.stores.units import Done, Outcome, Start

BURST = 20


def unit() -> Generator[Query, Any, None]:
    yield from ()


@soft
def light() -> Generator[Query, Any, None]:
    yield from ()


@asynccontextmanager
async def batches() -> AsyncIterator[tuple[Batches, list[int]]]:
    """Batches whose sizes are noted as they are committed."""
    sizes: list[int] = []

    async def commit(starts: Sequence[Start]) -> Sequence[Outcome]:
        sizes.append(len(starts))
        await asyncio.sleep(0)
        return [Done(None) for _ in starts]

    made = Batches("a test", commit)
    yield made, sizes
    await made.close()


async def burst(of: Batches) -> None:
    await asyncio.gather(*(of.run(unit) for _ in range(BURST)))


async def test_what_waits_goes_together() -> None:
    async with batches() as (made, sizes):
        await burst(made)
    assert sizes == [BURST]


async def test_whoever_comes_alone_goes_at_once() -> None:
    async with batches() as (made, sizes):
        alone = asyncio.create_task(made.run(unit))
        for _ in range(6):  # turns of the loop, in which no timer goes off
            await asyncio.sleep(0)
        assert sizes == [1]
        await alone


async def test_after_a_burst_the_first_to_come_again_wait_for_the_others_although_one_went_alone_between() -> None:
    async with batches() as (made, sizes):
        await burst(made)
        await made.run(unit)
        first = [asyncio.create_task(made.run(unit)) for _ in range(BURST // 4)]
        for _ in range(4):
            await asyncio.sleep(0)
        others = [asyncio.create_task(made.run(unit)) for _ in range(BURST - BURST // 4)]
        await asyncio.gather(*first, *others)
    assert sizes == [BURST, 1, BURST]


async def test_what_needs_no_flush_waits_for_nobody() -> None:
    async with batches() as (made, sizes):
        await burst(made)
        alone = asyncio.create_task(made.run(light))
        for _ in range(6):
            await asyncio.sleep(0)
        assert sizes == [BURST, 1]
        await alone


async def test_the_calm_after_a_burst_is_noticed() -> None:
    async with batches() as (made, sizes):
        await burst(made)
        for _ in range(4):
            await made.run(unit)
        alone = asyncio.create_task(made.run(unit))
        for _ in range(6):
            await asyncio.sleep(0)
        assert sizes == [BURST, 1, 1, 1, 1, 1]
        await alone
