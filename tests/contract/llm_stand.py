"""What the tests of the LLM grader share: a task, a clock turned by hand, and a server that says what it is told."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.content import parse_prompt
from bot.core.model import KeyPoint, Price, Task
from bot.core.ports import Grader
from bot.graders.llm import Timing, llm_grader

KEY = "sk-test-0123456789abcdef"
MODEL = "examiner-1"
PROMPT = parse_prompt((Path(__file__).parents[2] / "prompts/strict.md").read_bytes(), "strict.md")
PRICE = Price(input=2.0, cached=0.5, output=8.0)
ANSWER = "Docker packs the code with its dependencies, and the same image then runs on every machine."
TASK = Task(
    "Why do teams ship models in containers?",
    "A container packs the model with its dependencies. The same image runs everywhere.",
    (
        KeyPoint("A container packs the model with its dependencies.", "Packaging"),
        KeyPoint("The same image runs everywhere."),
    ),
    ANSWER,
)

Answer = Response | Callable[[Request], Response]


class HandTime:
    """Seconds that pass only when somebody sleeps; what was slept is kept."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def timing(self) -> Timing:
        start = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
        return Timing(
            now=lambda: self.time,
            sleep=self.sleep,
            date=lambda: start + dt.timedelta(seconds=self.time - 1000.0),
            chance=random.Random(7),
        )


def verdict(score: object = 7, verdicts: Sequence[str] = ("covered", "partly"), **more: Any) -> dict[str, Any]:
    """A verdict on TASK, with quotes that stand in ANSWER."""
    quotes = ("Docker packs the code with its dependencies", "the same image then runs on every machine")
    entries = [{"quote": quote, "verdict": said} for quote, said in zip(quotes, verdicts, strict=False)]
    ledger = {str(number): entry for number, entry in enumerate(entries, 1)}
    return {"ledger": ledger, "reasons": [], "score": score, **more}


def says(content: object, **more: Any) -> Response:
    """A chat completion with this content; what isn't text is written as JSON. `more` replaces parts of the body."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": f"{MODEL}-2026-01-01",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": more.pop("refusal", None)},
                "finish_reason": more.pop("finish", "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": 600,
            "completion_tokens": 100,
            "total_tokens": 700,
            "prompt_tokens_details": {"cached_tokens": 400},
        },
    }
    return raw(json.dumps({**body, **more}))


def fails(status: int, message: str = "", headers: dict[str, str] | None = None, **fields: Any) -> Response:
    """An error as OpenAI words it."""
    error = {"message": message, "type": "server_error", "param": None, "code": None, **fields}
    return Response(json.dumps({"error": error}), status, headers, content_type="application/json")


def raw(body: str | bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")


class Stand:
    """A provider: gives the answers that are queued, in order, then a good verdict for ever; keeps the requests."""

    def __init__(self, server: HTTPServer, path: str = "/v1") -> None:
        self.requests: list[dict[str, Any]] = []
        self.seen: list[Request] = []
        self.queue: deque[Answer] = deque()
        self.otherwise: Answer = says(verdict())
        self.url = server.url_for(path)
        server.expect_request(f"{path}/chat/completions", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.requests.append(json.loads(request.get_data()))
        self.seen.append(request)
        answer = self.queue.popleft() if self.queue else self.otherwise
        if isinstance(answer, Response):
            answer = Response(answer.get_data(), answer.status, answer.headers)
        return answer if isinstance(answer, Response) else answer(request)

    def then(self, *answers: Answer) -> Stand:
        self.queue.extend(answers)
        return self

    def always(self, answer: Answer) -> Stand:
        self.otherwise = answer
        return self


def grader_at(url: str, time: HandTime | None = None, **settings: Any) -> Grader:
    """The grader under test; without a HandTime it lives in real time."""
    given: dict[str, Any] = {"models": [MODEL], "prices": {MODEL: PRICE}, "api_key": KEY, **settings}
    return llm_grader(
        template=PROMPT.text,
        prompt_version=str(PROMPT.version),
        base_url=url,
        timing=time.timing() if time else None,
        **given,
    )
