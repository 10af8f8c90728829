"""Draw docs/slack-*.png: `python -m tests.e2e.slack_pictures [FOLDER]` shows the blocks that would be sent.

The question is the bank's first, the grades are the embedded grader's. Needs Debian's chromium, fonts-lato and
fonts-noto-color-emoji.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import io
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright

from bot import content
from bot.coach.grading import assess
from bot.core import render
from bot.core.message import Button, Field, Form, Message
from bot.core.model import Board, Channel, Person, Place, Progress, Question, Round, RoundState, Schedule, Standing
from bot.graders.embedded import EmbeddedGrader
from bot.platforms.slack.blocks import forms
from bot.platforms.slack.blocks.markup import linked
from bot.platforms.slack.blocks.show import show
from tests.e2e import slack_page as page

COACH = "MLOps Coach"
CLOSE = dt.datetime(2026, 1, 6, 9, tzinfo=dt.UTC)
WIDTH = 600
GOOD = (
    "I pack the model, its preprocessing code and pinned dependencies into one versioned container image, built and"
    " tested by the pipeline, so what ran in staging is exactly what runs in production. Behind a load balancer I run"
    " several stateless replicas and autoscale on queue length or latency rather than CPU. A release goes out as a"
    " canary: a small share of traffic first, compared with the old version on errors, latency and prediction"
    " distribution, and it rolls back automatically when a threshold is crossed. The previous version stays warm, and"
    " timeouts with a cheap fallback keep callers alive when the model is slow."
)
POOR = (
    "I put the model, its preprocessing code and its dependencies into one versioned Docker image and run several"
    " replicas of it on Kubernetes behind a load balancer. New versions go through CI/CD."
)
PRIVATE = (
    "Roll it out as a canary with automatic rollback when latency or errors get worse, and run several stateless"
    " replicas behind a load balancer."
)
COURSES = {
    "Ada": (0, 8, 16, 23, 31, 36, 45, 46),
    "Ben": (0, 3, 5, 14, 20, 28, 35, 41),
    "Cleo": (0, 5, 10, 11, 12, 13, 14, 18),
    "Dan": (0, 0, 1, 6, 10, 12, 16, 16),
}


def _question() -> Question:
    return next(question for question in content.load_bank(content.default_folder("bank")) if not question.draft)


def _round() -> Round:
    channel = Channel(1, Place("slack", "T1", "C1"), "mlops-daily", Schedule(), mention="S0MLOPS1")
    return Round(1, channel, True, CLOSE.date(), _question(), RoundState.OPEN, CLOSE, "1.1", "C1/1.1")


async def question() -> str:
    shown = await show(render.question_post(_round(), answered=2))
    return page.message(COACH, "9:00 AM", page.blocks(shown.blocks), app=True, thread="4 replies")


async def grade() -> str:
    grader, asked = EmbeddedGrader(), _question()
    made = []
    for number, (who, at, answer) in enumerate((("Ada", "9:11 AM", GOOD), ("Ben", "9:15 AM", POOR))):
        made.append(page.message(who, at, page.said(answer), reaction="✅"))
        found = render.grade(await assess(grader, asked, answer), number)
        about = linked(f"https://acme.slack.com/archives/C1/p{number}", f"{who}'s answer")
        made.append(page.message(COACH, at, page.blocks((await show(found, about=[about])).blocks), app=True))
    await grader.close()
    return "".join(made)


async def board() -> str:
    day = dt.date(2026, 1, 4)
    courses = {
        name: [(day + dt.timedelta(days=index), points) for index, points in enumerate(course)]
        for name, course in COURSES.items()
    }
    answers, streaks = (7, 7, 5, 5), (7, 7, 2, 5)
    rows = tuple(
        Standing(rank + 1, False, Person(name, name), course[-1], answers[rank], streaks[rank])
        for rank, (name, course) in enumerate(COURSES.items())
    )
    drawn = render.board(Board("all", "", rows), "", courses)
    own = dataclasses.replace(render.board(Board("all", "", rows), "Ada", courses), buttons=(Button("Share", "share"),))
    asked = await show(own, personal=True, verb="leaderboard")
    shared = await show(drawn)
    return "".join(
        (
            page.message(COACH, "9:40 AM", page.blocks(asked.blocks), app=True, only_you=True),
            page.message(COACH, "9:41 AM", page.blocks(shared.blocks), app=True, files=shared.files),
        )
    )


async def form() -> str:
    answer = Field("answer", "Your answer", PRIVATE, long=True, limit=4_000)
    asked = Form("Answer privately", "answer", "1", (answer,), intro=_question().text)
    return page.modal(forms.modal(asked, "C1", "C1/1.1"))


async def others() -> str:
    """What else people see, for looking at: not kept as a picture."""
    asked = _round()
    channel = asked.channel
    setup = Form("Daily question in this channel", "config setup", "", (
        Field("time", "Time of the daily question, such as 09:00", "09:00", limit=10),
        Field("mention", "Role to mention, or empty", "", required=False, limit=100),
        Field("rule", "Which attempt counts", "best", choices=("first", "best", "latest")),
    ), submit="Save")  # fmt: skip
    messages: list[Message] = [
        render.config(channel, [CLOSE], saved=True), render.hints(asked.question, 1, 2),
        render.failed([(12, "Ada", "Shipping a model safely", "The grader said no to it, three times over")], []),
        render.confirm_delete(3), render.exported("{}"), render.problem("There is no command called lederboard."),
        render.help_([("leaderboard [week|month|all]", "shows who has the most points")], [("mlops-daily", CLOSE)]),
    ]  # fmt: skip
    made = [page.message(COACH, "9:00 AM", page.blocks((await show(each)).blocks), app=True) for each in messages]
    return "".join([*made, page.modal(forms.modal(setup, "C1", ""))])


async def home() -> str:
    """The coach's home, for looking at."""
    me = Progress(None, Standing(1, False, Person("Ada", "Ada"), 46, 7, 7), 7, (("Shipping a model safely", 8),))
    course = [(dt.date(2026, 1, 4) + dt.timedelta(days=at), points) for at, points in enumerate(COURSES["Ada"])]
    messages = (
        render.home_question(_round()), render.progress("Ada", me, course),
        render.home_settings([_round().channel], [Person("B", "Ben")], organiser=True), render.home_privacy(),
    )  # fmt: skip
    return page.home(await forms.home(messages))


