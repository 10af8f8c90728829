"""Buttons, files and pictures of what the coach says on Slack."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from bot.core.message import Attachment, Button, Chart, Message, Para, Series
from bot.platforms.slack.blocks import ids
from bot.platforms.slack.blocks.show import show
from tests.contract.slack_shown import HOSTILE, check
from tests.contract.test_slack_show import COURSE, REAL
from tests.e2e import slack_page
from tests.e2e.slack_pictures import LOOKS, SCENES


async def test_buttons_are_within_limits_and_say_where_they_belong() -> None:
    buttons = tuple(Button("label " * 30, "me", str(number)) for number in range(40))
    many = await show(Message("T", buttons=(*buttons, Button("huge", "me", args=(("topic", "x" * 2_000),)))))
    check(many)
    assert sum(len(block["elements"]) for block in many.blocks if block["type"] == "actions") == 25
    shown = await show(REAL["delete"], channel="C9")
    (button,) = shown.blocks[-1]["elements"]
    assert button["style"] == "danger"
    assert ids.press(button["value"]) == ids.Press("privacy", args={"what": "delete", "sure": "yes"}, channel="C9")


async def test_an_attachment_is_a_file() -> None:
    shown = await show(Message("T", (Attachment("a.json", '{"ä": 1}'),)))
    assert shown.files == (("a.json", '{"ä": 1}'.encode(), ""),)
    check(shown)


async def test_a_chart_is_a_picture_with_its_words_or_a_button_that_sends_it() -> None:
    board = REAL["board"]
    ((name, data, alt),) = (await show(board)).files
    assert name == "points-over-time.png"
    assert Image.open(io.BytesIO(data)).format == "PNG"
    assert alt == "Points over time: 1 Ada from 3 to 9."
    personal = await show(board, personal=True, verb="leaderboard", args={"period": "week", "topic": ""}, channel="C1")
    assert personal.files == ()
    (button,) = personal.blocks[-1]["elements"]
    assert (button["text"]["text"], button["action_id"]) == ("Send me the chart", "mc:0:chart")
    asked = ids.Press(ids.CHART, args={"period": "week"}, channel="C1", of="leaderboard")
    assert ids.press(button["value"]) == asked
    assert json.loads(button["value"]) == {"v": "chart", "of": "leaderboard", "a": {"period": "week"}, "c": "C1"}


async def test_without_charts_there_is_neither_picture_nor_button() -> None:
    for personal in (False, True):
        shown = await show(REAL["board"], charts=False, personal=personal, verb="leaderboard")
        assert shown.files == ()
        assert not any(block["type"] == "actions" for block in shown.blocks)


async def test_a_chart_alone_is_still_a_message() -> None:
    chart: tuple[Any, ...] = (Chart(HOSTILE, (Series(HOSTILE, COURSE),)),)
    check(await show(Message(blocks=chart)))


@pytest.mark.parametrize("name", [*SCENES, *LOOKS])
async def test_every_picture_for_looking_at_can_still_be_made(name: str) -> None:
    scene, _ = {**SCENES, **LOOKS}[name]
    assert "MLOps" in slack_page.page([await scene()]) or name.startswith("form")


async def test_a_page_shows_words_as_words() -> None:
    shown = await show(Message("<script>t</script>", (Para(("<script>p</script>",)),), (Button("<script>b", "me"),)))
    assert "<script" not in slack_page.page([slack_page.message("<script>", "", slack_page.blocks(shown.blocks))])
    with pytest.raises(ValueError, match="no block"):
        slack_page.blocks([{"type": "video"}])
