"""What the coach says, within Discord's limits and without a mark of anybody else's making."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.core import render
from bot.core.message import (
    Attachment,
    Bullets,
    Button,
    Chart,
    Code,
    Field,
    Form,
    Listing,
    Message,
    Para,
    Quote,
    Series,
    Strong,
    Table,
    When,
)
from bot.platforms import charts, tables
from bot.platforms.discord import forms, markup
from bot.platforms.discord.show import show

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
NASTY = "**bold** __u__ ~~s~~ ||spoiler|| `code` ```block``` [x](http://evil.example) <@1> <#2> <@&3> <t:1:R> <:a:4> \\"
RTL = "שלום \u202eabc\u202c עולם"


def total(embeds: list[discord.Embed]) -> int:
    """Characters as Discord counts them over a message's embeds."""
    return sum(
        markup.size(embed.title or "") + markup.size(embed.description or "") + markup.size(embed.footer.text or "")
        for embed in embeds
    )


def check(embeds: list[discord.Embed]) -> None:
    """Raise AssertionError where Discord would refuse."""
    assert 1 <= len(embeds) <= 10
    assert total(embeds) <= 6_000
    for embed in embeds:
        assert markup.size(embed.description or "") <= 4_096
        assert markup.size(embed.title or "") <= 256
        assert embed.title or embed.description or embed.image


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("a_b_c", "a\\_b\\_c"),
        ("# Title\n- item\n1. first\n> said\n-# small", "\\# Title\n\\- item\n1\\. first\n\\> said\n\\-# small"),
        ("2.5 and 3 - 2 > 0", "2.5 and 3 - 2 > 0"),
        ("see https://x.example/a_b", "see https\\://x.example/a\\_b"),
        ("<@123> @everyone @here", "\\<@123> @\u200beveryone @\u200bhere"),
        ("back\\slash", "back\\\\slash"),
        ("a\u202eb\u200bc\x00", "abc"),
    ],
)
def test_text_is_shown_as_it_is(plain: str, shown: str) -> None:
    assert markup.escape(plain) == shown


@given(st.text(alphabet=st.sampled_from("ab*_~`|<>[]()#-+.:/\\@1 \n😀é\u0301"), max_size=60), st.integers(1, 40))
def test_a_cut_never_ends_within_an_escape(text: str, limit: int) -> None:
    short = markup.cut(markup.escape(text), limit)
    assert markup.size(short) <= limit
    head = short.removesuffix("…")
    if head != markup.escape(text):
        assert (len(head) - len(head.rstrip("\\"))) % 2 == 0


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000)
BLOCKS = st.one_of(
    st.builds(lambda text: Para((text, Strong(text[:50]), When(NOON))), WORDS),
    st.builds(lambda texts: Bullets(tuple((text,) for text in texts)), st.lists(WORDS, min_size=1, max_size=5)),
    st.builds(Quote, WORDS),
    st.builds(lambda text: Para((text, Code(text[:90]))), WORDS),
    st.builds(Listing, WORDS),
    st.builds(
        lambda rows: Table(("#", "who", "why"), tuple(tuple(row) for row in rows)),
        st.lists(st.lists(WORDS, min_size=3, max_size=3), max_size=12),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.builds(Message, WORDS, st.lists(BLOCKS, max_size=4).map(tuple)))
async def test_no_message_is_too_long_for_discord(message: Message) -> None:
    check((await show(message, "mark-1")).embeds)


@pytest.mark.parametrize(
    "words", ["word " * 800, "😀" * 2_000, "*" * 4_000, "x" * 5_500, NASTY * 30, RTL * 200, "\n" * 4_000]
)
async def test_long_and_strange_answers_are_shown_or_cut(words: str) -> None:
    shown = await show(Message("A title", (Para((words,)), Para(("the end",)))), "m")
    check(shown.embeds)
    assert (shown.embeds[-1].description or "").endswith("the end")


async def test_what_had_to_be_cut_is_in_a_file(  # a long sample answer at the reveal, for instance
) -> None:
    long = " ".join(f"word{number}" for number in range(1_500))
    shown = await show(Message(blocks=(Para((long,)), Para(("the end",)))), "m")
    check(shown.embeds)
    ((name, data, _),) = shown.files
    assert name == "in-full.txt"
    assert long in data.decode()
    whole = await show(Message(blocks=(Para((long[:5_000],)),)), "m")
    assert whole.files == ()
    assert "".join((embed.description or "") + " " for embed in whole.embeds).split() == long[:5_000].split()


def test_bold_words_keep_the_space_beside_them() -> None:
    assert markup.inline((Strong("To think on: "), "And then?")) == "**To think on:** And then?"
    assert markup.inline((Strong("one\n\ntwo "),)) == "**one**\n\n**two** "
    assert markup.inline((Strong("  "), "x")) == "  x"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("CMD", "`CMD`"),
        ("a*b_c <@1>", "`a*b_c <@1>`"),
        ("` **out** `", "`ˋ **out** ˋ`"),
        ("two\nlines", "`two lines`"),
        ("@everyone", "`@\u200beveryone`"),
        (" \u200b", ""),
    ],
)
def test_nothing_gets_out_of_code(code: str, shown: str) -> None:
    assert markup.inline((Code(code),)) == shown


async def test_lines_of_code_are_a_block_that_nothing_gets_out_of() -> None:
    shown = await show(Message(blocks=(Listing("FROM python\n\n  RUN ```\n**x**"),)))
    assert shown.embeds[0].description == "```\nFROM python\n\n  RUN ˋˋˋ\n**x**\n```"


