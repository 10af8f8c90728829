"""What `render` writes, `parse` reads back, whatever the texts look like."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import parse, render
from bot.content.points import MAX_ALTERNATIVE
from bot.core.errors import ContentError
from bot.core.model import KeyPoint, Question
from bot.core.text import fold

# Pieces that mean something to the parser, alone and in any company.
PIECES = (
    "# ", "## ", "### ", "#### ", "##### ", "#", "1. ", "2) ", "Q3: ", "**Question:** ", "**Sample Answer:**",
    "**Question: ", "Question:** ", "**Answer**: ", "__Hints:__", "**Hints**", "**Key points:**", "**Follow-up:** ",
    "**Level:** ", "**Level:** 2", "**Source:** ", "**Id:** ", "**Id:** a-b", "Sample Answer", "Source", ":", "**",
    "__", "*", "_", "- ", "* ", "+ ", "-", "```", "````", "```py", "~~~", "~~~ x", "`", "<!--", "-->", "<!-- c -->",
    "\\", "\\\\", "---", "***", "* * *", "- - -", "===", "> ", "| a | b |", "[a](b)", "![a](b)", "[Back to top](#x)",
    "\n", "\n\n", "\n\n\n", "\r\n", "\r", " ", "    ", "\t", "drift", "Two words", "Topic: claim",
    "**Levle:** ", "**Hnits**", "#### **Sorce:**", "\n  - or: ", "or: ", "**or:** ", "é", "名", "\u200b",
    "\u3000", "\ufeff", "😀", "{question}", "<b>", "&lt;",
)  # fmt: skip
NASTY = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
SKELETON = ("# Bank\n", "\n## Part\n", "\n### 1. One\n", "\n### 2. Two\n", "\n**Question:** ", "\n**Sample Answer:**\n")
DOCUMENT = st.lists(st.one_of(st.sampled_from(SKELETON), NASTY), max_size=12).map("".join)


def settled(content: str) -> tuple[Question, ...] | None:
    """The questions of a document that is accepted, None of one that isn't."""
    try:
        return parse(content, "document.md").questions
    except ContentError:
        return None


@settings(deadline=None)
@given(DOCUMENT)
def test_whatever_is_accepted_survives_being_written_and_read(content: str) -> None:
    questions = settled(content)
    if questions is not None:
        assert parse(render(questions, "Copy"), "copy.md").questions == questions


def entry(question: str, answer: str, points: str, follow_up: str) -> str:
    return (
        f"# Bank\n\n## Part\n\n### 1. One\n\n**Question:**\n\n{question}\n\n**Sample Answer:**\n\n{answer}\n\n"
        f"**Key points:**\n\n- {points}\n\n**Follow-up:**\n{follow_up}\n\n### 2. Two\n\n**Question:** Last?\n"
    )


@settings(deadline=None)
@given(NASTY, NASTY, NASTY, NASTY)
def test_texts_within_parts_survive_being_written_and_read(one: str, two: str, three: str, four: str) -> None:
    questions = settled(entry(f"What {one}", f"That {two}", f"point {three}", four))
    if questions is not None:
        assert parse(render(questions, "Copy"), "copy.md").questions == questions


def lines_of(text: str) -> str:
    """A text in the form that the parser keeps."""
    plain = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()


TEXT = NASTY.map(lines_of).map(lambda text: f"a{text}z")
LINE = NASTY.map(lambda text: " ".join(f"a{text}z".replace("\ufeff", "").split()))


def key_points(drawn: list[tuple[str, list[str]]]) -> tuple[KeyPoint, ...]:
    """Key points with those of the drawn alternatives that a document may have."""
    points = [KeyPoint.parse(claim) for claim, _ in drawn]
    seen = {fold(text) for point in points for text in (point.claim, str(point))}
    found = []
    for point, (_, others) in zip(points, drawn, strict=True):
        new = {fold(text): text for text in others if len(text) <= MAX_ALTERNATIVE and fold(text) not in seen}
        seen.update(new)
        found.append(replace(point, alternatives=tuple(new.values())))
    return tuple(found)


POINTS = st.lists(st.tuples(LINE, st.lists(LINE, max_size=6)), max_size=3).map(key_points)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(LINE, LINE, TEXT, TEXT, POINTS, st.lists(LINE, max_size=3), st.integers(0, 3)),
        min_size=1,
        max_size=3,
    )
)
def test_questions_that_were_never_a_document_survive_being_written_and_read(
    drawn: list[tuple[str, str, str, str, tuple[KeyPoint, ...], list[str], int]],
) -> None:
    questions = tuple(
        Question(
            id=f"q-{number}",
            section=section,
            title=title,
            text=text,
            sample_answer=answer,
            key_points=points,
            hints=tuple(hints),
            follow_up=text,
            level=level or None,
            source=title,
        )
        for number, (section, title, text, answer, points, hints, level) in enumerate(drawn)
    )
    document = parse(render(questions, "A title"), "copy.md")
    assert document.questions == questions
    assert document.title == "A title"


def test_a_text_that_looks_like_a_document_stays_a_text() -> None:
    text = "Start\n# Heading\n**Question:** no\n```\n**Id:** in code\n```\n```\nopen\n<!-- kept -->\n---\nend"
    question = Question("one", "Part", "One", text, text, (KeyPoint("<!-- kept -->"),), ("- no", "```"), text)
    assert parse(render([question], "Copy"), "copy.md").questions == (question,)


def test_ordinary_text_is_written_without_backslashes() -> None:
    text = "Use `a_b` and **bold**.\n\n- first\n- second\n\n```python\n# comment\n```\n\n| a | b |\n|---|---|"
    written = render([Question("one", "Part", "One", "Why?", text)], "Copy")
    assert text in written
    assert "\\" not in written


def test_questions_are_numbered_within_their_section() -> None:
    questions = [Question(name, part, name, "Why?") for name, part in (("a", "P"), ("b", "P"), ("c", "R"))]
    headings = [line for line in render(questions, "Copy").splitlines() if line.startswith("#")]
    assert headings == ["# Copy", "## P", "### 1. a", "### 2. b", "## R", "### 1. c"]
