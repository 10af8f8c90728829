"""What a failed request means: whether it passes, and who has to do something about it.

A provider's own words aren't passed on: they may repeat the key or the answer. Its codes are, where they look like one.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LONG_S = 900.0
"""How long a grade waits for what somebody has to mend: a key, a quota, a model's name."""

MOST_WAIT_S = 3600.0
"""The longest wait that a provider's Retry-After can ask for."""

_CODE = re.compile(r"[\w.-]{1,60}", re.ASCII)
_READ, _TELLING = 4_000, 300

_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|billing_hard_limit|billing[_ ]not[_ ]active|credit balance|out of"
    r" credits|quota_exhausted|payment required"
)
_CONTEXT = re.compile(
    r"context[_ ]length|context[_ ]window|context size|maximum context|prompt is too long|too many tokens"
    r"|max_prompt_tokens|input is too long|exceed\w*[ \w]{0,30} context"
)
_COMPLETION = re.compile(r"in the completion|max_(?:completion_)?tokens")
_FILTER = re.compile(r"content[_ ]?(?:filter|policy|management)|responsibleai|content_violation|moderation|flagged")
_KEY = re.compile(
    r"api[_ ]?key[ \w]{0,20}?(?:not valid|invalid|expired|missing|not found|required)"
    r"|(?:invalid|incorrect|missing|expired)[_ ](?:x-)?(?:api[_ ]?key|authentication)"
)
_MODEL = re.compile(
    r"no models? (?:is |are )?loaded|model[_ ]not[_ ](?:found|exist)|deployment_?notfound"
    r"|model\b.{0,120}?(?:not (?:exist|found)|n't exist)"
)


class Kind(StrEnum):
    """What to do about a fault."""

    PASSING = "passing"  # ask again after a while
    PARAMETER = "parameter"  # ask again without a parameter
    CONTEXT = "context"
    FILTER = "filter"
    KEY = "key"
    QUOTA = "quota"
    MODEL = "model"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed request. `what` is fit to be shown; `said` is the provider's wording in lower case, only to be searched.

    `retry_after` is the wait in seconds that the provider asked for, or None.
    """

    kind: Kind
    what: str
    said: tuple[str, ...] = ()
    retry_after: float | None = None

    @property
    def in_completion(self) -> bool:
        """Whether it was the room asked for the reply, at least in part, that didn't fit into the context."""
        return any(_COMPLETION.search(words) for words in self.said)


def fault(status: int, headers: Mapping[str, str], body: object, now: dt.datetime) -> Fault:
    """What an HTTP error means; `body` is the decoded JSON or text, `now` serves a Retry-After that is a date."""
    error = body.get("error", body) if isinstance(body, dict) else body
    fields = error if isinstance(error, dict) else {}
    codes = [str(fields[name]) for name in ("code", "type", "param") if isinstance(fields.get(name), str | int)]
    shown = next((code for code in codes if _CODE.fullmatch(code) and code != str(status)), "")
    what = f"HTTP {status}" + (f", {shown}" if shown else "")
    message = str(fields.get("message", ""))[:_READ] if fields else ""
    whole = body if isinstance(body, str) else _dumped(body)
    said = tuple(text.lower() for text in (str(fields.get("param") or "")[:200], message, whole[:_READ]))
    # The beginning only: further on a message may repeat the answer, whose words mean nothing here.
    telling = " ".join((*codes, (message or whole)[:_TELLING])).lower()
    return Fault(_kind(status, telling, said), what, said, retry_after(headers, now))


def _dumped(body: object) -> str:
    try:
        return json.dumps(body, default=str)
    except RecursionError:
        return ""


def _kind(status: int, said: str, names: tuple[str, ...]) -> Kind:
    """By the status, and where vendors use one status for several things, by the words that they are known to use."""
    if status == 403 and _FILTER.search(said):
        return Kind.FILTER
    if status == 402 or (status in (400, 403, 429) and _QUOTA.search(said)):
        return Kind.QUOTA
    if status in (401, 403) or (status == 400 and _KEY.search(said)):
        return Kind.KEY
    if status in (408, 409, 425, 429):
        return Kind.PASSING
    if status >= 500:
        # some local servers fail on a schema instead of refusing it
        refused = any(re.search(r"json_schema|response_format|grammar", name) for name in names)
        return Kind.CONTEXT if _CONTEXT.search(said) else Kind.PARAMETER if refused else Kind.PASSING
    return _refused(status, said)


def _refused(status: int, said: str) -> Kind:
    if _CONTEXT.search(said) or status == 413:
        return Kind.CONTEXT
    if _FILTER.search(said):
        return Kind.FILTER
    if _MODEL.search(said):
        return Kind.MODEL
    if status in (400, 422):
        return Kind.PARAMETER
    return Kind.MODEL if status == 404 and "model" in said else Kind.ADDRESS


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """The wait in seconds that headers ask for, from 0 to MOST_WAIT_S, or None; milliseconds are the more exact."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if (wait := _seconds(headers.get(name, ""), unit)) is not None:
            return wait
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=dt.UTC)
    return _bounded((aware - now).total_seconds())


def _seconds(value: str, unit: float) -> float | None:
    try:
        number = float(value) / unit
    except ValueError:
        return None
    return _bounded(number) if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), MOST_WAIT_S)
