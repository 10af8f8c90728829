"""The packaged bank, folders of documents, and questions as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.coach import records
from bot.content import as_json, checks, default_folder, from_json, load_bank, parse, read_document, render
from bot.core.errors import ContentError
from bot.core.model import KeyPoint, Question
from bot.core.text import fold

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
COMPLETE = Question(
    id="cache-stampede",
    section="Caches",
    title="Cache stampede",
    text="A hot key expires under load. What happens?",
    sample_answer="word " * 99 + "end",
    key_points=(
        KeyPoint("all callers recompute at once", "Herd", ("everybody misses and rebuilds it together",)),
        *(KeyPoint(f"claim {n}") for n in "abc"),
    ),
    hints=("Who asks?", "When?"),
    follow_up="And after a restart?",
    level=3,
    source="Drills",
)


def write(folder: Path, **documents: str) -> Path:
    for name, text in documents.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def test_the_packaged_bank_loads_and_keeps_its_own_standard() -> None:
    questions = load_bank(default_folder("bank"))
    assert len(questions) >= 24
    assert [str(fault) for fault in checks(questions)] == []


def test_the_packaged_bank_survives_being_written_and_read() -> None:
    questions = load_bank(default_folder("bank"))
    assert parse(render(questions, "Copy"), "copy.md").questions == questions


@pytest.mark.parametrize("question", load_bank(default_folder("bank")), ids=lambda question: str(question.id))
def test_every_key_point_of_the_packaged_bank_can_be_said_in_other_words(question: Question) -> None:
    short = [point.claim for point in question.key_points if len(point.alternatives) < 2]
    texts = [text for point in question.key_points for text in (point.claim, *point.alternatives)]
    assert not short
    assert len({fold(text) for text in texts}) == len(texts)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed documents aren't beside this checkout")
@pytest.mark.parametrize(("number", "questions", "drafts", "sections"), [("000", 24, 0, 8), ("003", 29, 25, 1)])
def test_the_seed_documents_import_as_they_stand(number: str, questions: int, drafts: int, sections: int) -> None:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    document = read_document(path)
    assert len(document.questions) == questions
    assert sum(question.draft for question in document.questions) == drafts
    assert len({question.section for question in document.questions}) == sections
    assert not any(question.section.endswith(":") for question in document.questions)
    assert parse(render(document.questions, document.title), "copy.md") == document


def test_documents_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, b="## Two\n", a="## One\n")
    (tmp_path / ".hidden.md").write_text("## Hidden\n")
    (tmp_path / "notes.txt").write_text("## Notes\n")
    (tmp_path / "folder.md").mkdir()
    assert [question.title for question in load_bank(tmp_path)] == ["One", "Two"]


def test_the_faults_of_all_documents_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, a="", b="## One\n", c="# C\n\n## One\n", d="### T\n**Question:** x\n**Level:** 7\n")
    with pytest.raises(ContentError) as caught:
        load_bank(tmp_path)
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [("a.md", 0), ("c.md", 3), ("d.md", 3)]
    assert "used in b.md:1 and again in line 3" in caught.value.faults[1].problem


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder, words in (("missing", "no such folder"), ("file", "can't be read"), (".", "no Markdown files")):
        with pytest.raises(ContentError, match=words) as caught:
            load_bank(tmp_path / folder)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
def test_a_document_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    write(tmp_path, a="## One\n")
    (tmp_path / "a.md").chmod(0)
    with pytest.raises(ContentError, match="Permission denied"):
        load_bank(tmp_path)


def test_a_document_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(ContentError, match="3,000"):
        read_document(tmp_path / "a.md")


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"a\.md: there is no such file"):
        read_document(tmp_path / "a.md")


def test_a_document_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path, a="## One\n")
    (tmp_path / "b.md").symlink_to(tmp_path / "gone.md")
    with pytest.raises(ContentError, match=r"^b\.md: there is no such file"):
        load_bank(tmp_path)


# ---------------------------------------------------------------------------------------------- the standard


def test_a_complete_question_has_nothing_to_improve() -> None:
    assert checks([COMPLETE]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_answer": ""}, "no sample answer"),
        ({"sample_answer": "word " * 79}, "79 words"),
        ({"sample_answer": "word " * 201}, "201 words"),
        ({"key_points": COMPLETE.key_points[:3]}, "key points: 3"),
        ({"key_points": COMPLETE.key_points * 2}, "key points: 8"),
        ({"hints": ("One",)}, "hints: 1"),
        ({"follow_up": ""}, "no follow-up"),
        ({"level": None}, "no level"),
        ({"source": ""}, "no source"),
    ],
)
def test_what_falls_short_is_named_with_the_question(change: dict[str, Any], words: str) -> None:
    (fault,) = checks([replace(COMPLETE, **change)])
    assert fault.file == "cache-stampede"
    assert words in fault.problem


# ---------------------------------------------------------------------------------------------- JSON


def test_a_question_survives_json() -> None:
    for question in (COMPLETE, Question("a", "", "T", "Q")):
        assert from_json(json.loads(json.dumps(as_json(question)))) == question


def test_json_from_before_there_were_alternatives_is_still_a_question() -> None:
    data = as_json(COMPLETE)
    del data["alternatives"]
    assert [point.alternatives for point in from_json(data).key_points] == [()] * 4
    row = json.loads(records.question_body(COMPLETE))
    for point in row["key_points"]:
        del point["alternatives"]
    assert records.QUESTION.validate_json(json.dumps(row)) == from_json(data)


def test_json_has_the_agreed_keys() -> None:
    data = as_json(COMPLETE)
    assert set(data) == {
        "id", "section", "title", "question", "sample_answer", "key_points", "alternatives", "hints", "follow_up",
        "level", "source", "draft",
    }  # fmt: skip
    assert data["key_points"][0] == "Herd: all callers recompute at once"
    assert data["alternatives"] == [["everybody misses and rebuilds it together"], [], [], []]
    assert (data["hints"], data["draft"]) == (["Who asks?", "When?"], False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": ""}, "`id` is missing"),
        ({"question": None}, "`question` is missing"),
        ({"title": 5}, "`title` isn't a text"),
        ({"hints": "one"}, "`hints` isn't a list"),
        ({"key_points": [1]}, "`key_points` isn't a list"),
        ({"alternatives": [["one"]]}, "`alternatives` isn't a list of texts for each"),
        ({"alternatives": [["one"], [], [], [2]]}, "`alternatives` isn't a list of texts for each"),
        ({"alternatives": "one"}, "`alternatives` isn't a list of texts for each"),
        ({"level": 4}, "`level` isn't"),
        ({"level": True}, "`level` isn't"),
        ({"level": "2"}, "`level` isn't"),
    ],
)
def test_json_that_is_no_question_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ContentError, match=words):
        from_json(as_json(COMPLETE) | change)