SCENES: dict[str, tuple[Callable[[], Awaitable[str]], bool]] = {
    "question": (question, False), "grade": (grade, False), "board": (board, False), "form": (form, False),
}  # fmt: skip
LOOKS: dict[str, tuple[Callable[[], Awaitable[str]], bool]] = {
    "others": (others, False), "home": (home, False), "others-dark": (others, True), "question-dark": (question, True),
    "board-dark": (board, True), "form-dark": (form, True),
}  # fmt: skip


async def _draw(browser: Browser, folder: Path, name: str, dark: bool, made: str, width: int = WIDTH) -> None:
    sheet = await browser.new_page(viewport={"width": width, "height": 200}, device_scale_factor=1.25)
    await sheet.set_content(page.page([made], dark=dark))
    data = await sheet.locator("main").screenshot()
    await sheet.close()
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(folder / f"slack-{name}.png", optimize=True)


async def main(folder: Path, *, all_: bool) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (scene, dark) in {**SCENES, **(LOOKS if all_ else {})}.items():
            await _draw(browser, folder, name, dark, await scene())
        if all_:
            await _draw(browser, folder, "phone", False, await board(), 375)
        await browser.close()


if __name__ == "__main__":
    chosen = [argument for argument in sys.argv[1:] if argument != "--all"]
    asyncio.run(main(Path(chosen[0] if chosen else "docs"), all_="--all" in sys.argv))
