"""The Web API's part about messages: chat.* and reactions.*."""

from __future__ import annotations

from typing import Any

from tests.e2e.slack_server.blocks import check_blocks, check_metadata, with_ids
from tests.e2e.slack_server.calls import Call, Handle
from tests.e2e.slack_server.entities import Channel, Ephemeral, Message, SlackError
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.world import World

TEXT = 4_000
"""Characters that Slack asks a message's text to stay under."""


def checked(body: Json) -> tuple[str, list[Json]]:
    """A message's text and blocks. Raises SlackError for what Slack refuses."""
    text, blocks = body.get("text", ""), body.get("blocks") or []
    if not text and not blocks and not body.get("attachments"):
        raise SlackError("no_text")
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if len(text) > TEXT:
        raise SlackError("msg_too_long")
    check_blocks(blocks)
    return text, blocks


def parent_of(channel: Channel, thread_ts: str) -> str:
    """The ts of a thread that can be replied in, "" for none. Raises SlackError for a reply's own ts or an unknown."""
    if not thread_ts:
        return ""
    parent = channel.messages.get(thread_ts)
    if parent is None or (parent.thread_ts and parent.thread_ts != thread_ts):
        raise SlackError("thread_not_found")
    return thread_ts


class Chat:
    """Handlers of chat.* and reactions.*."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handle]:
        return {
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
        }

    def target(self, call: Call) -> Channel:
        """Where chat.postMessage posts; a user's id is that person's direct messages."""
        id_ = call.need("channel")
        user = self._world.users.get(id_)
        if user is not None:
            return self._world.dm(call.ours, call.person(id_))
        return call.channel(posting=True)

    def _post(self, call: Call) -> Json:
        channel = self.target(call)
        if call.args.get("username") or call.args.get("icon_url") or call.args.get("icon_emoji"):
            call.scope("chat:write.customize")
        text, blocks = checked(call.args)
        metadata = call.args.get("metadata")
        if metadata is not None:
            check_metadata(metadata)
        thread = parent_of(channel, call.args.get("thread_ts", ""))
        broadcast = call.args.get("reply_broadcast", False) and thread
        message = self._world.post(
            channel, call.ours.bot, text, blocks=blocks, thread_ts=thread, metadata=metadata, ours=True,
            subtype="thread_broadcast" if broadcast else "", attachments=call.args.get("attachments") or [],
            unfurl_links=call.args.get("unfurl_links", True), unfurl_media=call.args.get("unfurl_media", True),
        )  # fmt: skip
        return {"channel": channel.id, "ts": message.ts, "message": message.json(metadata=True)}

    def _ephemeral(self, call: Call) -> Json:
        channel, user = call.channel(posting=True), call.need("user")
        if user not in self._world.users:
            raise SlackError("user_not_found")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        text, blocks = checked(call.args)
        thread = parent_of(channel, call.args.get("thread_ts", ""))
        return {"message_ts": self.whisper(channel, user, text, blocks, thread).ts}

    def whisper(self, channel: Channel, user: str, text: str, blocks: list[Json], thread: str) -> Ephemeral:
        """Show one person a message that nobody else sees, and that is in no history."""
        ts = channel.next_ts(self._world.microseconds())
        said = Ephemeral(channel, self._world.users[user], ts, text, with_ids(blocks), thread)
        self._world.ephemerals.append(said)
        return said

    def _own(self, call: Call, refused: str, *, posting: bool = False) -> Message:
        message = call.message(call.channel(member=True, posting=posting), call.need("ts"))
        if message.user is not call.ours.bot:
            raise SlackError(refused)
        return message

    def _update(self, call: Call) -> Json:
        message = self._own(call, "cant_update_message", posting=True)
        given: Json = {key: call.args[key] for key in ("text", "blocks", "attachments", "metadata") if key in call.args}
        if not given:
            raise SlackError("no_text")
        body = {"text": message.text, "blocks": [] if "text" in given else message.blocks} | given
        checked(body)
        if given.get("metadata"):
            check_metadata(given["metadata"])
        if "text" in given and "blocks" not in given and message.blocks:
            given["blocks"] = message.blocks  # Slack keeps the blocks unless they are replaced
        changes: dict[str, Any] = {**given, "blocks": with_ids(given.get("blocks", message.blocks))}
        self._world.amend(message, edit=True, changes=changes)
        return {
            "channel": message.channel.id,
            "ts": message.ts,
            "text": message.text,
            "message": message.json(metadata=True),
        }

    def _delete(self, call: Call) -> Json:
        message = self._own(call, "cant_delete_message")
        self._world.erase(message)
        return {"channel": message.channel.id, "ts": call.need("ts")}

    def _permalink(self, call: Call) -> Json:
        channel = call.channel()
        message = call.message(channel, call.need("message_ts"))
        thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
        link = f"{call.ours.team.url}archives/{channel.id}/p{message.ts.replace('.', '')}{thread}"
        return {"channel": channel.id, "permalink": link}

    def _reacted(self, call: Call) -> tuple[Message, str]:
        channel = call.channel(member=True)
        name = call.need("name")
        if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
            raise SlackError("invalid_name")
        if "timestamp" not in call.args:
            raise SlackError("no_item_specified")
        if channel.archived:
            raise SlackError("is_archived")
        return call.message(channel, call.args["timestamp"]), name

    def _react(self, call: Call) -> Json:
        message, name = self._reacted(call)
        if call.ours.bot.id in message.reactions.get(name, ()):
            raise SlackError("already_reacted")
        self._world.react(message, call.ours.bot, name)
        return {}

    def _unreact(self, call: Call) -> Json:
        message, name = self._reacted(call)
        if call.ours.bot.id not in message.reactions.get(name, ()):
            raise SlackError("no_reaction")
        self._world.react(message, call.ours.bot, name, added=False)
        return {}
