"""A document with faults is rejected whole, each fault with its line, what is wrong and what to do."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from bot.content import parse
from bot.core.errors import ContentError, Fault

GOOD = "# Drills\n\n## Calls\n\n### 1. Retries\n\n**Question:** Why?\n"  # 7 lines


def faults_of(content: str | bytes, file: str = "drills.md") -> tuple[Fault, ...]:
    with pytest.raises(ContentError) as caught:
        parse(content, file)
    return caught.value.faults


def only_fault(content: str | bytes) -> Fault:
    (fault,) = faults_of(content)
    assert fault.file == "drills.md"
    assert fault.remedy
    assert "\n" not in str(fault)
    return fault


@pytest.mark.parametrize(
    ("added", "line", "words"),
    [
        ("**Sample Answer:**\n\n  \n", 8, "nothing under it"),
        ("##### **Sample Answer:**\n<!-- later -->\n", 8, "nothing under it"),
        ("**Level:** 4\n", 8, "level is 4"),
        ("**Level:** two\n", 8, "level is two"),
        ("**Level:**\n", 8, "level is empty"),
        ("**Level:** 2\n\n**Level:** 2\n", 10, "twice, first in line 8"),
        ("**Question:** And why?\n", 8, "twice, first in line 7"),
        ("**Id:** Not an id\n", 8, "can't be an id"),
        ("**Id:**\n", 8, "can't be an id"),
        ("**Hints: one\n", 8, "isn't set in bold"),
        ("Hints:** one\n", 8, "isn't set in bold"),
        ("**Hints:* one\n", 8, "isn't set in bold"),
        ("#### **Sample Answer:\nText\n", 8, "isn't set in bold"),
        ("```python\nprint()\n", 8, "fence ```python isn't closed"),
        ("~~~\n```\n", 8, "fence ~~~ isn't closed"),
        ("```\nlost\n```py\nkept\n```\n", 8, "fence ``` isn't closed"),
        ("Text <!-- never ends\n", 8, "comment <!-- isn't closed"),
        ("<!-- never ends\n<!-- another -->\n", 8, "comment <!-- isn't closed"),
        ("Bell \x07\n", 8, "U+0007"),
        ("Nul \x00\n", 8, "U+0000"),
        ("Lone \ud800 surrogate\n", 8, "U+D800"),
        ("### 2. Empty\n**Question:**\n\n", 9, "has no text"),
        ("### 2. Unseen\n**Question:** \u200b\n", 9, "has no text"),
        ("### 2. Missing\n**Hints:**\n- one\n", 8, "has no text"),
        ("## Other\n**Question:** Who?\n", 9, "below no question title"),
        ("# Other\n**Hints:**\n- one\n**Level:** 1\n", 9, "below no question title"),
        ("### 2. Retries\n**Question:** Again?\n", 8, "line 5 and again in line 8"),
        ("### 2. Lag\n**Question:** How?\n**Id:** retries\n", 8, "id retries is used in line 5"),
        (f"### {'t' * 201}\n**Question:** How?\n", 8, "title has 201 characters"),
        (f"## {'s' * 201}\n### 1. Lag\n**Question:** How?\n", 8, "heading has 201 characters"),
        (f"### 2. Lag\n**Question:** {'q' * 2001}\n", 9, "question has 2,001 characters"),
        (f"**Sample Answer:**\n{'a' * 6001}\n", 8, "sample answer has 6,001 characters"),
        (f"**Follow-up:** {'f' * 2001}\n", 8, "follow-up has 2,001 characters"),
        (f"**Source:** {'s' * 501}\n", 8, "source has 501 characters"),
        (f"**Key points:**\n- ok\n- {'k' * 501}\n", 8, "key point 2 has 501 characters"),
        (f"**Hints:**\n- {'h' * 501}\n", 8, "hint 1 has 501 characters"),
        ("**Key points:**\n" + "- point\n" * 13, 8, "13 key points"),
        ("**Hints:**\n" + "- hint\n" * 11, 8, "11 hints"),
        ("**Key points:**\n  - or: too early\n- point\n", 9, "below no key point"),
        ("**Key points:**\n- point\n  - or:\n", 10, "alternative is empty"),
        ("**Key points:**\n- point\n  - **or:** \u200b\n", 10, "alternative is empty"),
        (f"**Key points:**\n- point\n\n  - or: {'a' * 301}\n", 11, "alternative has 301 characters"),
        ("**Key points:**\n- point\n" + "".join(f"  - or: {n}\n" for n in range(8)), 16, "8 alternatives"),
        ("**Key points:**\n- Topic: claim\n  - or: Claim!\n", 10, "alternative Claim! is there already"),
        ("**Key points:**\n- one\n  - or: two\n- two\n", 10, "alternative two is there already"),
        ("**Key points:**\n- one\n  - or: same\n- two\n  - or: SAME\n", 12, "alternative SAME is there already"),
    ],
)
def test_a_fault_is_named_with_its_line(added: str, line: int, words: str) -> None:
    fault = only_fault(GOOD + added)
    assert fault.line == line
    assert words in fault.problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("**Levle:** 2", "**Level:**"),
        ("**Leval:** 2", "**Level:**"),
        ("**Sorce:** a book", "**Source:**"),
        ("**SORCE**: a book", "**Source:**"),
        ("__Soruce:__ a book", "**Source:**"),
        ("**Hnits 1:** Think", "**Hints:**"),
        ("**Sample Anwser:**\nSo.", "**Sample Answer:**"),
        ("**Smaple Answer**\nSo.", "**Sample Answer:**"),
        ("**Anwser:** So.", "**Sample Answer:**"),
        ("#### **Sampel Answer:**\nSo.", "**Sample Answer:**"),
        ("**Key pionts:**\n- one", "**Key points:**"),
        ("**Key_points:**\n- one", "**Key points:**"),
        ("**Follow\u2013up:** And then?", "**Follow-up:**"),
        ("**Follwo-up:** And then?", "**Follow-up:**"),
    ],
)
def test_a_misspelt_label_is_told_with_the_one_that_was_probably_meant(written: str, meant: str) -> None:
    fault = only_fault(f"{GOOD}{written}\n")
    assert (fault.line, "isn't a label" in fault.problem, meant in fault.remedy) == (8, True, True)


def test_a_misspelt_question_is_told_and_not_that_it_is_missing() -> None:
    fault = only_fault(f"{GOOD}### 2. Lag\n**Qestoin:** How?\n")
    assert str(fault) == (
        "drills.md:9: **Qestoin:** isn't a label; write **Question:** if that is meant, or put a backslash before it"
    )


def test_a_document_whose_only_question_is_misspelt_is_not_read_as_prose() -> None:
    fault = only_fault("## Lag\n**Qestion:** How?\n**Sample Answer:** So.\n")
    assert (fault.line, "**Question:**" in fault.remedy) == (2, True)


@pytest.mark.parametrize(
    "line",
    [
        "**Note:** caches lie", "**Trade-off:** speed", "**Hit:** the cache", "**Lint:** ruff", "**Lever:** size",
        "**Course:** statistics", "**Resource:** memory", "**Score:** nine", "**Follow:** the money", "**Levels:** all",
        "**Short answer:** no", "**Io:** slow", "**Sorce** is not", "- **Sorce:** two", "    **Levle:** code",
        "\\**Levle:** text", "and **Levle:** text", "**Hints** and", "```\n**Levle:** code\n```",
    ],
)  # fmt: skip
def test_an_ordinary_lead_in_stays_a_part_of_the_answer(line: str) -> None:
    (question,) = parse(f"{GOOD}**Sample Answer:**\nSo.\n\n{line}\n", "drills.md").questions
    assert question.sample_answer == f"So.\n\n{line.removeprefix(chr(92))}"


def test_prose_may_use_any_lead_in() -> None:
    (question,) = parse("# Bank\n\n## Why?\n\n**Qestion:** two\n**Sorce:** one\n", "drills.md").questions
    assert question.sample_answer == "**Qestion:** two\n**Sorce:** one"


def test_what_stands_above_the_first_question_is_no_label() -> None:
    assert len(parse(GOOD.replace("## Calls", "**Sorce:** one\n\n## Calls"), "drills.md").questions) == 1


@pytest.mark.parametrize(
    "added",
    [
        f"**Sample Answer:**\n{'a' * 6000}\n",
        "**Key points:**\n- point\n" + f"- {'k' * 500}\n" * 11,
        "**Hints:**\n" + f"- {'h' * 500}\n" * 10,
        "**Key points:**\n- point\n" + "".join(f"  - or: {str(n) * 300}\n" for n in range(6)),
        f"### {'t' * 200}\n**Question:** {'q' * 2000}\n",
    ],
)
def test_what_just_fits_is_accepted(added: str) -> None:
    assert parse(GOOD + added, "drills.md").questions


def test_the_question_itself_may_have_an_unclosed_label() -> None:
    fault = only_fault("### 1. Retries\n**Question: Why?\n")
    assert (fault.line, "**Question:**" in fault.remedy) == (2, True)


def test_a_question_without_any_heading_is_told_once() -> None:
    fault = only_fault("**Question:** Why?\n\n**Sample Answer:** So.\n")
    assert (fault.line, "below no question title" in fault.problem) == (1, True)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    content = GOOD + "**Level:** 9\n**Id:** A\n### 2. Lag\n**Question:**\n**Sample Answer:**\n**Hints: x\n```\n"
    assert [fault.line for fault in faults_of(content)] == [8, 9, 11, 12, 13, 14]


def test_the_error_has_a_line_for_each_fault() -> None:
    with pytest.raises(ContentError) as caught:
        parse(GOOD + "**Level:** 9\n**Id:** A\n", "drills.md")
    first, second = str(caught.value).split("\n")
    assert first == "drills.md:8: the level is 9; write 1 (junior), 2 (some years of practice) or 3 (senior)"
    assert second.startswith("drills.md:9: A can't be an id; ")


@pytest.mark.parametrize("content", ["", "\n \n", "just words", "# Only a title\n\nwords\n", "\ufeff"])
def test_a_document_without_questions_is_told_both_shapes(content: str) -> None:
    fault = only_fault(content)
    assert fault.line == 0
    assert "**Question:**" in fault.remedy
    assert "`## question`" in fault.remedy


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (GOOD.encode() + b"caf\xe9\n", 8),
        (GOOD.replace("\n", "\r\n").encode() + b"\xff", 8),
        (GOOD.encode("utf-16"), 1),
        (b"\x89PNG\r\n\x1a\n\x00", 1),
        (b"ok\rok\rcut \xe2\x82", 3),
    ],
)
def test_what_is_not_utf8_is_named_with_the_line_of_its_first_bad_byte(content: bytes, line: int) -> None:
    fault = only_fault(content)
    assert (fault.line, "UTF-8" in fault.problem) == (line, True)


def test_every_line_with_a_control_character_is_named() -> None:
    assert [fault.line for fault in faults_of(GOOD + "a\x01\nb\nc\x9f\x1b\n")] == [8, 10]


@pytest.mark.parametrize(("size", "said"), [(1_000_001, "1,000,001 bytes"), (10_000_000, "10.0 MB")])
def test_a_document_over_a_megabyte_is_refused_before_it_is_read(size: int, said: str) -> None:
    began = time.process_time()
    fault = only_fault(b"\xff" * size)
    assert time.process_time() - began < 0.2
    assert said in fault.problem
    assert said in only_fault("x" * size).problem


def test_the_limit_is_in_bytes_for_text_too() -> None:
    assert "1.2 MB" in only_fault("é" * 600_000).problem


def test_more_than_two_thousand_questions_are_refused() -> None:
    content = "".join(f"### {n}. T{n}\n**Question:** Why?\n" for n in range(2_001))
    fault = only_fault(content)
    assert (fault.line, "2,001 questions" in fault.problem) == (4_001, True)


def test_hostile_file_names_and_texts_stay_on_one_short_line() -> None:
    (fault,) = faults_of(GOOD + f"**Level:** {'9' * 5000}\n", f"a\nb\x1b[31m{'c' * 5000}.md")
    assert "\x1b" not in str(fault)
    assert "\n" not in str(fault)
    assert len(str(fault)) < 400


def test_no_more_than_a_thousand_faults_are_kept_and_the_rest_are_counted() -> None:
    faults = faults_of("\x07\n" * 3_000)
    assert len(faults) == 1_001
    assert faults[-1].problem == "2,000 more faults"


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        ("", "\n"), ("", "#\n"), ("", "# "), ("", "## a\n"), ("", "*"), ("", "* "), ("", "**Question: "),
        ("", "### a\n**Question:** x\n"), ("", "**Question:**\n"), ("", "```\n"), ("", "```a\n"), ("", "```\n~~~a\n"),
        ("", "<!--"), ("", "`<!--"), ("", "<!--\n"), ("<!--", "x "), ("", "\\<!--"), ("", "\\"), ("", "\u200b"),
        ("### t\n**Question:** x\n**Key points:**\n", "- a\n"), ("### t\n**Question:** x\n**Key points:**\n- ", "a: "),
        ("### t\n**Question:** x\n**Key points:**\n- ", "**a"), ("### t\n**Question:** x\n**Id:** ", "a-"),
        ("## ", "**: "), ("## ", "1."), ("### ", "x # "), ("## a\n", "[a]("), ("## a\n", "![a](b"), ("## a\n", "<img "),
        ("## a\n", '[a](b "'), ("## a\n", "[a](b("), ("## a\n[a]: ", "["), ("## a\n", "back to "), ("**", " "),
        ("", "**Levle:**\n"), ("**a", " "), ("**a", "-"),
    ],
)  # fmt: skip
def test_no_document_takes_long(start: str, unit: str) -> None:
    content = start + unit * ((1_000_000 - len(start)) // len(unit.encode()))
    began = time.process_time()
    with suppress(ContentError):
        parse(content, "nasty.md")
    assert time.process_time() - began < 4  # about half a second alone; quadratic time would be minutes
