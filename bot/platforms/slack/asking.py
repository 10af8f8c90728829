"""What Slack sends when somebody asks for something, read as a call of the table and the way back to them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.commands import Call
from bot.core.model import Person, Place, Reply
from bot.platforms.slack.answers import Back
from bot.platforms.slack.blocks import forms, ids
from bot.platforms.slack.inbox import PLATFORM, reply_of, written
from bot.platforms.slack.people import People

AT_HOME = ids.thread_of("D0", "0.0")
"""Stands for the thread of a form that was opened from the coach's home."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, the way back, and the trigger that opens a form within 3 s ("" where there is none).

    `home` says that it was asked on the coach's home; `chart` that only the call's chart is wanted.
    """

    call: Call
    back: Back
    trigger: str = field(default="", repr=False)
    home: bool = False
    chart: bool = False

    def with_call(self, **changed: Any) -> Asked:  # noqa: ANN401  fields of Call
        """The same with a changed call."""
        return dataclasses.replace(self, call=dataclasses.replace(self.call, **changed))


class Reader:
    """Reads payloads. Names are those that are known already: nobody is asked."""

    def __init__(self, people: People) -> None:
        self._people = people

    def person(self, team: str, user: str) -> Person:
        """Somebody by the name that is known, "" if none is."""
        known = self._people.known(team, user)
        return Person(user, known.name if known else "")

    def _call(self, team: str, user: str, channel: str, verb: str, at: dt.datetime, key: str, thread: str = "") -> Call:
        return Call(verb, Place(PLATFORM, team, channel), self.person(team, user), at, key, thread=thread)

    def slash(self, team: str, payload: Payload, at: dt.datetime) -> Asked:
        """A slash command; its verb is still to be read."""
        user, channel, trigger = (_text(payload, name) for name in ("user_id", "channel_id", "trigger_id"))
        back = Back(team, user, channel, url=_text(payload, "response_url"), typed=True)
        return Asked(self._call(team, user, channel, "", at, trigger), back, trigger)

    def press(self, team: str, payload: Payload, at: dt.datetime) -> Asked | None:
        """A button of ours; None for others."""
        actions = payload.get("actions") or [{}]
        press = ids.press(_part({"a": actions[0]}, "a").get("value"))
        if press is None:
            return None
        user, here = _text(_part(payload, "user"), "id"), _text(_part(payload, "channel"), "id")
        thread = _thread(payload)
        trigger = _text(payload, "trigger_id")
        made = self._call(
            team, user, press.channel or here, press.of or press.verb, at, trigger,
            ids.thread_of(here, thread) if thread else "",
        )  # fmt: skip
        call = dataclasses.replace(made, target=press.target, args=press.args)
        back = Back(team, user, here, thread, url=_text(payload, "response_url"))
        return Asked(call, back, trigger, home=not here, chart=press.verb == ids.CHART)

    def submission(self, team: str, payload: Payload, at: dt.datetime) -> Asked | None:
        """A form of ours that was sent, however long ago it was opened; None for others."""
        view = _part(payload, "view")
        press = ids.form(view.get("private_metadata"))
        if press is None or view.get("callback_id") != ids.FORM_CALLBACK:
            return None
        values = forms.values(view)
        user = _text(_part(payload, "user"), "id")
        # The same when it is delivered twice, another when something was changed after an error.
        typed = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
        made = self._call(team, user, press.channel, press.verb, at, f"{_text(view, 'id')}-{typed}")
        where, ts = ids.split_thread(press.thread)
        direct = where.startswith("D") or press.channel.startswith("D") or not press.channel
        call = dataclasses.replace(
            made, target=press.target, args=values, submitted=True, thread="" if direct else press.thread
        )
        back = Back(team, user) if direct else Back(team, user, press.channel, ts)
        return Asked(call, back, home=press.thread == AT_HOME)

    def shortcut(self, team: str, me: str, payload: Payload, at: dt.datetime) -> Asked:
        """ "Grade this answer", chosen on a message."""
        user, here = _text(_part(payload, "user"), "id"), _text(_part(payload, "channel"), "id")
        message = _part(payload, "message")
        thread = _text(message, "thread_ts")
        trigger = _text(payload, "trigger_id")
        made = self._call(team, user, here, "grade", at, trigger, ids.thread_of(here, thread) if thread else "")
        reply = self._written(team, me, made.thread, message) if thread else None
        call = dataclasses.replace(made, target=_text(message, "ts"), written=reply)
        return Asked(call, Back(team, user, here, thread, url=_text(payload, "response_url")), trigger)

    def _written(self, team: str, me: str, thread: str, message: Payload) -> Reply | None:
        if not written(message):
            return None
        return reply_of(message, team, thread, me, self._people.known(team, _text(message, "user")))

    def said(self, team: str, event: Payload, at: dt.datetime) -> Asked:
        """A message to the coach, in its direct messages or beginning with its name; its verb is still to be read."""
        user, channel, thread = (_text(event, name) for name in ("user", "channel", "thread_ts"))
        inside = ids.thread_of(channel, thread) if thread and not channel.startswith("D") else ""
        made = self._call(team, user, channel, "", at, f"{channel}-{_text(event, 'ts')}", inside)
        return Asked(made, Back(team, user, channel, thread))


def _text(payload: Payload, name: str) -> str:
    found = payload.get(name)
    return found if isinstance(found, str) else ""


def _part(payload: Payload, name: str) -> Payload:
    found = payload.get(name)
    return found if isinstance(found, Mapping) else {}


def _thread(payload: Payload) -> str:
    """The head of the thread that a pressed message is in; "" for one in the channel, even when it is a head itself."""
    container, message = _part(payload, "container"), _part(payload, "message")
    head = _text(container, "thread_ts") or _text(message, "thread_ts")
    return "" if head == (_text(container, "message_ts") or _text(message, "ts")) else head
