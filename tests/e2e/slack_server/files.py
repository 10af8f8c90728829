"""Files: an upload address, the upload itself, and its completion, which shares it."""

from __future__ import annotations

import secrets

from aiohttp import web

from tests.e2e.slack_server.calls import Call, Handle
from tests.e2e.slack_server.chat import parent_of
from tests.e2e.slack_server.entities import Channel, File, SlackError, new_id
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.world import World


class Files:
    def __init__(self, world: World) -> None:
        self.base = ""
        self._world = world
        self._uploads: dict[str, File] = {}

    def handlers(self) -> dict[str, Handle]:
        return {"files.getUploadURLExternal": self._address, "files.completeUploadExternal": self._complete}

    def _address(self, call: Call) -> Json:
        length = call.need("length")
        if length > 1 << 30:
            raise SlackError("file_upload_size_restricted")
        file = File(new_id("F"), call.need("filename"), length, alt=call.args.get("alt_txt", ""))
        if len(file.alt) > 1000:
            raise SlackError("alt_txt_too_large")
        token = secrets.token_urlsafe(12)
        self._uploads[token] = file
        self._world.files[file.id] = file
        return {"upload_url": f"{self.base}/upload/v1/{token}", "file_id": file.id}

    async def upload(self, request: web.Request) -> web.Response:
        file = self._uploads.pop(request.match_info["token"], None)
        if file is None:
            return web.Response(status=404, text="not found")
        if request.content_type == "multipart/form-data":
            parts = [p for p in (await request.post()).values() if isinstance(p, web.FileField)]
            content = parts[0].file.read()
        else:
            content = await request.read()
        if len(content) != file.length:
            return web.Response(status=400, text=f"{len(content)} bytes came, {file.length} were announced")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    def _complete(self, call: Call) -> Json:
        given = call.need("files")
        if not isinstance(given, list) or not given:
            raise SlackError("invalid_arguments")
        found = [self._uploaded(one) for one in given]
        places = [*call.args.get("channels", []), *([c] if (c := call.args.get("channel_id")) else [])]
        channels = [call.channel(id_, posting=True) for id_ in places]
        for channel in channels:
            self._share(call, channel, found)
        for file in found:
            file.shared = bool(channels)
        return {"files": [file.json() for file in found]}

    def _uploaded(self, one: Json) -> File:
        file = self._world.files.get(one.get("id", ""))
        if file is None or file.content is None or file.shared:
            raise SlackError("file_not_found")
        file.title = one.get("title", "")
        return file

    def _share(self, call: Call, channel: Channel, files: list[File]) -> None:
        text = call.args.get("initial_comment", "")
        if len(text) > 4_000:
            raise SlackError("msg_too_long")
        thread = parent_of(channel, call.args.get("thread_ts", ""))
        self._world.post(
            channel, call.ours.bot, text, thread_ts=thread, files=list(files), subtype="file_share", ours=True
        )
