"""From a task to a verdict, as one synchronous function of the two texts and the model."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.model import Coverage, KeyPoint, PointVerdict, Receipt, Remark, Task, Verdict
from bot.core.points import parts_of
from bot.core.text import fold
from bot.graders.embedded import gates, scoring, stance
from bot.graders.embedded.align import Aligner, Match, Reference, affirmed
from bot.graders.embedded.contradiction import Numbers
from bot.graders.embedded.doubts import Contrary, Doubts, contrary, doubts, features, turned
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.passage import Passage, Sheet, hold, lay_out, sentence, without
from bot.graders.embedded.spelling import Speller
from bot.graders.embedded.support import Support, own_words, quotes_question, talks_of_grading
from bot.graders.embedded.text import Sentence, sentences, words

MODEL = "all-MiniLM-L6-v2-int8"

_CACHED_QUESTIONS = 256


@dataclass(frozen=True, slots=True)
class Key:
    """The reference side of a question, encoded: what every answer to it is held against.

    A point has a reference for its claim and one for each of its alternatives. `split` says that the points are only
    the sample answer's own sentences or clauses. All of it lies on `sheet`.
    """

    sheet: Sheet
    question: Passage
    sample: Reference
    sample_sentences: tuple[Reference, ...]
    sample_words: int
    points: tuple[tuple[Reference, ...], ...]
    contrary: tuple[Contrary, ...]
    split: bool
    speller: Speller


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the aligner found in one answer.

    `turned` has an entry for each sentence of the sample that the answer repeats nearly word for word. `recited` is the
    part of the sample that those are, 0 to 1, where the answer affirms nothing else, and 1 everywhere else.
    """

    points: tuple[Match, ...]
    sample: Match
    relatedness: float
    lenient: float
    scale: scoring.Scale
    turned: tuple[bool, ...]
    doubts: Doubts
    recited: float


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
        answer = self._answer(key, kept)
        found = self._evidence(key, answer)
        points = tuple(
            _point(point, number, found, answer, task.answer) for number, point in enumerate(task.key_points)
        )
        if fold(task.answer) == fold(task.sample_answer):
            return _verdict(10, tuple(PointVerdict(each.point, Coverage.COVERED, each.quote) for each in points), ())
        remarks = (remark,) if remark else _remarks(task, found, answer)
        carried = [Match() if no else match for match, no in zip(found.points, found.doubts.against, strict=True)]
        given = scoring.raw(carried, found.sample, found.lenient, found.scale, found.recited)
        return _verdict(scoring.score(min(given, found.doubts.most), remarks), points, remarks)

    def spoken(self, task: Task) -> list[tuple[float, float, Numbers] | None]:
        """For fitting: of each point its recall, how much of it seems carried, and what tells for or against it.

        None where nothing does: nothing was said, or the point has one wording.
        """
        key = self.key(task)
        answer = self._answer(key, _screen(task)[0])
        found = self._evidence(key, answer)
        return [
            (match.recall, scoring.share(match), features(self._aligner, point, answer, match))
            if match.sentence >= 0 and len(point.wordings) > 1
            else None
            for point, match in zip(key.contrary, found.points, strict=True)
        ]

    def expect(self, tasks: Sequence[Task]) -> None:
        """Encode what these answers say, together: their verdicts come sooner then, and are the same.

        It is kept until the next call; without tasks that only forgets.
        """
        self._aligner.expect([each for task in tasks for each in _heard(self.key(task), _screen(task)[0])])

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
        wordings = [_wordings(point) for point in task.key_points]
        texts = (task.question, task.sample_answer, *(text for each in wordings for text in each))
        sheet, (question, sample, *claims) = lay_out([aligner.passage(sentences(text)) for text in texts])
        split = _is_split(task)
        said = iter(claims)
        points = tuple(tuple(aligner.reference(next(said), question, split) for _ in each) for each in wordings)
        parts = (sentence(sample, number) for number in range(len(sample.sentences)))
        return Key(
            sheet=sheet,
            question=question,
            sample=aligner.reference(sample, question, split),
            sample_sentences=tuple(aligner.reference(each, question) for each in parts),
            sample_words=len(words(task.sample_answer)),
            points=points,
            contrary=tuple(contrary(aligner, () if split else each, question) for each in points),
            split=split,
            speller=Speller(_material(task), self._aligner.known_words),
        )

    def _answer(self, key: Key, kept: Sequence[Sentence]) -> Passage:
        return hold(self._aligner.passage(_heard(key, kept)), key.sheet)

    def _evidence(self, key: Key, answer: Passage) -> Evidence:
        aligner = self._aligner
        related = aligner.relatedness(answer, key.question, key.sample.passage)
        told = affirmed(answer)
        denied = _placed(turned(aligner, key.contrary, told), told, answer)
        told = without(answer, _unsaid(told, answer).union(*denied.values()))
        lenient = scoring.lenience(len(key.points), key.sample_words, self._nearness(key, told))
        points = tuple(self._point_match(wordings, answer, told) for wordings in key.points)
        scale = scoring.scale(key.split, points)
        shares = [scoring.share(match, lenient, scale) for match in points]
        repeated = [aligner.match(each, answer) for each in key.sample_sentences]
        return Evidence(
            points=points,
            sample=aligner.match(key.sample, told),
            relatedness=related,
            lenient=lenient,
            scale=scale,
            turned=tuple(match.turns > 0 for match in repeated if scoring.repeats(match)),
            doubts=doubts(aligner, key.contrary, list(zip(points, shares, strict=True)), answer, denied),
            recited=_recited(key, repeated, answer, told),
        )

    def _nearness(self, key: Key, told: Passage) -> float:
        """How far an answer is about the same thing by words of its own: the question's show nothing of that."""
        if talks_of_grading(told) or quotes_question(told, key.question):
            return 0.0
        return self._aligner.relatedness(own_words(told, key.question), key.question, key.sample.passage)

    def _point_match(self, wordings: Sequence[Reference], answer: Passage, told: Passage) -> Match:
        """What an answer does with a point; what it denies outright is no evidence for this or another one."""
        found = scoring.best([self._aligner.match(each, answer) for each in wordings])
        if told is answer or scoring.contradicts(found):
            return found
        found = scoring.best([self._aligner.match(each, told) for each in wordings])
        place = answer.sentences.index(told.sentences[found.sentence]) if found.sentence >= 0 else -1
        return replace(found, sentence=place)


