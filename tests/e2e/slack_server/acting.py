"""Places, people, and what people do: the part of the server that tests speak to most."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from tests.e2e.slack_server.delivery import Delivery, Outgoing
from tests.e2e.slack_server.entities import Channel, Ephemeral, Installation, Message, Team, User, new_id
from tests.e2e.slack_server.interactions import Interaction, Interactions
from tests.e2e.slack_server.oauth import Installs
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.view import View
from tests.e2e.slack_server.world import World


class Acting:
    """What `SlackServer` offers for a story: nothing here is awaited."""

    world: World
    interactions: Interactions
    outgoing: Outgoing
    installs: Installs

    # ------------------------------------------------------------------------------------------ places and people

    def team(self, name: str = "Acme", *, installed: bool = True, scopes: Collection[str] | None = None) -> Team:
        """A workspace, with the app installed (`scopes`: what its token may do, the manifest's unless given)."""
        team = self.world.add_team(name)
        if installed:
            self.world.install(team, frozenset(self.world.scopes if scopes is None else scopes), None)
        return team

    def installation(self, team: Team) -> Installation:
        """Raises LookupError when the app isn't installed in the team."""
        found = self.world.installation(team)
        if found is None:
            raise LookupError(f"the app isn't installed in {team.name}")
        return found

    def coach(self, team: Team) -> User:
        """The app's bot in a team."""
        return self.installation(team).bot

    def user(self, team: Team, name: str, **about: Any) -> User:
        """A person in every public channel of the team. `about`: display, admin, owner, tz, tz_offset."""
        user = self.world.add_user(team, name, **about)
        for channel in self.world.channels.values():
            if channel.team is team and channel.kind == "channel":
                channel.members[user.id] = user
        return user

    def bot(self, team: Team, name: str) -> User:
        """Another app's bot, in every public channel; `say` posts as it."""
        return self.user(team, name, bot_id=new_id("B"), app_id=new_id("A"))

    def channel(self, team: Team, name: str = "mlops", *, private: bool = False, coach: bool = True) -> Channel:
        """A channel with all people of the team, and with the app's bot if it is installed and `coach`."""
        bots = {i.bot.id for i in self.world.installations.values()}
        ours = self.world.installation(team)
        people = [u for u in team.users.values() if u.id not in bots or (coach and ours and u is ours.bot)]
        people.sort(key=lambda user: bool(user.bot_id))
        return self.world.add_channel(team, name, "group" if private else "channel", people)

    def dm(self, user: User) -> Channel:
        """A person's direct messages with the app."""
        return self.world.dm(self.installation(user.team), user)

    def share(self, channel: Channel, team: Team, *people: User) -> None:
        """Slack Connect: share a channel with another team; its people join, its bot only by `join`."""
        channel.shared.append(team)
        for user in people:
            channel.members[user.id] = user

    def join(self, channel: Channel, user: User, inviter: User | None = None) -> None:
        """Somebody joins or is invited; for the app's bot `slack.join(channel, slack.coach(team))`."""
        self.world.join(channel, user, inviter)

    def leave(self, channel: Channel, user: User) -> None:
        self.world.leave(channel, user)

    def archive(self, channel: Channel, *, archived: bool = True) -> None:
        channel.archived = archived
        kind = "channel_archive" if archived else "channel_unarchive"
        self.world.tell(kind, {"type": kind, "channel": channel.id, "user": channel.creator}, channel)

    # ------------------------------------------------------------------------------------------ what people write

    def say(
        self, channel: Channel, user: User, text: str, *, thread: Message | None = None, broadcast: bool = False,
        raw: bool = False, subtype: str = "",
    ) -> Message:  # fmt: skip
        """Write a message; `raw` takes the text as it is, without a client's escaping and rich text."""
        if user.id not in channel.members:
            raise LookupError(f"{user.name} isn't in {channel.name}")
        if channel.archived:
            raise LookupError(f"{channel.name} is archived")
        more: Json = {"text": text} if raw else self.world.typed(text)
        if not user.bot_id:
            more["client_msg_id"] = str(uuid.uuid4())
        root = (thread.thread_ts or thread.ts) if thread else ""
        kind = "thread_broadcast" if broadcast and root else subtype
        return self.world.post(channel, user, more.pop("text"), thread_ts=root, subtype=kind, **more)

    def mention(self, channel: Channel, user: User, text: str, *, thread: Message | None = None) -> Message:
        """Write to the app: its mention, then the text."""
        ours = self.world.hearing(channel)
        bot = ours[0].bot if ours else self.coach(channel.team)
        return self.say(channel, user, f"<@{bot.id}> {text}", thread=thread)

    def edit(self, message: Message, text: str) -> None:
        self.world.amend(message, edit=True, changes=self.world.typed(text))

    def unfurl(self, message: Message) -> None:
        """Slack adds a preview of a link: a change that changed no word, and no edit."""
        preview = {"id": 1, "title": "Example", "from_url": "https://example.com/", "fallback": "Example"}
        self.world.amend(message, edit=False, changes={"attachments": [preview]})

    def broadcast(self, message: Message) -> None:
        """Somebody sends a reply to the channel as well, after it was written."""
        assert message.thread_ts, "only a reply in a thread can be sent to the channel"
        self.world.amend(message, edit=False, changes={"subtype": "thread_broadcast"})

    def delete(self, message: Message) -> None:
        """Delete a message; one with replies leaves a tombstone."""
        self.world.erase(message)

    def react(self, message: Message, user: User, name: str) -> None:
        self.world.react(message, user, name)

    # ------------------------------------------------------------------------------------------ what people do

    def slash(self, user: User, channel: Channel, text: str, *, thread: Message | None = None) -> Interaction:
        """A slash command: "leaderboard", or "/mlops leaderboard". LookupError where a client wouldn't send it."""
        if thread is not None:
            raise LookupError("slash commands can't be used in threads")
        return self.interactions.slash(user, channel, text)

    def press(self, user: User, where: Message | Ephemeral | View, which: str, value: Any = None) -> Interaction:
        """Press a button by its label or action_id, or choose `value` from a menu. LookupError when it isn't there."""
        return self.interactions.press(user, where, which, value)

    def submit(self, user: User, view: View, values: Json) -> Interaction:
        """Fill in and send a form, values by block id; it may be long ago that it was opened."""
        return self.interactions.submit(user, view, values)

    def close(self, user: User, view: View) -> Interaction | None:
        return self.interactions.close(user, view)

    def shortcut(self, user: User, callback_id: str, message: Message | None = None) -> Interaction:
        """A shortcut from a message's menu, or a global one."""
        return self.interactions.shortcut(user, callback_id, message)

    def open_home(self, user: User, tab: str = "home") -> Delivery:
        """Open the app's home. Raises LookupError when the app isn't subscribed to app_home_opened."""
        ours, home = self.installation(user.team), self.home(user)
        event: Json = {"type": "app_home_opened", "user": user.id, "channel": self.dm(user).id, "tab": tab}
        event |= {"view": home.json()} if home else {}
        sent = self.world.tell_team("app_home_opened", event, ours)
        if not sent:
            raise LookupError("the app isn't subscribed to app_home_opened")
        return sent[0]

    def home(self, user: User) -> View | None:
        """What the app published for a person's home."""
        return self.world.homes.get((user.team.id, user.id))

    def install(self, user: User, authorize_url: str) -> str:
        """Agree to an authorize URL; the redirect with code and state that the browser is sent to."""
        return self.installs.consent(user, authorize_url)

    # ------------------------------------------------------------------------------------------ what the app did

    def messages(self, channel: Channel, *, thread: Message | str | None = None) -> list[Message]:
        """What the app posted and didn't delete, oldest first: everything, or (`thread`) in that thread alone."""
        root = thread.ts if isinstance(thread, Message) else thread
        mine = [m for m in channel.messages.values() if m.ours]
        return [m for m in mine if root is None or m.thread_ts == root]

    def ephemerals(self, user: User, channel: Channel | None = None) -> list[Ephemeral]:
        """What the app showed to one person alone, oldest first."""
        return [e for e in self.world.ephemerals if e.user is user and channel in (None, e.channel) and not e.gone]
