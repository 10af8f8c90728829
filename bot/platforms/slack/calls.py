"""Commands, buttons, forms and mentions: what people ask for on Slack, run and answered."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import re
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from bot.coach import Coach
from bot.commands import BY_VERB, Call, Kind, command_of, mentioned, parse, perform
from bot.core import render
from bot.core.errors import CoachError, PlatformError, StoreError, UsageError
from bot.core.message import Button, Form, Message, Para
from bot.core.rules import is_answer
from bot.platforms.slack.advice import Advice
from bot.platforms.slack.answers import CHART_SENT, Answers
from bot.platforms.slack.asking import AT_HOME, Asked, Payload, Reader
from bot.platforms.slack.blocks import forms, ids
from bot.platforms.slack.channels import NOT_HERE, Channels
from bot.platforms.slack.inbox import Threads, asked, spoken_to
from bot.platforms.slack.link.faults import translating
from bot.platforms.slack.link.workspaces import Workspace, Workspaces
from bot.platforms.slack.people import People

log = logging.getLogger(__name__)

T = TypeVar("T")

SUBMIT_S = 2.5
"""How long a form may take: Slack waits for 3 s, and what was typed must not be lost."""

WHO_S = 1.0
"""How long may be waited for what Slack knows about somebody, where a form has to open within 3 s."""

_POSTING = frozenset({"question", "post-now"})
_OF_A_CHANNEL = frozenset({"skip", "config setup", "config show", "config set", "config test"})
_OF_A_ROUND = frozenset({"answer", "hint", "mygrade"})
_TOLD_NAMES = frozenset({"me", "help", "leaderboard", "privacy"})
_APOLOGY = "That didn't work, and it isn't your fault. Try again in a minute."


class Calls:
    """Runs what people ask for, and answers whatever happens."""

    def __init__(
        self,
        coach: Coach,
        workspaces: Workspaces,
        people: People,
        channels: Channels,
        threads: Threads,
        answers: Answers,
        *,
        command: str,
    ) -> None:
        self._coach, self._workspaces, self._people = coach, workspaces, people
        self._channels, self._threads, self._answers = channels, threads, answers
        self._advice, self._reader, self._command = Advice(coach, channels), Reader(people), command

    def _now(self) -> dt.datetime:
        return self._coach.clock.now()

    # ------------------------------------------------------------------------------------------ the ways in

    async def slash(self, team: str, payload: Payload) -> None:
        """A slash command."""
        await self._typed(self._reader.slash(team, payload, self._now()), str(payload.get("text") or ""))

    async def press(self, team: str, payload: Payload) -> Asked | None:
        """A button of ours, on a message of any age; others are left alone. What was asked for by it, once done."""
        found = self._reader.press(team, payload, self._now())
        command = BY_VERB.get(found.call.verb) if found else None
        if found is None or command is None or not (Kind.BUTTON in command.kinds or command.form):
            return None  # a button of a version that had other commands
        await self._run(found)
        return found

    async def shortcut(self, team: str, payload: Payload) -> None:
        """The message shortcut "Grade this answer"."""
        workspace = await self._workspaces.get(team)
        await self._run(self._reader.shortcut(team, workspace.bot_user, payload, self._now()))

    async def mention(self, team: str, event: Payload) -> None:
        """A message that mentions the coach: a command when it begins so and goes on so; an answer is none."""
        me = (await self._workspaces.get(team)).bot_user
        to_us = spoken_to(str(event.get("text") or ""), me)
        if to_us is None:
            return
        found, text = self._reader.said(team, event, self._now()), asked(to_us)
        try:
            known = mentioned(text)
        except UsageError as error:
            await self._tell(found, render.problem(str(error)))
            return
        if known:
            await self._run(found.with_call(verb=known[0], args=known[1]))
        elif not (is_answer(text, addressed=False) and await self._of_a_round(found.call)):
            await self._typed(found, text)

    async def _of_a_round(self, call: Call) -> bool:
        return bool(call.thread) and await self._threads.round_of(call.place.community, call.thread) is not None

    async def direct(self, team: str, event: Payload) -> None:
        """A direct message to the coach."""
        me = (await self._workspaces.get(team)).bot_user
        text = str(event.get("text") or "")
        to_us = spoken_to(text, me)
        words = asked(text if to_us is None else to_us).removeprefix(self._command)
        await self._typed(self._reader.said(team, event, self._now()), words)

    async def _typed(self, found: Asked, text: str) -> None:
        """Words as a command; those that are none are answered with help."""
        try:
            verb, args = parse(asked(text) if found.back.typed else text)
        except UsageError as error:
            await self._misread(found, text, error)
            return
        await self._run(found.with_call(verb=verb, args=args))

    async def _misread(self, found: Asked, text: str, error: UsageError) -> None:
        words = text.casefold().split()
        if BY_VERB.keys() & {" ".join(words[:1]), " ".join(words[:2])}:
            await self._tell(found, render.problem(str(error)))
        else:
            await self._run(found.with_call(verb="help"), before=str(error))

    # ------------------------------------------------------------------------------------------ running

    async def _run(self, found: Asked, *, before: str = "") -> None:
        """Run a call and show its answer, with `before` above it."""
        shared = False
        try:
            found = await self._known(found)
            await self._may(found.call)
            answer = await perform(self._coach, found.call)
            if isinstance(answer, Form):
                await self._open(found, answer)
                return
            answer = await self._advice.add(found.call, answer)
            shared = not command_of(found.call.verb).personal and not found.chart
        except UsageError as error:
            answer = render.problem(str(error))
        except CoachError as error:
            log.error("%s: %s", found.call.verb, error)
            answer = render.problem(_APOLOGY)
        except Exception:
            log.exception("%s: unexpected error", found.call.verb)
            answer = render.problem(_APOLOGY)
        if before:
            answer = dataclasses.replace(answer, blocks=(Para((before,)), *answer.blocks))
        await self._show(found, answer, shared=shared)

    async def _show(self, found: Asked, answer: Message, *, shared: bool) -> None:
        try:
            if found.chart and await self._answers.chart(found.back, answer):
                answer = render.say(CHART_SENT)
                if found.back.direct:
                    return
            elif shared:
                await self._answers.share(found.back, answer)
                answer = render.shown_to_all()
        except PlatformError as error:
            answer = render.problem(str(error))
        await self._tell(found, answer)

    async def _tell(self, found: Asked, answer: Message) -> None:
        try:
            await self._answers.tell(found.back, answer, found.call if found.call.verb in BY_VERB else None)
        except CoachError as error:
            log.warning("the answer to %s could not be shown: %s", found.call.verb or "a command", error)
        except Exception:
            log.exception("the answer to %s could not be shown", found.call.verb or "a command")
            with contextlib.suppress(CoachError):
                await self._answers.tell(found.back, render.problem(_APOLOGY))

    async def _known(self, found: Asked) -> Asked:
        """The call with what Slack tells about the person, as far as the call needs it. Raises UsageError."""
        call, team, user = found.call, found.call.place.community, found.call.person.id
        needed = command_of(call.verb).organisers
        if not needed and call.verb not in _TOLD_NAMES:
            return found
        installer = user == (await self._workspaces.get(team)).installer
        try:
            profile = await self._people.ask(team, user, within_s=WHO_S)
        except PlatformError:
            if needed and not installer and not await self._coach.organise.is_named(call.place, user):
                raise UsageError("Slack doesn't tell me right now whether you're an admin. Try again soon.") from None
            return found.with_call(organiser=installer)
        person = dataclasses.replace(call.person, name=profile.name)
        organiser = installer or profile.admin or (needed and await self._coach.organise.is_named(call.place, user))
        return found.with_call(person=person, organiser=organiser, zone=profile.zone)

    async def _may(self, call: Call) -> None:
        """Raise UsageError for what can't be done where it was asked for."""
        place = call.place
        nowhere = not place.channel or place.channel.startswith("D")
        if nowhere and call.verb in _POSTING | _OF_A_CHANNEL:
            raise UsageError(NOT_HERE)
        if nowhere and call.verb in _OF_A_ROUND and not call.target:
            raise UsageError("Which question? Press the button under it, or ask me in its channel.")
        if call.verb in _POSTING and (fault := await self._channels.fault(place.community, place.channel)):
            raise UsageError(fault)
        if call.verb == "question" or (call.organiser and call.verb in _POSTING | _OF_A_CHANNEL):
            await self._advice.name_channel(call)

    # ------------------------------------------------------------------------------------------ forms

    async def _open(self, found: Asked, form: Form) -> None:
        """Open a form, or offer a button that does where there is nothing to open it with any more."""
        call, back = found.call, found.back
        offer = render.say("Press to open the form.", buttons=(Button(form.title, form.verb, form.target),))
        if not found.trigger:
            await self._tell(found, offer)
            return
        thread = AT_HOME if found.home else call.thread
        if back.direct and not found.home:
            thread = ids.thread_of(back.channel, "0.0")
        workspace = await self._workspaces.get(back.team)
        try:
            await self._opened(workspace, found.trigger, forms.modal(form, call.place.channel, thread))
        except PlatformError as error:
            log.warning("a form could not be opened: %s", error)
            await self._tell(found, offer)

    async def _opened(self, workspace: Workspace, trigger: str, view: Mapping[str, Any]) -> None:
        with translating("a form", self._workspaces, workspace.team):
            await workspace.client.views_open(trigger_id=trigger, view=dict(view))

    async def submit(self, team: str, payload: Payload) -> tuple[Payload | None, Asked | None, Message | None]:
        """A form that was sent: what to acknowledge it with, and what is to be told to whom afterwards.

        Raises StoreError when it couldn't be stored in time, and then the form stays open.
        """
        sent = self._reader.submission(team, payload, self._now())
        if sent is None or sent.call.verb not in BY_VERB:
            return None, None, None
        values = sent.call.args
        try:
            found, answer = await _in_time(self._submitted(sent))
        except UsageError as error:
            text = re.sub(r"(?<!\w)/mlops(?!\w)", lambda _: self._command, str(error))
            return forms.missing([_meant(values, text)], text), None, None
        except StoreError:
            raise
        except CoachError as error:
            log.error("%s: %s", sent.call.verb, error)
            return forms.missing(list(values)[:1], _APOLOGY), None, None
        if sent.call.verb == "answer":
            self._people.later(team, sent.call.person.id)
        return None, found, answer

    async def _submitted(self, found: Asked) -> tuple[Asked, Message]:
        found = await self._known(found)
        await self._may(found.call)
        answer = await perform(self._coach, found.call)
        assert isinstance(answer, Message)  # noqa: S101  a form that was filled in opens no other
        return found, await self._advice.add(found.call, answer)

    async def told(self, found: Asked, answer: Message) -> None:
        """Show what came of a form."""
        await self._tell(found, answer)


async def _in_time(work: Coroutine[Any, Any, T]) -> T:
    """The result of some work that isn't broken off when it takes too long. Raises StoreError then."""
    task: asyncio.Task[T] = asyncio.create_task(work, name="a form on Slack")
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.wait_for(asyncio.shield(task), SUBMIT_S)
    except TimeoutError:
        raise StoreError("a form could not be stored in time; it is to be sent again") from None


def _meant(values: Mapping[str, str], problem: str) -> str:
    """The field that an error is about: the one whose value or name it mentions, else the first."""

    def hits(name: str) -> tuple[bool, bool]:
        typed: Sequence[str] = [part for part in re.split(r"[,\s]+", values[name]) if part]
        return any(problem.startswith(part) or f" {part}" in problem for part in typed), name in problem

    return max(values, key=hits, default="answer")
