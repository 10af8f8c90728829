"""Fits the head that tells contradicting sentences from honest ones, and says what it is worth on unseen questions.

    python -m benchmarks.contradictions [--write]

The material is this project's own: the interview answers whose split is "dev", with a reader's verdict on each key
point. A point that the reader found contradicted is a positive; one that he found covered is a negative, and so, for
half, is one that an honest answer touches without covering it. The head is a logistic regression on the measures of
bot/graders/embedded/contradiction.py and on the leading directions in which sentences stray from the wordings. Nothing
of the answers to other questions enters.

What is printed is by leaving one question out: the area under the curve for points, and for whole answers (wrong and
contradicting against honest kinds), by the mean that doubts.py takes. `--write` writes bot/graders/embedded/
contradiction.json, fitted on all of it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data import Interview, bank_questions, read_interviews
from benchmarks.invariances import HONEST
from bot import measures
from bot.core import strict
from bot.graders.embedded import contradiction
from bot.graders.embedded.judge import Judge

Numbers = npt.NDArray[np.float64]

FILE = Path(contradiction.__file__).with_name("contradiction.json")
AGAINST = ("wrong", "contra")
DIRECTIONS = 16
RIDGE = 10.0
ROUNDS = 40
TOUCHED, NEAR = 0.3, 0.35
"""Recall from which a point counts as spoken of, and as touched by what doesn't cover it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What an answer says of one point, with the reader's letter."""

    asked: Interview
    letter: str
    recall: float
    share: float
    features: Numbers

    @property
    def weight(self) -> float:
        """What it counts in the fit, 0 to 1."""
        if self.letter in "cx":
            return float(self.recall >= TOUCHED)
        return 0.5 if self.asked.kind in HONEST and self.recall >= NEAR else 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of the features, and the log-odds where all of these are 0."""

    weights: Numbers
    bias: float

    def log_odds(self, features: Numbers) -> Numbers:
        return np.asarray(features @ self.weights + self.bias, dtype=np.float64)


def samples(judge: Judge, answers: Sequence[Interview]) -> list[Sample]:
    """All points that the answers say something of."""
    questions = bank_questions()
    found: list[Sample] = []
    for each in answers:
        spoken = judge.spoken(strict.task(questions[each.question], each.answer))
        found += [
            Sample(each, letter, *said) for letter, said in zip(each.points, spoken, strict=True) if said is not None
        ]
    return found


def fit(data: Sequence[Sample]) -> Head:
    """A ridge logistic regression by Newton's method, on standardised measures and the leading directions."""
    used = [each for each in data if each.weight > 0]
    weight = np.array([each.weight for each in used])
    wrong = np.array([float(each.letter == "x") for each in used])
    features = np.array([each.features for each in used])
    strays = features[:, contradiction.MEASURES :]
    middle = strays.mean(axis=0)
    directions = np.linalg.svd(strays - middle, full_matrices=False)[2][:DIRECTIONS]
    table = np.concatenate([features[:, : contradiction.MEASURES], (strays - middle) @ directions.T], axis=1)
    mean = np.average(table, axis=0, weights=weight)
    spread = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight)) + 1e-6
    solved = _newton((table - mean) / spread, wrong, weight)
    flat = solved[:-1] / spread
    along = flat[contradiction.MEASURES :] @ directions
    bias = float(solved[-1] - flat @ mean - along @ middle)
    return Head(np.concatenate([flat[: contradiction.MEASURES], along]), bias)


def _newton(table: Numbers, wrong: Numbers, weight: Numbers) -> Numbers:
    table = np.concatenate([table, np.ones((len(table), 1))], axis=1)
    ridge = np.diag([*[RIDGE] * (table.shape[1] - 1), 1e-6])
    solved = np.zeros(table.shape[1])
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-table @ solved))
        slope = table.T @ (weight * (likely - wrong)) + ridge @ solved
        bend = (table * (weight * likely * (1 - likely))[:, None]).T @ table + ridge
        solved = solved - np.linalg.solve(bend, slope)
    return np.asarray(solved, dtype=np.float64)


def left_out(data: Sequence[Sample]) -> list[float]:
    """Each sample's log-odds by a head that was fitted on the other questions."""
    names = sorted({each.asked.question for each in data})
    heads = {name: fit([each for each in data if each.asked.question != name]) for name in names}
    return [float(heads[each.asked.question].log_odds(each.features)) for each in data]


def worth(data: Sequence[Sample], odds: Sequence[float]) -> tuple[float | None, float | None]:
    """Areas under the curve: of points that seem carried, and of answers against honest ones."""
    carried = [(odd, each.letter == "x") for odd, each in zip(odds, data, strict=True) if each.share > 0.2]
    answers: dict[tuple[str, str], list[tuple[float, float, bool]]] = {}
    for odd, each in zip(odds, data, strict=True):
        if each.asked.kind in (*AGAINST, *HONEST):
            row = (each.share, odd, each.asked.kind in AGAINST)
            answers.setdefault((each.asked.question, each.asked.answer), []).append(row)
    means = [
        (sum(share * odd for share, odd, _ in rows) / sum(share for share, _, _ in rows), rows[0][2])
        for rows in answers.values()
        if sum(share for share, _, _ in rows) > 1
    ]
    return _auc(carried), _auc(means)


def _auc(rows: Sequence[tuple[float, bool]]) -> float | None:
    return measures.auc([value for value, _ in rows], [wrong for _, wrong in rows])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contradictions", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--write", action="store_true", help="write the head that is fitted on all of the material")
    data = samples(Judge(), [each for each in read_interviews() if each.split == "dev"])
    points, answers = worth(data, left_out(data))
    print(f"{len(data)} points; by leaving a question out: AUC of points {points:.3f}, of answers {answers:.3f}")
    if parser.parse_args().write:
        head = fit(data)
        text = json.dumps({"weights": [round(float(each), 4) for each in head.weights], "bias": round(head.bias, 4)})
        FILE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
