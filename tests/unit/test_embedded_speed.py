"""Answers that come at once: encoded together, each with the very verdict that it would get alone."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bot.core.errors import GraderError
from bot.core.model import KeyPoint, Receipt, Task, Verdict
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.encoder import Encoder, Floats, Ints

SAID = (
    "A queue lets the sender go on.",
    "It smooths bursts of load.",
    "Messages survive a crash.",
    "I would rather call the other service directly and wait for it, since that is easier to debug.",
)
ASKED = Task(
    question="Why do you put a queue between two services?",
    sample_answer="The sender needn't wait for the receiver. Bursts are smoothed. Messages survive a receiver's crash.",
    key_points=(KeyPoint("The sender doesn't wait for the receiver."), KeyPoint("A queue smooths bursts of load.")),
    answer="",
)


def answers(count: int) -> list[Task]:
    """Different answers with many sentences of the same length."""
    parts = [[SAID[n % 4], SAID[(n // 4) % 4], f"That was case {n}."] for n in range(count)]
    return [dataclasses.replace(ASKED, answer=" ".join(part)) for part in parts]


def timeless(verdict: Verdict) -> Verdict:
    return dataclasses.replace(verdict, receipt=Receipt(grader="embedded"))


async def test_answers_that_come_at_once_get_the_verdicts_that_they_get_alone() -> None:
    alone, grader, asked = EmbeddedGrader(), EmbeddedGrader(), answers(50)
    found = await asyncio.gather(*map(grader.grade, asked))
    await grader.close()
    assert [timeless(each) for each in found] == [timeless(alone.judge(task)) for task in asked]


def test_vectors_that_were_fetched_ahead_are_the_same_to_the_byte() -> None:
    texts = [*SAID, *(f"Case {n} has a number of its own." for n in range(20)), "", "word " * 300]
    plain, ahead = Encoder(), Encoder()
    ahead.prefetch(texts)
    assert ahead._ahead
    for text in texts:
        assert ahead.encode(text).vectors.tobytes() == plain.encode(text).vectors.tobytes()
    ahead.prefetch(())
    assert not ahead._ahead


def test_a_model_that_changes_a_bit_in_company_runs_each_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Encoder._runs

    def touchy(self: Encoder, ids: Ints) -> list[Floats]:
        return [each + np.float32(1e-6 * (len(ids) > 1)) for each in real(self, ids)]

    monkeypatch.setattr(Encoder, "_runs", touchy)
    encoder = Encoder()
    encoder.prefetch(SAID)
    assert not encoder._ahead


async def test_no_answer_is_kept_once_all_are_graded() -> None:
    grader = EmbeddedGrader()
    await asyncio.gather(*map(grader.grade, answers(20)))
    await asyncio.to_thread(grader._worker.submit(lambda: None).result)
    assert grader._judge
    assert not grader._judge._aligner._encoder._ahead
    await grader.close()


async def test_a_caller_that_gives_up_doesnt_keep_the_others_from_their_verdict() -> None:
    grader = EmbeddedGrader()
    waiting = [asyncio.ensure_future(grader.grade(task)) for task in answers(20)]
    await asyncio.sleep(0)
    waiting[3].cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    await grader.close()
    assert [number for number, each in enumerate(found) if isinstance(each, asyncio.CancelledError)] == [3]
    assert sum(isinstance(each, Verdict) for each in found) == 19


async def test_closing_drops_those_that_still_wait_and_leaves_nobody_hanging() -> None:
    grader = EmbeddedGrader()
    await grader.grade(answers(1)[0])
    waiting = [asyncio.ensure_future(grader.grade(task)) for task in answers(60)]
    await asyncio.sleep(0)
    await grader.close()
    found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), timeout=20)
    assert any(isinstance(each, asyncio.CancelledError) for each in found)
    assert all(isinstance(each, (Verdict, asyncio.CancelledError)) for each in found)


async def test_a_fault_reaches_everybody_who_waits() -> None:
    grader = EmbeddedGrader(Path("/nowhere"))
    found = await asyncio.gather(*map(grader.grade, answers(5)), return_exceptions=True)
    await grader.close()
    assert all(isinstance(each, GraderError) for each in found)
