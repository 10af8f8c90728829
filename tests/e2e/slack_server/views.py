"""Modals and homes: views.*, and the trigger ids that they need."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from tests.e2e.slack_server.blocks import check_view, with_ids
from tests.e2e.slack_server.calls import Call, Handle
from tests.e2e.slack_server.entities import Installation, SlackError, User, new_id
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.view import View
from tests.e2e.slack_server.world import World

DEPTH = 3
"""Modals that can lie on each other."""


@dataclass(eq=False)
class Trigger:
    """What entitles the app to open a modal for a person: once, and not for long."""

    user: User
    installation: Installation
    born: float
    used: bool = False
    view: View | None = None


class Views:
    """`trigger_s` is how long a trigger id is valid."""

    def __init__(self, world: World) -> None:
        self.trigger_s = 3.0
        self.triggers: dict[str, Trigger] = {}
        self._world = world

    def handlers(self) -> dict[str, Handle]:
        return {
            "views.open": self._open,
            "views.push": self._push,
            "views.update": self._update,
            "views.publish": self._publish,
        }

    def trigger(self, user: User, installation: Installation) -> str:
        id_ = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[id_] = Trigger(user, installation, time.monotonic())
        return id_

    def stack(self, user: User) -> list[View]:
        """The modals that lie before a person, the topmost last."""
        return [v for v in self._world.views.values() if v.user is user and v.open and v.body["type"] == "modal"]

    def expire(self) -> None:
        """All trigger ids given so far have had their time."""
        for trigger in self.triggers.values():
            trigger.born = -self.trigger_s

    # ------------------------------------------------------------------------------------------ methods

    def _spend(self, call: Call) -> Trigger:
        trigger = self.triggers.get(call.need("trigger_id"))
        if trigger is None or trigger.installation is not call.ours:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self.trigger_s:
            raise SlackError("expired_trigger_id")
        return trigger

    def _open(self, call: Call) -> Json:
        trigger = self._spend(call)
        check_view(call.need("view"), "modal")
        trigger.used = True
        for view in self.stack(trigger.user):
            view.open = False
        trigger.view = self.make(trigger.user, call.ours, call.args["view"], None)
        return {"view": trigger.view.json()}

    def _push(self, call: Call) -> Json:
        trigger = self._spend(call)
        stack = self.stack(trigger.user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= DEPTH:
            raise SlackError("push_limit_reached")
        check_view(call.need("view"), "modal")
        trigger.used = True
        trigger.view = self.make(trigger.user, call.ours, call.args["view"], stack[-1])
        return {"view": trigger.view.json()}

    def make(self, user: User, installation: Installation, body: Json, below: View | None) -> View:
        id_ = new_id("V")
        kept = body | {"blocks": with_ids(body["blocks"])}
        if body.get("external_id") and any(v.body.get("external_id") == body["external_id"] for v in self.stack(user)):
            raise SlackError("duplicate_external_id")
        root, previous = (below.root, below.id) if below else (id_, None)
        view = View(id_, user.team, user, kept, installation, root, previous)
        self._world.views[id_] = view
        return view

    def change(self, view: View, body: Json) -> None:
        """Replace what a view shows."""
        view.body = body | {"blocks": with_ids(body["blocks"])}
        view.version += 1

    def _named(self, call: Call) -> View:
        for view in self._world.views.values():
            named: Any = call.args.get("external_id")
            if view.open and (view.id == call.args.get("view_id") or (named and view.body.get("external_id") == named)):
                if view.bot is not call.ours:
                    break
                return view
        raise SlackError("not_found")

    def _update(self, call: Call) -> Json:
        view = self._named(call)
        if call.args.get("hash") not in (None, view.hash):
            raise SlackError("hash_conflict")
        check_view(call.need("view"), view.body["type"])
        self.change(view, call.args["view"])
        return {"view": view.json()}

    def _publish(self, call: Call) -> Json:
        user = call.person(call.need("user_id"))
        if user.bot_id:
            raise SlackError("invalid_arguments")
        check_view(call.need("view"), "home")
        key = (call.ours.team.id, user.id)
        home = self._world.homes.get(key)
        if home is None:
            self._world.homes[key] = home = self.make(user, call.ours, call.args["view"], None)
            return {"view": home.json()}
        if call.args.get("hash") not in (None, home.hash):
            raise SlackError("hash_conflict")
        self.change(home, call.args["view"])
        return {"view": home.json()}
