"""Checks what was said over REST, both ways, against Discord's own description of its API where that is at hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.discord_server.faults import Exchange

OPENAPI = Path(__file__).parents[4] / "shared" / "discord" / "openapi.json"


def _loosened(part: Any) -> Any:
    """The description's `oneOf` alternatives overlap (a thread fits a channel's, too): any one will do."""
    if isinstance(part, dict):
        return {("anyOf" if key == "oneOf" else key): _loosened(value) for key, value in part.items()}
    return [_loosened(item) for item in part] if isinstance(part, list) else part


class Spec:
    """The description, ready to check with. Made by `spec()`, which skips the test where there is none."""

    def __init__(self, description: Any) -> None:
        jsonschema = pytest.importorskip("jsonschema", reason="checking REST bodies needs jsonschema")
        referencing = pytest.importorskip("referencing", reason="checking REST bodies needs jsonschema")
        self._paths = description["paths"]
        whole = referencing.Resource(_loosened(description), referencing.jsonschema.DRAFT202012)
        registry = referencing.Registry().with_resource("urn:discord", whole)
        self._validator = jsonschema.Draft202012Validator({"$ref": "urn:discord"}, registry=registry)
        self._responses = description["components"]["responses"]

    def faults(self, exchanges: Iterable[Exchange]) -> list[str]:
        """What doesn't fit, a line each, every kind once; [] when all does."""
        found: dict[str, None] = {}
        for exchange in exchanges:
            where = f"{exchange.method} {exchange.route}"
            operation = self._paths.get(exchange.route, {}).get(exchange.method.lower())
            if operation is None:
                found[f"{where}: no such operation"] = None
                continue
            if exchange.sent is not None and exchange.status < 400:
                self._check(found, f"{where} request", _schema(operation.get("requestBody", {})), _spelt(exchange.sent))
            answers = operation["responses"]
            kind = str(exchange.status) if str(exchange.status) in answers else f"{exchange.status // 100}XX"
            if kind not in answers:
                found[f"{where}: {exchange.status} is not among {sorted(answers)}"] = None
            elif exchange.answered is not None:
                answer = answers[kind]
                if "$ref" in answer:
                    answer = self._responses[answer["$ref"].rpartition("/")[2]]
                self._check(found, f"{where} {exchange.status}", _schema(answer), exchange.answered)
        return list(found)

    def _check(self, found: dict[str, None], where: str, schema: Any, body: Any) -> None:
        if schema is None:
            found[f"{where}: no body is described"] = None
            return
        for error in self._validator.evolve(schema=_absolute(_loosened(schema))).iter_errors(body):
            deepest = _deepest(error)
            found[f"{where}: {deepest.json_path}: {deepest.message[:300]}"] = None


def _spelt(sent: Any, key: str = "") -> Any:
    """Ids as text: discord.py sends some as numbers, which Discord takes although its description doesn't say so."""
    if isinstance(sent, dict):
        return {name: _spelt(value, name) for name, value in sent.items()}
    if isinstance(sent, list):
        return [_spelt(item, key) for item in sent]
    return str(sent) if isinstance(sent, int) and key.endswith("_id") and sent >= 1 << 22 else sent


def _schema(described: Any) -> Any:
    return described.get("content", {}).get("application/json", {}).get("schema")


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {k: f"urn:discord{v}" if k == "$ref" else _absolute(v) for k, v in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _deepest(error: Any) -> Any:
    """Of the alternatives that were tried, the reason of the one that came furthest."""
    while error.context:
        error = max(error.context, key=lambda each: len(each.absolute_path))
    return error


@cache
def _read() -> Any:
    return json.loads(OPENAPI.read_text(encoding="utf-8"))


def spec() -> Spec:
    """The description of the API. Skips the running test where it isn't at hand."""
    if not OPENAPI.is_file():
        pytest.skip("Discord's API description (openapi.json) isn't here; REST bodies go unchecked")
    return Spec(_read())
