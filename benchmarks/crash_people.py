"""Who writes in the crash harness, and what: answers whose worth is known beforehand, edits, deletions, commands."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Mapping, Sequence

from benchmarks.crash_records import ORGANISER, Use, Version, Written
from benchmarks.crash_world import World
from bot.core.model import KeyPoint, Question

CHANNELS: Mapping[str, str] = {"alpha": "09:00", "beta": "15:00"}
"""Channels and the UTC time of their daily question."""

STEADY = "beta"
"""The channel whose counting rule is never changed."""

PEOPLE = tuple(f"person{number}" for number in range(40))
RULES = ("first", "best", "latest")
WORTH = (1, 2, 5, 8, 10)
"""The score of an answer by how many of a question's four key points it makes."""

OUTSTANDING = 40
MOST_TOGETHER = 150
RECENT = 30
OPEN_QUESTIONS = 4

JUMPS = (dt.timedelta(seconds=40), dt.timedelta(minutes=6), dt.timedelta(hours=1))


def question(number: int) -> Question:
    """A question with four key points of two invented words each, and a sample answer that makes them all."""
    claims = [f"ax{number} oak", f"by{number} elm", f"cu{number} fir", f"do{number} yew"]
    return Question(
        id=f"q{number}",
        section="Odd" if number % 2 else "Even",
        title=f"Question {number}",
        text=f"What is to be said about subject {number}?",
        sample_answer=". ".join(claim.capitalize() for claim in claims) + " and that is the whole of it.",
        key_points=tuple(KeyPoint(claim, f"topic {index}") for index, claim in enumerate(claims)),
    )


BANK = tuple(question(number) for number in range(1, 9))


