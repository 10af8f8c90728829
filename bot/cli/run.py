"""`mlops-coach run`: the coach until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from bot import settings
from bot.ops import logs

if TYPE_CHECKING:
    from argparse import _SubParsersAction


log = logging.getLogger(__name__)


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "run", help="run the coach", description="Run the coach until it is stopped (Ctrl+C)."
    )
    command.add_argument(
        "--role",
        choices=("all", "platform", "grader"),
        default="all",
        help="what this process does, where several share a PostgreSQL database: platform talks and keeps the"
        " schedule, grader grades; default: all",
    )
    command.set_defaults(command=run)


async def run(arguments: argparse.Namespace) -> int:
    """Serve as the settings say; 0 when it was asked to stop."""
    chosen = settings.load()
    logs.configure(
        level=chosen.log_level, form=chosen.log_format, secrets=chosen.secrets, fields={"role": arguments.role}
    )
    gc.disable()  # all that is loaded now stays: to look for garbage in it takes a tenth of the start
    from bot import app

    serving = asyncio.create_task(app.serve(chosen, ready=_ready, loaded=_keep_loaded, role=app.Role(arguments.role)))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows stops by KeyboardInterrupt instead
            loop.add_signal_handler(name, _stop, serving)
    try:
        await serving
    except asyncio.CancelledError:
        if chosen.log_format == "json":  # whoever reads it expects an object in each line
            log.info("stopped")
        else:
            print("Stopped.", file=sys.stderr)
    finally:
        gc.enable()
    return 0


def _stop(serving: asyncio.Task[None]) -> None:
    if not serving.cancelling():  # asked again, it would only leave what it is letting go of half done
        serving.cancel()


def _keep_loaded() -> None:
    gc.freeze()  # and later collections don't look at it either
    gc.enable()


def _ready(address: str) -> None:
    # A log is kept and read by others: the address carries the token only where it is shown to whoever started us.
    shown = address if sys.stdout.isatty() else address.partition("?")[0]
    print(f"MLOps Coach is open at {shown} (Ctrl+C stops it)", flush=True)
