"""Whatever happens in whatever order: the database equals a model of a few dictionaries, on both engines.

Two coaches share the database, so that what may come together does. After every step each message's revisions, the
boards and their summary rows are compared; at the end everything is delivered, and what was posted is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.app import App, assemble
from bot.coach import results
from bot.core import rules
from bot.core.errors import PlatformAway, UsageError
from bot.core.model import CountingRule, Person, Reply, Round
from bot.core.ports import Row, Store, Unit, rows
from bot.stores import open_store
from tests import postgres_server
from tests.flow.world import BANK, PLACE, HandClock, Room, WordGrader

PEOPLE = ("ada", "ben", "cleo")
SCORES = {0: 1, 1: 2, 2: 5, 3: 8, 4: 10}
"""What tests' grader gives for so many of four key points, within what the contract allows."""

TOPICS = ("alpha", "beta", "gamma", "delta")
SECONDS = ("one", "two", "three", "four")


@dataclass
class Revision:
    """One revision of a message as it should be stored."""

    text: str
    covered: int
    at: dt.datetime
    state: str
    practice: bool
    score: int | None = None
    tries: int = 0


@dataclass
class Said:
    """A message: who wrote it where ("" once forgotten), and all its revisions, the oldest first."""

    round_id: int
    author: str
    id: str
    revisions: list[Revision] = field(default_factory=list)
    posted: int = 0
    """How many grades the thread may show for it."""


