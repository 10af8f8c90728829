"""A whole coach behind its web chat, for tests in a browser or over HTTP: everything real but the grader, which counts
words, and the bank, which is small."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.app import App, assemble
from bot.clock import SystemClock
from bot.core.model import Coverage, KeyPoint, Place, PointVerdict, Question, Receipt, Task, Verdict
from bot.core.ports import Grader, Store
from bot.core.text import fold
from bot.platforms.web import WebChat
from bot.stores.sqlite import SqliteStore

CHANNEL = "mlops-daily"
QUESTION = "A model got worse overnight. How do you find out why?"
GOOD = "I would compare feature distributions, then roll back the model, and segment errors by slice."
POOR = "I would just roll back the model and hope that it helps."

BANK = tuple(
    Question(
        id=f"q{number}",
        section="Monitoring",
        title=f"Worse overnight {number}",
        text=QUESTION,
        sample_answer="Compare feature distributions with last week. Roll back the model. Segment errors by slice.",
        key_points=(
            KeyPoint("compare feature distributions", "drift"),
            KeyPoint("roll back the model", "rollback"),
            KeyPoint("segment errors by slice", "segments"),
        ),
        hints=("Think of the data.", "Think of the last release."),
        level=2,
    )
    for number in range(9)
)


class WordGrader:
    """Covers a key point whose every word is in the answer; the score is in proportion."""

    name = "words"

    async def grade(self, task: Task) -> Verdict:
        words = set(fold(task.answer).split())
        points = tuple(
            PointVerdict(point, Coverage.COVERED, point.claim)
            if set(fold(point.claim).split()) <= words
            else PointVerdict(point, Coverage.MISSING)
            for point in task.key_points
        )
        covered = sum(point.coverage is Coverage.COVERED for point in points)
        return Verdict(max(1, round(10 * covered / len(points))), points, Receipt("words"))

    async def close(self) -> None:
        return None


@dataclass
class Running:
    """A coach that serves; `address` ends without a slash."""

    app: App
    chat: WebChat
    store: Store
    address: str
    task: asyncio.Task[None]

    async def ask(self) -> None:
        """Put a question to the channel."""
        await self.app.coach.rounds.ask(Place("web", "local", CHANNEL))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def coach_at(
    path: Path,
    *,
    port: int = 0,
    token: str = "",
    host: str = "127.0.0.1",
    hosts: Sequence[str] = (),
    asked: bool = True,
    channels: Sequence[str] = (),
    bank: Sequence[Question] = BANK,
    grader: Grader | None = None,
) -> AsyncIterator[Running]:
    """A coach on the database at `path`, with a question asked at its first start; again on the same, a restart."""
    new = not path.exists()  # noqa: ASYNC240  a test's own small file
    store = await SqliteStore.open(path)
    clock = SystemClock()
    chat = WebChat(store, clock, host=host, port=port, token=token, hosts=hosts)
    app = assemble(
        store, grader or WordGrader(), bank, [chat], clock=clock, rng=random.Random(7), cooldown=dt.timedelta(0)
    )
    chat.attach(app.coach)
    for channel in channels:
        await chat.add_channel(channel)
    if new and asked:
        await app.coach.rounds.ask(Place("web", "local", CHANNEL))
        await app.settle()
    await app.coach.replies.catch_up(chat)
    task = asyncio.create_task(app.run())
    address = asyncio.create_task(chat.address())
    try:
        await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
        if not address.done():
            address.cancel()
            await task
        yield Running(app, chat, store, address.result().partition("/?")[0].rstrip("/"), task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


@dataclass
class Window:
    """A browser whose pages are watched: what they asked of other hosts, and what went wrong in them."""

    browser: Browser
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def context(self, *, width: int = 1280, dark: bool = False, zone: str = "Europe/Berlin") -> BrowserContext:
        context = await self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            timezone_id=zone,
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        context.on("request", lambda request: self._request(request.url))
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("console", lambda message: self._console(message.text))
        return context

    def _request(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "http://localhost:", "blob:http://127.0.0.1:")):
            self.foreign.append(url)

    def _console(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.faults.append(text)

    async def visit(self, coach: Running, name: str, *, width: int = 1280, dark: bool = False) -> Page:
        """A new person in a browser of their own."""
        context = await self.context(width=width, dark=dark)
        page = await context.new_page()
        await page.goto(coach.address)
        await come_in(page, name)
        return page


async def come_in(page: Page, name: str) -> None:
    """Pick a name in the dialog of the first visit."""
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Come in").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name=f"You are {name}")).to_be_visible()
    await expect(page.locator("#connection")).to_have_text("")


async def answer(page: Page, text: str) -> None:
    """Write in the open thread."""
    await page.get_by_label("Answer in the thread").fill(text)
    await page.get_by_label("Answer in the thread").press("Enter")
    await expect(page.get_by_label("Answer in the thread")).to_have_value("")


@contextlib.asynccontextmanager
async def window() -> AsyncIterator[Window]:
    """Debian's chromium; the test fails for a request to another host and for an error in a page."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium isn't installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = Window(browser)
        try:
            yield opened
        finally:
            await browser.close()
    assert not opened.foreign
    assert not opened.faults
