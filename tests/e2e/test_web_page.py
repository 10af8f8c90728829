"""The web chat as people use it, in a real browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot import content
from bot.core.model import Place
from bot.graders.embedded import EmbeddedGrader
from bot.platforms.web import units
from bot.platforms.web.basics import Member
from tests.e2e.web_chat import (
    CHANNEL,
    GOOD,
    POOR,
    QUESTION,
    Running,
    Window,
    answer,
    coach_at,
    come_in,
    free_port,
    window,
)

pytestmark = pytest.mark.browser

EVIL = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"


@pytest.fixture
async def coach(tmp_path: Path) -> AsyncIterator[Running]:
    async with coach_at(tmp_path / "coach.sqlite3") as running:
        yield running


@pytest.fixture
async def chrome() -> AsyncIterator[Window]:
    async with window() as opened:
        yield opened


async def command(page: Page, line: str) -> None:
    """Type a command in the channel and send it."""
    box = page.get_by_label("Message #mlops-daily")
    await box.fill(line)
    await box.press("Enter")
    await expect(box).to_have_value("")


# ---------------------------------------------------------------------------------------------- the main path


async def test_an_answer_gets_its_receipt_and_its_grade(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await expect(page.locator("#channel-log")).to_contain_text(QUESTION)
    await expect(page.locator("#thread-title")).to_contain_text("Worse overnight")
    await answer(page, POOR)
    mine = page.get_by_role("article", name="Ada wrote")
    await expect(mine).to_contain_text("roll back the model")
    await expect(mine).to_contain_text("graded")
    grade = page.locator("#thread-log").get_by_role("article", name="The coach wrote").filter(has_text="Score")
    await expect(grade).to_contain_text("Score: 3/10")
    await expect(grade.get_by_role("listitem")).to_have_text(["Nothing on drift.", "Nothing on segments."])
    await expect(page.get_by_role("button", name="Open the thread (1)")).to_be_visible()


async def test_the_coachs_own_bank_and_grader_tell_a_good_answer_from_a_poor_one(
    tmp_path: Path, chrome: Window
) -> None:
    bank = await asyncio.to_thread(content.load_bank, content.default_folder("bank"))
    grader = EmbeddedGrader()
    async with coach_at(tmp_path / "coach.sqlite3", bank=bank, grader=grader) as coach:
        round_ = await coach.app.coach.rounds.find(Place("web", "local", CHANNEL))
        points = [point.claim for point in round_.question.key_points]
        scores = []
        for name, text in (
            ("Ada", " ".join(f"I would say that {point[:1].lower()}{point[1:]}" for point in points)),
            ("Ben", "I had soup and bread for lunch today, and the weather in the mountains was lovely."),
        ):
            page = await chrome.visit(coach, name)
            await answer(page, text)
            await expect(page.get_by_role("article", name=f"{name} wrote")).to_contain_text("graded", timeout=30_000)
            titles = await page.locator("#thread-log strong").get_by_text("Score:").all_inner_texts()
            scores.append(int(titles[-1].removeprefix("Score: ").removesuffix("/10")))
        assert scores[0] >= 7
        assert scores[1] <= 2
    await grader.close()


async def test_a_reload_keeps_everything(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, GOOD)
    await expect(page.locator("#thread-log")).to_contain_text("Score: 10/10")
    await page.get_by_label("Message #mlops-daily").fill("not sent yet")
    await page.reload()
    await expect(page.get_by_role("button", name="You are Ada")).to_be_visible()
    await expect(page.locator("#thread-log")).to_contain_text(GOOD)
    await expect(page.locator("#thread-log")).to_contain_text("Score: 10/10")
    await expect(page.get_by_label("Message #mlops-daily")).to_have_value("not sent yet")


async def test_two_people_see_each_other_live_and_keep_what_is_personal(coach: Running, chrome: Window) -> None:
    ada = await chrome.visit(coach, "Ada")
    ben = await chrome.visit(coach, "Ben")
    await answer(ada, POOR)
    await expect(ben.get_by_role("article", name="Ada wrote")).to_contain_text(POOR)
    await expect(ben.locator("#thread-log")).to_contain_text("Score: 3/10")
    await ada.locator("#thread-log").get_by_role("button", name="Key points").click()
    points = ada.locator("#thread-log .personal").filter(has_text="Covered:")
    await expect(points).to_contain_text("Covered:")
    await expect(points).to_contain_text("Only you see this.")
    await answer(ben, "Hello from Ben")
    await expect(ada.get_by_role("article", name="Ben wrote")).to_contain_text("Hello from Ben")
    await expect(ben.locator("#thread-log .personal")).to_have_count(0)
    await points.get_by_role("button", name="Dismiss").click()
    await expect(points).to_have_count(0)
    await expect(ada.get_by_label("Answer in the thread")).to_be_focused()


async def test_a_private_answer_is_its_authors_alone(coach: Running, chrome: Window) -> None:
    ada = await chrome.visit(coach, "Ada")
    ben = await chrome.visit(coach, "Ben")
    await ada.locator("#thread").get_by_role("button", name="Answer privately").click()
    dialog = ada.get_by_role("dialog", name="Answer privately")
    await expect(dialog).to_contain_text(QUESTION)
    await dialog.get_by_label("Your answer").fill(GOOD)
    await ada.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await ada.locator("#thread").get_by_role("button", name="Answer privately").click()
    await expect(dialog.get_by_label("Your answer")).to_have_value(GOOD)  # Escape lost nothing
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)
    await expect(ada.locator("#thread-log")).to_contain_text("Score: 10/10")
    await answer(ben, "Hello from Ben")
    await expect(ben.locator("#thread-log")).to_contain_text("Hello from Ben")
    await expect(ben.locator("#thread-log")).not_to_contain_text("Score")
    await expect(ben.locator("#thread-log")).not_to_contain_text("distributions")


async def test_hints_come_one_by_one(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await page.locator("#thread").get_by_role("button", name="Hint", exact=True).click()
    await expect(page.locator("#thread-log")).to_contain_text("Think of the data.")
    await page.get_by_role("button", name="Another hint").click()
    await expect(page.locator("#thread-log")).to_contain_text("Think of the last release.")


async def test_the_board_marks_ones_own_row_and_is_shared_with_all(coach: Running, chrome: Window) -> None:
    ada = await chrome.visit(coach, "Ada")
    ben = await chrome.visit(coach, "Ben")
    await answer(ada, GOOD)
    await expect(ada.locator("#thread-log")).to_contain_text("Score")
    await ada.get_by_role("link", name="Leaderboard").click()
    table = ada.get_by_role("table")
    await expect(table.get_by_role("columnheader")).to_have_text(["#", "who", "points", "answers", "average", "streak"])
    await expect(table.locator("tr.own")).to_contain_text("Ada")
    await expect(ben.get_by_role("table")).to_have_count(0)
    await ada.get_by_role("button", name="Share in the channel").click()
    await expect(ben.get_by_role("table")).to_contain_text("Ada")
    await expect(ben.locator("#channel-log")).to_contain_text("for Ada: /mlops share")


# ---------------------------------------------------------------------------------------------- commands and forms


async def test_a_command_is_completed_and_run_from_the_keyboard(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    box = page.get_by_label("Message #mlops-daily")
    await box.press_sequentially("/mlops lead")
    options = page.get_by_role("listbox", name="Commands").get_by_role("option")
    await expect(options).to_have_count(1)
    await box.press("ArrowDown")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await box.press("Enter")
    await expect(box).to_have_value("/mlops leaderboard ")
    await expect(options.first).to_contain_text("week")
    await box.press("Escape")
    await expect(options).to_have_count(0)
    await box.press("Enter")
    await expect(page.locator("#channel-log")).to_contain_text("Nobody stands here yet")


async def test_an_unknown_command_says_what_was_meant(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await command(page, "/mlops leaderbord")
    await expect(page.locator("#channel-log")).to_contain_text("Did you mean leaderboard?")


async def test_a_command_without_its_beginning_is_not_said_to_everybody(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    for line in ("/help", "/leaderboard week"):
        await command(page, line)
    await expect(page.get_by_text("Commands begin with /mlops.")).to_have_count(2)
    await command(page, "/var/log is where I look first for what went wrong.")
    await expect(page.get_by_role("article", name="Ada wrote")).to_have_count(1)


async def test_each_fault_of_a_pasted_document_stands_in_its_form(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await command(page, "/mlops bank import")
    dialog = page.get_by_role("dialog")
    document = dialog.get_by_label("Questions as Markdown")
    faulty = "## Ours\n\n### One\n\n**Question:** What?\n\n**Level:** nine\n\n### Two\n\n**Sample Answer:** Two.\n"
    await document.fill(faulty)
    await dialog.get_by_role("button", name="Import").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed. Mend this and send it again:")
    await expect(dialog.get_by_role("alert").get_by_role("listitem")).to_contain_text([re.compile("^Line [79]: ")] * 2)
    await expect(document).to_have_value(faulty)


async def test_an_organiser_sets_the_channel_up_in_a_form(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await command(page, "/mlops config setup")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Time zone")).to_have_value("Europe/Berlin")  # the browser's own
    await dialog.get_by_label("Time of the daily question").fill("half past")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("is not a time of day")  # and nothing typed is lost
    await dialog.get_by_label("Time of the daily question").fill("07:30")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("table")).to_contain_text("07:30 Europe/Berlin")
    await expect(page.locator("#channel-log time").last).to_be_visible()


async def test_ones_data_can_be_downloaded_and_then_deleted(coach: Running, chrome: Window) -> None:
    ada = await chrome.visit(coach, "Ada")
    ben = await chrome.visit(coach, "Ben")
    await answer(ada, POOR)
    await expect(ben.get_by_role("article", name="Ada wrote")).to_be_visible()
    await command(ada, "/mlops privacy export")
    async with ada.expect_download() as download:
        await ada.get_by_role("link", name="Download").click()
    saved = await (await download.value).path()
    exported = json.loads(await asyncio.to_thread(saved.read_text))
    assert exported["replies"][0]["text"] == POOR
    kept = exported["kept_by_platform"]  # what the chat itself keeps
    assert (kept["name"], kept["messages"][0]["text"]) == ("Ada", POOR)
    await command(ada, "/mlops privacy delete")
    await ada.get_by_role("button", name="Delete my data").click()
    await expect(ada.get_by_role("dialog", name="Pick a name")).to_contain_text("are deleted")
    await expect(ben.get_by_role("article", name="Ada wrote")).to_have_count(0)


# ---------------------------------------------------------------------------------------------- one's own messages


async def test_an_edited_answer_is_graded_anew(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, POOR)
    await expect(page.locator("#thread-log")).to_contain_text("Score: 3/10")
    await page.get_by_role("button", name="Actions for your message").click()
    await page.get_by_role("menuitem", name="Edit").click()
    editor = page.get_by_label("Edit your message")
    await expect(editor).to_be_focused()
    await editor.fill(GOOD)
    await editor.press("Enter")
    await expect(page.get_by_role("article", name="Ada wrote")).to_contain_text("edited")
    await expect(page.locator("#thread-log")).to_contain_text("Score: 10/10")


async def test_escape_leaves_an_edit_without_a_trace(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, "Hello to all")
    await page.get_by_role("button", name="Actions for your message").click()
    await page.get_by_role("menuitem", name="Edit").click()
    await page.get_by_label("Edit your message").fill("Something else")
    await page.keyboard.press("Escape")
    mine = page.get_by_role("article", name="Ada wrote")
    await expect(mine).to_contain_text("Hello to all")
    await expect(mine).not_to_contain_text("edited")
    await expect(page.get_by_role("button", name="Actions for your message")).to_be_focused()


async def test_a_deleted_message_is_gone_for_everybody(coach: Running, chrome: Window) -> None:
    ada = await chrome.visit(coach, "Ada")
    ben = await chrome.visit(coach, "Ben")
    await answer(ada, "Hello to all")
    await expect(ben.get_by_role("article", name="Ada wrote")).to_be_visible()
    await expect(ben.get_by_role("button", name="Actions for your message")).to_have_count(0)
    await ada.get_by_role("button", name="Actions for your message").click()
    await ada.get_by_role("menuitem", name="Delete").click()
    await ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for page in (ada, ben):
        await expect(page.get_by_role("article", name="Ada wrote")).to_have_count(0)


async def test_talk_is_graded_when_its_author_asks(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, "roll back the model")
    mine = page.get_by_role("article", name="Ada wrote")
    await expect(mine).to_be_visible()
    await expect(mine).not_to_contain_text("seen")
    await page.get_by_role("button", name="Actions for your message").click()
    await page.get_by_role("menuitem", name="Grade this answer").click()
    await expect(page.locator("#thread-log")).to_contain_text("Score: 3/10")
    await expect(mine).to_contain_text("graded")


# ---------------------------------------------------------------------------------------------- the server away


async def test_the_page_says_when_the_coach_is_away_loses_no_text_and_comes_back(
    tmp_path: Path, chrome: Window
) -> None:
    path, port = tmp_path / "coach.sqlite3", free_port()
    async with coach_at(path, port=port) as coach:
        page = await chrome.visit(coach, "Ada")
        other = await chrome.visit(coach, "Ben")
        await expect(other.locator("#thread-title")).to_contain_text("Worse overnight")
    await expect(page.get_by_role("status").first).to_contain_text("Reconnecting")
    box = page.get_by_label("Answer in the thread")
    await box.fill(GOOD)
    await box.press("Enter")
    await expect(page.locator("#thread-composer")).to_contain_text("Not sent. The coach can't be reached for now.")
    await expect(box).to_have_value(GOOD)
    async with coach_at(path, port=port):
        await expect(page.get_by_role("status").first).to_have_text("", timeout=15_000)
        await page.get_by_role("button", name="Retry").click()
        await expect(box).to_have_value("")
        for one in (page, other):
            await expect(one.get_by_role("article", name="Ada wrote")).to_have_count(1)
            await expect(one.locator("#thread-log")).to_contain_text("Score: 10/10")


async def test_a_database_that_is_gone_keeps_the_text_in_the_box(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await expect(page.locator("#thread-title")).to_contain_text("Worse overnight")
    await coach.store.close()
    box = page.get_by_label("Answer in the thread")
    await box.fill(GOOD)
    await box.press("Enter")
    await expect(page.locator("#thread-composer")).to_contain_text("The coach can't save or read anything for now")
    await expect(page.get_by_role("button", name="Retry")).to_be_visible()
    await expect(box).to_have_value(GOOD)


# ---------------------------------------------------------------------------------------------- people


async def test_several_people_share_one_browser(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, "Hello from Ada")
    await page.get_by_role("button", name="You are Ada").click()
    await page.get_by_role("menuitem", name="Somebody else").click()
    await come_in(page, "Ben")
    await expect(page.get_by_role("button", name="Actions for your message")).to_have_count(0)
    await answer(page, "Hello from Ben")
    await page.get_by_role("button", name="You are Ben").click()
    await page.get_by_role("menuitemradio", name="Ada").click()
    await expect(page.get_by_role("button", name="You are Ada")).to_be_visible()
    await expect(page.get_by_role("article", name="Ben wrote")).to_be_visible()
    await expect(page.get_by_role("button", name="Actions for your message")).to_have_count(1)


async def test_a_name_that_cannot_be_taken_is_explained_where_it_is_typed(coach: Running, chrome: Window) -> None:
    context = await chrome.context()
    page = await context.new_page()
    await page.goto(coach.address)
    await page.get_by_label("Your name").fill("MLOps Coach")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("MLOps Coach is the coach's own name. Pick another.")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_the_token_is_asked_for_once(tmp_path: Path, chrome: Window) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="open sesame") as coach:
        context = await chrome.context()
        page = await context.new_page()
        await page.goto(coach.address)
        token = page.get_by_role("textbox", name="Token")
        await token.fill("open barley")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("That isn't the token.")
        await token.fill("open sesame")
        await page.keyboard.press("Enter")
        await come_in(page, "Ada")
        await page.reload()
        await expect(page.get_by_role("button", name="You are Ada")).to_be_visible()


async def test_the_printed_address_lets_in_and_hides_its_token(tmp_path: Path, chrome: Window) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="sesame") as coach:
        context = await chrome.context()
        page = await context.new_page()
        await page.goto(await coach.chat.address())
        await come_in(page, "Ada")
        assert "sesame" not in page.url


# ---------------------------------------------------------------------------------------------- hostile texts


async def test_hostile_texts_are_shown_as_text(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "<b onclick=x>Ada</b>")
    for text in (
        EVIL,
        "javascript:alert(1) [x](javascript:alert(1)) &lt;b&gt;",
        "مرحبا \u202e gnirts",
        "👩‍👩‍👧‍👦" * 40,
    ):
        await answer(page, text)
        await expect(page.locator("#thread-log .message .body p").get_by_text(text, exact=True)).to_be_visible()
    assert await page.title() == "MLOps Coach"
    assert await page.locator("#thread-log script, #thread-log img:not(.avatar), #thread-log b").count() == 0
    await expect(page.get_by_role("button", name="You are <b onclick=x>Ada</b>")).to_be_visible()


async def test_the_longest_text_fits_and_one_more_character_is_kept_in_the_box(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada", width=360)
    await page.get_by_role("button", name="Open the thread").click()
    longest = "x" * 5_990 + " " + "ü" * 9
    await answer(page, longest)
    await expect(page.get_by_role("article", name="Ada wrote")).to_contain_text(longest)
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == 360
    box = page.get_by_label("Answer in the thread")
    await box.fill(longest + "y")
    await box.press("Enter")
    await expect(page.locator("#thread-composer .note")).to_contain_text("6,001 characters; 6,000 fit")
    await expect(box).to_have_value(longest + "y")


# ---------------------------------------------------------------------------------------------- the page itself


async def test_everything_can_be_done_from_the_keyboard(coach: Running, chrome: Window) -> None:
    context = await chrome.context()
    page = await context.new_page()
    await page.goto(coach.address)
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.keyboard.type("Ada")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-title")).to_contain_text("Worse overnight")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to writing")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Answer in the thread")).to_be_focused()
    await page.keyboard.type("two lines")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type(POOR)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="Ada wrote")).to_contain_text(f"two lines\n{POOR}")
    await expect(page.locator("#thread-log")).to_contain_text("Score")
    await expect(page.locator("#thread-log")).to_contain_text("Your first answer here")
    for _ in range(3):  # from the box back into the log, past what is said to newcomers
        await page.keyboard.press("Shift+Tab")
    focused = page.locator(":focus")
    await expect(focused).to_have_text("Key points")
    outline = await focused.evaluate("element => getComputedStyle(element).outlineWidth")
    assert outline == "3px"
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-log")).to_contain_text("Covered")
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    await expect(page.get_by_role("button", name="Open the thread (1)")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-title")).to_be_focused()


async def test_on_a_phone_the_thread_covers_the_channel_until_back(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada", width=360)
    await expect(page.locator("#thread")).to_be_hidden()
    await page.get_by_role("button", name="Open the thread").click()
    await expect(page.get_by_label("Message #mlops-daily")).to_be_hidden()
    await answer(page, POOR)
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("Message #mlops-daily")).to_be_visible()
    await expect(page.locator("#thread")).to_be_hidden()
    await page.go_back()  # the browser's own way back works as well
    await expect(page.locator("#thread")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_before_the_first_question_the_page_says_what_to_do(tmp_path: Path, chrome: Window) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", asked=False) as coach:
        page = await chrome.visit(coach, "Ada")
        await expect(page.get_by_role("heading", name="No question yet")).to_be_visible()
        await page.get_by_role("button", name="Ask me a question").click()
        await expect(page.locator("#channel-log")).to_contain_text(QUESTION)
        await expect(page.get_by_role("heading", name="No question yet")).to_be_hidden()
        await expect(page.locator("#thread")).to_be_visible()


async def test_several_channels_are_kept_apart(tmp_path: Path, chrome: Window) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", channels=["second"]) as coach:
        page = await chrome.visit(coach, "Ada")
        await page.get_by_role("link", name="# second").click()
        await expect(page.get_by_role("heading", name="# second")).to_be_visible()
        await expect(page.get_by_role("link", name="# second")).to_have_attribute("aria-current", "page")
        await page.get_by_label("Message #second").fill("only here")
        await page.get_by_label("Message #second").press("Enter")
        await expect(page.locator("#channel-log")).to_contain_text("only here")
        await page.get_by_role("link", name=f"# {CHANNEL}").click()
        await expect(page.locator("#channel-log")).to_contain_text(QUESTION)
        await expect(page.locator("#channel-log")).not_to_contain_text("only here")


async def test_earlier_messages_are_a_button_away(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    ada = Member(await page.evaluate("sessionStorage.getItem('person')"), "Ada", True)
    for number in range(85):
        text = f"message number {number}."
        await coach.store.write(units.post, ada, f"key-{number:08}", CHANNEL, 0, text, number)
    await page.reload()
    log = page.locator("#channel-log")
    await expect(log).to_contain_text("message number 84.")
    await expect(log).not_to_contain_text("message number 2.")
    await page.get_by_role("button", name="Show earlier messages").click()
    await expect(log).to_contain_text("message number 2.")
    texts = await log.locator(".body p").all_inner_texts()
    numbers = [int(found[1]) for text in texts if (found := re.match(r"message number (\d+)", text))]
    assert numbers == list(range(85))


CONTRAST = """
() => {
  const parse = (value) => {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = value;
    const hex = probe.fillStyle;
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  };
  const light = (value) => {
    const [r, g, b] = parse(value).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const ratio = (a, b) => {
    const [x, y] = [light(color(a)), light(color(b))].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const low = [];
  for (const ground of ["ground", "surface", "raised", "soft", "own"]) {
    for (const [text, least] of [["text", 4.5], ["muted", 4.5], ["accent", 4.5], ["warn", 4.5], ["edge", 3]]) {
      if (ratio(text, ground) < least) low.push(`${text} on ${ground}: ${ratio(text, ground).toFixed(2)}`);
    }
  }
  if (ratio("on-accent", "accent") < 4.5) low.push("on-accent");
  return low;
}
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_text_stands_out_from_its_ground(coach: Running, chrome: Window, dark: bool) -> None:
    context = await chrome.context(dark=dark)
    page = await context.new_page()
    await page.goto(coach.address)
    assert await page.evaluate(CONTRAST) == []


async def test_every_control_has_a_name(coach: Running, chrome: Window) -> None:
    page = await chrome.visit(coach, "Ada")
    await answer(page, POOR)
    await expect(page.locator("#thread-log")).to_contain_text("Score")
    snapshot = await page.locator("body").aria_snapshot()
    nameless = [
        line for line in snapshot.splitlines() if re.search(r"- (button|textbox|link|listbox|table|log)( \[|:|$)", line)
    ]
    assert nameless == []
    assert await page.evaluate("document.documentElement.lang") == "en"
