"""Commands, presses, forms and shortcuts: what people do with the app, and what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.slack_server.blocks import check_view
from tests.e2e.slack_server.delivery import Delivery, Outgoing
from tests.e2e.slack_server.entities import APP_ID, Channel, Ephemeral, Installation, Message, SlackError, User
from tests.e2e.slack_server.forms import filled
from tests.e2e.slack_server.hooks import Hook, Hooks
from tests.e2e.slack_server.reading import Json, elements_of
from tests.e2e.slack_server.view import View
from tests.e2e.slack_server.views import Trigger, Views
from tests.e2e.slack_server.world import World


@dataclass(eq=False, repr=False)
class Interaction:
    """One thing that a person did with the app, and what came back.

    `error` is what the person reads when it isn't acknowledged: operation_timeout, or dispatch_failed. `delivery` has
    the acknowledgement (acked, ack_ms, response); `hook` what came through the response_url.
    """

    world: World
    user: User
    delivery: Delivery
    trigger: Trigger
    hook: Hook | None
    dm: Channel
    view: View | None = None
    error: str = ""
    done: bool = False
    _ephemerals_before: int = 0
    _before: set[str] = field(default_factory=set)

    @property
    def ephemerals(self) -> list[Ephemeral]:
        """What only this person was shown since."""
        return [e for e in self.world.ephemerals[self._ephemerals_before :] if e.user is self.user]

    @property
    def messages(self) -> list[Message]:
        """What the app since said to this person by direct message, or to all through the response_url."""
        direct = [m for m in self.dm.messages.values() if m.ours and m.ts not in self._before]
        return [*(self.hook.messages if self.hook else []), *direct]

    @property
    def opened(self) -> View | None:
        """The form that it opened."""
        return self.trigger.view

    async def acked(self, seconds: float = 10.0) -> Delivery:
        """Wait until it was acknowledged. Raises AssertionError when it wasn't, with what the person reads."""
        await self._until(lambda: self.done, seconds)
        assert not self.error, f"the person reads {self.error}"
        return self.delivery

    async def answer(self, seconds: float = 10.0) -> Ephemeral | Message:
        """The first thing that the app said to this person, once it is there."""
        await self._until(lambda: self.ephemerals or self.messages, seconds)
        said: list[Ephemeral | Message] = [*self.ephemerals, *self.messages]
        return said[0]

    async def form(self, seconds: float = 10.0) -> View:
        """The form that it opens, once it is there."""
        await self._until(lambda: self.opened, seconds)
        assert self.opened is not None
        return self.opened

    async def _until(self, predicate: Any, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not predicate():
            what = f"{self.delivery.kind} (acked: {self.delivery.acked}, error: {self.error!r})"
            assert time.monotonic() < end, f"nothing came of {what} within {seconds} s"
            await asyncio.sleep(0.005)


class Interactions:
    def __init__(self, world: World, views: Views, hooks: Hooks, outgoing: Outgoing) -> None:
        self._world, self._views, self._hooks, self._outgoing = world, views, hooks, outgoing
        self.commands: tuple[str, ...] = ("/mlops",)

    def _begin(
        self, kind: str, user: User, ours: Installation, payload: Json, hook: Hook | None, view: View | None = None
    ) -> Interaction:
        id_ = self._views.trigger(user, ours)
        dm = self._world.dm(ours, user)
        delivery, task = self._outgoing.once(kind, payload | {"trigger_id": id_})
        made = Interaction(
            self._world, user, delivery, self._views.triggers[id_], hook, dm, view,
            _ephemerals_before=len(self._world.ephemerals), _before=set(dm.messages),
        )  # fmt: skip
        self._outgoing.spawn(self._conclude(made, task))
        return made

    async def _conclude(self, made: Interaction, task: asyncio.Task[None]) -> None:
        await task
        delivery = made.delivery
        if not delivery.acked:
            late = delivery.reasons[-1] in ("timeout", "http_timeout")
            made.error = "operation_timeout" if late else "dispatch_failed"
        elif delivery.response:
            self._obey(made, delivery.response)
        elif made.view is not None and delivery.payload["type"] == "view_submission":
            made.view.open = False
        made.done = True

    def _obey(self, made: Interaction, said: Json) -> None:
        try:
            if made.view is not None and made.delivery.payload["type"] == "view_submission":
                self._respond(made.view, said)
            elif made.delivery.kind == "slash_commands" and made.hook is not None:
                self._hooks.apply(made.hook, said)
            else:
                self._world.faults.append(f"a press was acknowledged with {said}: Slack ignores that")
        except SlackError as refused:
            self._world.faults.append(f"an acknowledgement that Slack refuses: {refused.body}")
            made.error = "invalid_response"

    def _respond(self, view: View, said: Json) -> None:
        action = said.get("response_action")
        view.response = said
        if action == "errors":
            self._errors(view, said.get("errors") or {})
        elif action == "update":
            check_view(said.get("view"), "modal")
            self._views.change(view, said["view"])
        elif action == "push":
            check_view(said.get("view"), "modal")
            self._views.make(view.user, view.bot, said["view"], view)
        elif action == "clear":
            for one in self._views.stack(view.user):
                one.open = False
        else:
            raise SlackError("invalid_response_action", said=said)

    def _errors(self, view: View, errors: Json) -> None:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not errors or not errors.keys() <= inputs or not all(isinstance(e, str) and e for e in errors.values()):
            raise SlackError("invalid_errors", errors=errors, inputs=sorted(inputs))
        view.errors = dict(errors)

    # ------------------------------------------------------------------------------------------ what people do

    def _installed(self, user: User) -> Installation:
        found = self._world.installation(user.team)
        if found is None:
            raise LookupError(f"the app isn't installed in {user.team.name}")
        return found

    def slash(self, user: User, channel: Channel, text: str) -> Interaction:
        command, _, rest = text.strip().partition(" ") if text.startswith("/") else (self.commands[0], "", text)
        ours = self._installed(user)
        if command not in self.commands or "commands" not in ours.scopes:
            raise LookupError(f"{command} is not a valid command")
        if user.id not in channel.members:
            raise LookupError(f"{user.name} isn't in {channel.name}")
        url, hook = self._hooks.make(ours, channel, user, None)
        payload = {
            "token": "loopback-verification-token", "team_id": ours.team.id, "team_domain": ours.team.domain,
            "channel_id": channel.id, "channel_name": _name(channel), "user_id": user.id,
            "user_name": user.name.lower().replace(" ", "."), "command": command, "api_app_id": APP_ID,
            "text": self._world.typed(rest.strip())["text"], "is_enterprise_install": "false", "response_url": url,
        }  # fmt: skip
        return self._begin("slash_commands", user, ours, payload, hook)

    def press(self, user: User, where: Message | Ephemeral | View, which: str, value: Any = None) -> Interaction:
        part = _part(where, which)
        action = _action(part, value) | {"action_ts": self._world.stamp()}
        if isinstance(where, View):
            container: Json = {"container": {"type": "view", "view_id": where.id}, "view": where.json()}
            payload = self._press(user, where.bot, action) | container
            return self._begin("interactive", user, where.bot, payload, None, where)
        ours = self._poster(where)
        if user.id not in where.channel.members:
            raise LookupError(f"{user.name} isn't in {where.channel.name}")
        url, hook = self._hooks.make(ours, where.channel, user, where)
        payload = self._press(user, ours, action) | self._place(where) | {"response_url": url}
        return self._begin("interactive", user, ours, payload, hook)

    def _poster(self, where: Message | Ephemeral) -> Installation:
        if isinstance(where, Ephemeral):
            if where.gone:
                raise LookupError("that message is gone")
            return (
                self._world.hearing(where.channel)[0]
                if self._world.hearing(where.channel)
                else self._installed(where.user)
            )
        if not where.ours or where.deleted:
            raise LookupError("that message isn't the app's, or is deleted")
        return next(i for i in self._world.installations.values() if i.bot is where.user and not i.state)

    def _press(self, user: User, ours: Installation, action: Json) -> Json:
        return self._base("block_actions", user, ours) | {"state": {"values": {}}, "actions": [action]}

    def _base(self, kind: str, user: User, ours: Installation) -> Json:
        handle = user.name.lower().replace(" ", ".")
        return {
            "type": kind, "team": {"id": ours.team.id, "domain": ours.team.domain}, "api_app_id": APP_ID,
            "user": {"id": user.id, "username": handle, "name": handle, "team_id": user.team.id},
            "token": "loopback-verification-token", "enterprise": None, "is_enterprise_install": False,
        }  # fmt: skip

    def _place(self, where: Message | Ephemeral) -> Json:
        hidden = isinstance(where, Ephemeral)
        container: Json = {"type": "message", "message_ts": where.ts, "channel_id": where.channel.id}
        container |= {"is_ephemeral": hidden} | ({"thread_ts": where.thread_ts} if where.thread_ts else {})
        place: Json = {"container": container, "channel": {"id": where.channel.id, "name": _name(where.channel)}}
        return place | ({} if isinstance(where, Ephemeral) else {"message": where.json()})

    def shortcut(self, user: User, callback_id: str, message: Message | None) -> Interaction:
        ours = self._installed(user)
        payload = self._base("message_action" if message else "shortcut", user, ours)
        payload |= {"callback_id": callback_id, "action_ts": self._world.stamp()}
        if message is None:
            return self._begin("interactive", user, ours, payload, None)
        url, hook = self._hooks.make(ours, message.channel, user, None)
        place = {"channel": {"id": message.channel.id, "name": _name(message.channel)}, "message": message.json()}
        payload |= place | {"message_ts": message.ts, "response_url": url}
        return self._begin("interactive", user, ours, payload, hook)

    def submit(self, user: User, view: View, values: Json) -> Interaction:
        assert view.open, "that form is closed"
        assert view.user is user, "that form is somebody else's"
        view.errors = {}
        payload = self._form("view_submission", view, filled(view, values)) | {"response_urls": []}
        return self._begin("interactive", user, view.bot, payload, None, view)

    def close(self, user: User, view: View) -> Interaction | None:
        """Close a form; the app hears of it when it asked to."""
        view.open = False
        if not view.body.get("notify_on_close"):
            return None
        payload = self._form("view_closed", view, {}) | {"is_cleared": False}
        return self._begin("interactive", user, view.bot, payload, None, view)

    def _form(self, kind: str, view: View, values: Json) -> Json:
        own = {"team": {"id": view.user.team.id, "domain": view.user.team.domain}}
        return self._base(kind, view.user, view.bot) | own | {"view": view.json(values)}


def _name(channel: Channel) -> str:
    return {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)


def _part(where: Message | Ephemeral | View, which: str) -> Json:
    parts = elements_of(where.blocks)
    for part in parts:
        label = part["text"]["text"] if part.get("type") == "button" else None
        if which in (part.get("action_id"), label):
            return part
    named = [part["text"]["text"] if part.get("type") == "button" else part.get("action_id") for part in parts]
    raise LookupError(f"there is {named}, not {which!r}")


def _action(part: Json, value: Any) -> Json:
    kind = part["type"]
    kept: Json = {key: part[key] for key in ("action_id", "block_id", "type", "text", "value", "style") if key in part}
    if kind in ("static_select", "radio_buttons", "overflow"):
        option = next((o for o in part.get("options", []) if value in (o["value"], o["text"]["text"])), None)
        assert option is not None, f"{value!r} is not offered"
        return kept | {"selected_option": option}
    if kind == "checkboxes":
        return kept | {"selected_options": [o for o in part["options"] if o["value"] in value]}
    if kind in ("users_select", "conversations_select", "channels_select"):
        return kept | {f"selected_{kind.removesuffix('s_select')}": value}
    assert kind in ("button", "plain_text_input"), f"{kind} can't be pressed here"
    return kept
