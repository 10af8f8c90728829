"""Shards: what people write, and who hears which community."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import SettingsError
from bot.core.shards import Shards, parse_shards
from bot.settings import load


@pytest.mark.parametrize(
    ("text", "shards"),
    [
        ("0-3/8", Shards((0, 1, 2, 3), 8)),
        ("2/8", Shards((2,), 8)),
        ("0,3,5/8", Shards((0, 3, 5), 8)),
        (" 5, 0-1 ,1-2 / 8 ", Shards((0, 1, 2, 5), 8)),
        ("0/1", Shards((0,), 1)),
    ],
)
def test_shards_are_written_as_numbers_and_ranges_of_a_total(text: str, shards: Shards) -> None:
    assert parse_shards(text) == shards
    assert load({"COACH_DISCORD_SHARDS": text}).discord_shards


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("8", "such as 0-3/8"), ("0-3", "such as 0-3/8"), ("/8", "such as 0-3/8"), ("a/8", "such as 0-3/8"),
        ("0,/8", "such as 0-3/8"), ("0--3/8", "such as 0-3/8"), ("-1/8", "such as 0-3/8"), ("0/8/8", "such as 0-3/8"),
        ("8/8", "8 is not among 8 shards"), ("6-8/8", "6-8 is not among 8 shards"), ("3-0/8", "3-0 is not among"),
        ("0/0", "the number of shards is from 1"), ("0/999999", "the number of shards is from 1"),
    ],
)  # fmt: skip
def test_shards_that_cannot_be_meant_are_one_clear_line(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=r"^COACH_DISCORD_SHARDS is wrong") as error:
        load({"COACH_DISCORD_SHARDS": text})
    assert why in str(error.value)
    assert "\n" not in str(error.value)


@given(st.integers(0, 2**64 - 1), st.integers(1, 64), st.data())
def test_every_community_is_heard_by_exactly_one_process(community: int, total: int, data: st.DataObject) -> None:
    owners = data.draw(st.lists(st.integers(0, 3), min_size=total, max_size=total))
    processes = [tuple(n for n in range(total) if owners[n] == owner) for owner in range(4)]
    parts = [parse_shards(f"{','.join(map(str, ids))}/{total}") for ids in processes if ids]
    assert sum(part.hear(community) for part in parts) == 1
    assert sum(part.first for part in parts) == 1
    assert sum(part.share for part in parts) == pytest.approx(1)
