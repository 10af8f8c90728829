"""One run of the harness, and its tables as lines of text or Markdown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.data import BINARY, Rated
from benchmarks.fits import Estimate, Mapped, estimate
from benchmarks.interviews import SPLITS, Answered, Band, band, by_kind, confusion, same, same_credit
from benchmarks.invariances import Alarms, Kept
from benchmarks.steps import Steps

Lines = list[list[str]]
"""A table: its head, then its rows."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A data set's measures as shipped, and after a map fitted on other questions (`folds`) or other sets (`sets`)."""

    rows: int
    questions: int
    shipped: Mapping[str, Estimate]
    folds: Mapped
    sets: Mapped | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run found. `sample` is the most answers of a set (0: all), `seed` chose them.

    `short` has the attacks on the sets' questions whose reference is a sentence or so.
    """

    on: dt.date
    versions: Mapping[str, str]
    sample: int
    seed: int
    invariances: Sequence[Kept]
    attacks: Sequence[Kept]
    interviews: Sequence[Answered]
    alarms: Sequence[Alarms]
    steps: Sequence[Steps]
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    short: Sequence[Kept] = ()


ANCHORS = (
    ("two humans against each other", "Mohler", "r .60, RMSE 1.31"),
    ("Sultan et al. 2016", "Mohler", "r .59, RMSE .89"),
    ("best known methods, questions of their own", "Mohler", "r .62, RMSE .87, QWK .57"),
    ("ceiling of a perfect grader against the mean of two humans", "Mohler", "r about .86"),
    ("best known methods, unseen questions", "SAF", "r .61"),
    ("best known methods, unseen domains", "SciEntsBank", "AUC .82"),
    ("best known methods", "interview answers", "63% in band"),
)
"""What people and published methods reach; from the project's notes on grading (Mohler et al. 2011 and later work)."""

ENTITLED = {"mohler": "Mohler", "saf": "SAF", "scientsbank": "SciEntsBank", "beetle": "Beetle"}


def agreement(run: Run) -> Lines:
    """As shipped, each measure with its 95% interval."""
    head = ["set", "answers", "questions", "Pearson", "Spearman", "RMSE (0-5)", "QWK (1-10)", "AUC"]
    rows = []
    for name, found in run.agreement.items():
        shown = [_interval(found.shipped.get(measure)) for measure in ("Pearson", "Spearman", "RMSE/5", "QWK", "AUC")]
        rows.append([ENTITLED.get(name, name), str(found.rows), str(found.questions), *shown])
    return [head, *rows]


def mapped(run: Run) -> Lines:
    """What a monotone map would bring: RMSE and QWK as shipped, then by folds of questions, then across sets."""
    head = ["set", "RMSE shipped", "by questions", "across sets", "QWK shipped", "by questions", "across sets"]
    rows = []
    for name, found in run.agreement.items():
        sets = found.sets or Mapped(None, None, None)
        rmse = (found.shipped["RMSE/5"].value, found.folds.rmse, sets.rmse)
        kappa = (found.shipped["QWK"].value, found.folds.kappa, sets.kappa)
        rows.append([ENTITLED.get(name, name), *map(figure, rmse), *map(figure, kappa)])
    return [head, *rows]


def held(kept: Sequence[Kept]) -> Lines:
    """Scores by kind, against what was promised."""
    head = ["answer", "promised", "n", "min", "mean", "p95", "max", "as promised"]
    rows = [
        [
            *(each.kind, each.aim, str(len(each.scores)), str(min(each.scores))),
            *(f"{each.mean:.1f}", f"{each.p95:.1f}", str(max(each.scores))),
            percent(each.kept, len(each.scores)),
        ]
        for each in kept
    ]
    return [head, *rows]


def steps(run: Run) -> Lines:
    """Which steps went the wrong way."""
    head = ["one step further", "trials", "wrong way", "share", "most points"]
    rows = [
        [each.kind, str(each.trials), str(each.wrong), percent(each.wrong, each.trials), str(each.most)]
        for each in run.steps
    ]
    return [head, *rows]


def alarms(run: Run) -> Lines:
    """Honest answers that drew a remark, by where they are from."""
    head = ["honest answers", "n", "with a remark", "share", "which"]
    rows = []
    for each in (*run.alarms, _all(run.alarms)):
        which = ", ".join(f"{remark} {count}" for remark, count in sorted(each.by_remark.items()))
        rows.append(
            [ENTITLED.get(each.source, each.source), str(each.answers), str(each.held), f"{each.share:.2%}", which]
        )
    return [head, *rows]


def bands(run: Run) -> Lines:
    """Interview answers in band and their mean distance to it, by kind, dev and test apart."""
    head = ["kind", *(f"{split}: {what}" for split in SPLITS for what in ("in band", "share", "distance"))]
    return [head, *([kind, *_bands(found)] for kind, found in by_kind(run.interviews).items())]


def ledger(run: Run, split: str) -> Lines:
    """The reader's verdicts on key points (rows) against the ledger's (columns)."""
    counts = confusion(row for row in run.interviews if row.asked.split == split)
    words = {"c": "covered", "p": "partly", "m": "missing", "x": "contradicted"}
    head = [f"{split}: reader", *words.values(), "same"]
    rows = []
    for letter, word in words.items():
        line = [counts.get((letter, other), 0) for other in words]
        rows.append([word, *map(str, line), percent(counts.get((letter, letter), 0), sum(line))])
    return [head, *rows]


def ledger_words(run: Run, split: str) -> str:
    """The share in band with its interval by question, and how many points got the same verdict."""
    counts = confusion(row for row in run.interviews if row.asked.split == split)
    rows = [row for row in run.interviews if row.asked.split == split]
    inside = estimate(lambda each: band(each).share, rows, run.seed)
    return (
        f"{split}: {len(rows)} answers, in band {_interval(inside)}; of {sum(counts.values())} points "
        f"{same(counts):.0%} have the same verdict, {same_credit(counts):.0%} are credited by both or by neither"
    )


def text(lines: Lines) -> str:
    """A table for a terminal."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(lines: Lines) -> str:
    """A table for GitHub."""
    head, *rows = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---", *["---:"] * (len(head) - 1)], *rows])


def figure(value: float | None) -> str:
    """Three digits, "-" where a measure isn't defined."""
    return "-" if value is None else f"{value:.3f}"


def percent(part: int, whole: int) -> str:
    """A share in percent, never rounded up to 100; "-" of nothing."""
    if not whole:
        return "-"
    return f"{part / whole:.1%}" if part in (0, whole) else f"{min(part / whole, 0.999):.1%}"


def _interval(found: Estimate | None) -> str:
    if found is None or found.value is None:
        return "-"
    return f"{found.value:.3f} [{figure(found.low)}, {figure(found.high)}]"


def _bands(found: Mapping[str, Band]) -> list[str]:
    cells = []
    for split in SPLITS:
        band = found.get(split)
        cells += [f"{band.inside}/{band.answers}", f"{band.share:.0%}", f"{band.distance:.2f}"] if band else ["-"] * 3
    return cells


def _all(found: Sequence[Alarms]) -> Alarms:
    counts = sum((Counter(each.by_remark) for each in found), Counter())
    return Alarms("all", sum(each.answers for each in found), sum(each.held for each in found), counts)


def measures_of(name: str) -> tuple[str, ...]:
    """The measures that say something about a set: where to part right from not isn't given for graded ones."""
    return ("Pearson", "Spearman", "RMSE/5", "QWK", *(("AUC",) if name in BINARY else ()))


def questions(rows: Sequence[Rated]) -> int:
    """How many questions the answers are to."""
    return len({row.question for row in rows})
