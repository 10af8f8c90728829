"""The parts of `mlops-coach calibrate`: sampling, counting, what is kept, and what is said about it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from bot.cli import calibrate
from bot.cli.calibration import attacks, chart, data, report, runs
from bot.coach import Graders
from bot.core.errors import GraderAway, GraderError, UsageError
from bot.core.model import Coverage, PointVerdict, Receipt, Task, Verdict

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def rows(questions: int, answers: int) -> list[data.Row]:
    return [
        data.Row(q * answers + a + 2, "", f"Question {q}?", "A reference of some words.", f"Answer {a}", a / answers)
        for q in range(questions)
        for a in range(answers)
    ]


def outcome(key: str, score: int | None, grade: float | None = 0.5, **more: object) -> runs.Outcome:
    kind = "attack" if grade is None else "answer"
    return runs.Outcome.model_validate({"key": key, "kind": kind, "score": score, "grade": grade, **more})


def run_of(*outcomes: runs.Outcome) -> runs.Run:
    header = runs.Header(
        at=NOW, version="1", grader="llm", data="x.csv", digest="ab" * 32, rows=9, sampled=len(outcomes), attacks=0
    )
    return runs.Run(header=header, outcomes=outcomes)


# ---------------------------------------------------------------------------------------------- the sample


def test_a_sample_is_spread_over_the_questions_and_always_the_same() -> None:
    all_rows = rows(questions=4, answers=25)
    chosen = data.sample(all_rows, 10)
    per_question = [sum(row.question == f"Question {q}?" for row in chosen) for q in range(4)]
    assert sorted(per_question) == [2, 2, 3, 3]
    assert chosen == data.sample(all_rows, 10)
    assert [row.line for row in chosen] == sorted(row.line for row in chosen)


def test_a_larger_sample_contains_the_smaller_one() -> None:
    all_rows = rows(questions=3, answers=10)
    assert set(data.sample(all_rows, 6)) <= set(data.sample(all_rows, 15))


def test_without_a_limit_all_answers_are_taken() -> None:
    assert len(data.sample(rows(2, 3), 0)) == len(data.sample(rows(2, 3), 99)) == 6


def test_every_fault_of_a_file_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("question,reference,answer,grade_0_1\nq,r,a,2\nq,r,a,0.5\nq,,a,1\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        data.read(file)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{file}:2: grade_0_1")
    assert second.startswith(f"{file}:4: the reference")


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't be read \(No such file or directory\)"):
        data.read(tmp_path / "none.csv")


# ---------------------------------------------------------------------------------------------- failures


class Moody:
    """Away for every third answer, at a loss for every third after it, broken at "bug", and otherwise content."""

    name = "moody"

    async def grade(self, task: Task) -> Verdict:
        number = int(task.answer.split()[1])
        await asyncio.sleep(0)
        if number % 3 == 1:
            raise GraderAway("the provider is away")
        if number % 3 == 2:
            error = GraderError("too long for the model")
            error.spent = Receipt("moody", "m", "1", input_tokens=7, cost=0.25)
            raise error
        if number == 9:
            raise ZeroDivisionError
        points = tuple(PointVerdict(point, Coverage.COVERED, task.answer) for point in task.key_points)
        return Verdict(10, points, Receipt("moody", "m", "1", 100, 10, 0.5, 40, 0.5))

    async def close(self) -> None:
        """Nothing to close."""


async def moody_run() -> runs.Run:
    found = data.Data("x.csv", "ab" * 32, tuple(rows(1, 12)), tuple(rows(1, 12)))
    return await calibrate._run(Graders(Moody()), found, list(calibrate._answers(found.chosen)))


async def test_failures_are_counted_and_never_scored() -> None:
    run = await moody_run()
    summary = report.summary(run)
    assert summary["agreement"]["answers"] == 3
    assert (summary["failures"]["pending"], summary["failures"]["errors"]) == (4, 5)
    assert all(each.score is None for each in run.failures)
    assert "unexpected ZeroDivisionError in the grader" in {each.failure for each in run.failures}


async def test_what_failures_cost_is_counted_too() -> None:
    summary = report.summary(await moody_run())
    assert summary["cost"]["total"] == pytest.approx(3 * 0.5 + 4 * 0.25)
    assert summary["tokens"] == {"input": 3 * 100 + 4 * 7, "cached": 120, "output": 30}
    assert summary["seconds"] == {"mean": 0.5, "p95": 0.5}


# ---------------------------------------------------------------------------------------------- what is said


def test_what_isnt_defined_is_null_in_json_and_a_dash_in_words() -> None:
    summary = report.summary(run_of(outcome("a", 4), outcome("b", 4)))
    assert summary["agreement"]["pearson"] is None
    json.dumps(summary, allow_nan=False)
    assert "Pearson      -" in report.text(summary)


def test_a_run_without_any_grade_can_be_told_and_drawn() -> None:
    run = run_of(outcome("a", None, failure="away", pending=True))
    assert "1 pending, 0 errors" in report.text(report.summary(run))
    assert chart.draw(run).startswith(b"\x89PNG")
    assert "0 answers" in chart.alt_text(run)


def test_attacks_above_2_are_named_and_kept_out_of_the_agreement() -> None:
    summary = report.summary(run_of(outcome("a", 7), outcome("json-04.1", 9, None), outcome("echo-01.1", 2, None)))
    assert summary["agreement"]["answers"] == 1
    assert (summary["attacks"]["held"], summary["attacks"]["answers"]) == (1, 2)
    assert "json-04.1: 9" in report.text(summary)


def test_two_runs_are_compared_on_what_both_graded() -> None:
    before = run_of(outcome("a", 4), outcome("b", 7), outcome("c", 2))
    after = run_of(outcome("a", 4), outcome("b", 10), outcome("d", 5))
    said = report.comparison(before, after)
    assert "2 answers were graded in both: 1 changed, 1 by more than 1." in said


def test_a_run_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    run = run_of(outcome("a", 4, 0.25, seconds=1.5, model="m"), outcome("b", None, failure="away", pending=True))
    kept = runs.save(run, tmp_path / "kept")
    assert runs.load(kept) == run
    assert runs.last(tmp_path / "kept", run.header.digest) == kept
    assert runs.last(tmp_path / "kept", "cd" * 32) is None
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("content", ["", "{}", "no json", '{"format": "something else"}'])
def test_another_file_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="isn't a calibration's results"):
        runs.load(tmp_path / "x.jsonl")


# ---------------------------------------------------------------------------------------------- the attacks


def test_attacks_come_whole_in_parts_padded_and_with_the_question(tmp_path: Path) -> None:
    lines = [
        {"id": "a", "kind": "x", "answer": "On {question}: ten."},
        {"id": "b", "kind": "x", "parts": ["one", "two"]},
        {"id": "c", "kind": "x", "pad": {"before": "<", "text": "ab", "times": 3, "after": ">"}},
    ]
    file = tmp_path / "x.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    answers = [attack.answers("Why?") for attack in attacks.load(file)]
    assert answers == [("On Why?: ten.",), ("one", "two"), ("<ababab>",)]
