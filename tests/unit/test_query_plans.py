"""What is asked at every message, turn or command finds its rows by an index, however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.stores.sql import load_queries, parameters
from bot.stores.sqlite import QUERIES, SCHEMA

OFTEN = (
    "round_of_thread replies_of_message reply_get reply_attempts replies_claim replies_next_due replies_compared "
    "replies_unlined replies_pace replies_tail replies_take_back "
    "result_get results_of_round round_pending standings_top standing_of standings_above standings_equal rounds_days "
    "results_days rounds_close rounds_missed rounds_next_close rounds_read_again outbox_heads outbox_claim "
    "outbox_said_to outbox_author outbox_nobodys "
    "replies_of_person replies_forget round_get person_name round_newest rounds_asked "
    "round_last_on_demand outbox_of_reply replies_failed rounds_to_reveal rounds_to_count rounds_next_count "
    "channels_to_recount rounds_open_of_community organiser_get organisers_of "
    "rounds_shown rounds_revealed round_is_revealed replies_history results_by_section "
    "chat_page chat_changed chat_message chat_answers"
).split()

KEPT_SHORT = ("SCAN head", "SCAN CONSTANT ROW", "SCAN soonest", "SCAN next")  # what a subquery found before
IN_ORDER = ("replies_unlined", "replies_claim", "replies_pace")  # the first few of many: they must not be sorted


@pytest.fixture(scope="module")
def empty() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for file in sorted(Path(SCHEMA).glob("*.sql")):
            connection.executescript(file.read_text(encoding="utf-8"))
        yield connection


@pytest.mark.parametrize("name", OFTEN)
def test_a_frequent_query_scans_no_table(empty: sqlite3.Connection, name: str) -> None:
    sql = load_queries(QUERIES)[name]
    plan = [row[3] for row in empty.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(parameters(sql), 1))]
    assert not [step for step in plan if step.startswith("SCAN") and step not in KEPT_SHORT], plan
    assert name not in IN_ORDER or not [step for step in plan if "TEMP B-TREE" in step], plan
