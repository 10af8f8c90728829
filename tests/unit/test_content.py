"""Reading documents in the question shape."""

from __future__ import annotations

import pytest

from bot.content import parse
from bot.core.model import KeyPoint, Question

FULL = """\
# Reliability drills

Some words for readers.

## Queues:

### 1. Poison messages

**Question:** A message crashes every worker that takes it. What now?

**Sample Answer:**

Count deliveries.

After the fifth, park it in a dead-letter queue.

**Key points:**

- Limit: deliveries are counted
- it is parked after the limit

**Hints:**

- What changes between tries?
- Where could it wait?

**Follow-up:** Who looks at the parked ones?

**Level:** 2

**Source:** Reliability drills > Queues

**Id:** poison-messages

### 2. Back-pressure

**Question:**
Producers are faster than consumers.

Whom do you slow down?

# Appendix

### Further notes

Prose that belongs to nobody.
"""


def only(content: str) -> Question:
    (question,) = parse(content, "drills.md").questions
    return question


def titled(body: str, title: str = "### 1. Retries") -> str:
    return f"# Drills\n\n## Calls\n\n{title}\n\n{body}\n"


def test_every_part_of_a_question_is_read() -> None:
    assert parse(FULL, "drills.md").questions[0] == Question(
        id="poison-messages",
        section="Queues",
        title="Poison messages",
        text="A message crashes every worker that takes it. What now?",
        sample_answer="Count deliveries.\n\nAfter the fifth, park it in a dead-letter queue.",
        key_points=(KeyPoint("deliveries are counted", "Limit"), KeyPoint("it is parked after the limit")),
        hints=("What changes between tries?", "Where could it wait?"),
        follow_up="Who looks at the parked ones?",
        level=2,
        source="Reliability drills > Queues",
    )


def test_a_document_has_its_first_heading_as_title_and_knows_the_line_of_each_question() -> None:
    document = parse(FULL, "drills.md")
    assert (document.title, document.lines) == ("Reliability drills", (7, 35))


def test_a_document_without_a_title_is_called_after_its_file() -> None:
    document = parse("### One\n**Question:** Why?", "night shift.md")
    assert (document.title, document.questions[0].section) == ("night shift", "night shift")


def test_a_question_without_a_sample_answer_is_a_draft() -> None:
    answered, draft = parse(FULL, "drills.md").questions
    assert (answered.draft, draft.draft) == (False, True)
    assert draft.text == "Producers are faster than consumers.\n\nWhom do you slow down?"


def test_a_top_heading_ends_the_last_question_and_prose_is_no_question() -> None:
    assert "Prose" not in parse(FULL, "drills.md").questions[-1].text
    assert len(parse(FULL, "drills.md").questions) == 2


@pytest.mark.parametrize(
    "label",
    [
        "**Sample Answer:**",
        "**Sample Answer**:",
        "**sample answer :**",
        "**SAMPLE  ANSWER:**",
        "** Sample Answer: **",
        "__Sample Answer:__",
        "***Sample Answer:***",
        "**Sample Answer**",
        "**Answer:**",
        "##### **Sample Answer:**  ",
        "#### **Sample Answer**:",
        "### **Sample Answer:**",
        "##### Sample Answer",
        "  **Sample Answer:**",
    ],
)
def test_a_label_may_be_written_in_many_ways(label: str) -> None:
    question = only(titled(f"**Question:** Why?\n\n{label}\nBecause."))
    assert (question.text, question.sample_answer) == ("Why?", "Because.")


def test_a_whole_line_in_bold_may_be_a_question() -> None:
    assert only(titled("**Question: Why wait?**")).text == "Why wait?"


