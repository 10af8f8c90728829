"""A reply is read where it can mean one thing only; otherwise it is no verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Coverage
from bot.graders.llm.reading import Unreadable, read
from bot.graders.llm.wire import completion, decode

ENTRY = {"quote": "it runs", "verdict": "covered"}


def reply(score: object = 7, ledger: object = None, **more: Any) -> str:
    ledger = {"1": ENTRY, "2": {"quote": "", "verdict": "missing"}} if ledger is None else ledger
    return json.dumps({"ledger": ledger, "reasons": ["Versions are missing."], "score": score, **more})


# ---------------------------------------------------------------------------------------------- the score


@pytest.mark.parametrize("score", [7, 7.0, "7", " 7 ", "7/10", "7 / 10", "7.0", "7 out of 10", "7.0/10.0"])
def test_a_seven_is_a_seven_however_it_is_written(score: object) -> None:
    assert read(reply(score), 2).score == 7


@pytest.mark.parametrize(
    "score",
    [0, 11, -3, 7.5, "7.5", "7.5/10", "70/100", "7/5", "7-8", "high", "seven", "", None, True, False, [7], {"is": 7},
     "٧", "1e1", float("nan"), float("inf"), 1e300, "7/10 or 8/10", "0", "10" * 30],
)  # fmt: skip
def test_what_isnt_a_whole_number_from_1_to_10_is_no_score(score: object) -> None:
    with pytest.raises(Unreadable, match="score"):
        read(reply(score), 2)


def test_no_score_is_ever_made_up() -> None:
    with pytest.raises(Unreadable):
        read(json.dumps({"ledger": {"1": ENTRY, "2": ENTRY}, "reasons": []}), 2)


# ---------------------------------------------------------------------------------------------- finding it


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{reply()}\n```",
        f"```\n{reply()}\n```",
        f"Sure. {{curly}} and {{}} first.\n{reply()}\nAnything else?",
        f"\ufeff  {reply()}  ",
        f"<think>It might be {reply(10)}, no.</think>\n{reply()}",
        f"It might be {reply(10)}, no.</think>\n{reply()}",
        f"{reply()}\n{reply()}",
        f'Its input was {{"p": 0.5}}. {reply()}',
    ],
    ids=[
        "fence",
        "bare fence",
        "prose",
        "byte order mark",
        "thoughts",
        "half a thought",
        "twice the same",
        "another object",
    ],
)
def test_what_stands_around_the_json_doesnt_matter(text: str) -> None:
    assert read(text, 2).score == 7


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("Seven.", "no complete JSON"),
        (reply()[:-3], "no complete JSON"),
        ('"score": 7', "no complete JSON"),
        (f"{reply(2)} {reply(9)}", "differ"),
        ('{"ledger": {}, "score": 3, "score": 10}', "twice"),
        ('{"a":' * 3000, "no complete JSON"),
        ('{"score": ' + "9" * 6000 + "}", "no complete JSON"),
        ("{" * 90_000, "no complete JSON"),
        ("<think>" * 14_000, "empty"),
        (f"<think>It might be {reply(10)}, or", "empty"),
        ("[" * 90_000, "no complete JSON"),
    ],
)
def test_what_may_mean_anything_is_no_verdict(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(text, 2)


# ---------------------------------------------------------------------------------------------- the ledger


@pytest.mark.parametrize(
    "ledger",
    [
        {"2": {"quote": "", "verdict": "missing"}, "1": ENTRY},
        {"0": ENTRY, "1": {"quote": "", "verdict": "missing"}},
        {"Point 1": ENTRY, "2. They run everywhere": {"verdict": "not covered", "quote": None}},
        [ENTRY, {"quote": "", "verdict": "missing"}],
        [{"point": 2, "verdict": "missing"}, {"point": 1, **ENTRY}],
        [{"point": "1. Versions", **ENTRY}, {"point": "2", "quote": [""], "verdict": "Missing"}],
    ],
    ids=["swapped", "from 0", "names", "list", "numbered list", "titled list"],
)
def test_points_are_matched_by_their_number(ledger: object) -> None:
    found = read(reply(ledger=ledger), 2).points
    assert [(one.coverage, one.quote) for one in found] == [(Coverage.COVERED, "it runs"), (Coverage.MISSING, "")]


@pytest.mark.parametrize(
    "ledger",
    [
        {},
        [],
        {"1": ENTRY},
        {"1": ENTRY, "2": ENTRY, "3": ENTRY},
        {"1": ENTRY, "3": ENTRY},
        {"1": ENTRY, "01": ENTRY},
        [ENTRY],
        [{"point": 1, **ENTRY}, {"point": 1, **ENTRY}],
        [{"point": 1, **ENTRY}, ENTRY],
        "1: covered",
        7,
        {"1": "covered", "2": "covered"},
        {"1": ENTRY, "2": {"quote": "it"}},
        {"1": ENTRY, "2": {"quote": "it", "verdict": "perhaps"}},
        {"1": ENTRY, "2": {"quote": "it", "verdict": True}},
        {"1": ENTRY, "2": {"quote": {"text": "it"}, "verdict": "covered"}},
    ],
    ids=lambda ledger: json.dumps(ledger)[:40],
)
def test_a_ledger_that_doesnt_judge_every_point_once_is_no_verdict(ledger: object) -> None:
    with pytest.raises(Unreadable):
        read(reply(ledger=ledger), 2)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Covered", Coverage.COVERED),
        ("PARTLY", Coverage.PARTLY),
        ("partially covered", Coverage.PARTLY),
        ("not_covered", Coverage.MISSING),
        ("contradicts", Coverage.CONTRADICTED),
    ],
)
def test_a_verdict_may_be_said_in_its_usual_other_words(said: str, meant: Coverage) -> None:
    assert read(reply(ledger=[{"quote": "it", "verdict": said}]), 1).points[0].coverage is meant


# ---------------------------------------------------------------------------------------------- the reasons


def test_reasons_are_cleaned_and_bounded() -> None:
    long = [f"{number} {'x' * 2000}" for number in range(30)]
    found = read(reply(reasons=["a\u202eb\nc", "", "...", "ab c", *long]), 2).reasons
    assert found[0] == "ab c"
    assert found[1].startswith("0 xx")
    assert len(found) <= 10
    assert max(map(len, found)) <= 500


@pytest.mark.parametrize(("given", "kept"), [(None, ()), ([], ()), ("Too short.", ("Too short.",))])
def test_reasons_may_be_left_out_or_be_one(given: object, kept: tuple[str, ...]) -> None:
    assert read(reply(reasons=given), 2).reasons == kept


@pytest.mark.parametrize("given", [7, {"why": "x"}, [1, 2], [["x"]]])
def test_reasons_of_another_kind_are_no_verdict(given: object) -> None:
    with pytest.raises(Unreadable, match="reasons"):
        read(reply(reasons=given), 2)


# ---------------------------------------------------------------------------------------------- anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
PARTS = st.fixed_dictionaries({}, optional={"ledger": JSON, "reasons": JSON, "score": JSON})


@given(PARTS.map(json.dumps) | st.text(max_size=200))
def test_any_reply_is_a_verdict_within_bounds_or_unreadable(text: str) -> None:
    try:
        found = read(text, 2)
    except Unreadable:
        return
    assert 1 <= found.score <= 10
    assert len(found.points) == 2


@given(
    st.fixed_dictionaries({}, optional={"choices": JSON, "usage": JSON, "model": JSON})
    | st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"message": JSON, "finish_reason": JSON}))})
)
def test_any_body_is_a_completion_within_bounds(body: dict[str, Any]) -> None:
    found = completion(decode(json.dumps(body).encode()) or {})
    assert 0 <= found.cached_tokens <= found.input_tokens <= 10**9
    assert 0 <= found.output_tokens <= 10**9
    assert len(found.model) <= 200


def test_of_a_model_file_only_its_name_is_kept() -> None:
    assert completion({"model": "/home/somebody/models/tiny.gguf"}).model == "tiny.gguf"
    assert completion({"model": "C:\\models\\tiny.gguf"}).model == "tiny.gguf"
    assert completion({"model": "maker/tiny-1"}).model == "maker/tiny-1"


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b"\xff\xfe", b'{"a":' * 5000, b"9" * 6000])
def test_a_body_that_is_no_json_object_is_none(body: bytes) -> None:
    assert decode(body) is None
