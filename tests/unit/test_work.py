"""How the loops wait: no ring is lost, and a failing step is tried again."""

from __future__ import annotations

import asyncio

import pytest

from bot.coach import work
from bot.coach.work import Bell, backoff, loop
from bot.core.errors import StoreError


async def test_a_ring_before_the_wait_is_heard_and_heard_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    async with asyncio.timeout(1):
        await bell.wait(60)
    begun = asyncio.get_running_loop().time()
    await bell.wait(0.05)
    assert asyncio.get_running_loop().time() - begun >= 0.04


async def test_a_ring_while_the_step_runs_makes_it_run_again() -> None:
    bell, steps, enough = Bell(), 0, asyncio.Event()

    async def step() -> float:
        nonlocal steps
        steps += 1
        if steps < 50:
            bell.ring()
            await asyncio.sleep(0)
        else:
            enough.set()
        return 60.0

    task = asyncio.create_task(loop("test", bell, step))
    async with asyncio.timeout(2):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_rings_at_the_moment_of_a_timeout_are_not_lost() -> None:
    bell = Bell()
    for _ in range(100):
        waiting = asyncio.create_task(bell.wait(0.0))
        bell.ring()
        await waiting
        async with asyncio.timeout(1):
            await bell.wait(0.5)


@pytest.mark.parametrize("error", [StoreError("disk full"), KeyError("x")])
async def test_a_failing_step_is_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "RETRY_AFTER_ERROR_S", 0.0)
    done, tries = asyncio.Event(), 0

    async def step() -> float:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        done.set()
        return 60.0

    task = asyncio.create_task(loop("test", Bell(), step))
    async with asyncio.timeout(2):
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_waits_double_up_to_a_limit() -> None:
    assert [backoff(n) for n in (0, 1, 2, 3, 9, 10_000)] == [2.0, 2.0, 4.0, 8.0, 300.0, 300.0]
