"""A provider's response, from bytes to what the grader needs of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.text import one_line

_MOST_TOKENS = 10**9


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. `text` is "" when there is none; tokens that the server doesn't count are 0.

    `refusal` says that the model or a filter declined; `cut` that the limit of tokens ended it.
    """

    text: str
    refusal: bool
    cut: bool
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int


def decode(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def completion(body: Mapping[str, Any]) -> Completion:
    """Read a chat completion; whatever is missing or of another type counts as absent."""
    choices = body.get("choices")
    choice = _object(choices[0]) if isinstance(choices, list) and choices else {}
    message = _object(choice.get("message"))
    finish = choice.get("finish_reason")
    usage = _object(body.get("usage"))
    details = _object(usage.get("prompt_tokens_details"))
    taken = _tokens(usage.get("prompt_tokens"))
    cached = _tokens(details.get("cached_tokens")) or _tokens(usage.get("prompt_cache_hit_tokens"))
    return Completion(
        text=_text(message.get("content")),
        refusal=finish == "content_filter" or bool(_text(message.get("refusal")).strip()),
        cut=finish == "length",
        model=_model(body.get("model")),
        input_tokens=taken,
        cached_tokens=min(cached, taken),
        output_tokens=_tokens(usage.get("completion_tokens")),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: object) -> str:
    """A message's content: text, or a list of parts with text."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _model(value: object) -> str:
    """The model's name; of a file, which some local servers give instead, its name without the folders."""
    name = one_line(value[:1000], 200) if isinstance(value, str) else ""
    return name.replace("\\", "/").rpartition("/")[2] if name.startswith("/") or name[1:3] == ":\\" else name


def _tokens(value: object) -> int:
    counted = isinstance(value, int) and not isinstance(value, bool)
    return min(max(0, int(value)), _MOST_TOKENS) if counted and isinstance(value, int) else 0
