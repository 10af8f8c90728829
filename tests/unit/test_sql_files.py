"""The loader of .sql files: what it reads, and what it refuses before a database sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import StoreError
from bot.stores.sql import load_migrations, load_queries, parameters, verb
from bot.stores.sqlite import QUERIES, SCHEMA


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder


def test_queries_are_found_by_name_in_a_file_and_in_a_folder(tmp_path: Path) -> None:
    text = """
    -- About replies.
    -- name: reply_insert
    -- Nothing happens when it is known: the platform delivered it twice.
    INSERT INTO replies (id, text) VALUES (:id, :text) ON CONFLICT DO NOTHING RETURNING id;

    /* about; boards */
    --name:board_top
    SELECT user_id FROM standings ORDER BY points DESC LIMIT :limit -- ties; see rules
    """
    folder = write(tmp_path / "queries", replies=text, people="-- name: people\nSELECT * FROM people;")
    assert set(load_queries(folder / "replies.sql")) == {"reply_insert", "board_top"}
    queries = load_queries(folder)
    assert set(queries) == {"reply_insert", "board_top", "people"}
    assert queries["reply_insert"].endswith("RETURNING id")
    assert load_queries(folder) is queries, "read once"


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT :a, :b_2, :a", {"a", "b_2"}),
        ("SELECT ':no', \":no\", x::text, :yes -- :no\n /* :no */", {"yes"}),
        ("SELECT 'it''s :no', '12:30' WHERE at = :at", {"at"}),
        ("SELECT 1", set()),
    ],
)
def test_parameters_are_told_from_text_casts_and_comments(sql: str, names: set[str]) -> None:
    assert parameters(sql) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;", r"q\.sql:3: the query a is there twice"),
        ("-- name: a\nSELECT 1; SELECT 2", r"q\.sql:1: the query a is more than one statement"),
        ("-- name: a\n-- nothing\n-- name: b\nSELECT 1", r"q\.sql:1: the query a is empty"),
        ("-- name: Take It\nSELECT 1", r"q\.sql:1: 'Take It' can't name a query"),
        ("-- name:\nSELECT 1", r"q\.sql:1: '' can't name a query"),
        ("SELECT 1;\n-- name: a\nSELECT 1", r"q\.sql:1: a statement without a name"),
        ("-- name: a\nSELECT ?", r"the query a has a parameter \?; use named ones"),
        ("-- name: a\nSELECT $1", r"the query a has a parameter \$1; use named ones"),
        ("-- name: a\n/* out */ COMMIT", "the query a begins with COMMIT"),
        ("-- name: a\nPRAGMA user_version = 7", "the query a begins with PRAGMA"),
    ],
)
def test_a_faulty_queries_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        load_queries(write(tmp_path / "queries", q=text))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing\.sql can't be read .*; install mlops-coach again"):
        load_queries(tmp_path / "missing.sql")


def test_the_verb_of_a_statement_is_its_first_word_after_comments() -> None:
    assert verb("-- a\n /* b */ select 1") == "SELECT"
    assert verb(";-- a\n;COMMIT;") == "COMMIT"
    assert verb("(select 1)") == "("
    assert verb("-- only a comment") == ""


def test_migrations_come_in_order(tmp_path: Path) -> None:
    folder = write(tmp_path / "schema", **{"002_more": "SELECT 2;", "001_start": "SELECT 1;"})
    assert [(step.version, step.name) for step in load_migrations(folder)] == [
        (1, "001_start.sql"),
        (2, "002_more.sql"),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["001_a", "003_c"], r"003_c\.sql: migration 002 is expected here"),
        (["002_b"], r"002_b\.sql: migration 001 is expected here"),
        (["001_a", "001_b"], r"001_b\.sql: migration 002 is expected here"),
        (["001_a", "2_b"], r"2_b\.sql: a migration is named like 002_what_it_does\.sql"),
        ([], "holds no migrations"),
    ],
)
def test_gaps_and_odd_names_among_migrations_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        load_migrations(write(tmp_path / "schema", **dict.fromkeys(names, "SELECT 1;")))


def test_the_files_that_ship_can_be_read() -> None:
    assert load_migrations(SCHEMA)
    if QUERIES.exists():
        load_queries(QUERIES)
