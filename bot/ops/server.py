"""The small web server for probes and for Prometheus."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from bot.core.errors import SettingsError
from bot.ops.health import OK, Health
from bot.ops.metrics import CONTENT_TYPE, Metrics
from bot.ops.reading import Reading


class OpsServer:
    """Answers at /healthz, /readyz and /metrics."""

    def __init__(self, health: Health, metrics: Metrics, reading: Reading) -> None:
        self._health, self._metrics, self._reading = health, metrics, reading

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[str]:
        """Serve within, at `port` or, for 0, at any free one: yields the address. Raises SettingsError."""
        app = web.Application(client_max_size=1_000)
        app.add_routes([
            web.get("/healthz", self._healthz), web.get("/readyz", self._readyz), web.get("/metrics", self._figures)
        ])  # fmt: skip
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except (OSError, OverflowError) as error:
                raise SettingsError(
                    f"Health and metrics can't be served on {host}:{port} ({getattr(error, 'strerror', '') or error})."
                    " Set COACH_OPS_HOST and COACH_OPS_PORT to an address that is free."
                ) from error
            shown = f"[{host}]" if ":" in host else host
            yield f"http://{shown}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        late = await self._health.live()
        body = {"status": "stuck", **late} if late else {"status": OK}
        return _answer(body, 503 if late else 200)

    async def _readyz(self, _: web.Request) -> web.Response:
        parts = await self._health.ready()
        ready = all(state == OK for state in parts.values())
        return _answer({"status": OK if ready else "not ready", **parts}, 200 if ready else 503)

    async def _figures(self, _: web.Request) -> web.Response:
        text = self._metrics.text(await self._reading.figures())
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


def _answer(body: dict[str, str], status: int) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