async def test_long_code_is_several_blocks_parted_at_the_ends_of_lines() -> None:
    lines = [f"    line {number}: do(this)" for number in range(190)]
    shown = await show(Message(blocks=(Listing("\n".join(lines)),)))
    check(shown.embeds)
    assert len(shown.embeds) > 1
    told = [embed.description or "" for embed in shown.embeds]
    assert all(text.startswith("```\n") and text.endswith("\n```") and text.count("```") == 2 for text in told)
    assert [line for text in told for line in text.split("\n")[1:-1]] == lines


async def test_a_board_fits_a_phone_whatever_people_are_called() -> None:
    rows = (
        ("1", "Ada", "41", "5", "8.2", "12"),
        ("2=", "A name that goes on and on 名前", "33", "5", "6.6", "5"),
        ("2=", f"```{RTL}", "33", "4", "8.3", "0"),
    )
    shown = await show(Message("Board", (Table(("#", "who", "points", "answers", "average", "streak"), rows),)))
    block = shown.embeds[0].description or ""
    assert block.startswith("```\n")
    assert block.count("```") == 2
    lines = block.strip("`\n").split("\n")
    assert len(lines) == 4
    assert all(tables.width(line) <= tables.TABLE_WIDTH for line in lines)
    assert {line.split()[-3] for line in lines[1:]} == {"5", "4"}


async def test_a_table_of_words_becomes_lines() -> None:
    rows = (("12", "Ada", "A question with a long title", "The grader said no to it, three times over"),)
    shown = await show(Message("Failed", (Table(("id", "who", "question", "why"), rows),)))
    assert shown.embeds[0].description == (
        "**12** · who: Ada · question: A question with a long title · why: The grader said no to it, three times over"
    )


async def test_a_message_without_buttons_carries_its_mark_in_small_print() -> None:
    assert (await show(Message("Title"), "ab-1")).embeds[0].footer.text == "ab-1"
    with_button = await show(Message("Title", buttons=(Button("Go", "me"),)), "ab-1")
    assert with_button.embeds[0].footer.text is None
    assert with_button.buttons[0][1] == "mc|me|||ab-1"


async def test_buttons_and_files_are_within_limits() -> None:
    buttons = tuple(Button("label " * 30, "me", str(number)) for number in range(40))
    shown = await show(Message("T", (Attachment("a.json", "{}"),), buttons))
    view = shown.view()
    assert view is not None
    assert len(view.children) == 25
    assert all(len(getattr(child, "label", "")) <= 80 for child in view.children)
    assert view.is_finished()
    assert [file.filename for file in shown.attached()] == ["a.json"]


async def test_a_form_is_within_the_limits_of_a_modal() -> None:
    fields = (
        Field("answer", "x" * 99, "y" * 9_000, long=True, limit=9_000),
        Field("kind", "Kind", "b", choices=("a", "b")),
        Field("more", "More", required=False),
    )

    data = forms.modal(Form("t" * 99, "answer", "7", fields, intro="**q** " * 900)).to_dict()
    assert data["custom_id"] == "mcf|answer|7"
    assert len(str(data["title"])) == 45
    intro, answer, kind, more = data["components"]
    assert len(intro["content"]) <= 2_000
    assert len(answer["label"]) == 45
    assert answer["component"]["max_length"] == 4_000
    assert len(answer["component"]["value"]) == 4_000
    assert [option["value"] for option in kind["component"]["options"]] == ["a", "b"]
    assert more["component"]["required"] is False


def test_what_was_filled_in_comes_back_by_name() -> None:
    sent: list[dict[str, Any]] = [
        {"type": 10, "id": 1},
        {"type": 18, "component": {"type": 4, "custom_id": "answer", "value": "yes"}},
        {"type": 18, "component": {"type": 3, "custom_id": "kind", "values": ["b"]}},
        {"type": 1, "components": [{"type": 4, "custom_id": "old", "value": "way"}]},
        {"type": 18, "component": {"type": 3, "custom_id": "none", "values": []}},
    ]
    assert forms.values(sent) == {"answer": "yes", "kind": "b", "old": "way", "none": ""}


# ---------------------------------------------------------------------------------------------- pictures


def line(label: str, *values: int, own: bool = False) -> Series:
    day = dt.date(2026, 3, 1)
    return Series(label, tuple((day + dt.timedelta(days=index), value) for index, value in enumerate(values)), own)


async def test_a_chart_is_a_picture_with_its_words() -> None:
    chart = Chart("Points over time", (line("1 Ada", 0, 9, 17), line("2 Zoë", 0, 0, 6, own=True)))
    shown = await show(Message("Board", (chart,)))
    ((name, data, alt),) = shown.files
    assert shown.embeds[0].image.url == f"attachment://{name}"
    assert alt == "Points over time: 1 Ada from 0 to 17; 2 Zoë from 0 to 6."
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", (charts.WIDTH, charts.HEIGHT))
    assert len(data) < 200_000


@pytest.mark.parametrize(
    "series",
    [
        (),
        (line("1 Ada", 0),),
        (line("1 Ada", 0, 0, 0),),
        (line("שלום 名前 😀", 0, 10**9),),
        tuple(line(f"{number} Somebody", 0, 5) for number in range(12)),
        (Series("1 Ada", ((dt.date(2020, 1, 1), 0), (dt.date(2026, 1, 1), 7))),),
    ],
    ids=["none", "a point", "nothing", "huge", "many", "years"],
)
def test_any_chart_can_be_drawn(series: tuple[Series, ...]) -> None:
    assert charts.draw(Chart("Points", series)).startswith(b"\x89PNG")


async def test_a_text_of_nothing_but_marks_is_shown_and_does_not_hang_the_coach() -> None:
    shown = await show(render.say("\u0301" * 5_000))
    assert sum(len(embed.description or "") for embed in shown.embeds) > 4_000
