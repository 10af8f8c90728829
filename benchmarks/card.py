"""The grader's card: what one run of the harness found, as Markdown with a picture, limits said plainly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import picture, report
from benchmarks.interviews import SPLITS

_HEAD = """# The embedded grader's card

Made by `python -m benchmarks.agreement --card` on {on:%d %B %Y}; don't edit it by hand. {versions}.
Seed {seed}, {sample}.

![{alt}](grader-card.png)
"""

_AGREEMENT = """## Agreement with people

Scores as they would be posted, against people's grades. The intervals hold 95% of samples that were drawn by question,
with repetition. Development files of Mohler et al. (CC-BY-4.0), SAF (CC-BY-4.0), SciEntsBank and Beetle (CC-BY-SA-3.0):
they aren't part of the project, and their questions have no key points, so these are split from the reference. The
constants were set with these answers in sight, above all the scale for sample answers without key points on Mohler's
and SAF's, so unseen questions may do worse. A few answers of Mohler's file are a spreadsheet's error ("#NAME?") in
place of what people graded; they are left in.
"""

_MAP = """What is left to fit is a monotone map from scores to grades. Fitted on other questions of the same set (five
folds), or on the three other sets, it would change the error like this. It isn't shipped: most answers of these sets
are good, so such a map gives "I don't know" a middling score.
"""

_INTERVIEWS = """## Interview answers

Answers to the bank's questions, by kind, with the band of scores that a strict reader allows. The distance is that from
the score to the band, on average, 0 within.

- "dev": constants, and the weights that read contradictions, were set on these answers. Not unseen.
- "test": other questions of the bank, on which nothing was set; but shares of some kinds of them were known when later
  constants were, so these aren't blind any more in full.
- "blind": written before the reading of contradictions was, and not looked at until it was done. These answers are
  unseen, some of their questions are those of "dev". Most are wrong or contradicting ones, so their "all" doesn't
  compare with that of the other two.
"""

_LEDGER = """The ledger names what an answer does with each key point. The reader's verdicts are the rows, the grader's
the columns.
"""

_ALARMS = """Remarks cap a score. Honest answers should draw none: those that people graded at least half right, and the
honest kinds of interview answers.
"""

_LIMITS = """## Limits

- It compares words in their context, it doesn't reason: an answer that is right in a way that neither the sample
  answer nor a key point's alternatives say scores too low, and what is wrong in the sample answer's own words scores
  too high unless a negation or an opposite gives it away.
- A wrong answer on the same topic and a contradiction in free wording are its weakest kinds: see "wrong", "contra" and
  "mixed" above, and the row "contradicted" of the ledger.
- One more contradiction should never raise a score. A key point that is repeated with its verbs negated doesn't, see
  the table of steps above; nor did it in 3,080 trials of ten other seeds, drawn once this was mended. A contradiction
  in freer wording may, where it passes for evidence.
- Without key points, a sample answer is cut into pieces, and nobody says which of them matter or how else they may be
  said. Contradictions in free wording pass there more often than not, and another answer from the same field may get
  more than 3: what the tables above say of interview answers and made answers holds for questions with key points.
- It reads English. Code, formulas and tables count as the words that stand in them.
- The interview answers and their bands were written by this project, one reader each, not by a panel of interviewers.
  "dev" was in sight while constants were set; "test" has other questions of the same bank.
- The made answers and the attacks are those that we thought of, on questions with key points. {short}
- Scores are for practice. Don't use them for hiring decisions.
"""


def write(run: report.Run, folder: Path) -> list[Path]:
    """Write grader-card.md and grader-card.png; returns both."""
    files = [folder / "grader-card.md", folder / "grader-card.png"]
    files[0].write_text("\n".join(_parts(run)), encoding="utf-8")
    files[1].write_bytes(picture.draw(run))
    return files


def _parts(run: report.Run) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in run.versions.items())
    sample = f"at most {run.sample} answers of a set" if run.sample else "all answers of each set"
    alt = picture.alt_text(run)
    yield _HEAD.format(on=run.on, versions=versions, seed=run.seed, sample=sample, alt=alt)
    yield from _agreement(run)
    yield from _interviews(run)
    yield "## Promises\n\nAnswers made from the bank's questions, and what their scores have to be.\n"
    yield f"{report.markdown(report.held(run.invariances))}\n"
    kept, asked = sum(each.kept for each in run.attacks), sum(len(each.scores) for each in run.attacks)
    yield f"Attack answers that get 2 or less, as they all should: {kept} of {asked}.\n"
    yield f"{report.markdown(report.held(run.attacks))}\n"
    yield f"{report.markdown(report.steps(run))}\n"
    yield _ALARMS
    yield f"{report.markdown(report.alarms(run))}\n"
    yield _LIMITS.format(short=_short(run))


def _short(run: report.Run) -> str:
    if not run.short:
        return "Questions without any, and a short sample answer, weren't tried in this run."
    kept, asked = sum(each.kept for each in run.short), sum(len(each.scores) for each in run.short)
    return (
        "Where there are none and the\n  sample answer is a sentence or so, "
        f"{asked - kept} of {asked} attack answers got more than 2, on questions of the data\n  sets: "
        "give such questions key points."
    )


def _agreement(run: report.Run) -> Iterator[str]:
    yield _AGREEMENT
    if run.agreement:
        yield f"{report.markdown(report.agreement(run))}\n"
        yield _MAP
        yield f"{report.markdown(report.mapped(run))}\n"
    else:
        yield "Not measured in this run: it was given no data.\n"
    yield "Between people, and other methods:\n"
    yield f"{report.markdown([['who', 'on', 'reaches'], *map(list, report.ANCHORS)])}\n"


def _interviews(run: report.Run) -> Iterator[str]:
    yield _INTERVIEWS
    yield f"{report.markdown(report.bands(run))}\n"
    yield _LEDGER
    for split in SPLITS:
        yield f"{report.ledger_words(run, split)}.\n"
        yield f"{report.markdown(report.ledger(run, split))}\n"