def _placed(found: Mapping[int, Collection[int]], part: Passage, answer: Passage) -> dict[int, frozenset[int]]:
    """Sentences of a part of an answer, as numbers in the whole."""
    return {
        number: frozenset(answer.sentences.index(part.sentences[place]) for place in places)
        for number, places in found.items()
    }


def _unsaid(told: Passage, answer: Passage) -> frozenset[int]:
    return frozenset(place for place, each in enumerate(answer.sentences) if each not in told.sentences)


def _recited(key: Key, repeated: Sequence[Match], answer: Passage, told: Passage) -> float:
    again = [i for i, match in enumerate(repeated) if scoring.repeats(match)]
    places = {repeated[i].sentence for i in again}
    own = [each for place, each in enumerate(answer.sentences) if place not in places and each in told.sentences]
    if own or not again:
        return 1.0
    lengths = [len(each.passage.ids) for each in key.sample_sentences]
    return sum(lengths[i] for i in again) / sum(lengths)


def _heard(key: Key, kept: Sequence[Sentence]) -> list[Sentence]:
    """The sentences as the encoder gets them."""
    return [replace(each, text=key.speller.corrected(each.text)) for each in kept]


def _wordings(point: KeyPoint) -> tuple[str, ...]:
    return (point.claim, *point.alternatives)


def _material(task: Task) -> tuple[str, ...]:
    claims = (text for point in task.key_points for text in _wordings(point))
    return (task.question, task.sample_answer, *claims)


def _is_split(task: Task) -> bool:
    return task.key_points == parts_of(task.sample_answer)


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
            found.doubts.evident
            or (stance.dismisses(task.answer, task.sample_answer) and not found.doubts.cleared)
            or scoring.contradiction(found.points, found.turned),
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


def _point(point: KeyPoint, number: int, found: Evidence, answer: Passage, text: str) -> PointVerdict:
    match = found.points[number]
    coverage = scoring.coverage(match, found.lenient, found.scale)
    if found.doubts.against[number] and (coverage is not Coverage.MISSING or number in found.doubts.turned):
        coverage = Coverage.CONTRADICTED
    evidence = match.sentence
    if coverage is Coverage.CONTRADICTED and number in found.doubts.turned:
        evidence = min(found.doubts.turned[number])
    if coverage is Coverage.MISSING or evidence < 0:
        return PointVerdict(point, Coverage.MISSING)
    place = answer.sentences[evidence]
    return PointVerdict(point, coverage, text[place.start : place.end])


def _verdict(score: int, points: tuple[PointVerdict, ...], remarks: tuple[Remark, ...]) -> Verdict:
    return Verdict(score=score, points=points, receipt=Receipt(grader="embedded", model=MODEL), remarks=remarks)
