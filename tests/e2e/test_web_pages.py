"""The pages beside the chat, in a real browser: leaderboard, one's own page, archive, what organisers look after."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.platforms.web import units
from tests.e2e.web_chat import CHANNEL, Running, Window, answer, come_in, window
from tests.e2e.web_history import PLACE, History, lived

pytestmark = pytest.mark.browser

DAYS = (
    {"Ada": 4, "Ben": 2},
    {"Ada": 5, "Cleo": 4, "Dan": 1},
    {"Ada": 3, "Ben": 4, "Cleo": 5},
)
PAGES = ("chat", "board?period=all", "me", "archive", "organise")


@pytest.fixture
async def chrome() -> AsyncIterator[Window]:
    async with window() as opened:
        yield opened


@pytest.fixture
async def some_days(tmp_path: Path) -> AsyncIterator[tuple[History, Running]]:
    async with lived(tmp_path / "coach.sqlite3", DAYS, public={"team": PLACE}) as (history, coach):
        await history.app.settle()
        yield history, coach


async def turn_to(page: Page, coach: Running, address: str) -> None:
    """Open a page by its address and wait until it is there."""
    await page.goto(f"{coach.address}/#/{address}")
    await expect(page.locator("#page[aria-busy], #page [aria-busy]")).to_have_count(0)
    if not address.startswith("chat"):
        await expect(page.locator("#page h2")).to_be_visible()


async def faults(page: Page, where: str) -> list[str]:
    """What axe finds on the page as it is shown, and words that don't fit its width."""
    found = await Axe().run(page)
    told = [
        f"{where}: {one['id']} at {node['target']}" for one in found.response["violations"] for node in one["nodes"]
    ]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*told, f"{where}: wider than the page"] if wide else told


# ---------------------------------------------------------------------------------------------- for everybody


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_no_fault_on_any_page(some_days: tuple[History, Running], chrome: Window, dark: bool) -> None:
    history, coach = some_days
    await history.fail("Ben")
    found: list[str] = []
    for width in (1280, 640, 360):  # a desk; the same at 200%; a phone
        context = await chrome.context(width=width, dark=dark)
        page = await context.new_page()
        await page.goto(f"{coach.address}/public/team/")
        await expect(page.get_by_role("table", name="Leaderboard")).to_be_visible()
        found += await faults(page, f"public board, {width}")
        await page.goto(coach.address)
        await expect(page.get_by_label("Your name")).to_be_visible()
        found += await faults(page, f"first screen, {width}")
        await come_in(page, "Ada")
        for address in PAGES:
            await turn_to(page, coach, address)
            if address == "archive":
                await page.locator("summary").first.click()
                await expect(page.locator(".told .sample").first).to_be_visible()
            found += await faults(page, f"{address}, {width}")
        await turn_to(page, coach, "me")
        await page.get_by_role("button", name="Key points").first.click()
        await expect(page.get_by_role("dialog")).to_contain_text("Covered")
        found += await faults(page, f"key points, {width}")
        await page.keyboard.press("Escape")
        await turn_to(page, coach, f"chat/{CHANNEL}")
        await page.get_by_label(f"Message #{CHANNEL}").press_sequentially("/mlops con")
        await expect(page.get_by_role("option").first).to_be_visible()
        found += await faults(page, f"completion, {width}")
    assert not found, "\n".join(sorted(set(found)))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_no_fault_in_the_public_archive(
    some_days: tuple[History, Running], chrome: Window, dark: bool
) -> None:
    _, coach = some_days
    found: list[str] = []
    for width in (1280, 640, 360):
        context = await chrome.context(width=width, dark=dark)
        page = await context.new_page()
        await page.goto(f"{coach.address}/public/team/#/archive")
        await expect(page.locator("summary").first).to_be_visible()
        found += await faults(page, f"public archive, {width}")
        await page.locator("summary").first.click()
        await expect(page.locator(".told .sample").first).to_be_visible()
        found += await faults(page, f"public archive with a question open, {width}")
        await page.get_by_label("Search").fill("nowhere to be found")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
        found += await faults(page, f"public archive without a match, {width}")
        await page.get_by_role("button", name="Colours").click()
        await expect(page.get_by_role("menu")).to_be_visible()
        found += await faults(page, f"public archive's colours, {width}")
    assert not found, "\n".join(sorted(set(found)))


async def test_a_chosen_look_outlives_a_reload_and_follows_the_system_when_given_up(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    _, coach = some_days
    page = await chrome.visit(coach, "Ada")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.get_by_role("button", name="Colours").click()
    await page.get_by_role("menuitemradio", name="Dark").click()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.get_by_role("button", name="You are Ada")).to_be_visible()
    assert await page.evaluate(ground) == dark
    await page.get_by_role("button", name="Colours").click()
    await page.get_by_role("menuitemradio", name="As the system").click()
    assert await page.evaluate(ground) == light


