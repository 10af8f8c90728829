"""The form of a verdict, as JSON schema for servers that constrain output by it and in words for those that don't.

The ledger is an object with a key for every point, not a list: so a constrained model can neither leave one out nor
add one, on servers too that don't support `minItems`. With bounds a model that goes round in circles still comes to an
end before it runs out of room; where they aren't supported the schema goes without. Evidence comes before the verdict
on a point, all points before the reasons, the score last: what is written first is what the rest is conditioned on.
"""

from __future__ import annotations

from typing import Any

from bot.core.model import Coverage
from bot.core.strict import HIGHEST, LOWEST

FORM = """\
Reply with one JSON object and nothing else, its parts in this order:

{"ledger": {"1": {"quote": "...", "verdict": "..."}, "2": {"quote": "...", "verdict": "..."}},
 "reasons": ["..."],
 "score": <1 to 10>}

- ledger: one entry for every key point, under its number.
  - quote: the words of the student's answer that decide it, copied as one passage, at most a sentence or two; "" where
    there are none.
  - verdict: covered, partly, missing or contradicted.
- reasons: at most four short sentences, [] when the score is 6 or more.
- score: a whole number from 1 to 10."""
"""What is added to the instructions: the same for every request."""


QUOTE_CHARACTERS, REASON_CHARACTERS, REASONS = 240, 120, 4


def verdict_schema(points: int, *, bounded: bool = True) -> dict[str, Any]:
    """The JSON schema of a verdict on so many key points.

    Without bounds it keeps within what the strict modes of all vendors support.
    """
    entry = _object(
        {
            "quote": _text(QUOTE_CHARACTERS if bounded else None),
            "verdict": {"type": "string", "enum": [coverage.value for coverage in Coverage]},
        }
    )
    reasons: dict[str, Any] = {"type": "array", "items": _text(REASON_CHARACTERS if bounded else None)}
    return _object(
        {
            "ledger": _object({str(number): entry for number in range(1, points + 1)}),
            "reasons": {**reasons, "maxItems": REASONS} if bounded else reasons,
            # An enumeration holds everywhere; `minimum` and `maximum` don't.
            "score": {"type": "integer", "enum": list(range(LOWEST, HIGHEST + 1))},
        }
    )


def _text(most: int | None) -> dict[str, Any]:
    return {"type": "string"} if most is None else {"type": "string", "maxLength": most}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
