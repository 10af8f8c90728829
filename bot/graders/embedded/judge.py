"""From a task to a verdict, as one synchronous function of the two texts and the model."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core import strict
from bot.core.model import Coverage, KeyPoint, PointVerdict, Receipt, Remark, Task, Verdict
from bot.core.points import asked_for, parts_of
from bot.core.text import fold
from bot.graders.embedded import gates, scoring, stance
from bot.graders.embedded.align import Aligner, Match, Reference
from bot.graders.embedded.contradiction import Numbers
from bot.graders.embedded.doubts import Contrary, Doubts, contrary, doubts, features
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.passage import Passage, Sheet, hold, lay_out, sentence
from bot.graders.embedded.reading import Reading, on_point, read
from bot.graders.embedded.repeats import Wording, wording
from bot.graders.embedded.spelling import Speller
from bot.graders.embedded.support import Support, own_words, quotes_question, talks_of_grading
from bot.graders.embedded.text import Sentence, sentences, words

MODEL = "all-MiniLM-L6-v2-int8"

_CACHED_QUESTIONS = 256


@dataclass(frozen=True, slots=True)
class Key:
    """The reference side of a question, encoded: what every answer to it is held against.

    A point has a reference for its claim and one for each of its alternatives. `split` says that the points are only
    the sample answer's own sentences or clauses, `asked` how many of them the question asks for (0 for all). All of it
    lies on `sheet`.
    """

    sheet: Sheet
    question: Passage
    sample: Reference
    sample_sentences: tuple[Reference, ...]
    sample_wordings: tuple[Wording, ...]
    sample_words: int
    points: tuple[tuple[Reference, ...], ...]
    contrary: tuple[Contrary, ...]
    split: bool
    asked: int
    speller: Speller


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the aligner found in one answer.

    `told` are its sentences that neither deny themselves nor turn a point around, `own` those of them that don't say
    over again what stands in the sample answer or in a point. `turned` has one entry for each sentence of the sample
    that it repeats nearly word for word; `recited` is the part of the sample that those are, 0 to 1, where the answer
    affirms nothing else, and 1 everywhere else.
    """

    points: tuple[Match, ...]
    told: tuple[str, ...]
    own: tuple[str, ...]
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
        kept, remark = gates.screen(task.answer)
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
        remarks = (remark,) if remark else _remarks(task, found, split=key.split)
        carried = [Match() if no else match for match, no in zip(found.points, found.doubts.against, strict=True)]
        given = scoring.raw(carried, found.sample, found.lenient, found.scale, found.recited, key.asked)
        score = scoring.score(min(given, found.doubts.most), remarks)
        return _verdict(min(score, strict.ceiling(points, key.asked)), points, remarks)

    def spoken(self, task: Task) -> list[tuple[float, float, Numbers] | None]:
        """For fitting: of each point its recall, how much of it seems carried, and what tells for or against it.

        None where nothing does: nothing was said, or the point has one wording.
        """
        key = self.key(task)
        answer = self._answer(key, gates.screen(task.answer)[0])
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
        self._aligner.expect([each for task in tasks for each in _heard(self.key(task), gates.screen(task.answer)[0])])

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
            sample_wordings=tuple(wording(each.text) for each in sample.sentences),
            sample_words=len(words(task.sample_answer)),
            points=points,
            contrary=tuple(contrary(aligner, () if split else each, question) for each in points),
            split=split,
            asked=asked_for(task.question),
            speller=Speller(_material(task), self._aligner.known_words),
        )

    def _answer(self, key: Key, kept: Sequence[Sentence]) -> Passage:
        return hold(self._aligner.passage(_heard(key, kept)), key.sheet)

    def _evidence(self, key: Key, answer: Passage) -> Evidence:
        aligner = self._aligner
        said = read(aligner, key.contrary, key.sample_wordings, answer)
        lenient = scoring.lenience(len(key.points), key.sample_words, self._nearness(key, said.told))
        held = [on_point(aligner, wordings, said) for wordings in key.points]
        points = tuple(against or match for match, against in held)
        scale = scoring.scale(key.split, points)
        carried = [(match, scoring.share(match, lenient, scale)) for match, _ in held]
        against = {number for number, (_, match) in enumerate(held) if match}
        repeated = [aligner.match(each, answer) for each in key.sample_sentences]
        return Evidence(
            points=points,
            told=tuple(each.text for each in said.told.sentences),
            own=tuple(answer.sentences[place].text for place in said.places if place not in said.loyal),
            sample=aligner.match(key.sample, said.told),
            relatedness=aligner.relatedness(answer, key.question, key.sample.passage),
            lenient=lenient,
            scale=scale,
            turned=tuple(scoring.turns(match) for match in repeated if scoring.repeats(match)),
            doubts=doubts(aligner, key.contrary, carried, answer, (said.turned, against), said.loyal),
            recited=_recited(key, repeated, said),
        )

    def _nearness(self, key: Key, told: Passage) -> float:
        """How far an answer is about the same thing by words of its own: the question's show nothing of that."""
        if talks_of_grading(told) or quotes_question(told, key.question):
            return 0.0
        return self._aligner.relatedness(own_words(told, key.question), key.question, key.sample.passage)


def _recited(key: Key, repeated: Sequence[Match], said: Reading) -> float:
    again = [i for i, match in enumerate(repeated) if scoring.repeats(match) and match.sentence in said.places]
    own = set(said.places).difference(repeated[i].sentence for i in again)
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


def _remarks(task: Task, found: Evidence, *, split: bool) -> tuple[Remark, ...]:
    if gates.is_foreign(task.answer) and not gates.is_foreign(task.sample_answer):
        return (Remark.FOREIGN,)
    checks = (
        (Remark.ECHO, gates.is_echo(" ".join(found.told), task.question, task.sample_answer)),
        (
            Remark.OFF_TOPIC,
            len(words(task.answer)) >= 8 and scoring.off_topic(found.points, found.sample, found.relatedness),
        ),
        (
            Remark.KEYWORDS,  # one more wording of a point's makes no list of what wasn't one
            all(gates.is_keywords(texts, task.sample_answer) for texts in (found.told, found.own)),
        ),
        (Remark.SHUFFLED, gates.is_shuffled(found.told, task.sample_answer)),
        (
            Remark.CONTRADICTION,
            found.doubts.evident
            or (stance.dismisses(task.answer, task.sample_answer, split=split) and not found.doubts.cleared)
            or scoring.contradiction(found.points, found.turned, found.doubts.turned),
        ),
    )
    return tuple(remark for remark, fires in checks if fires)


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
