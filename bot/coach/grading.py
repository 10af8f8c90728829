"""From a stored reply to its grade: claim, ask the grader, record all of it in one transaction."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.coach import acts, known, records, results, turns
from bot.coach.acts import Act
from bot.coach.budget import Budget, Spent
from bot.coach.copies import Copies
from bot.coach.known import Alone
from bot.coach.notices import Notices
from bot.coach.replies import post_grade
from bot.coach.rounds import post
from bot.coach.work import LEASE, RETRY_AFTER_ERROR_S, Bell, backoff, stop
from bot.core import strict
from bot.core.errors import GraderAway, GraderError, StoreError, UsageError
from bot.core.model import Grade, Person, Place, Question
from bot.core.ports import NO_METER, Clock, CrashPoint, Grader, Meter, Row, Store, Support, Unit, one, rows

log = logging.getLogger(__name__)

TRIES = 3
"""How often a reply that the grader can't grade is tried before the organisers see it as failed."""

COSTLY_TRIES = 4
"""How often a reply is tried whose grader costs money each time and says nothing that can be used."""

LONGEST_WAIT_S = 30.0

KNOWN_QUESTIONS = 1_000
"""Versions of questions that are kept in memory."""

MOST_UNRECORDED = 1_000
"""Grades that are kept in memory while the database is away; what is beyond is asked for again."""

MOST_HEARD = 20
"""Notices that wait to be passed on to the organisers, the newest."""


@dataclass(frozen=True, slots=True)
class Graders:
    """Who grades, at most `at_once` answers together.

    `support` checks the grader's quotes and is closed together with it. `budget` bounds what grading costs.
    `identity` tells the models and the prompt whose grades are kept for the same words; "" keeps none. What the
    organisers have to know although grading went on comes through `heard`.
    """

    grader: Grader
    support: Support | None = None
    budget: Budget | None = None
    identity: str = ""
    heard: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_HEARD))
    at_once: int = 16

    async def close(self) -> None:
        """Close the grader and what supports it."""
        await self.grader.close()
        if self.support:
            await self.support.close()


async def assess(grader: Grader, question: Question, answer: str, support: Support | None = None) -> Grade:
    """Grade one answer under the contract. Raises GraderAway or GraderError; never makes a score up.

    `support` checks whether the quotes support their key points; a grader whose quotes are of its own finding, because
    it is the one that would be asked, needs none.
    """
    task = strict.task(question, answer)
    settled = strict.settled(task)
    if settled:
        return settled
    verdict = await grader.grade(task)
    claimed = strict.claimed(task, verdict) if support else ()
    found = await support.supports(claimed, task.question) if support and claimed else []
    return strict.enforce(task, verdict, {pair for pair, so in zip(claimed, found, strict=True) if not so})


@dataclass(slots=True)
class _Claim:
    """A reply that this process grades, and until when (in microseconds) it is left to it.

    `coming` is what a renewal that is under way may have made of that.
    """

    id: int
    until: int
    coming: int

    @property
    def lease(self) -> dict[str, int]:
        """What tells the reply as ours: nobody else's lease ends then."""
        return {"held": self.until, "coming": self.coming}


