"""Memory stays flat, however long the coach is busy: `TEST_SOAK_S=3600` lets it run for an hour."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("TEST_SOAK_S", "24"))
GROWTH_MIB = 6.0
"""What the median of the last third may be above that of the second: noise, far below what a leak would add."""


async def soak(*more: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.soak_runner", str(SECONDS), *more, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-3000:]
    found: dict[str, Any] = json.loads(out)
    return found


async def test_memory_is_flat_under_constant_load() -> None:
    found = await soak()
    samples, third = found["resident_mib"], len(found["resident_mib"]) // 3
    first, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[-third:])
    assert found["done"] > 50
    if last - first >= GROWTH_MIB:
        grown = "\n".join((await soak("trace"))["grown"])
        raise AssertionError(f"{first:.1f} -> {last:.1f} MiB after {found['done']} requests; what grows:\n{grown}")
