"""The Web API's part about who is where and what was said: conversations.*, users.*, team.info, bots.info."""

from __future__ import annotations

from tests.e2e.slack_server.calls import Call, Handle, page
from tests.e2e.slack_server.entities import Channel, Message, SlackError
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.world import World

_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}


class Conversations:
    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handle]:
        return {
            "conversations.info": self._info,
            "conversations.list": lambda call: self._listed(call, self._visible(call)),
            "users.conversations": lambda call: self._listed(call, self._joined(call)),
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.open": self._open,
            "conversations.members": self._members,
            "users.info": lambda call: {"user": call.person(call.need("user")).json()},
            "users.list": self._users,
            "team.info": self._team,
            "bots.info": self._bot,
        }

    def _info(self, call: Call) -> Json:
        channel = call.scoped_channel()
        return {"channel": channel.json(call.ours.bot, count=call.args.get("include_num_members", False))}

    def _visible(self, call: Call) -> list[Channel]:
        team, bot = call.ours.team, call.ours.bot.id
        ours = [c for c in self._world.channels.values() if team in (c.team, *c.shared)]
        return [c for c in ours if c.kind == "channel" or bot in c.members]

    def _joined(self, call: Call) -> list[Channel]:
        user = call.args.get("user") or call.ours.bot.id
        call.person(user)
        return [c for c in self._visible(call) if user in c.members]

    def _listed(self, call: Call, channels: list[Channel]) -> Json:
        wanted = [name.strip() for name in call.args.get("types", "public_channel").split(",")]
        if not set(wanted) <= _TYPES.keys():
            raise SlackError("invalid_types")
        kinds = [_TYPES[name] for name in wanted]
        for kind in kinds:
            call.scope(_SCOPES[kind])
        hidden = call.args.get("exclude_archived", False)
        found = [c.json(call.ours.bot) for c in channels if c.kind in kinds and not (hidden and c.archived)]
        shown, cursor = page(found, call)
        return {"channels": shown, "response_metadata": {"next_cursor": cursor}}

    # ------------------------------------------------------------------------------------------ what was said

    def _within(self, call: Call, messages: list[Message]) -> list[Message]:
        oldest, latest = call.args.get("oldest", "0"), call.args.get("latest") or "9999999999"
        low, high = _number(oldest), _number(latest)
        if call.args.get("inclusive"):
            return [m for m in messages if low <= _number(m.ts) <= high]
        return [m for m in messages if low < _number(m.ts) < high]

    def _shown(self, call: Call, messages: list[Message], *, first: Message | None = None) -> Json:
        most, default = (999, 100) if first is None else (1000, 1000)
        metadata = call.args.get("include_all_metadata", False)
        shown, cursor = page([m.json(metadata=metadata) for m in messages], call, most=most, default=default)
        said: Json = {"messages": [first.json(metadata=metadata), *shown] if first else shown, "has_more": bool(cursor)}
        return said | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})

    def _history(self, call: Call) -> Json:
        channel = call.scoped_channel(member=True)
        top = [m for m in channel.messages.values() if not m.thread_ts or m.subtype == "thread_broadcast"]
        return self._shown(call, self._within(call, top)[::-1]) | {"pin_count": 0}

    def _replies(self, call: Call) -> Json:
        """The parent comes first on every page, whatever `oldest` says; then replies, oldest first."""
        channel = call.scoped_channel(member=True)
        parent = channel.messages.get(call.need("ts"))
        if parent is None:
            raise SlackError("thread_not_found")
        if parent.thread_ts:
            return self._shown(call, [parent])
        return self._shown(call, self._within(call, parent.replies), first=parent)

    # ------------------------------------------------------------------------------------------ people

    def _open(self, call: Call) -> Json:
        if "channel" in call.args:
            return {"channel": {"id": call.channel(member=True).id}}
        users = call.need("users")
        if len(users) != 1:
            call.scope("mpim:write")
            raise SlackError("method_not_supported_for_channel_type")
        user = call.person(users[0])
        if user.deleted:
            raise SlackError("user_disabled")
        if user.bot_id:
            raise SlackError("cannot_dm_bot")
        channel = self._world.dm(call.ours, user)
        full = channel.json(call.ours.bot) if call.args.get("return_im") else {"id": channel.id}
        return {"channel": full, "no_op": True, "already_open": True}

    def _members(self, call: Call) -> Json:
        members = [{"id": id_} for id_ in call.scoped_channel().members]
        shown, cursor = page(members, call)
        return {"members": [one["id"] for one in shown], "response_metadata": {"next_cursor": cursor}}

    def _users(self, call: Call) -> Json:
        shown, cursor = page([user.json() for user in call.ours.team.users.values()], call)
        return {"members": shown, "response_metadata": {"next_cursor": cursor}}

    def _team(self, call: Call) -> Json:
        team = self._world.teams.get(call.args.get("team") or call.ours.team.id)
        if team is None:
            raise SlackError("team_not_found")
        return {"team": team.json()}

    def _bot(self, call: Call) -> Json:
        id_ = call.need("bot")
        bot = next((user for user in self._world.users.values() if user.bot_id == id_), None)
        if bot is None:
            raise SlackError("bot_not_found")
        about = {"id": id_, "deleted": bot.deleted, "name": bot.name, "app_id": bot.app_id, "user_id": bot.id}
        return {"bot": about | {"updated": 1_700_000_000, "icons": {}}}


def _number(ts: str) -> int:
    """A ts in microseconds, so that comparing is exact."""
    whole, _, part = ts.partition(".")
    return int(whole) * 1_000_000 + int(part[:6].ljust(6, "0"))
