"""How well the embedded aligner tells quotes that carry a claim from quotes that don't.

    python -m benchmarks.support

`support_pairs.jsonl` pairs sentences of the interview answers, by hand, with the number of the key point that each
makes. The same sentences with the other points of their question are the hard negatives: some come near indeed. The
others are the sentences of other questions' sample answers, the question itself, and the attacks that `calibrate` asks.
Pairs are weighed one by one here; among three or more claims of one answer the rule is stricter still.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bot.cli.calibration.attacks import load
from bot.content import load_bank
from bot.core.model import Question
from bot.core.text import sentences
from bot.graders.embedded.judge import Judge

HERE = Path(__file__).parent
Pair = tuple[str, Question, int, str]


def pairs(bank: dict[str, Question]) -> Iterator[Pair]:
    """(kind, question, index of the point, quote)."""
    lines = (HERE / "support_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    made: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        made.setdefault((row["question"], row["sentence"]), set()).add(row["point"] - 1)
    for (name, sentence), points in made.items():
        for i in range(len(bank[name].key_points)):
            yield "makes the point" if i in points else "makes another point of it", bank[name], i, sentence
    yield from _strangers(list(bank.values()))


def _strangers(questions: list[Question]) -> Iterator[Pair]:
    attacks = [attack for attack in load() if attack.kind != "padding"]
    for number, question in enumerate(questions):
        other = sentences(questions[number - 5].sample_answer)
        for i in range(len(question.key_points)):
            yield "whole sample answer", question, i, question.sample_answer
            yield "the question itself", question, i, question.text
            yield "another question's sentence", question, i, other[i % len(other)]
            for attack in attacks[i % 6 :: 6]:
                yield "attack", question, i, attack.answers(question.text)[-1]


def main() -> None:
    bank = {question.id: question for question in load_bank(HERE.parent / "bank") if not question.draft}
    judge = Judge()
    found: dict[str, list[bool]] = {}
    for kind, question, i, quote in pairs(bank):
        (carried,) = judge.supported([(question.key_points[i], quote)], question.text)
        found.setdefault(kind, []).append(carried)
    print(f"{'quote':30} {'pairs':>6} {'accepted':>9}")
    for kind, accepted in found.items():
        print(f"{kind:30} {len(accepted):6} {sum(accepted) / len(accepted):9.1%}")


if __name__ == "__main__":
    main()
