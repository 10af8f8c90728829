"""The coach's log: lines for people, or JSON for whoever collects them; no secrets, no texts of people in either.

Modules log with `logging.getLogger(__name__)`; what is set up here is how that looks. Libraries are heard from WARNING
on, whatever the level: below, several of them log the very messages and requests that they carry.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, Literal

from bot.ops.masks import masking, said, trace
from bot.ops.seldom import Seldom

Form = Literal["text", "json"]

OWN = "bot"
"""The logger above all of the coach's own."""

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("log fields", default=_NOTHING)

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")
_FUTURE = re.compile(r"\b(?:name='([^']*)'|exception=(\w+))")


@contextlib.contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Give every line of this block, and of tasks that begin in it, these fields (in JSON)."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def configure(
    *, level: str = "WARNING", form: Form = "text", secrets: Iterable[str] = (), fields: Mapping[str, str] = _NOTHING
) -> None:
    """Log to stderr from now on, in place of what was configured before.

    `level` is the coach's own; libraries are heard from WARNING on. `secrets` are masked wherever they come up, and
    `fields` go with every line of JSON, beside the process id.
    """
    mask, root, own = masking(secrets), logging.getLogger(), logging.getLogger(OWN)
    formatter = _json(mask, fields) if form == "json" else _Text(mask)
    for old in [handler for handler in root.handlers if isinstance(handler, _Stderr)]:
        root.removeHandler(old)
    root.addHandler(_Stderr(formatter))
    wanted = logging.getLevelNamesMapping()[level]
    root.setLevel(max(wanted, logging.WARNING))
    own.setLevel(wanted if wanted < logging.WARNING else logging.NOTSET)


class _Stderr(logging.Handler):
    """Writes to what stderr is at the time. A line that can't be made is told without what it was made of."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(Seldom())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001  what logs must not fail for it
            where = f"{record.filename}:{record.lineno}"
            line = f"{record.levelname} {record.name}: {where} could not be logged: {said(error)}"
        # Whoever read this is gone, or there never was a stderr: nobody is left to be told.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


class _Text(logging.Formatter):
    """One line a message, and a traceback below."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__(_TEXT)
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(_plain(record, exc_text=_trace(record))))


def _plain(record: logging.LogRecord, **more: str) -> logging.LogRecord:
    """A copy of a record whose message is made and that holds no exception."""
    made = {"msg": message(record), "args": None, "exc_info": None, "exc_text": None, "stack_info": None, **more}
    # Other handlers leave the message that they made behind.
    kept = {name: value for name, value in record.__dict__.items() if name not in ("message", "asctime")}
    return logging.makeLogRecord({**kept, **made})


def _trace(record: logging.LogRecord) -> str:
    return trace(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""


def message(record: logging.LogRecord) -> str:
    """A record's message on one line, without texts that exceptions among its arguments would quote."""
    args = record.args
    if isinstance(args, tuple) and any(isinstance(arg, BaseException) for arg in args):
        told = tuple(said(arg) if isinstance(arg, BaseException) else arg for arg in args)
        record = logging.makeLogRecord({**record.__dict__, "args": told})
    text = record.getMessage()
    if record.name == "asyncio":  # it shows futures with their results and callbacks with their arguments
        parts = [f"{name or 'exception'} {kind}".strip() for name, kind in _FUTURE.findall(text)]
        text = ", ".join([text.splitlines()[0].partition("(")[0] if text else "", *parts])
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _json(mask: Callable[[str], str], fields: Mapping[str, str]) -> logging.Formatter:
    # Loaded for those who want it only: with what it brings it costs more than the rest of the log.
    from structlog.processors import JSONRenderer
    from structlog.stdlib import ExtraAdder, ProcessorFormatter

    lasting = {**fields, "process": os.getpid()}

    def line(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        record: logging.LogRecord = event.pop("_record")
        del event["_from_structlog"]
        made = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event.pop("event"),
            **lasting,
            **_bound.get(),
            **event,
        }
        return {name: mask(value) if isinstance(value, str) else value for name, value in made.items()}

    class Json(ProcessorFormatter):
        def format(self, record: logging.LogRecord) -> str:
            told = _trace(record)
            return super().format(_plain(record, **({"exception": told} if told else {})))

    return Json(
        foreign_pre_chain=[ExtraAdder()],
        processors=[line, JSONRenderer(ensure_ascii=False, default=lambda value: type(value).__name__)],
    )
