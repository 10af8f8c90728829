"""Reading documents in the plain shape: headings with prose below."""

from __future__ import annotations

import pytest

from bot.content import parse, render
from bot.core.errors import ContentError

PLAIN = """\
# On-call notes

- [Paging](#paging)
  - [Who is paged](#who)

## Table of contents
[Paging](#paging)

## Paging
A page must need a person.

![A pager](pictures/pager.png)

[Back to the top](#on-call-notes)


### Who is paged
- the owner ![face](x.png)
- then the deputy

[Handbook](https://example.org/handbook_(old))
<!-- nobody reads this -->

| Tier | Minutes |
|------|---------|
| one  | 5       |

## 2. What is a runbook?
[Back to top](#x) | [Next](#y)

## Silences
### Why
#### Why not
Back to contents
"""


def test_headings_are_the_questions_and_the_prose_below_their_answers() -> None:
    document = parse(PLAIN, "notes.md")
    assert [(q.id, q.section, q.title, q.text, q.draft) for q in document.questions] == [
        ("paging", "On-call notes", "Paging", "Paging", False),
        ("what-is-a-runbook", "On-call notes", "What is a runbook?", "What is a runbook?", True),
        ("silences", "On-call notes", "Silences", "Silences", True),
    ]


def test_images_links_alone_ways_back_and_comments_are_not_text() -> None:
    assert parse(PLAIN, "notes.md").questions[0].sample_answer == (
        "A page must need a person.\n\n### Who is paged\n- the owner\n- then the deputy\n\n"
        "| Tier | Minutes |\n|------|---------|\n| one  | 5       |"
    )


@pytest.mark.parametrize(
    "line",
    [
        "[Back to TOC](#toc)",
        "**[Back to top](#top)**",
        "↑ Back to the table of contents",
        "- [a](#a) - [b](#b)",
        "![alt](p.png)",
        "[![badge](b.svg)](https://example.org)",
        '[a](b "title")',
        "<https://example.org>",
        "https://example.org/a?b=c",
        '<img src="x.png">',
        "[ref]: https://example.org",
    ],
)
def test_a_line_that_only_leads_elsewhere_is_not_text(line: str) -> None:
    assert parse(f"## One\n{line}\n", "x.md").questions[0].draft


@pytest.mark.parametrize(
    "line", ["See [the handbook](h.md) first.", "- [x] done", "a [b] c", "back to the old version", "```\ncode\n```"]
)
def test_a_line_that_says_something_is_text(line: str) -> None:
    assert parse(f"## One\n{line}\n", "x.md").questions[0].sample_answer == line


@pytest.mark.parametrize("mark", ["##", "###"])
def test_headings_may_be_one_level_off(mark: str) -> None:
    content = f"# Notes\n{mark} One\nText.\n{mark} Two\n"
    assert [q.title for q in parse(content, "x.md").questions] == ["One", "Two"]


def test_top_headings_alone_are_questions() -> None:
    document = parse("# One\nText.\n# Two\nMore.\n", "night.md")
    assert [(q.section, q.title) for q in document.questions] == [("night", "One"), ("night", "Two")]


def test_code_is_kept_and_protects_headings() -> None:
    code = "```sh\n## not a heading\n\n\nls\n```"
    (question,) = parse(f"## One\n\n{code}\n\n\n\nText.", "x.md").questions
    assert question.sample_answer == f"{code}\n\nText."


def test_a_plain_document_can_be_written_in_the_question_shape() -> None:
    document = parse(PLAIN, "notes.md")
    written = render(document.questions, document.title)
    assert "**Question:** Paging" in written
    assert parse(written, "copy.md").questions == document.questions


def test_a_document_whose_every_question_is_forgotten_is_not_read_as_prose() -> None:
    with pytest.raises(ContentError, match=r"^x\.md:3: the question One has no text; write it after "):
        parse("## Ours\n\n### One\n\n**Sample Answer:** It is one.\n\n**Level:** 2\n", "x.md")
    (question,) = parse("## One\n\n**Answer:** It is one.\n", "x.md").questions
    assert (question.text, question.sample_answer) == ("One", "**Answer:** It is one.")
