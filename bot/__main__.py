"""The command line: run, demo, grade, calibrate, bank, db, doctor."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from bot import __version__
from bot.core.errors import CoachError
from bot.ops import logs

PROGRAM = "mlops-coach"
COMMANDS = ("run", "demo", "grade", "calibrate", "bank", "db", "doctor")
REFUSED = 2
INTERRUPTED = 130
MOST_LINES = 5


def parser(wanted: str = "") -> argparse.ArgumentParser:
    """All commands with their options; only the one that is `wanted`, where there is such a command."""
    top = argparse.ArgumentParser(
        prog=PROGRAM, description="An interview coach for chats: daily MLOps questions, strict grades, leaderboards."
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (wanted,) if wanted in COMMANDS else COMMANDS:  # the others would be loaded for nothing
        importlib.import_module(f"bot.cli.{command}").add_to(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0 done, 1 done with faults, 2 refused with one line that says what to do."""
    given = sys.argv[1:] if argv is None else argv
    arguments = parser(*given[:1]).parse_args(given)
    logs.configure()
    try:
        return asyncio.run(_command(arguments.command(arguments)))
    except CoachError as error:
        return _refused(error)
    except ExceptionGroup as group:
        known, unknown = group.split(CoachError)
        return _broken(group) if known is None or unknown is not None else _refused(_first(known))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`... | head`): nothing is left to say, and nowhere to say it.
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001  it is told as the log tells of errors: without what people wrote
        return _broken(error)


async def _command(command: Coroutine[Any, Any, int]) -> int:
    return await command


def _broken(error: BaseException) -> int:
    logging.getLogger("bot").critical("%s was stopped by an unexpected error", PROGRAM, exc_info=error)
    return 1


def _refused(error: BaseException) -> int:
    lines = str(error).splitlines()
    for line in lines[:MOST_LINES]:
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    if len(lines) > MOST_LINES:
        print(f"{PROGRAM}: and {len(lines) - MOST_LINES} more", file=sys.stderr)
    return REFUSED


def _first(group: BaseExceptionGroup[CoachError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
