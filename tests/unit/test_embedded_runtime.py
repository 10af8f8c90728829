"""How the embedded grader runs: lazily, beside the event loop, the same every time, on anything a person can type."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import GraderError
from bot.core.model import KeyPoint, Receipt, Task, Verdict
from bot.graders.embedded import EmbeddedGrader, encoder

ROOT = Path(__file__).parents[2]
ASKED = Task(
    question="Why do you put a queue between two services?",
    sample_answer="The sender needn't wait for the receiver. Bursts are smoothed. Messages survive a receiver's crash.",
    key_points=(
        KeyPoint("The sender doesn't wait for the receiver."),
        KeyPoint("A queue smooths bursts of load."),
        KeyPoint("Messages survive when the receiver crashes."),
    ),
    answer="With a queue the sender can go on at once; load peaks are flattened, and no message is lost in a crash.",
)


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


def answered(text: str) -> Task:
    return dataclasses.replace(ASKED, answer=text)


def timeless(verdict: Verdict) -> Verdict:
    return dataclasses.replace(verdict, receipt=Receipt(grader="embedded"))


def test_importing_the_grader_loads_no_model_and_no_sdk() -> None:
    heavy = "{'numpy', 'onnxruntime', 'tokenizers'}"
    code = f"import sys, bot.graders.embedded as g; g.EmbeddedGrader(); print({heavy} & {{*sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "set()"


def test_the_verdict_is_the_same_on_any_number_of_threads(grader: EmbeddedGrader) -> None:
    long = answered(" ".join(f"{ASKED.answer} The {n}th part says a bit more about queues." for n in range(12)))
    two = EmbeddedGrader(threads=2)
    for asked in (ASKED, long):
        verdicts = {repr(timeless(each.judge(asked))) for each in (grader, two, grader)}
        assert len(verdicts) == 1


def test_the_verdict_doesnt_depend_on_what_was_graded_before(grader: EmbeddedGrader) -> None:
    fresh = timeless(EmbeddedGrader().judge(ASKED))
    for other in ("No idea.", "x " * 2000, "Queues cost latency."):
        grader.judge(answered(other))
    assert timeless(grader.judge(ASKED)) == fresh


def test_a_sentences_vectors_dont_depend_on_its_neighbours() -> None:
    from bot.graders.embedded.align import Aligner
    from bot.graders.embedded.text import sentences

    aligner = Aligner(encoder.Encoder())
    alone = aligner.passage(sentences("The sender goes on at once."))
    beside = aligner.passage(sentences("Bursts are smoothed by it! The sender goes on at once. Nothing is lost then."))
    start, end = int(beside.bounds[1]), int(beside.bounds[2])
    assert beside.vectors[start:end].tobytes() == alone.vectors.tobytes()


async def test_grading_doesnt_block_the_event_loop() -> None:
    grader, gaps = EmbeddedGrader(), [0.0]
    stop = asyncio.Event()

    async def tick() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0.005)
            gaps.append(time.perf_counter() - last)
            last = time.perf_counter()

    await grader.grade(ASKED)
    ticking, begun = asyncio.create_task(tick()), time.perf_counter()
    verdicts = await asyncio.gather(*(grader.grade(answered(f"{ASKED.answer} Case {n}.")) for n in range(40)))
    burst = time.perf_counter() - begun
    stop.set()
    await ticking
    await grader.close()
    assert len(verdicts) == 40
    assert len(gaps) > 10
    assert max(gaps) < burst / 3


async def test_concurrent_first_answers_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    real = encoder._session

    def counting(model: Path, threads: int) -> object:
        loaded.append(threading.current_thread().name)
        return real(model, threads)

    monkeypatch.setattr(encoder, "_session", counting)
    grader = EmbeddedGrader()
    await asyncio.gather(*(grader.grade(ASKED) for _ in range(4)), asyncio.to_thread(grader.judge, ASKED))
    await grader.close()
    assert len(loaded) == 1
    assert "MainThread" not in loaded


async def test_a_closed_grader_says_so() -> None:
    grader = EmbeddedGrader()
    await grader.close()
    with pytest.raises(GraderError, match="closed"):
        await grader.grade(ASKED)


def test_a_folder_of_ones_own_takes_the_place_of_the_installed_model(tmp_path: Path, grader: EmbeddedGrader) -> None:
    (tmp_path / "model.onnx").symlink_to(encoder._installed_model())
    (tmp_path / "vocab.txt").symlink_to(encoder._VOCABULARY)
    assert timeless(EmbeddedGrader(tmp_path).judge(ASKED)) == timeless(grader.judge(ASKED))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "model.onnx is missing"),
        ({"model.onnx": b"not a model"}, "vocab.txt is missing"),
        ({"model.onnx": b"not a model", "vocab.txt": b"some\nwords\n"}, "isn't a BERT vocabulary"),
        ({"model.onnx": b"not a model", "vocab.txt": b"[UNK]\n[CLS]\n[SEP]\na\n"}, "can't load"),
    ],
)
async def test_a_broken_model_folder_is_one_clear_line(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    grader = EmbeddedGrader(tmp_path)
    with pytest.raises(GraderError, match=words) as raised:
        await grader.grade(ASKED)
    assert "\n" not in str(raised.value)
    await grader.close()


@pytest.mark.parametrize(
    "answer",
    [
        "\u202eمرحبا\u202c بالعالم، هذا جواب.",
        "的" * 2500,
        "a" * 6000,
        "x. " * 800,
        "\ud800 lone surrogate",
        "\0\x01\x02",
        "🙂" * 3000,
        "Zalgo t̸̡̢e̵x̷t",
        "The sen\u200bder does not wa\u200bit for the receiver.",
    ],
)
def test_anything_that_can_be_typed_gets_a_verdict(grader: EmbeddedGrader, answer: str) -> None:
    verdict = grader.judge(answered(answer))
    assert 1 <= verdict.score <= 10
    assert all(each.quote in answer for each in verdict.points)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_any_unicode_gets_a_verdict_with_quotes_from_the_answer(grader: EmbeddedGrader, text: str) -> None:
    verdict = grader.judge(answered(text))
    assert 1 <= verdict.score <= 10
    assert len(verdict.points) == len(ASKED.key_points)
    assert all(each.quote in text for each in verdict.points)


def test_hidden_characters_dont_split_words(grader: EmbeddedGrader) -> None:
    hidden = ASKED.answer.replace("queue", "que\u200bue").replace("sender", "sen\u2060der")
    assert grader.judge(answered(hidden)).score == grader.judge(ASKED).score


def test_an_answer_of_150_words_takes_far_less_than_a_second(grader: EmbeddedGrader) -> None:
    long = answered(" ".join([ASKED.answer] * 8))
    grader.judge(long)
    begun = time.thread_time()
    grader.judge(long)
    assert time.thread_time() - begun < 0.5