class People:
    """Does something at random in a world. `more` are the actions that this life of the coach should see more of."""

    def __init__(self, rng: random.Random, world: World) -> None:
        self._rng, self._world = rng, world
        self._words = itertools.count(1)
        self._left_behind = 0
        self._actions: dict[str, tuple[float, Callable[[], None]]] = {
            "answer": (30.0, self._answer),
            "edit": (8.0, self._edit),
            "delete": (4.0, self._delete),
            "talk": (4.0, self._talk),
            "ask": (1.0, self._ask),
            "repeat": (3.0, self._repeat),
            "private": (2.0, self._private),
            "question": (0.5, self._question),
            "forget": (0.15, self._forget),
            "rule": (0.15, self._rule),
            "regrade": (0.5, self._regrade),
            "jump": (1.0, self._jump),
            "day": (0.15, self._day),
        }

    def act(self, more: Sequence[str] = ()) -> None:
        """Do one thing, unless too much is unanswered."""
        if self._world.outstanding > OUTSTANDING:
            return
        if self._world.crowd() > MOST_TOGETHER and len(self._world.threads) > self._left_behind:
            name = "day"  # on to other threads: a coach reads the open ones again in each of its lives
            self._left_behind = len(self._world.threads)
        elif more and self._rng.random() < 0.4:
            name = self._rng.choice(more)
        else:
            weights = [weight for weight, _ in self._actions.values()]
            (name,) = self._rng.choices(list(self._actions), weights)
        self._actions[name][1]()

    def set_up(self) -> None:
        """Have a daily question scheduled in each channel."""
        for channel, time in CHANNELS.items():
            self._world.use(Use("config set", channel, ORGANISER, {"name": "time", "value": time}))

    # ------------------------------------------------------------------------------------------ words

    def _version(self, thread: str, *, talk: bool = False, edit: bool = False) -> Version:
        at = self._world.clock.unique()
        revision = at.isoformat() if edit else ""
        if talk:
            return Version(f"hm {self._fresh()}", at, revision, answer=False, score=1)
        text, score, copied = self._words_for(thread)
        return Version(text, at, revision, answer=True, score=score, copied=copied)

    def _words_for(self, thread: str) -> tuple[str, int, bool]:
        """An answer: the key points that it makes among words of its own, or now and then the sample answer."""
        asked = self._asked(thread)
        if self._rng.random() < 0.03:
            return asked.sample_answer, 10, True
        claims = self._rng.sample([point.claim for point in asked.key_points], self._rng.randint(0, 4))
        fresh = [self._fresh() for _ in range(5 if not claims else 3)]
        return " ".join((fresh[0], *claims, *fresh[1:])), WORTH[len(claims)], False

    def _fresh(self) -> str:
        return f"w{next(self._words)}"

    def _asked(self, thread: str) -> Question:
        shown = self._world.question(thread)
        return next(asked for asked in BANK if asked.text in shown)

    # ------------------------------------------------------------------------------------------ places

    def _thread(self) -> str:
        """A thread: mostly one of the newest, now and then one that is closed."""
        threads = list(self._world.threads)
        if not threads:
            return ""
        return self._rng.choice(threads[-3:] if self._rng.random() < 0.9 else threads[-6:])

    def _recent(self, *, talk: bool = False) -> Written | None:
        there = [
            message
            for message in self._world.recent(RECENT)
            if not message.deleted and not message.asked and message.versions[-1].answer is not talk
        ]
        return self._rng.choice(there) if there else None

    # ------------------------------------------------------------------------------------------ actions

    def _answer(self) -> None:
        if thread := self._thread():
            who = self._rng.choice(PEOPLE)
            self._world.write(self._world.threads[thread], thread, who, self._version(thread))

    def _talk(self) -> None:
        if thread := self._thread():
            who, short = self._rng.choice(PEOPLE), self._rng.random() < 0.7
            version = self._version(thread, talk=short)
            version.answer = False
            self._world.write(self._world.threads[thread], thread, who, version, addressed=not short)

    def _edit(self) -> None:
        if (message := self._recent()) and not message.addressed:
            talk = self._rng.random() < 0.1
            version = self._version(message.thread, talk=talk, edit=True)
            if version.text not in [before.text for before in message.versions]:  # the same words are no edit
                self._world.edit(message, version)

    def _delete(self) -> None:
        if message := self._recent(talk=self._rng.random() < 0.1):
            self._world.delete(message)

    def _ask(self) -> None:
        """Have one's own talk graded after all."""
        message = self._recent(talk=True)
        if message and not message.addressed and len(message.versions) == 1 and message.versions[0].acked:
            message.asked = True
            self._world.use(Use("grade", message.channel, message.author, {}, target=message.id, thread=message.thread))

    def _repeat(self) -> None:
        if message := self._recent():
            self._world.repeat(message)

    def _private(self) -> None:
        thread, who = self._thread(), self._rng.choice(PEOPLE)
        if not thread or any(use.person == who and use.answered_at is None for use in self._world.uses[-50:]):
            return
        text, score, copied = self._words_for(thread)
        channel, target = self._world.threads[thread], self._world.rounds[thread]
        self._world.use(Use("answer", channel, who, {"answer": text}, target, score=score, copied=copied))

    def _question(self) -> None:
        channel = self._rng.choice(list(CHANNELS))
        lately = [said for said in self._world.said[-60:] if said.kind == "question" and said.channel == channel]
        if not self._world.busy(channel, "question") and len(lately) < OPEN_QUESTIONS:
            self._world.use(Use("question", channel, self._rng.choice(PEOPLE), {}))

    def _forget(self) -> None:
        channel, who = self._rng.choice(list(CHANNELS)), self._rng.choice(PEOPLE)
        self._world.use(Use("privacy", channel, who, {"what": "delete", "sure": "yes"}))

    def _rule(self) -> None:
        channel = next(channel for channel in CHANNELS if channel != STEADY)
        if not self._world.busy(channel, "config set"):
            rule = self._rng.choice(RULES)
            use = Use("config set", channel, ORGANISER, {"name": "rule", "value": rule})
            use.gives_up = self._rng.random() < 0.5
            self._world.use(use)

    def _regrade(self) -> None:
        channel = self._rng.choice(list(CHANNELS))
        grades = [said for said in self._world.said[-RECENT:] if said.kind == "grade" and not said.only_for]
        chosen = {"id": self._rng.choice(grades).target} if grades and self._rng.random() < 0.8 else {}
        self._world.use(Use("regrade", channel, ORGANISER, chosen))

    def regrade_failed(self) -> None:
        """Send all replies that couldn't be graded back to the grader."""
        self._world.use(Use("regrade", STEADY, ORGANISER, {}))

    def _jump(self) -> None:
        self._world.jump(self._rng.choice(JUMPS))

    def _day(self) -> None:
        """Go on to shortly before, or after, the next daily question."""
        self.next_post(dt.timedelta(seconds=self._rng.choice((-5, -1, 0, 20))))

    def next_post(self, past: dt.timedelta) -> None:
        """Let time pass until the next daily question and `past` beyond."""
        now = self._world.clock.now()
        times = [dt.time.fromisoformat(time) for time in CHANNELS.values()]
        days = (now.date(), now.date() + dt.timedelta(days=1))
        coming = (dt.datetime.combine(day, time, dt.UTC) for day in days for time in times)
        self._world.jump(max(dt.timedelta(), min(at for at in coming if at > now) + past - now))