class Grading:
    """The worker. Any number of them may run: a claim is a lease, renewed while its worker lives."""

    def __init__(
        self,
        store: Store,
        graders: Graders,
        clock: Clock,
        crash: CrashPoint,
        *,
        notices: Notices,
        bell: Bell,
        deliver: Callable[[], None],
        lease: dt.timedelta = LEASE,
        meter: Meter = NO_METER,
    ) -> None:
        self._store, self._graders, self._clock, self._crash = store, graders, clock, crash
        self._lease, self._meter = lease, meter
        self._notices = notices
        self._deliver = deliver
        self._at_once = graders.at_once
        self._same = Alone()
        self._copies = Copies(store)
        self._questions: dict[str, Question] = {}
        self._at_work: dict[asyncio.Task[None], _Claim] = {}
        self._unrecorded: list[_Claim] = []
        self._claimed_until = 0
        self._grades: OrderedDict[tuple[int, str], Grade] = OrderedDict()
        self.bell = bell

    async def step(self) -> float:
        """Claim what is due, as much as there is room for; the seconds until more may be due."""
        room = self._at_once - len(self._at_work)
        if room <= 0:
            return LONGEST_WAIT_S  # every finished task rings the bell
        now = self._clock.now()
        if late := list(self._unrecorded):  # their lease would keep them longer than the database was away
            again = records.micros(now + dt.timedelta(seconds=RETRY_AFTER_ERROR_S))
            await self._store.write(_renew, late, again)
            del self._unrecorded[: len(late)]
        lease = self._claimed_until = records.micros(now + self._lease)
        claimed = None
        while claimed is None:
            claimed = await self._store.write(turns.claim, records.micros(now), lease, room)
        self._crash("reply.claimed")
        for row in sorted(claimed, key=lambda row: (row["at"], row["id"])):
            claim = _Claim(row["id"], lease, lease)
            task = asyncio.create_task(self._one(row, claim), name=f"grade reply {row['id']}")
            self._at_work[task] = claim
            task.add_done_callback(self._finished)
        if len(claimed) == room:
            return LONGEST_WAIT_S
        due = await self._store.read(one, "replies_next_due")
        if due is None or due["at"] is None:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0.05, (records.moment(due["at"]) - self._clock.now()).total_seconds()))

    async def renew(self) -> float:
        """Hold on to what is being graded; the seconds until that is due again."""
        if held := list(self._at_work.values()):
            lease = records.micros(self._clock.now() + self._lease)
            for claim in held:
                claim.coming = lease
            for claim in await self._store.write(_renew, held, lease):
                claim.until = lease
            for claim in held:
                claim.coming = claim.until
        return self._lease.total_seconds() / 3

    async def take_back(self) -> None:
        """End all leases. Only for the one process of a database, at its start: nobody can hold them but the dead."""
        await self._store.write(_take_back, records.micros(self._clock.now()))

    async def idle(self) -> None:
        """Wait until the replies that were claimed are dealt with."""
        while self._at_work:
            await asyncio.wait(self._at_work)

    async def stop(self) -> None:
        """End what is being graded; it stays pending, and whoever comes next takes it up at once."""
        # Also what was cancelled while the database did it: a claim that we never saw, a renewal that was under way.
        ends = {end for claim in self._at_work.values() for end in (claim.until, claim.coming)} | {self._claimed_until}
        await stop(self._at_work)
        if self._claimed_until:
            await self._store.write(_let_go, sorted(ends), records.micros(self._clock.now()))

    def _finished(self, task: asyncio.Task[None]) -> None:
        claim = self._at_work.pop(task)
        self.bell.hear()
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: could not be recorded; it is tried again: %s", task.get_name(), error)
            if isinstance(error, StoreError):
                self._unrecorded.append(claim)

    async def _one(self, row: Row, claim: _Claim) -> None:
        question = await self._question(row)
        key = known.key(row["question_version"], row["text"], self._graders.identity)
        async with self._same.of(key):  # the same words are worth one request, also when they come together
            began = time.perf_counter()
            try:
                grade = self._grades.pop((row["id"], key), None) or await self._grade(row, question, key)
            except GraderAway as error:
                if error.spent and row["tries"] + 1 >= COSTLY_TRIES:
                    await self._give_back(row, claim, error, TRIES)
                else:
                    await self._postpone(row, claim, error)
                return
            except StoreError:  # the database's fault is not the grader's
                raise
            except Exception as error:  # noqa: BLE001  whatever a grader does, its reply isn't lost
                await self._give_back(row, claim, error)
                return
            log.debug("reply %s graded in %.0f ms", row["id"], 1000 * (time.perf_counter() - began))
            self._crash("reply.assessed")
            try:
                await self._keep(row, question, grade, key)
            except StoreError:  # it was paid for: whoever of us takes the reply up again has it
                self._grades[row["id"], key] = grade
                if len(self._grades) > MOST_UNRECORDED:
                    self._grades.popitem(last=False)
                raise
        self._crash("reply.recorded")
        self._deliver()
        await self._tell_organisers(row, grade)

    async def _grade(self, row: Row, question: Question, key: str) -> Grade:
        """The grade of a reply, asked for or known already. Raises what `assess` raises."""
        if self._graders.identity and (found := await self._store.read(known.find, key)):
            return found
        place = Place(row["platform"], row["community"], "")
        grader, budget = self._graders.grader, self._graders.budget
        metered = budget.metered(grader, place) if budget else grader
        return await assess(metered, question, row["text"], self._graders.support)

    async def _tell_organisers(self, row: Row, grade: Grade) -> None:
        """What they have to know is over, or has come up; a database that is away is told at another grade."""
        place, heard = Place(row["platform"], row["community"], ""), self._graders.heard
        newest = heard.pop() if heard else ""  # there is one notice for all
        heard.clear()
        try:
            if _outcome(grade) == "graded":  # the grader itself has answered
                await self._notices.clear(place)
            if newest:
                await self._notices.put(place, newest, everywhere=True)
        except StoreError as error:
            log.warning("what organisers have to know is noted later: %s", error)
            heard.extend([newest] if newest else [])

    async def _question(self, row: Row) -> Question:
        """What a reply answers. A version of a question never changes, so it is read once."""
        version: str = row["question_version"]
        if version not in self._questions:
            round_ = await self._store.read(one, "round_get", id=row["round_id"])
            assert round_ is not None  # noqa: S101  replies refer to their round
            if len(self._questions) >= KNOWN_QUESTIONS:
                del self._questions[next(iter(self._questions))]
            self._questions[version] = records.QUESTION.validate_json(round_["body"])
        return self._questions[version]

    async def _keep(self, row: Row, question: Question, grade: Grade, key: str) -> None:
        """Record a grade with whether its answer is a copy."""
        copied = await self._copies.holds(row, question.sample_answer)
        now = records.micros(self._clock.now())
        known_by = key if self._graders.identity else ""
        recorded = await self._store.write(_record, row["id"], grade, copied, now, known_by)
        self._meter.count("grades", grader=grade.receipt.grader, outcome=_outcome(grade) if recorded else "overtaken")

    async def spent_today(self, place: Place) -> Spent | None:
        """What grading has cost a community today (UTC); None where nobody counts."""
        return await self._graders.budget.today(place) if self._graders.budget else None

    @property
    def day_limits(self) -> tuple[int, float]:
        """What a community may spend in a day: tokens and money, 0 for no limit."""
        return self._graders.budget.limits.of_one if self._graders.budget else (0, 0.0)

    async def _postpone(self, row: Row, claim: _Claim, error: GraderAway) -> None:
        """The grader is away: the reply waits, however long that takes, and its author is told once."""
        now = self._clock.now()
        wait = max(backoff(row["waits"] + 1), error.retry_after or 0.0)
        if error.notice:
            place = Place(row["platform"], row["community"], "")
            await self._notices.put(place, error.notice, everywhere=not error.local)
        log.warning("the grader is away (%s); reply %s is tried again in %.0f s", error, row["id"], wait)
        due = records.micros(now + dt.timedelta(seconds=wait))
        tries = row["tries"] + int(error.spent is not None)
        await self._store.write(_postpone, row, claim.lease, due, str(error), records.micros(now), tries)
        self._meter.count("grades", grader=self._graders.grader.name, outcome="postponed")
        self._crash("reply.postponed")
        self._deliver()

    async def _give_back(self, row: Row, claim: _Claim, error: Exception, tries: int = 0) -> None:
        """The grader can't grade this one: try again a few times, then leave it to the organisers."""
        known = isinstance(error, GraderError)
        why = str(error) if known else f"unexpected {type(error).__name__} in the grader"
        tries = tries or row["tries"] + 1
        log.warning("reply %s could not be graded (try %d of %d): %s", row["id"], tries, TRIES, why,
                    exc_info=None if known else error)  # fmt: skip
        now = self._clock.now()
        due = records.micros(now + dt.timedelta(seconds=backoff(tries)))
        await self._store.write(_give_back, row, claim.lease, tries, due, why, records.micros(now))
        outcome = "failed" if tries >= TRIES else "retried"
        self._meter.count("grades", grader=self._graders.grader.name, outcome=outcome)
        self._crash("reply.given_back")
        self._deliver()

    async def regrade(self, place: Place, reply_id: str = "", *, by: Person | None = None) -> int:
        """Send one reply, or all that failed, back to the grader; how many.

        Raises UsageError for a wrong id, and for a grade that an organiser has set.
        """
        now = records.micros(self._clock.now())
        if reply_id and not (reply_id.isdecimal() and len(reply_id) < 16):
            raise UsageError(f"{reply_id} is not a reply's id. /mlops failed lists them.")
        if reply_id:
            found = await self._store.write(_regrade, place, int(reply_id), self._graders.identity, now, by)
            if not found:
                raise UsageError(f"There is no reply {reply_id} to grade again. /mlops failed lists them.")
        else:
            found = await self._store.write(_regrade_failed, place, now, by)
        self._crash("reply.regraded")
        self.bell.ring()
        return len(found)


