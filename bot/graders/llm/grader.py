"""The grader that asks a language model: one request a grade, one more when the reply can't be read."""

from __future__ import annotations

import logging

from bot.core.errors import GraderAway, GraderError
from bot.core.model import PointVerdict, Price, Receipt, Task, Verdict
from bot.graders.llm.client import Client, NoJson
from bot.graders.llm.reading import Reading, Unreadable, read
from bot.graders.llm.request import Request, Template
from bot.graders.llm.timing import Timing
from bot.graders.llm.wire import Completion

log = logging.getLogger(__name__)

UNREAD_S = 900.0
"""How long a reply waits whose verdict couldn't be read: every try costs two requests."""


_CUT = "Replies of {0} don't fit into {1} tokens. Raise COACH_LLM_MAX_TOKENS, above all for a model that thinks first."


class LlmGrader:
    """Grades with a template, by one model.

    `template` and `prompt_version` are the strict template's; `price` turns tokens into money. `deadline_s` bounds a
    grade with all its waiting and retries, `max_tokens` the length of a reply; a reply that was cut is asked for again
    with twice that.
    """

    name = "llm"

    def __init__(
        self,
        client: Client,
        template: str,
        prompt_version: str,
        timing: Timing,
        *,
        price: Price | None = None,
        deadline_s: float = 60.0,
        max_tokens: int = 1200,
        seed: int = 0,
    ) -> None:
        self._client, self._template, self._timing = client, Template(template), timing
        self._version, self._price = prompt_version, price
        self._deadline_s, self._max_tokens, self._seed = deadline_s, max_tokens, seed

    async def grade(self, task: Task) -> Verdict:
        """The model's verdict, quotes in the student's own words where they can be found there.

        Raises GraderAway for what passes and for a reply that can't be read the second time either, GraderError for a
        task that this model can't take; `spent` then holds what was used all the same.
        """
        spent = _Spent(self._timing.now(), self._client.model)
        try:
            return await self._grade(task, spent)
        except GraderError as exc:
            exc.spent = self._receipt(spent) if spent.tokens else None
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _grade(self, task: Task, spent: _Spent) -> Verdict:
        request = self._template.request(task)
        messages, room, problem, notice = request.messages(), self._max_tokens, "", ""
        for _ in range(2):
            try:
                found = await self._client.ask(
                    messages,
                    points=len(task.key_points),
                    room=room,
                    seed=self._seed,
                    until=spent.begun + self._deadline_s,
                )
            except NoJson:
                problem = "the response isn't JSON"
                continue
            spent.add(found)
            try:
                return self._verdict(task, request, _reading(found, len(task.key_points)), spent)
            except Unreadable as exc:
                problem = str(exc)
                messages = request.repair(found.text, problem)
                room = self._max_tokens * (2 if found.cut else 1)
                notice = _CUT.format(found.model, self._max_tokens) if found.cut else ""
            log.info("a reply of %s can't be used: %s", self._client.model, problem)
        raise GraderAway(f"two replies of {self._client.model} couldn't be used ({problem})", UNREAD_S, notice)

    def _verdict(self, task: Task, request: Request, found: Reading, spent: _Spent) -> Verdict:
        points = tuple(
            PointVerdict(point, judged.coverage, request.answer.in_original(judged.quote))
            for point, judged in zip(task.key_points, found.points, strict=True)
        )
        return Verdict(found.score, points, self._receipt(spent), found.reasons)

    def _receipt(self, spent: _Spent) -> Receipt:
        cost = self._price.of(spent.taken, spent.cached, spent.written) if self._price else 0.0
        return Receipt(
            self.name,
            spent.model,
            self._version,
            spent.taken,
            spent.written,
            round(self._timing.now() - spent.begun, 4),
            spent.cached,
            cost,
        )


class _Spent:
    """What the requests of one grade have used so far."""

    def __init__(self, begun: float, model: str) -> None:
        self.begun, self.model = begun, model
        self.taken = self.cached = self.written = 0

    def add(self, found: Completion) -> None:
        self.model = found.model or self.model
        self.taken += found.input_tokens
        self.cached += found.cached_tokens
        self.written += found.output_tokens

    @property
    def tokens(self) -> int:
        return self.taken + self.written


def _reading(found: Completion, points: int) -> Reading:
    try:
        return read(found.text, points)
    except Unreadable:
        if found.refusal:
            raise Unreadable("it is a refusal, not a verdict") from None
        if found.cut:
            raise Unreadable("it was too long and ended in the middle; keep quotes and reasons short") from None
        raise