class Model:
    """What the store should hold."""

    def __init__(self) -> None:
        self.rounds: dict[int, Round] = {}
        self.said: dict[str, Said] = {}
        self.rule = CountingRule.FIRST
        self.hint_cost = 0
        self.hints: dict[tuple[int, str], dict[int, tuple[dt.datetime, int]]] = {}
        """By round and person: which hints were opened, when, and what was said that each costs."""
        self.forgotten: set[str] = set()

    def waiting(self) -> list[Revision]:
        return [revision for said in self.said.values() for revision in said.revisions if revision.state == "received"]

    def attempts(self, round_id: int, person: str) -> list[Revision]:
        mine = [
            (revision.at, revision)
            for said in self.said.values()
            for revision in said.revisions
            if said.round_id == round_id and said.author == person and not revision.practice
            and revision.state in ("received", "graded", "failed", "withdrawn")
        ]  # fmt: skip
        return [revision for _, revision in sorted(mine, key=lambda pair: pair[0])]

    def counted(self, round_id: int, person: str) -> int | None:
        """The rule of the channel, told once more and in other words."""
        paid = self.hints.get((round_id, person), {}).values()
        worth: list[int | None] = []
        for each in self.attempts(round_id, person):
            off = sum(min(said, self.hint_cost) for opened, said in paid if opened < each.at)
            void = each.state == "withdrawn" or each.score is None
            worth.append(None if void or each.score is None else max(1, each.score - off))
        if self.rule is CountingRule.BEST:
            return max((score for score in worth[:3] if score is not None), default=None)
        if self.rule is CountingRule.FIRST:
            return worth[0] if worth else None
        attempts = zip(self.attempts(round_id, person), worth, strict=True)
        settled = [(each, value) for each, value in attempts if each.state == "withdrawn" or value is not None]
        return settled[-1][1] if settled else None

    def standings(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Points and answers by period, topic and person."""
        points: Counter[tuple[str, str, str]] = Counter()
        answers: Counter[tuple[str, str, str]] = Counter()
        for round_ in self.rounds.values():
            for person in PEOPLE:
                score = self.counted(round_.id, person)
                if score is None:
                    continue
                for period in rules.periods(round_.local_date):
                    for topic in ("", round_.question.section):
                        points[period, topic, person] += score
                        answers[period, topic, person] += 1
        return {key: (points[key], answers[key]) for key in answers}


def written(round_: Round, covered: int, number: int) -> str:
    """An answer with so many key points, and enough words of its own to be nobody's copy."""
    subject = round_.question.id.removeprefix("q")
    claims = [f"{TOPICS[each]}{subject} {SECONDS[each]}" for each in range(covered)]
    own = hashlib.sha256(str(number).encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join([*claims, *(own[start : start + 5] for start in range(0, 60, 5))])


class Coaches(RuleBasedStateMachine):
    """Two coaches and three people; `create` makes their stores."""

    create: Callable[[Path], Awaitable[tuple[list[Store], Callable[[], None]]]]
    messages: Bundle[str] = Bundle("messages")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = contextlib.ExitStack()
        path = Path(self.folder.enter_context(tempfile.TemporaryDirectory())) / "c.sqlite3"
        self.stores, self.release = self.run(type(self).create(path))
        self.clock, self.room, self.grader = HandClock(), Room(), WordGrader()
        self.apps = [self.run(self._assembled(store)) for store in self.stores]
        self.model = Model()
        self.numbers = 0

    async def _assembled(self, store: Store) -> App:
        return assemble(store, self.grader, BANK, [self.room], clock=self.clock, rng=random.Random(7))

    def run(self, work: Awaitable[Any]) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(60):
                return await work

        return self.runner.run(bounded())

    def teardown(self) -> None:
        try:
            self.run(self._settled())
            self.everything_is_posted_once()
        finally:
            for store in {id(store): store for store in self.stores}.values():
                self.run(store.close())
            self.runner.close()
            self.release()
            self.folder.close()

    # ------------------------------------------------------------------------------------------ what happens

    @initialize()
    def begin(self) -> None:
        self.run(self.apps[0].coach.rounds.channel(PLACE, "daily"))
        self._ask()

    def _ask(self) -> None:
        self.clock.pass_(minutes=2)
        round_ = self.run(self.apps[0].coach.rounds.ask(PLACE))
        self.run(self._delivered(self.apps[0]))
        found = self.run(self.apps[0].coach.rounds.find(PLACE, target=str(round_.id)))
        self.model.rounds[found.id] = found

    @precondition(lambda self: len(self.model.rounds) < 4)
    @rule()
    def ask_another_question(self) -> None:
        self._ask()

    @rule(
        target=messages, person=st.sampled_from(PEOPLE), covered=st.integers(0, 4), which=st.integers(0, 3),
        talk=st.integers(0, 4), both=st.booleans(),
    )  # fmt: skip
    def take(self, person: str, covered: int, which: int, talk: int, both: bool) -> str:
        round_ = list(self.model.rounds.values())[which % len(self.model.rounds)]
        self.numbers += 1
        said = Said(round_.id, person, f"m{self.numbers}")
        self.model.said[said.id] = said
        self._take(said, covered, discussion=talk == 0, both=both)
        return said.id

    def _take(self, said: Said, covered: int, *, discussion: bool, both: bool = False) -> None:
        self.clock.pass_(seconds=4)  # nobody is faster than their pace
        self.numbers += 1
        round_ = self.model.rounds[said.round_id]
        text = f"and {self.numbers}" if discussion else written(round_, covered, self.numbers)
        revision = str(self.numbers) if said.revisions else ""
        reply = Reply(
            "room", "guild", round_.thread, said.id, Person(said.author, said.author.title()), text, self.clock.now(),
            revision,
        )  # fmt: skip
        deliveries = [app.coach.replies.take(reply) for app in (self.apps if both else self.apps[:1])]
        self.run(_all(deliveries))
        if any(each.state in ("withdrawn", "deleted") for each in said.revisions):
            return
        late = self.clock.now() >= round_.closes_at
        for each in said.revisions:
            if each.state == "received" and each.score is None and each.practice == late:
                each.state = "replaced"
        state = "discussion" if discussion else "received"
        said.revisions.append(Revision(text, covered, self.clock.now(), state, late))

    @rule(message=messages, covered=st.integers(0, 4), talk=st.booleans())
    def edit(self, message: str, covered: int, talk: bool) -> None:
        said = self.model.said[message]
        if said.author:
            self._take(said, covered, discussion=talk)

    @rule(message=messages)
    def redeliver(self, message: str) -> None:
        said = self.model.said[message]
        newest = said.revisions[-1]
        round_ = self.model.rounds[said.round_id]
        reply = Reply(
            "room", "guild", round_.thread, said.id, Person(said.author or "ada", "Ada"), newest.text or "what it was",
            newest.at,
        )  # fmt: skip
        if newest.text:
            self.run(_all([app.coach.replies.take(reply) for app in self.apps]))

    @rule(message=messages)
    def delete(self, message: str) -> None:
        said = self.model.said[message]
        thread = self.model.rounds[said.round_id].thread
        self.run(self.apps[1].coach.replies.withdraw("room", "guild", thread, message))
        self._withdrawn(said)

    def _withdrawn(self, said: Said) -> None:
        for each in said.revisions:
            if each.state in ("discussion", "replaced"):
                each.state, each.text, each.score = "deleted", "", None
            elif each.state in ("received", "graded", "failed"):
                each.state, each.text, each.score = "withdrawn", "", None

    @rule(message=messages)
    def have_talk_graded(self, message: str) -> None:
        said = self.model.said[message]
        newest = said.revisions[-1]
        thread = self.model.rounds[said.round_id].thread
        with contextlib.suppress(UsageError):
            self.run(self.apps[0].coach.replies.ask(PLACE, thread, message, Person(said.author or "ada", "")))
        if newest.state == "discussion" and said.author:
            newest.state, newest.covered = "received", 0

    # ------------------------------------------------------------------------------------------ grading

    async def _graded(self, app: App) -> None:
        """Grade until nothing is due."""
        self.clock.pass_(minutes=11)  # longer than any wait
        for _ in range(4):
            await app.coach.grading.step()
            await app.coach.grading.idle()

    def _score(self) -> None:
        for each in self.model.waiting():
            each.state, each.score, each.tries = "graded", SCORES[each.covered], 0

    @rule()
    def grade(self) -> None:
        self.run(self._graded(self.apps[0]))
        self._score()

    @rule()
    def grade_by_both(self) -> None:
        self.run(_all([self._graded(app) for app in self.apps]))
        self._score()

    @rule()
    def grade_while_the_grader_is_away(self) -> None:
        self.grader.away = True
        self.run(self._graded(self.apps[1]))
        self.grader.away = False

    @precondition(lambda self: self.model.waiting())
    @rule()
    def fail(self) -> None:
        self.grader.error = ValueError("cannot")
        for _ in range(4):
            self.run(self._graded(self.apps[0]))
        self.grader.error = None
        for each in self.model.waiting():
            each.state = "failed"

    @rule(message=messages, both=st.booleans())
    def regrade(self, message: str, both: bool) -> None:
        said = self.model.said[message]
        stored = self.run(self._stored(said))
        for row, each in zip(stored, said.revisions, strict=True):
            if each.state in ("graded", "failed"):
                asked = [
                    app.coach.grading.regrade(PLACE, str(row["id"])) for app in (self.apps if both else self.apps[:1])
                ]
                self.run(_all(asked, refused=both))
                each.state = "received"

    @rule()
    def regrade_all_that_failed(self) -> None:
        self.run(self.apps[1].coach.grading.regrade(PLACE))
        for said in self.model.said.values():
            for each in said.revisions:
                if each.state == "failed":
                    each.state = "received"

    @rule(message=messages)
    def delete_while_it_is_graded(self, message: str) -> None:
        said = self.model.said[message]
        thread = self.model.rounds[said.round_id].thread
        deleted = self.apps[1].coach.replies.withdraw("room", "guild", thread, message)
        self.run(_all([self._graded(self.apps[0]), deleted]))
        self._withdrawn(said)
        self._score()

    @rule(person=st.sampled_from(PEOPLE))
    def forget_while_it_is_graded(self, person: str) -> None:
        forgotten = self.apps[1].coach.privacy.delete(PLACE, Person(person, ""))
        self.run(_all([self._graded(self.apps[0]), forgotten]))
        self._forgotten(person)
        self._score()

    @rule(chosen=st.sampled_from(CountingRule))
    def change_the_rule_while_it_is_graded(self, chosen: CountingRule) -> None:
        changed = self.apps[1].coach.organise.set(PLACE, {"rule": str(chosen)})
        self.run(_all([self._graded(self.apps[0]), changed]))
        self.model.rule = chosen
        self._score()

    # ------------------------------------------------------------------------------------------ the rest

    @rule(chosen=st.sampled_from(CountingRule))
    def change_the_rule(self, chosen: CountingRule) -> None:
        self.run(self.apps[0].coach.organise.set(PLACE, {"rule": str(chosen)}))
        self.model.rule = chosen

    @rule(cost=st.sampled_from((0, 1, 3, 9)))
    def change_what_a_hint_costs(self, cost: int) -> None:
        self.run(self.apps[0].coach.organise.set(PLACE, {"hint-cost": str(cost)}))
        self.model.hint_cost = cost

    @precondition(lambda self: self.model.hint_cost)
    @rule(person=st.sampled_from(PEOPLE), which=st.integers(0, 3), number=st.integers(1, 2))
    def open_a_hint(self, person: str, which: int, number: int) -> None:
        round_ = list(self.model.rounds.values())[which % len(self.model.rounds)]
        self.clock.pass_(seconds=1)
        cost = self.model.hint_cost
        taking = [app.coach.learners.take_hints(round_, Person(person, ""), number, cost) for app in self.apps]
        self.run(_all(taking))
        opened = self.model.hints.setdefault((round_.id, person), {})
        for each in range(1, number + 1):
            opened.setdefault(each, (self.clock.now(), cost))

    @rule(person=st.sampled_from(PEOPLE))
    def forget(self, person: str) -> None:
        self.run(self.apps[0].coach.privacy.delete(PLACE, Person(person, "")))
        self._forgotten(person)

    def _forgotten(self, person: str) -> None:
        for key in [key for key in self.model.hints if key[1] == person]:
            del self.model.hints[key]
        for said in self.model.said.values():
            if said.author == person:
                said.author = ""
                for each in said.revisions:
                    each.state, each.text, each.score = "withdrawn", "", None

    async def _delivered(self, app: App) -> None:
        for _ in range(3):
            for delivery in app.deliveries:
                await delivery.step()
                await delivery.idle()

    @rule()
    def deliver(self) -> None:
        self.run(_all([self._delivered(app) for app in self.apps]))

    @rule()
    def deliver_while_the_chat_is_away(self) -> None:
        self.room.failure = lambda _: PlatformAway("later")
        self.run(self._delivered(self.apps[0]))
        self.room.failure = lambda _: None

    @rule()
    def close(self) -> None:
        self.clock.pass_(hours=25)
        self.run(_all([app.coach.rounds.step() for app in self.apps]))

    async def _settled(self) -> None:
        for _ in range(6):
            for app in self.apps:
                self.clock.pass_(minutes=11)
                await app.settle()
        self._score()

    # ------------------------------------------------------------------------------------------ what must hold

    async def _stored(self, said: Said) -> list[Row]:
        found = await self.stores[0].read(_revisions, self.model.rounds[said.round_id].thread, [said.id])
        mine: list[Row] = found[said.id]
        return mine

    @invariant()
    def each_message_is_stored_as_it_should_be(self) -> None:
        for thread in {round_.thread for round_ in self.model.rounds.values()}:
            said = [each for each in self.model.said.values() if self.model.rounds[each.round_id].thread == thread]
            stored = self.run(self.stores[-1].read(_revisions, thread, [each.id for each in said]))
            for each in said:
                have = [(row["user_id"], row["text"], row["state"], row["score"]) for row in stored[each.id]]
                want = [(each.author, known.text, known.state, known.score) for known in each.revisions]
                assert have == want, each.id

    @invariant()
    def boards_are_the_sums_of_what_counts(self) -> None:
        kept = self.run(self.stores[-1].read(rows, "standings_all"))
        have = {(row["period"], row["topic"], row["user_id"]): (row["points"], row["answers"]) for row in kept}
        assert have == self.model.standings()
        assert self.run(self.stores[0].read(results.differences)) == []

    def everything_is_posted_once(self) -> None:
        self.each_message_is_stored_as_it_should_be()
        self.boards_are_the_sums_of_what_counts()
        keys = Counter(parcel.key for _, parcel in self.room.sent)
        assert set(keys.values()) <= {1}
        questions = [parcel for _, parcel in self.room.sent if parcel.kind == "question"]
        assert len(questions) == len(self.model.rounds)
        grades = Counter(parcel.reply_to for _, parcel in self.room.sent if parcel.kind == "grade")
        for said in self.model.said.values():
            graded = sum(each.state == "graded" for each in said.revisions)
            assert graded <= grades[said.id] <= len(said.revisions), said.id
        forgotten = [each.id for each in self.model.said.values() if not each.author]
        assert all(not row["text"] for id_ in forgotten for row in self.run(self._stored(self.model.said[id_])))


async def _all(works: list[Awaitable[Any]], *, refused: bool = False) -> None:
    """Do things at the same time; one of them may be refused where another was quicker."""
    for done in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(done, BaseException) and not (refused and isinstance(done, UsageError)):
            raise done


def _revisions(thread: str, messages: list[str]) -> Unit[dict[str, list[Row]]]:
    found = {}
    for message in messages:
        where = {"platform": "room", "community": "guild", "channel": thread, "message": message}
        found[message] = list((yield from rows("replies_of_message", **where)))
    return found


async def _on_sqlite(path: Path) -> tuple[list[Store], Callable[[], None]]:
    store = await open_store(f"sqlite:///{path}")
    return [store, store], lambda: None


async def _on_postgres(_: Path) -> tuple[list[Store], Callable[[], None]]:
    url = await postgres_server.server().create_coach()
    stores = [await open_store(url) for _ in range(2)]
    return stores, lambda: postgres_server.server().give_back(url)


def test_any_order_of_events_leaves_what_a_simple_model_says(engine: str) -> None:
    machine = type("Machine", (Coaches,), {"create": staticmethod(_on_sqlite if engine == "sqlite" else _on_postgres)})
    few = settings(
        max_examples=15 if engine == "sqlite" else 5, stateful_step_count=30, deadline=None,
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=few)