def _outcome(grade: Grade) -> str:
    """What operators tell apart: a grade that was asked for, known already, or plain without asking anybody."""
    if grade.receipt.reused:
        return "reused"
    if grade.receipt == strict.CONTRACT:
        return "settled"
    return "fallback" if grade.receipt.fallback else "graded"


# ---------------------------------------------------------------------------------------------- units of work


def _renew(held: Sequence[_Claim], lease: int) -> Unit[list[_Claim]]:
    """Let leases end at another time (in microseconds); the claims that we still had."""
    kept: list[_Claim] = []
    for claim in held:
        moved = yield from one("reply_renew", id=claim.id, held=claim.until, lease=lease)
        kept += [claim] if moved else []
    return kept


def _let_go(ends: Sequence[int], now: int) -> Unit[None]:
    """End the leases that would end at one of these times (in microseconds)."""
    for end in ends:
        yield from rows("replies_let_go", held=end, now=now)


def _take_back(now: int) -> Unit[None]:
    yield from rows("replies_take_back", now=now)
    yield from rows("outbox_take_back", now=now)


def _regrade(place: Place, reply_id: int, grader: str, now: int, by: Person | None) -> Unit[Sequence[Row]]:
    """Send one reply back; what is known of its words is forgotten, or it would only be given again."""
    where = {"platform": place.platform, "community": place.community}
    found = yield from rows("reply_regrade", **where, now=now, id=reply_id)
    if found and (yield from one("override_get", reply_id=reply_id)):
        raise UsageError(
            f"An organiser has set the grade of reply {reply_id}, and the grader doesn't undo that."
            f" /mlops override {reply_id} changes it again."
        )
    if found:
        yield from acts.note(place, by, Act.REGRADE, f"reply {reply_id}", now)
    for row in found:
        round_ = yield from one("round_get", id=row["round_id"])
        if round_ and round_["question_version"]:
            key = known.key(round_["question_version"], row["text"], grader)
            yield from one("grade_known_drop", key=key)
    return found


