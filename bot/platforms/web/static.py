"""The page's files, read once from the package and served from memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

from aiohttp import web

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page and the tag that changes with its content."""

    content: bytes
    content_type: str
    tag: str

    def response(self, request: web.Request) -> web.Response:
        """The file, or 304 when the browser has it already."""
        headers = {"ETag": f'"{self.tag}"', "Cache-Control": "no-cache"}
        if any(known.value == self.tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=self.content, content_type=self.content_type, charset="utf-8", headers=headers)


def load() -> dict[str, Asset]:
    """Every file of the pages by its address. Blocks: call it on a thread."""
    found: dict[str, Asset] = {}
    for file in (resources.files(__package__) / "static").iterdir():
        suffix = "." + file.name.rpartition(".")[2]
        if suffix in _TYPES:
            content = file.read_bytes()
            path = "/" if file.name == "index.html" else f"/{file.name}"
            found[path] = Asset(content, _TYPES[suffix], hashlib.sha256(content).hexdigest()[:32])
    return found
