"""Boards and archives that everybody may read, without a name and without the token.

Nothing is shown here but names on boards, points, and questions that were revealed: no answer, nothing that is still
open, no id of a person or message. Whoever is left out of boards is left out here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.coach import Coach
from bot.core.model import Person, Place
from bot.platforms.web import guard, pages
from bot.platforms.web.static import Asset

PREFIX = "/public/"
NOBODY = Person("", "")
"""Who reads here."""

_KEEP_OUT = {"X-Robots-Tag": "noindex, nofollow"}  # boards hold names: they are for a community, not for search engines


class Public:
    """The routes. `places` are the communities that are shown, by the name in the address."""

    def __init__(self, coach: Callable[[], Coach], places: Mapping[str, Place], page: Asset) -> None:
        self._coach, self._places, self._page = coach, places, page
        self._readers = guard.Rates(burst=120, per_second=4)

    def routes(self) -> list[web.RouteDef]:
        """None where nothing is public."""
        if not self._places:
            return []
        return [
            web.get("/public/{name}", self.moved),
            web.get("/public/{name}/", self.page),
            web.get("/public/{name}/api/board", self.board),
            web.get("/public/{name}/api/archive", self.archive),
            web.get(r"/public/{name}/api/archive/{id:\d{1,15}}", self.reveal),
        ]

    def _place(self, request: web.Request) -> Place:
        wait = self._readers.wait(request.remote or "", asyncio.get_running_loop().time())
        if wait:
            raise guard.Refusal(429, f"That was too much at once. Try again in {max(1, round(wait))} s.")
        place = self._places.get(request.match_info["name"])
        if place is None:
            raise guard.Refusal(404, "There are no public boards at this address.")
        return place

    async def moved(self, request: web.Request) -> web.Response:
        self._place(request)
        return web.Response(status=308, headers={"Location": f"{request.path}/"})

    async def page(self, request: web.Request) -> web.Response:
        self._place(request)
        response = self._page.response(request)
        response.headers.update(_KEEP_OUT)
        return response

    async def board(self, request: web.Request) -> web.Response:
        return await self._json(pages.board(self._coach(), self._place(request), request, NOBODY))

    async def archive(self, request: web.Request) -> web.Response:
        return await self._json(pages.archive(self._coach(), self._place(request), request, NOBODY))

    async def reveal(self, request: web.Request) -> web.Response:
        return await self._json(pages.reveal(self._coach(), self._place(request), request))

    async def _json(self, found: pages.Shown) -> web.Response:
        return web.json_response(await found, headers=_KEEP_OUT)