# ---------------------------------------------------------------------------------------------- leaderboard


async def test_a_boards_filters_are_in_its_address_and_its_chart_can_be_read_as_a_table(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    unanswered = (await history.app.coach.rounds.find(PLACE)).question.section
    page = await chrome.visit(coach, "Ada")
    await page.get_by_role("link", name="Leaderboard").click()
    await expect(page.get_by_role("heading", name="Leaderboard")).to_be_focused()
    await page.get_by_role("link", name="All time").click()
    table = page.get_by_role("table", name="Leaderboard")
    await expect(table.get_by_role("row", name="Ada (you) 24 3 8.0")).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("img", name="Points over time: Ada from 0 to 24")).to_be_visible()
    await page.get_by_text("As a table").click()
    numbers = page.get_by_role("table", name="Points over time")
    await expect(numbers.get_by_role("columnheader")).to_have_text(["Day", "Ada", "Cleo", "Ben", "Dan"])
    await expect(numbers.get_by_role("row").nth(1).get_by_role("cell").nth(1)).to_have_text("24")
    section = page.get_by_label("Section")
    await section.select_option(unanswered)
    await expect(page.get_by_role("heading", name="Nobody stands here yet")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Section")).to_have_value(unanswered)
    await expect(page.get_by_role("link", name="All time")).to_have_attribute("aria-current", "page")
    await page.go_back()
    await expect(table.get_by_role("row")).to_have_count(5)


# ---------------------------------------------------------------------------------------------- one's own page


async def test_ones_own_page_tells_points_streak_sections_and_every_answer_and_keeps_up(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    page = await chrome.visit(coach, "Ada")
    await turn_to(page, coach, "me")
    figures = page.locator(".figures")
    await expect(figures).to_contain_text("24")
    await expect(figures).to_contain_text("rank 1")
    answers = page.locator(".answered")
    await expect(answers).to_have_count(3)
    await expect(answers.locator(".badge")).to_have_text(["Score 6/10", "Score 10/10", "Score 8/10"])
    sections = page.get_by_role("table", name="Progress by section").get_by_role("row")
    done = [text for text in await sections.all_inner_texts() if "not answered yet" not in text]
    assert len(done) > 1
    await answers.first.get_by_role("button", name="Key points").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Missing")
    await dialog.get_by_role("button", name="Close").click()
    await expect(answers.first.get_by_role("button", name="Key points")).to_be_focused()
    await history.answer("Ada", "compare feature distributions and then roll back the model, both at once")
    await expect(answers).to_have_count(4)
    await expect(answers.first.locator(".badge")).to_have_text("Score 4/10")
    await answers.first.get_by_role("link", name="Thread").click()
    await expect(page.locator("#thread-log")).to_contain_text("both at once")


# ---------------------------------------------------------------------------------------------- the archive


async def test_the_archive_reveals_past_questions_finds_words_in_them_and_hides_the_open_one(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    open_now = await history.app.coach.rounds.find(PLACE)
    page = await chrome.visit(coach, "Ada")
    await turn_to(page, coach, "archive")
    past = page.locator(".past")
    await expect(past).to_have_count(3)
    await expect(past.get_by_text(open_now.question.title, exact=True)).to_have_count(0)
    await past.first.locator("summary").click()
    told = past.first.locator(".told")
    await expect(told).to_contain_text("3 counted answers, average 8.0.")
    await expect(told.locator(".podium bdi")).to_have_text(["Cleo", "Ben", "Ada"])
    await expect(told).to_contain_text("The point most often missed: tests")
    await expect(told.locator(".sample")).to_contain_text("First compare feature distributions.")
    title = await past.last.locator("strong").inner_text()
    await page.get_by_label("Search").fill(f"{title.upper()} distributions")
    await page.get_by_role("button", name="Search").click()
    await expect(past).to_have_count(1)
    await expect(past.locator("strong")).to_have_text(title)
    await page.get_by_label("Search").fill("kubernetes")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await page.go_back()
    await expect(past).to_have_count(1)


# ---------------------------------------------------------------------------------------------- organisers


async def test_an_organiser_grades_again_what_failed_and_adds_a_channel(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    await history.fail("Ben")
    page = await chrome.visit(coach, "Ada")
    await turn_to(page, coach, "organise")
    lost = page.get_by_role("table", name="Replies that couldn't be graded")
    await expect(lost).to_contain_text("couldn't be read")
    await expect(page.locator("#page")).to_contain_text("1 draft without a sample answer")
    history.grader.reads_all = True
    await lost.get_by_role("button", name="Grade again: Ben").click()
    await expect(page.get_by_role("status").filter(has_text="1 reply goes back to the grader.")).to_be_visible()
    await expect(lost).to_have_count(0)
    await page.get_by_role("button", name="Add a channel").click()
    name = page.get_by_label("Name, such as system-design")
    await name.fill("what?!")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("small letters, digits and hyphens")
    await name.fill("System design")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Set up: #system-design").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Time of the daily question").fill("07:30")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("07:30")
    await dialog.get_by_role("button", name="Close").click()
    await page.get_by_role("link", name="# system-design").click()
    await expect(page.get_by_role("heading", name="# system-design")).to_be_visible()


async def test_the_organisers_page_is_theirs_alone(some_days: tuple[History, Running], chrome: Window) -> None:
    _, coach = some_days
    page = await chrome.visit(coach, "Ben")
    await expect(page.get_by_role("link", name="Archive")).to_be_visible()
    await expect(page.get_by_role("link", name="Organise")).to_have_count(0)
    await page.goto(f"{coach.address}/#/organise")
    await expect(page.locator("#channel-title")).to_be_visible()
    person = await page.evaluate("sessionStorage.getItem('person')")
    refused = await page.evaluate("id => fetch(`/api/organise?person=${id}`).then((answer) => answer.status)", person)
    assert refused == 403


# ---------------------------------------------------------------------------------------------- the chat beside them


async def test_the_days_lead_to_their_threads_and_show_what_one_got(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    _, coach = some_days
    page = await chrome.visit(coach, "Ada")
    days = page.locator("#days li")
    await expect(days).to_have_count(4)
    await expect(days.locator(".badge")).to_have_text(["Score 6/10", "Score 10/10", "Score 8/10"])
    oldest = await days.last.locator(".which").inner_text()
    await days.last.get_by_role("link").click()
    await expect(page.locator("#thread-title")).to_have_text(oldest)
    await expect(page.locator("#thread-log")).to_contain_text("Closed.")
    await days.first.get_by_role("link").click()
    await answer(page, "I would compare feature distributions and page the owner of the model")
    await expect(days.first.locator(".badge")).to_have_text("Score 4/10")
    box = page.get_by_label(f"Message #{CHANNEL}")
    await box.fill("@coach me")
    await box.press("Enter")
    drawn = page.locator("#channel-log").get_by_role("img", name="Your points over time: you from 0 to 28.")
    await expect(drawn).to_be_visible()


async def test_a_question_that_closes_is_no_longer_marked_as_open(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    await coach.app.coach.dates.pause(PLACE)  # neither another question nor a count of answers makes the page look
    history.clock.ago -= dt.timedelta(minutes=10)
    await history.app.settle()
    page = await chrome.visit(coach, "Ada")
    await expect(page.get_by_text("people have answered.")).to_have_count(3)
    newest = page.locator("#days li", has_text="open")
    asked = page.locator("#days li", has_text=await newest.locator(".which").inner_text())
    history.clock.ago -= dt.timedelta(hours=23)
    coach.app.coach.rounds.bell.ring()
    await expect(page.locator("#thread-log")).to_contain_text("Closed.")
    await expect(asked).not_to_contain_text("open")


async def test_who_reads_further_up_is_not_moved_and_a_long_day_does_not_fill_the_page(
    some_days: tuple[History, Running], chrome: Window
) -> None:
    history, coach = some_days
    ada, ben = await history.come_in("Ada"), await history.come_in("Ben")
    for number in range(90):
        await history.store.write(units.post, ada, f"key-{number:08}", CHANNEL, 0, f"message {number}.", number)
    page = await chrome.visit(coach, "Ada")
    scroll, news = page.locator("#channel-scroll"), page.get_by_role("button", name="New messages")
    await expect(page.locator("#channel-log")).to_contain_text("message 89.")
    await scroll.evaluate("element => element.scrollTo(0, 200)")
    before = await scroll.evaluate("element => element.scrollTop")
    await history.store.write(units.post, ben, "key-of-ben", CHANNEL, 0, "Did you see this?", 100)
    await history.app.coach.rounds.ask(PLACE)
    await history.app.settle()
    await expect(news).to_be_visible()
    assert await scroll.evaluate("element => element.scrollTop") == before
    await news.click()
    await expect(news).to_be_hidden()
    for number in range(300):
        await history.store.write(units.post, ben, f"more-{number:08}", CHANNEL, 0, f"further {number}.", 200 + number)
    await history.app.coach.rounds.ask(PLACE)
    await expect(page.locator("#channel-log")).to_contain_text("further 299.")
    assert await page.locator("#channel-log article").count() <= 241
    await expect(page.get_by_role("button", name="Show earlier messages")).to_have_count(1)
