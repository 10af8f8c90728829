"""From a task to a verdict, as one synchronous function of the two texts and the model."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.model import Coverage, KeyPoint, PointVerdict, Receipt, Remark, Task, Verdict
from bot.core.text import fold
from bot.graders.embedded import gates, scoring, stance
from bot.graders.embedded.align import Aligner, Match, Passage, Reference
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.support import Support
from bot.graders.embedded.text import Sentence, sentences, words

MODEL = "all-MiniLM-L6-v2-int8"

_CACHED_QUESTIONS = 256


@dataclass(frozen=True, slots=True)
class Key:
    """The reference side of a question, encoded: what every answer to it is held against.

    A point has a reference for its claim and one for each of its alternatives.
    """

    question: Passage
    sample: Reference
    sample_sentences: tuple[Reference, ...]
    sample_words: int
    points: tuple[tuple[Reference, ...], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the aligner found in one answer.

    `turned` has an entry for each sentence of the sample that the answer repeats nearly word for word.
    """

    points: tuple[Match, ...]
    sample: Match
    relatedness: float
    lenient: float
    turned: tuple[bool, ...]


class Judge:
    """The grader's thinking. Safe to call from several threads; keeps no answer once it has judged it."""

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        self._aligner = Aligner(Encoder(folder, threads))
        self._support = Support(self._aligner)
        self._keys: OrderedDict[tuple[str, str, tuple[tuple[str, ...], ...]], Key] = OrderedDict()
        self._lock = threading.Lock()

    def verdict(self, task: Task) -> Verdict:
        """Grade one answer. The same task gets the same verdict, whatever was graded before it."""
        kept, remark = _screen(task)
        if remark in (Remark.EMPTY, Remark.INJECTION):
            return _verdict(1, tuple(PointVerdict(point, Coverage.MISSING) for point in task.key_points), (remark,))
        key = self.key(task)
        answer = self._aligner.passage(kept)
        found = self._evidence(key, answer)
        points = tuple(
            _point(point, match, found.lenient, answer, task.answer)
            for point, match in zip(task.key_points, found.points, strict=True)
        )
        if fold(task.answer) == fold(task.sample_answer):
            return _verdict(10, tuple(PointVerdict(each.point, Coverage.COVERED, each.quote) for each in points), ())
        remarks = (remark,) if remark else _remarks(task, found, answer)
        return _verdict(scoring.score(scoring.raw(found.points, found.sample, found.lenient), remarks), points, remarks)

    def supports(self, claim: str, quote: str, question: str = "") -> bool:
        """Whether a quote carries a claim, at least partly, and doesn't contradict it."""
        return self._support.supported([(KeyPoint(claim), quote)], question)[0]

    def supported(self, pairs: Sequence[tuple[KeyPoint, str]], question: str = "") -> list[bool]:
        """The same for all (point, quote) pairs of one answer to `question`; words that it gave are no evidence."""
        return self._support.supported(pairs, question)

    def key(self, task: Task) -> Key:
        """The encoded reference side of a task's question, from the cache where it is known."""
        name = (task.question, task.sample_answer, tuple(_wordings(point) for point in task.key_points))
        with self._lock:
            if name in self._keys:
                self._keys.move_to_end(name)
                return self._keys[name]
        made = self._make_key(task)
        with self._lock:
            self._keys[name] = made
            while len(self._keys) > _CACHED_QUESTIONS:
                self._keys.popitem(last=False)
        return made

    def _make_key(self, task: Task) -> Key:
        aligner = self._aligner
        question = aligner.passage(sentences(task.question))
        sample = sentences(task.sample_answer)
        return Key(
            question=question,
            sample=aligner.reference(aligner.passage(sample), question),
            sample_sentences=tuple(aligner.reference(aligner.passage([each]), question) for each in sample),
            sample_words=len(words(task.sample_answer)),
            points=tuple(
                tuple(aligner.reference(aligner.passage(sentences(text)), question) for text in _wordings(point))
                for point in task.key_points
            ),
        )

    def _evidence(self, key: Key, answer: Passage) -> Evidence:
        aligner = self._aligner
        related = aligner.relatedness(answer, key.question, key.sample.passage)
        return Evidence(
            points=tuple(scoring.best([aligner.match(each, answer) for each in wordings]) for wordings in key.points),
            sample=aligner.match(key.sample, answer),
            relatedness=related,
            lenient=scoring.lenience(len(key.points), key.sample_words, related),
            turned=tuple(
                match.turns > 0
                for each in key.sample_sentences
                if scoring.repeats(match := aligner.match(each, answer))
            ),
        )


def _wordings(point: KeyPoint) -> tuple[str, ...]:
    return (point.claim, *point.alternatives)


def _remarks(task: Task, found: Evidence, answer: Passage) -> tuple[Remark, ...]:
    texts = [each.text for each in answer.sentences]
    checks = (
        (Remark.ECHO, gates.is_echo(" ".join(texts), task.question, task.sample_answer)),
        (
            Remark.OFF_TOPIC,
            len(words(task.answer)) >= 8 and scoring.off_topic(found.points, found.sample, found.relatedness),
        ),
        (Remark.KEYWORDS, gates.is_keywords(texts, task.sample_answer)),
        (Remark.SHUFFLED, gates.is_shuffled(texts, task.sample_answer)),
        (
            Remark.CONTRADICTION,
            stance.dismisses(task.answer, task.sample_answer) or scoring.contradiction(found.points, found.turned),
        ),
    )
    return tuple(remark for remark, fires in checks if fires)


def _screen(task: Task) -> tuple[list[Sentence], Remark | None]:
    """What of an answer is left to be graded, and what the answer is when nothing is."""
    said = sentences(task.answer)
    if not said:
        return [], Remark.EMPTY
    kept = [each for each in said if not gates.addresses_grader(each.text)]
    if len([word for each in kept for word in words(each.text)]) < 3 and len(kept) < len(said):
        return [], Remark.INJECTION
    known = [each for each in kept if not gates.is_dont_know(each.text)]
    if len(known) < len(kept) and sum(len(words(each.text)) for each in known) < 6:
        return kept, Remark.DONT_KNOW
    return kept, None


def _point(point: KeyPoint, match: Match, lenient: float, answer: Passage, text: str) -> PointVerdict:
    coverage = scoring.coverage(match, lenient)
    if coverage is Coverage.MISSING or match.sentence < 0:
        return PointVerdict(point, Coverage.MISSING)
    place = answer.sentences[match.sentence]
    return PointVerdict(point, coverage, text[place.start : place.end])


def _verdict(score: int, points: tuple[PointVerdict, ...], remarks: tuple[Remark, ...]) -> Verdict:
    return Verdict(score=score, points=points, receipt=Receipt(grader="embedded", model=MODEL), remarks=remarks)
