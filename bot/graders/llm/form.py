"""The parameters of a request that not every server takes, and what is left out when one refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.graders.llm.schema import verdict_schema

_RESPONSE = re.compile(
    r"response_?format|json_?schema|json_?object|structured.?output|max_?length|max_?items|additional_?properties"
    r"|\bgrammar|\bschema\b|guided_"
)
_BOUNDS = re.compile(
    r"max_?length|max_?items|not permitted|schema (?:contains|is invalid)|features|keyword|grammar|regex"
)
_TEMPERATURE = re.compile(r"\btemperature\b")
_SEED = re.compile(r"\bseed\b")
_LIMIT = re.compile(r"\bmax_(?:completion_)?tokens\b|\bmax_output_tokens\b")
_SYSTEM = re.compile(r"\bsystem[\s_-]?(?:role|message|prompt)|\brole[\s'\":]{1,4}system")


_PLAINER: dict[str, Literal["schema", "object", "none"]] = {"bounded": "schema", "schema": "object", "object": "none"}


@dataclass(frozen=True, slots=True)
class Form:
    """What is sent beside model and messages; at first all of it, since what is refused is left out."""

    response: Literal["bounded", "schema", "object", "none"] = "bounded"
    temperature: bool = True
    seed: bool = True
    limit: Literal["max_tokens", "max_completion_tokens", "none"] = "max_tokens"
    system: bool = True

    def fields(self, *, points: int, room: int, seed: int) -> dict[str, Any]:
        """The parameters for a verdict on so many key points, in at most `room` tokens."""
        found: dict[str, Any] = {}
        if self.response in ("bounded", "schema"):
            schema = verdict_schema(points, bounded=self.response == "bounded")
            named = {"name": "verdict", "strict": True, "schema": schema}
            found["response_format"] = {"type": "json_schema", "json_schema": named}
        elif self.response == "object":
            found["response_format"] = {"type": "json_object"}
        if self.temperature:
            found["temperature"] = 0
        if self.seed:
            found["seed"] = seed
        if self.limit != "none":
            found[self.limit] = room
        return found

    def messages(self, messages: list[dict[str, str]]) -> list[dict[str, str]]:
        """The messages, with the instructions in the first of the user's where the server takes no system message."""
        if self.system:
            return messages
        first, second, *rest = messages
        return [{"role": "user", "content": f"{first['content']}\n\n{second['content']}"}, *rest]

    def without(self, *said: str) -> Form | None:
        """The form without what an error names, whose words are given in lower case, the most telling first.

        When they name nothing that is sent: without the next of seed, the schema's bounds, schema, any response format,
        temperature, and the limit of tokens. None when nothing is left to leave out.
        """
        named = (form for words in said for form in self._named(words))
        return next(named, None) or next(self._in_order(), None)

    def _named(self, said: str) -> Iterator[Form]:
        if _RESPONSE.search(said) and self.response != "none":
            whole = self.response == "bounded" and not _BOUNDS.search(
                said
            )  # no schema at all, not only none with bounds
            yield replace(self, response="object") if whole else self._plainer()
        if _TEMPERATURE.search(said) and self.temperature:
            yield replace(self, temperature=False)
        if _SEED.search(said) and self.seed:
            yield replace(self, seed=False)
        if _LIMIT.search(said) and self.limit != "none":
            yield self.unlimited()
        if _SYSTEM.search(said) and self.system:
            yield replace(self, system=False)

    def _in_order(self) -> Iterator[Form]:
        if self.seed:
            yield replace(self, seed=False)
        if self.response != "none":
            yield self._plainer()
        if self.temperature:
            yield replace(self, temperature=False)
        if self.limit != "none":
            yield self.unlimited()

    def _plainer(self) -> Form:
        return replace(self, response=_PLAINER[self.response])

    def unlimited(self) -> Form:
        """The form with the next name for the limit of tokens, at last with none."""
        return replace(self, limit="max_completion_tokens" if self.limit == "max_tokens" else "none")
