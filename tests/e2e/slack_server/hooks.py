"""response_url: answers to commands and presses without a token, few and not for long."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from aiohttp import web

from tests.e2e.slack_server.blocks import with_ids
from tests.e2e.slack_server.chat import Chat, checked, parent_of
from tests.e2e.slack_server.entities import Channel, Ephemeral, Installation, Message, SlackError, User
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.world import World

_KEYS = frozenset(
    "text blocks attachments response_type replace_original delete_original thread_ts unfurl_links unfurl_media"
    " mrkdwn metadata".split()
)


@dataclass(eq=False)
class Hook:
    """Where an answer to one interaction goes; `said` and `shown` are the answers so far."""

    installation: Installation
    channel: Channel
    user: User
    origin: Message | Ephemeral | None
    born: float
    uses: int = 0
    ephemerals: list[Ephemeral] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


class Hooks:
    """A response_url serves `uses` answers within `seconds`."""

    def __init__(self, world: World, chat: Chat) -> None:
        self.base, self.uses, self.seconds = "", 5, 1800.0
        self._world, self._chat = world, chat
        self.all: dict[str, Hook] = {}

    def make(
        self, installation: Installation, channel: Channel, user: User, origin: Message | Ephemeral | None
    ) -> tuple[str, Hook]:
        token = secrets.token_urlsafe(18)
        hook = self.all[token] = Hook(installation, channel, user, origin, time.monotonic())
        return f"{self.base}/commands/{installation.team.id}/{token}", hook

    async def handle(self, request: web.Request) -> web.Response:
        hook = self.all.get(request.match_info["token"])
        if hook is None or request.match_info["team"] != hook.installation.team.id:
            return _refused("invalid_url", 404)
        if time.monotonic() - hook.born > self.seconds:
            return _refused("expired_url", 404)
        if hook.uses >= self.uses:
            return _refused("used_url", 404)
        hook.uses += 1
        try:
            body = await request.json()
            self.apply(hook, body)
        except SlackError as refused:
            self._world.faults.append(f"response_url: {refused.body}")
            return web.json_response(refused.body, status=400)
        except ValueError:
            return _refused("invalid_payload", 400)
        return web.Response(text="ok")

    def apply(self, hook: Hook, body: Json) -> None:
        """Show, replace or delete what the app asks for. Raises SlackError for what Slack refuses."""
        if unknown := body.keys() - _KEYS:
            raise SlackError("invalid_payload", unknown=sorted(unknown))
        if body.get("delete_original") in (True, "true"):
            self._delete(hook)
            return
        text, blocks = checked(body)
        if body.get("replace_original") in (True, "true") and hook.origin is not None:
            self._replace(hook, text, blocks)
            return
        thread = parent_of(hook.channel, body.get("thread_ts", ""))
        if body.get("response_type", "ephemeral") == "ephemeral":
            hook.ephemerals.append(self._chat.whisper(hook.channel, hook.user.id, text, blocks, thread))
            return
        if hook.channel.archived:
            raise SlackError("is_archived")
        bot = hook.installation.bot
        said = self._world.post(hook.channel, bot, text, blocks=blocks, thread_ts=thread, ours=True)
        hook.messages.append(said)

    def _delete(self, hook: Hook) -> None:
        if isinstance(hook.origin, Message):
            self._world.erase(hook.origin)
        elif hook.origin is not None:
            hook.origin.gone = True

    def _replace(self, hook: Hook, text: str, blocks: list[Json]) -> None:
        if isinstance(hook.origin, Message):
            self._world.amend(hook.origin, edit=True, changes={"text": text, "blocks": with_ids(blocks)})
        elif hook.origin is not None:
            hook.origin.text, hook.origin.blocks = text, with_ids(blocks)


def _refused(error: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=status)
