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


async def test_a_ring_is_heard_by_a_wait_that_has_begun() -> None:
    bell = Bell()
    waiting = asyncio.create_task(bell.wait(60.0))
    await asyncio.sleep(0)
    bell.ring()
    done, _ = await asyncio.wait({waiting}, timeout=5)
    assert waiting in done


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


async def test_a_loop_that_is_cancelled_in_the_very_turn_of_the_bell_ends() -> None:
    async def step() -> float:
        return 60.0

    bell = Bell()
    running = asyncio.create_task(loop("test", bell, step))
    await asyncio.sleep(0.01)
    bell.ring()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=5)
    assert running in done
