"""Memory stays flat, however long the coach is busy: `TEST_SOAK_S=3600` lets it run for an hour."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("TEST_SOAK_S", "24"))
GROWTH_MIB = 6.0
"""What the median of the last third may be above that of the second: noise, far below what a leak would add."""


async def test_memory_is_flat_under_constant_load() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.soak_runner", str(SECONDS), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-3000:]
    found = json.loads(out)
    samples, third = found["resident_mib"], len(found["resident_mib"]) // 3
    first, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[-third:])
    told = f"{first:.1f} -> {last:.1f} MiB after {found['done']} requests\n" + "\n".join(found["grown"])
    assert found["done"] > 50, told
    assert last - first < GROWTH_MIB, told
