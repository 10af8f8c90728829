"""The coach's nouns, as frozen dataclasses. Times are aware datetimes in UTC unless a name says local."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from enum import StrEnum

# ---------------------------------------------------------------------------------------------- the bank

_TOPIC = re.compile(r"^(?P<topic>[^:.!?`]{2,60}?):\s+(?P<claim>\S.*)$", re.DOTALL)
_TOPIC_WORDS = 6


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One thing that a full answer says.

    `claim` is the statement itself; `topic` names what it is about without giving it away ("" when the author gave
    none). Written as one line, `Topic: claim`. `alternatives` are other ways to say the whole claim; they are for
    graders and organisers, never for students.
    """

    claim: str
    topic: str = ""
    alternatives: tuple[str, ...] = ()

    @classmethod
    def parse(cls, line: str) -> KeyPoint:
        """Read `Topic: claim`, or a bare claim. A topic is at most six words before the first colon."""
        text = " ".join(line.split())
        found = _TOPIC.match(text)
        if found and len(found["topic"].split()) <= _TOPIC_WORDS:
            return cls(claim=found["claim"], topic=found["topic"])
        return cls(claim=text)

    @property
    def wordings(self) -> tuple[str, ...]:
        """All ways to say it that are known, the claim first."""
        return (self.claim, *self.alternatives)

    def __str__(self) -> str:
        return f"{self.topic}: {self.claim}" if self.topic else self.claim


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the bank. Without a sample answer it is a draft: listed, never posted.

    `level` is 1 (junior), 2 (some years of practice) or 3 (senior); None when the author gave none.
    """

    id: str
    section: str
    title: str
    text: str
    sample_answer: str = ""
    key_points: tuple[KeyPoint, ...] = ()
    hints: tuple[str, ...] = ()
    follow_up: str = ""
    level: int | None = None
    source: str = ""

    @property
    def draft(self) -> bool:
        return not self.sample_answer


# ---------------------------------------------------------------------------------------------- grading


class Coverage(StrEnum):
    """What an answer does with one key point."""

    COVERED = "covered"
    PARTLY = "partly"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


class Remark(StrEnum):
    """Why a score was held down regardless of its key points; each has its sentence in render.py."""

    EMPTY = "empty"
    DONT_KNOW = "dont_know"
    ECHO = "echo"
    OFF_TOPIC = "off_topic"
    INJECTION = "injection"
    KEYWORDS = "keywords"
    SHUFFLED = "shuffled"
    CONTRADICTION = "contradiction"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class PointVerdict:
    """The verdict on one key point; `quote` is the part of the answer that carries it ("" when nothing does)."""

    point: KeyPoint
    coverage: Coverage
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """What a grader gets to see: no names and no ids. `key_points` is never empty (strict.task splits them)."""

    question: str
    sample_answer: str
    key_points: tuple[KeyPoint, ...]
    answer: str


DISPUTED_BEYOND = 2
"""Points between a panel's lowest and highest score from which on organisers should look at it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What produced a grade. Tokens are the provider's count (0 offline), `seconds` wall time.

    `cached_tokens` are those of the input that the provider had seen before. `cost` is in the currency of the prices.
    `scores` are those of a panel, in its order. `fallback` says that the grader that should have graded was away,
    `reused` that the same words had been graded before, at no further cost.
    """

    grader: str
    model: str = ""
    prompt_version: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cached_tokens: int = 0
    cost: float = 0.0
    scores: tuple[int, ...] = ()
    fallback: bool = False
    reused: bool = False

    @property
    def disputed(self) -> bool:
        """Whether a panel's scores are further apart than graders of one mind are."""
        return bool(self.scores) and max(self.scores) - min(self.scores) > DISPUTED_BEYOND


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in money for a million tokens; `cached` is for input that the provider had seen before."""

    input: float
    cached: float
    output: float

    def of(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> float:
        """The cost of a request; cached tokens are part of the input's."""
        fresh = max(0, input_tokens - cached_tokens)
        return (fresh * self.input + cached_tokens * self.cached + output_tokens * self.output) / 1e6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a grader says before the contract is enforced: `score` is meant to be 1 to 10.

    `reasons` may be empty: strict.enforce then names what is missing from `points` and `remarks`.
    """

    score: int
    points: tuple[PointVerdict, ...]
    receipt: Receipt
    reasons: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade under the contract: 1 <= score <= 10; reasons below 6 and only there; quotes are in the answer."""

    score: int
    reasons: tuple[str, ...]
    points: tuple[PointVerdict, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Changed:
    """That an organiser set a grade: the grader's score `before` it (None where there was none), and why."""

    before: int | None
    reason: str


# ---------------------------------------------------------------------------------------------- places and people


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a community (Discord guild, Slack team, the local one) on a platform; ids are the platform's."""

    platform: str
    community: str
    channel: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a community; `id` is the platform's, `name` what others see and anything at all."""

    id: str
    name: str


# ---------------------------------------------------------------------------------------------- schedules and rounds


class CountingRule(StrEnum):
    """Which of a person's attempts at a round counts."""

    FIRST = "first"
    BEST = "best"  # of the first three
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Days:
    """Dates from `first` to `last`, both included; a `last` of date.max is an open end."""

    first: dt.date
    last: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a channel gets its daily question: a local time of day on weekdays (Monday is 0) in an IANA zone.

    A post that is missed by more than `grace` is skipped. While it is `paused` and on `holidays` there is none.
    """

    time: dt.time = dt.time(9)
    zone: str = "UTC"
    weekdays: frozenset[int] = frozenset(range(7))
    grace: dt.timedelta = dt.timedelta(hours=3)
    paused: Days | None = None
    holidays: tuple[Days, ...] = ()

    def off(self, day: dt.date) -> Days | None:
        """The pause or holidays that a date belongs to, or None."""
        spans = (*((self.paused,) if self.paused else ()), *self.holidays)
        return next((span for span in spans if day in span), None)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and how the coach behaves in it; `schedule` is None where no daily question is posted.

    `pin` keeps an open question pinned; a thread is put away after `archive_after` (1 h, 1, 3 or 7 days) without a
    word. Platforms that can't do either ignore them. `hint_cost` is what a hint takes off the score that counts, in
    points of 10 (0 to 9).
    """

    id: int
    place: Place
    name: str = ""
    schedule: Schedule | None = None
    mention: str = ""
    rule: CountingRule = CountingRule.FIRST
    close_after: dt.timedelta = dt.timedelta(hours=24)
    pin: bool = False
    archive_after: dt.timedelta = dt.timedelta(days=1)
    hint_cost: int = 0


@dataclass(frozen=True, slots=True)
class CommunitySettings:
    """What holds for a whole community.

    `digest` is the channel where the weekly digest is posted (None: nowhere), `digest_name` what it is called.
    """

    organisers_listed: bool = True
    digest: Place | None = None
    digest_name: str = ""


class RoundState(StrEnum):
    SCHEDULED = "scheduled"  # saved; its message is waiting to be posted
    OPEN = "open"
    CLOSED = "closed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Round:
    """One question put to one channel. `local_date` is the channel's; `question` is the version that was asked."""

    id: int
    channel: Channel
    daily: bool
    local_date: dt.date
    question: Question
    state: RoundState
    closes_at: dt.datetime
    message: str = ""
    thread: str = ""


# ---------------------------------------------------------------------------------------------- replies


@dataclass(frozen=True, slots=True)
class Reply:
    """A message as a platform delivers it, before the coach has decided what it is.

    `channel` is where the message lives (the thread). `revision` is "" for the first text and grows with each edit
    (the platform's edit time). `addressed` says that it is directed at another person. `round_id` is set when it came
    through a form, which knows its round; otherwise the thread tells. `organiser` says that the platform knows its
    author as one.
    """

    platform: str
    community: str
    channel: str
    message: str
    author: Person
    text: str
    at: dt.datetime
    revision: str = ""
    addressed: bool = False
    private: bool = False
    round_id: int | None = None
    organiser: bool = False


class ReplyState(StrEnum):
    RECEIVED = "received"
    GRADED = "graded"
    FAILED = "failed"
    DISCUSSION = "discussion"
    REPLACED = "replaced"  # edited before it was graded
    WITHDRAWN = "withdrawn"  # deleted by its author: keeps its slot
    DELETED = "deleted"  # deleted talk


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reply as scoring sees it: `score` is None while it is pending or failed; hints take `off` so many points."""

    score: int | None
    withdrawn: bool = False
    copied: bool = False
    off: int = 0


# ---------------------------------------------------------------------------------------------- standings


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of a board. `rank` counts from 1 and is shared on equal `points`; `streak` is in daily rounds."""

    rank: int
    tied: bool
    person: Person
    points: int
    answers: int
    streak: int = 0

    @property
    def average(self) -> float:
        return self.points / self.answers if self.answers else 0.0


@dataclass(frozen=True, slots=True)
class Board:
    """The top of a board and, when it is further down, the asker's own row."""

    period: str
    topic: str
    rows: tuple[Standing, ...]
    own: Standing | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """A week in figures: counted answers, by how many people, their mean score (0.0 without any).

    `failed` replies couldn't be graded, `dropped` messages not posted. `cost` is in the currency of the prices.
    """

    answers: int
    people: int
    average: float
    failed: int = 0
    dropped: int = 0
    cost: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """A week that begins on `monday`, beside the week before.

    `questions` are (title, counted answers, mean score) in the order they were asked; `hardest` are the key points
    that most answers missed, and how many did.
    """

    monday: dt.date
    week: Week
    before: Week
    questions: tuple[tuple[str, int, float], ...] = ()
    hardest: tuple[tuple[KeyPoint, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Podium:
    """How a round ended: counted answers, their mean score (0.0 without any), the best, the point most often missed."""

    answers: int
    average: float
    best: tuple[Standing, ...] = ()
    most_missed: KeyPoint | None = None
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    """Daily questions answered in a row, and when those that were missed between them had been asked, newest first.

    The dates are the person's own.
    """

    length: int
    forgiven: tuple[dt.date, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionProgress:
    """A person's counted answers in one section of the bank, and the sum of their scores (1 to 10 each)."""

    name: str
    answers: int
    points: int

    @property
    def average(self) -> float:
        return self.points / self.answers if self.answers else 0.0


OWN_WISH = "self"
"""Why somebody is on no board who asked for it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one person has done in a community.

    `forgiven` is the date of the question whose missing this month's freeze made good, None while it is left; `hidden`
    says why the person is on no board, "" for who is: OWN_WISH, or another reason.
    """

    week: Standing | None
    total: Standing | None
    streak: int
    recent: tuple[tuple[str, int | None], ...] = field(default=())
    sections: tuple[SectionProgress, ...] = ()
    forgiven: dt.date | None = None
    hidden: str = ""
