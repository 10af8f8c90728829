"""The REST API v10, as far as a bot of this kind uses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.e2e.discord_server.entities import THREAD, ApiError, Guild, Json, Message
from tests.e2e.discord_server.faults import PREFIX, SENT, answer
from tests.e2e.discord_server.interactions import Interactions
from tests.e2e.discord_server.messages import Call, Messages
from tests.e2e.discord_server.world import World

_OPEN = ("/interactions/", "/webhooks/")
"""Where the token in the path is the permission."""


Handle = Callable[[Call], Any]


async def _call(request: web.Request) -> Call:
    files: dict[str, bytes] = {}
    body: Any = {}
    if request.content_type == "multipart/form-data":
        form = await request.post()
        for name, part in form.items():
            if name == "payload_json":
                body = json.loads(str(part))
            elif isinstance(part, web.FileField):
                files[part.filename] = part.file.read()
    elif request.can_read_body:
        body = await request.json()
    if body or files:
        request[SENT] = body
    return Call(dict(request.match_info), dict(request.query), body, files)


class Rest:
    """The routes; each handler returns JSON (200), None (204), or a status with JSON."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world, self._interactions = world, interactions
        self._messages = Messages(world)
        self._shown = self._messages.shown

    def routes(self) -> list[web.RouteDef]:
        message = "/channels/{channel_id}/messages/{message_id}"
        hook = "/webhooks/{webhook_id}/{webhook_token}"
        table: list[tuple[str, str, Handle]] = [
            ("GET", "/gateway/bot", self._gateway),
            ("GET", "/users/@me", lambda call: self._me()),
            ("POST", "/users/@me/channels", self._direct),
            ("GET", "/applications/@me", lambda call: self._application()),
            ("GET", "/oauth2/applications/@me", lambda call: self._application()),
            ("PUT", "/applications/{application_id}/commands", self._put_commands),
            ("GET", "/applications/{application_id}/commands", lambda call: self._commands(call)),
            ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", self._put_commands),
            ("GET", "/applications/{application_id}/guilds/{guild_id}/commands", lambda call: self._commands(call)),
            ("GET", "/guilds/{guild_id}", lambda call: self._guild(call).shown()),
            ("GET", "/guilds/{guild_id}/channels", self._channels),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self._member),
            ("GET", "/guilds/{guild_id}/threads/active", self._active_threads),
            ("GET", "/channels/{channel_id}", lambda call: self._messages.channel(call).json()),
            ("PATCH", "/channels/{channel_id}", self._edit_channel),
            ("POST", "/channels/{channel_id}/typing", self._typing),
            ("PUT", "/channels/{channel_id}/thread-members/@me", self._join),
            ("GET", "/channels/{channel_id}/messages", self._messages.history),
            ("POST", "/channels/{channel_id}/messages", self._messages.create),
            ("GET", "/channels/{channel_id}/messages/pins", self._messages.pins),
            ("PUT", "/channels/{channel_id}/messages/pins/{message_id}", self._messages.pin),
            ("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", self._messages.unpin),
            ("GET", message, lambda call: self._shown(self._messages.message(call))),
            ("PATCH", message, self._messages.edit),
            ("DELETE", message, self._messages.delete),
            ("POST", f"{message}/threads", self._messages.thread),
            ("PUT", f"{message}/reactions/{{emoji_name}}/@me", self._messages.react),
            ("DELETE", f"{message}/reactions/{{emoji_name}}/@me", self._messages.unreact),
            ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", self._callback),
            ("POST", hook, self._follow_up),
            *(
                (method, f"{hook}/messages/{which}", handle)
                for which in ("@original", "{message_id}")
                for method, handle in (
                    ("GET", self._hook_get), ("PATCH", self._hook_edit), ("DELETE", self._hook_delete)
                )
            ),
        ]  # fmt: skip
        return [web.route(method, PREFIX + path, self._answered(handle)) for method, path, handle in table]

    def _answered(self, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def run(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization", "")
            if token != f"Bot {self._world.gateway.token}" and not request.path.removeprefix(PREFIX).startswith(_OPEN):
                return answer(401, {"message": "401: Unauthorized", "code": 0})
            found = handle(await _call(request))
            if isinstance(found, tuple):
                return answer(*found)
            return answer(204 if found is None else 200, found)

        return run

    # ------------------------------------------------------------------------------------------ the application

    def _gateway(self, call: Call) -> Json:
        gateway = self._world.gateway
        limit = {"total": 1000, "remaining": max(0, gateway.beginnings), "reset_after": 86_400_000,
                 "max_concurrency": gateway.max_concurrency}  # fmt: skip
        return {"url": gateway.url, "shards": self._world.shards, "session_start_limit": limit}

    def _me(self) -> Json:
        return self._world.coach.json() | {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}

    def _application(self) -> Json:
        granted = self._world.gateway.granted
        flags = (1 << 19 if granted.message_content else 0) | (1 << 15 if granted.members else 0)
        owner = next(user for user in self._world.users.values() if not user.bot)
        return {
            "id": str(self._world.coach.id), "name": "MLOps Coach", "icon": None, "description": "", "type": None,
            "verify_key": "0" * 64, "flags": flags, "flags_new": str(flags), "redirect_uris": [], "team": None,
            "bot_public": False, "bot_require_code_grant": False, "interactions_endpoint_url": None,
            "role_connections_verification_url": None, "owner": owner.json(), "approximate_guild_count": 1,
            "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0, "eligible_oauth2_scopes": [], "bot": self._world.coach.json(),
        }  # fmt: skip

    def _registered(self, call: Call) -> list[Json]:
        return self._guild(call).commands if "guild_id" in call.path else self._interactions.commands

    def _commands(self, call: Call) -> list[Json]:
        return list(self._registered(call))

    def _put_commands(self, call: Call) -> list[Json]:
        kept, where = self._registered(call), {k: v for k, v in call.path.items() if k.endswith("_id")}
        ids = {(command["type"], command["name"]): command["id"] for command in kept}
        defaults = {
            "type": 1,
            "description": "",
            "default_member_permissions": None,
            "version": str(self._world.ids.next()),
        }
        kept[:] = [
            defaults
            | {k: str(v) if k == "default_member_permissions" else v for k, v in command.items() if v is not None}
            | {"id": ids.get((command.get("type", 1), command["name"])) or str(self._world.ids.next())}
            | where
            for command in call.body
        ]
        return kept

    # ------------------------------------------------------------------------------------------ guilds and channels

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(int(call.path["guild_id"]))
        if guild is None:
            raise ApiError(404, 10004, "Unknown Guild")
        return guild

    def _channels(self, call: Call) -> list[Json]:
        return [c.json() for c in self._guild(call).channels.values() if c.type != THREAD]

    def _active_threads(self, call: Call) -> Json:
        threads = [c for c in self._guild(call).channels.values() if c.type == THREAD and not c.archived]
        return {"threads": [thread.json() for thread in threads], "members": [], "has_more": False}

    def _member(self, call: Call) -> Json:
        guild = self._guild(call)
        user = guild.members.get(int(call.path["user_id"]))
        if user is None:
            raise ApiError(404, 10007, "Unknown Member")
        return guild.member(user) | {"user": user.json()}

    def _direct(self, call: Call) -> Json:
        user = self._world.users.get(int(call.body["recipient_id"]))
        if user is None:
            raise ApiError(404, 10013, "Unknown User")
        return self._world.direct(user).json()

    def _typing(self, call: Call) -> None:
        self._messages.channel(call, send_messages=True)

    def _join(self, call: Call) -> None:
        self._messages.channel(call)

    def _edit_channel(self, call: Call) -> Json:
        channel = self._messages.channel(call)
        if channel.owner is not self._world.coach and not channel.can(manage_threads=True):
            raise ApiError(403, 50013, "Missing Permissions")
        channel.name = call.body.get("name", channel.name)
        channel.archived = call.body.get("archived", channel.archived)
        channel.locked = call.body.get("locked", channel.locked)
        channel.auto_archive = call.body.get("auto_archive_duration", channel.auto_archive)
        self._world.changed(channel, "THREAD_UPDATE" if channel.type == THREAD else "CHANNEL_UPDATE")
        return channel.json()

    # ------------------------------------------------------------------------------------------ interactions

    def _callback(self, call: Call) -> Json | None:
        said = self._interactions.callback(call.path["interaction_token"], call.body, call.files)
        return said if call.query.get("with_response") in ("1", "true") else None

    def _follow_up(self, call: Call) -> Json:
        return self._shown(self._interactions.follow_up(call.path["webhook_token"], call.body, call.files))

    def _hooked(self, call: Call) -> Message:
        return self._interactions.message(call.path["webhook_token"], call.path.get("message_id", "@original"))

    def _hook_get(self, call: Call) -> Json:
        return self._shown(self._hooked(call))

    def _hook_edit(self, call: Call) -> Json:
        message = self._hooked(call)
        return self._shown(self._interactions.change(call.path["webhook_token"], message, call.body, call.files))

    def _hook_delete(self, call: Call) -> None:
        self._world.erase(self._hooked(call))
