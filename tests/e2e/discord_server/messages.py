"""The REST API's part about messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.e2e.discord_server.entities import THREAD, ApiError, Channel, Json, Message, now
from tests.e2e.discord_server.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its path's parameters, its query, its JSON and its files."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any
    files: dict[str, bytes] = field(default_factory=dict)


class Messages:
    """Handlers that take a call and return JSON, None, or a status with JSON; they raise ApiError to refuse."""

    def __init__(self, world: World) -> None:
        self._world = world

    def channel(self, call: Call, **wanted: bool) -> Channel:
        channel = self._world.channels.get(int(call.path["channel_id"]))
        if channel is None:
            raise ApiError(404, 10003, "Unknown Channel")
        if not channel.can(view_channel=True):
            raise ApiError(403, 50001, "Missing Access")
        if not channel.can(**wanted):
            raise ApiError(403, 50013, "Missing Permissions")
        return channel

    def shown(self, message: Message) -> Json:
        return message.json(self._world.coach, reads=self._world.gateway.granted.message_content)

    def message(self, call: Call, **wanted: bool) -> Message:
        channel = self.channel(call, **(wanted or {"read_message_history": True}))
        message = channel.messages.get(int(call.path["message_id"]))
        if message is None:
            raise ApiError(404, 10008, "Unknown Message")
        return message

    def history(self, call: Call) -> list[Json]:
        channel = self.channel(call)
        limit = int(call.query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise ApiError(400, 50035, "Invalid Form Body")
        if not channel.can(read_message_history=True):
            return []  # not an error on Discord either
        found = sorted(channel.messages)
        if "after" in call.query:
            found = [id_ for id_ in found if id_ > int(call.query["after"])][:limit]
        elif "before" in call.query:
            found = [id_ for id_ in found if id_ < int(call.query["before"])][-limit:]
        elif "around" in call.query:
            middle = sum(id_ < int(call.query["around"]) for id_ in found)
            found = found[max(0, middle - limit // 2) :][:limit]
        else:
            found = found[-limit:]
        return [self.shown(channel.messages[id_]) for id_ in reversed(found)]

    def create(self, call: Call) -> Json:
        in_thread = self._world.channels.get(int(call.path["channel_id"]))
        sends = "send_messages_in_threads" if in_thread and in_thread.type == THREAD else "send_messages"
        channel = self.channel(call, **{sends: True})
        self._may_send(channel, call)
        if call.body.get("enforce_nonce") and (before := self._world.sent_before(channel, call.body["nonce"])):
            return self.shown(before)
        reference = None
        if call.body.get("message_reference"):
            about = call.body["message_reference"]
            reference = int(about["message_id"])
            if reference not in channel.messages and about.get("fail_if_not_exists", True):
                raise ApiError(400, 50035, "Invalid Form Body", {"message_reference": {"_errors": [
                    {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]}})  # fmt: skip
            reference = reference if reference in channel.messages else None
        message = self._world.post(
            channel, self._world.coach, call.body, files=call.files, reference=reference,
            type=19 if reference else 0,
        )  # fmt: skip
        return self.shown(message)

    def _may_send(self, channel: Channel, call: Call) -> None:
        if call.body.get("embeds") and not channel.can(embed_links=True):
            raise ApiError(403, 50013, "Missing Permissions")
        if call.files and not channel.can(attach_files=True):
            raise ApiError(403, 50013, "Missing Permissions")
        if call.body.get("message_reference") and not channel.can(read_message_history=True):
            raise ApiError(400, 160002, "Cannot reply without permission to read message history")

    def _own(self, call: Call) -> Message:
        message = self.message(call)
        if message.author is not self._world.coach:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if message.channel.archived:
            raise ApiError(400, 50083, "Thread is archived")
        return message

    def edit(self, call: Call) -> Json:
        message = self._own(call)
        self._world.amend(message, call.body, call.files)
        return self.shown(message)

    def delete(self, call: Call) -> None:
        message = self.message(call)
        if message.author is not self._world.coach and not message.channel.can(manage_messages=True):
            raise ApiError(403, 50013, "Missing Permissions")
        self._world.erase(message)

    def thread(self, call: Call) -> tuple[int, Json]:
        message = self.message(call, create_public_threads=True)
        name, archive = call.body.get("name") or "", call.body.get("auto_archive_duration") or 1440
        if not 1 <= len(name) <= 100 or archive not in (60, 1440, 4320, 10080):
            raise ApiError(400, 50035, "Invalid Form Body")
        return 201, self._world.open_thread(message, self._world.coach, name, archive).json()

    def react(self, call: Call) -> None:
        message = self.message(call, add_reactions=True, read_message_history=True)
        if message.channel.archived:
            raise ApiError(400, 50083, "Thread is archived")
        self._world.react(message, self._world.coach, unquote(call.path["emoji_name"]))

    def unreact(self, call: Call) -> None:
        message, emoji = self.message(call), unquote(call.path["emoji_name"])
        if not message.reactions.get(emoji):
            raise ApiError(404, 10014, "Unknown Emoji")
        self._world.react(message, self._world.coach, emoji, add=False)

    def pins(self, call: Call) -> Json:
        channel = self.channel(call)
        pinned = [(channel.messages[id_], at) for id_, at in reversed(channel.pins.items())]
        return {"items": [{"pinned_at": at, "message": self.shown(m)} for m, at in pinned], "has_more": False}

    def pin(self, call: Call) -> None:
        message = self.message(call, pin_messages=True)
        channel = message.channel
        if message.id in channel.pins:
            return
        if len(channel.pins) >= 250:
            raise ApiError(400, 30003, "Maximum number of pinned messages reached")
        channel.pins[message.id] = now()
        self._world.amend(message, {}, edit=False)
        self._world.post(channel, self._world.coach, {}, may_be_empty=True, type=6, reference=message.id)

    def unpin(self, call: Call) -> None:
        message = self.message(call, pin_messages=True)
        message.channel.pins.pop(message.id, None)
        self._world.amend(message, {}, edit=False)