@pytest.mark.parametrize("ends", ["\r\n", "\r", "  \n", "\t\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_trailing_spaces_and_a_byte_order_mark_do_not_matter(ends: str, mark: str) -> None:
    assert parse((mark + FULL.replace("\n", ends)).encode(), "drills.md") == parse(FULL, "drills.md")


@pytest.mark.parametrize("bullet", ["-", "*", "+", "1.", "2)", "   -"])
def test_lists_may_have_any_bullet_and_lines_that_go_on(bullet: str) -> None:
    question = only(titled(f"**Question:** Why?\n**Hints:**\n\n{bullet} first\n  goes on\n\n{bullet} second\n{bullet}"))
    assert question.hints == ("first goes on", "second")


def test_hints_without_bullets_are_told_apart_by_blank_lines() -> None:
    assert only(titled("**Question:** Why?\n**Hints:** one\ngoes on\n\ntwo")).hints == ("one goes on", "two")


def test_a_topic_in_bold_is_a_topic() -> None:
    question = only(titled("**Question:** Why?\n**Key points:**\n- **Budget:** tries are limited"))
    assert question.key_points == (KeyPoint("tries are limited", "Budget"),)


def test_other_ways_to_say_a_key_point_are_indented_below_it() -> None:
    listed = (
        "- Limit: tries are counted\n  - or: we stop after n tries\n\n  * **Or:** a cap\n    on retries\n- it waits"
    )
    question = only(titled(f"**Question:** Why?\n**Key points:**\n\n{listed}"))
    assert question.key_points == (
        KeyPoint("tries are counted", "Limit", ("we stop after n tries", "a cap on retries")),
        KeyPoint("it waits"),
    )
    assert str(question.key_points[0]) == "Limit: tries are counted"


def test_only_what_is_indented_and_marked_is_an_alternative() -> None:
    question = only(
        titled("**Question:** Why?\n**Key points:**\n- or: one\n  - two\n  - order: three\n**Hints:**\n  - or: x")
    )
    assert [str(point) for point in question.key_points] == ["or: one", "two", "order: three"]
    assert not any(point.alternatives for point in question.key_points)
    assert question.hints == ("or: x",)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("### 12. Retries", "Retries"),
        ("### 1) Retries", "Retries"),
        ("### 1.2 Retries", "Retries"),
        ("### Question 3: Retries", "Retries"),
        ("### **4. Retries** ###", "Retries"),
        ("###  Retries  ", "Retries"),
        ("## Retries", "Retries"),
        ("#### 1. Retries", "Retries"),
        ("### 3 ways to retry", "3 ways to retry"),
        ("### C#", "C#"),
    ],
)
def test_a_title_is_read_without_its_number_and_markup(heading: str, title: str) -> None:
    assert only(titled("**Question:** Why?", heading)).title == title


def test_sections_may_be_one_level_off() -> None:
    flat = parse("# Calls:\n## 1. Retries\n**Question:** Why?\n# Queues\n## 1. Lag\n**Question:** How?", "x.md")
    assert [(q.section, q.title) for q in flat.questions] == [("Calls", "Retries"), ("Queues", "Lag")]
    deep = parse("# All\n### Calls\n#### Retries\n**Question:** Why?\n#### Lag\n**Question:** How?", "x.md")
    assert [(q.section, q.title) for q in deep.questions] == [("Calls", "Retries"), ("Calls", "Lag")]


def test_deeper_headings_belong_to_the_answer() -> None:
    question = only(titled("**Question:** Why?\n**Sample Answer:**\nFirst.\n#### Detail\nThen."))
    assert question.sample_answer == "First.\n#### Detail\nThen."


def test_code_protects_what_looks_like_headings_and_labels() -> None:
    code = "```markdown\n# Not a heading\n**Question:** not a label\n<!-- not a comment\n```"
    other = "~~~~\n```\n## Nor this\n~~~~"
    question = only(titled(f"**Question:** Why?\n**Sample Answer:**\n{code}\n\n{other}\n\nEnd."))
    assert question.sample_answer == f"{code}\n\n{other}\n\nEnd."


def test_a_backslash_makes_text_of_what_looks_like_markup() -> None:
    question = only(titled("**Question:**\n\\**Hints:** is how one is written\n\\# so\n\\\\# and so\n\\d stays"))
    assert question.text == "**Hints:** is how one is written\n# so\n\\# and so\n\\d stays"
    assert question.hints == ()


def test_comments_are_not_read() -> None:
    question = only(titled("**Question:** Why <!-- now --> so?\n<!-- **Hints:**\n- none\n-->\n`<!--` stays."))
    assert question.text == "Why  so?\n`<!--` stays."


def test_rules_between_questions_are_not_text() -> None:
    assert only(titled("**Question:** Why?\n\n---\n\n**Level:** 3\n\n* * *")).level == 3


def test_bold_words_that_are_no_labels_stay_text() -> None:
    text = "**Levels:** all\n**Level** matters\n**Questions to ask:** many\n*Source:* none\nId: x"
    assert only(titled(f"**Question:**\n{text}")).text == text


def test_an_id_does_not_depend_on_order_or_numbering() -> None:
    one = parse("## A\n### 1. Retries\n**Question:** Why?\n### 2. Lag\n**Question:** How?", "x.md").questions
    two = parse("## B\n### 7. Lag\n**Question:** How?\n### 9. Retries\n**Question:** Why?", "y.md").questions
    assert [q.id for q in one] == ["retries", "lag"] == [q.id for q in reversed(two)]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("What's CI/CD?", "whats-ci-cd"),
        ("Naïve café", "naive-cafe"),
        ("seven and " * 7, "-".join(["seven", "and"] * 6)),
        ("x" * 90, "x" * 60),
    ],
)  # fmt: skip
def test_a_title_makes_a_short_ascii_id(title: str, slug: str) -> None:
    assert only(titled("**Question:** Why?", f"### {title}")).id == slug


def test_titles_without_ascii_letters_get_ids_of_their_own() -> None:
    questions = parse(
        "### 監視\n**Question:** a\n### 再学習\n**Question:** b\n### 監視 ML\n**Question:** c", "x.md"
    ).questions
    ids = [question.id for question in questions]
    assert len(set(ids)) == 3
    assert all(identifier.isascii() and 0 < len(identifier) <= 60 for identifier in ids)
