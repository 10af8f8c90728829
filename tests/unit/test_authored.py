"""What authors write in their questions and sample answers is shown as they meant it, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.message import Bullets, Code, Listing, Message, Para, Strong
from bot.core.render.authored import authored, spoken

PROSE = (
    "Data drift means the inputs changed.\n\nA 2*3*4 cube, snake_case_name, a < b and `an open mark.\n1. One\n2. Two"
)


def test_plain_prose_is_one_block_as_it_was_typed() -> None:
    assert authored(PROSE) == (Para((PROSE,)),)


def test_code_and_bold_words_stand_out_within_a_line() -> None:
    assert spoken("Put `CMD` last: **always**.") == ("Put ", Code("CMD"), " last: ", Strong("always"), ".")


def test_where_all_stands_out_code_still_does() -> None:
    assert spoken("What does `CMD` do?", strong=True) == (Strong("What does "), Code("CMD"), Strong(" do?"))
    assert spoken("Why **not**?", strong=True) == (Strong("Why not?"),)


@pytest.mark.parametrize(
    "text",
    ["`", "``", "` `", "a ` b", "****", "** a **", "**a", "a\\`b`", "``x``", "***x***", "2 ** 3 ** 4", "`a\nb`"],
)
def test_marks_that_close_nothing_are_text(text: str) -> None:
    assert spoken(text) == (text,)


def test_a_list_is_a_list_with_what_goes_on_below_an_entry() -> None:
    text = "Three things:\n- **one**, which\n  is long\n\n* two\n  - three\nAnd on."
    assert authored(text) == (
        Para(("Three things:",)),
        Bullets(((Strong("one"), ", which is long"), ("two",), ("three",))),
        Para(("And on.",)),
    )


def test_fenced_code_keeps_its_lines_and_its_marks() -> None:
    text = 'So:\n\n```dockerfile\nFROM python\n\nCMD ["a"]  # **not** bold\n- no list\n```\n\nDone.'
    code = 'FROM python\n\nCMD ["a"]  # **not** bold\n- no list'
    assert authored(text) == (Para(("So:",)), Listing(code), Para(("Done.",)))


@pytest.mark.parametrize("text", ["```\nnever closed", "```\nclosed by another kind\n~~~", "a ``` b"])
def test_a_fence_without_an_end_is_text(text: str) -> None:
    assert authored(text) == (Para((text,)),)


def test_code_without_a_line_is_nothing() -> None:
    assert authored("Before.\n```\n\n```\nAfter.") == (Para(("Before.",)), Para(("After.",)))


def test_a_heading_within_an_answer_stands_out() -> None:
    assert authored("## Why ##\nBecause.") == (Para((Strong("Why"),)), Para(("Because.",)))


MARKS = st.lists(st.sampled_from([*"`*-# ~\n\\ab", "```", "**", "- ", "\n\n"]), max_size=40).map("".join)


@given(text=MARKS)
def test_no_word_is_lost_whatever_the_marks(text: str) -> None:
    """But for what stands behind an opening fence: the name of a language."""
    shown = iter(Message(blocks=authored(text)).text)
    lines = [line for line in text.split("\n") if not line.lstrip(" ").startswith(("```", "~~~"))]
    assert all(letter in shown for line in lines for letter in line if letter in "ab")