def _regrade_failed(place: Place, now: int, by: Person | None) -> Unit[Sequence[Row]]:
    found = yield from rows("replies_regrade_failed", platform=place.platform, community=place.community, now=now)
    if found:
        yield from acts.note(place, by, Act.REGRADE, f"all that failed: {len(found)}", now)
    return found


def _record(reply_id: int, grade: Grade, copied: bool, now: int, key: str) -> Unit[bool]:
    """The grade, the person's result, the boards and the outgoing message: all or nothing.

    False when the reply was edited, deleted or forgotten meanwhile: then the grade is dropped.
    """
    row = yield from one(
        "reply_graded",
        id=reply_id,
        score=grade.score,
        grade=records.GRADE.dump_json(grade).decode(),
        copied=int(copied),
        disputed=int(grade.receipt.disputed),
        now=now,
    )
    if row is None:
        return False
    if key:
        yield from known.put(key, reply_id, grade)
    home = yield from one("round_home", id=row["round_id"])
    assert home is not None  # noqa: S101  replies refer to their round
    yield from results.recount(row["round_id"], row["user_id"], home)
    yield from post_grade(row, Place(home["platform"], home["community"], home["channel"]), now)
    yield from results.tell(row["round_id"], now, home)  # a grade may come after the close
    return True


def _postpone(row: Row, lease: Mapping[str, int], due: int, why: str, now: int, tries: int) -> Unit[None]:
    change = {"id": row["id"], "due_at": due, "tries": tries, "waits": row["waits"] + 1, "failure": why[:500]}
    waiting = yield from one("reply_postpone", **change, **lease)
    if waiting is None or row["waits"] > 0:
        return
    told = yield from one("outbox_of_reply", round_id=row["round_id"], reply_id=row["id"], kind="pending")
    home = yield from one("round_home", id=row["round_id"])
    if told is None and home is not None:
        place = Place(home["platform"], home["community"], home["channel"])
        yield from post(place, "pending", row["round_id"], row["id"], now)


def _give_back(row: Row, lease: Mapping[str, int], tries: int, due: int, why: str, now: int) -> Unit[None]:
    change = {"id": row["id"], "tries": tries, "failure": why[:500]}
    if tries >= TRIES:
        if (yield from one("reply_failed", **change, **lease)):
            yield from results.tell(row["round_id"], now)  # nothing waits for it any more
    else:
        yield from one("reply_postpone", **change, due_at=due, waits=row["waits"], **lease)
