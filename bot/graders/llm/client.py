"""Asking a model behind an OpenAI-compatible API: one completion, with whatever retries fit before the deadline.

Of the `openai` SDK only the transport, the authentication and its errors are used: retries are made here, and bodies
are read here, bounded, since servers that call themselves compatible send what its types don't foresee.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openai

from bot.core.errors import GraderAway, GraderError
from bot.graders.llm.breaker import Breaker
from bot.graders.llm.faults import LONG_S, Fault, Kind, fault
from bot.graders.llm.form import Form
from bot.graders.llm.pace import Busy, Pace
from bot.graders.llm.timing import Timing
from bot.graders.llm.wire import Completion, completion, decode

log = logging.getLogger(__name__)

TRIES = 6
"""How often a request is sent before its fault counts as lasting, even if there is time left."""

BACKOFF_S, MOST_BACKOFF_S = 0.5, 8.0
_LONGEST_BODY = 2_000_000
_SHORTEST_S = 0.05
_FORMS = 12

# At DEBUG they write whole requests, answers included, whatever level the coach itself logs at.
_TALKATIVE = ("openai", "httpx", "httpcore", "httpx2", "httpcore2")


class NoJson(Exception):
    """A response was a success by its status, but no JSON object."""


class _Failed(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.what)


def connect(base_url: str, api_key: str) -> openai.AsyncOpenAI:
    """The SDK's client for an address; "" is what the SDK itself takes (OPENAI_BASE_URL, else OpenAI).

    An empty key is none. Query parameters of the address go with every request; a `/chat/completions` at its end is
    left out. Azure needs nothing else: as address give
    `https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?api-version=VERSION`, or the newer
    `https://NAME.openai.azure.com/openai/v1/` with the deployment as model.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    parts = urlsplit(base_url)
    path, key = parts.path.rstrip("/").removesuffix("/chat/completions"), api_key.strip()
    query = dict(parse_qsl(parts.query))
    azure = "api-version" in query or (parts.hostname or "").endswith(".azure.com")
    sdk = openai.AsyncOpenAI(
        base_url=parts._replace(path=path, query="", fragment="").geturl() or None,
        api_key=key or "none",  # local servers take none, but the SDK wants one
        default_query=query,
        default_headers={"api-key": key} if azure and key else None,
        max_retries=0,
        # answers and keys go to the address that was set and to no other
        http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
    )
    _ = sdk.chat.completions  # imported now, not while the first answer waits
    return sdk


class Client:
    """One model behind one address: remembers what the server takes, and leaves it alone while it is down.

    `timeout_s` bounds one request, from its beginning to the last byte of the response.
    """

    def __init__(
        self, sdk: openai.AsyncOpenAI, model: str, pace: Pace, timing: Timing, timeout_s: float = 30.0
    ) -> None:
        self._sdk, self._pace, self._timing, self._timeout_s = sdk, pace, timing, timeout_s
        self._form = Form()
        self._breaker = Breaker(timing.now)
        self.model = model

    async def ask(
        self, messages: list[dict[str, str]], *, points: int, room: int, seed: int, until: float
    ) -> Completion:
        """What the model writes, in at most `room` tokens, before the time `until` by the grader's clock.

        Raises NoJson for a success that can't be read, GraderAway when there is no answer in time or somebody has to
        do something first, GraderError for a request that this model will never take.
        """
        form, tries = self._form, 0
        for _ in range(_FORMS + TRIES):
            body = {"messages": form.messages(messages), **form.fields(points=points, room=room, seed=seed)}
            try:
                found = await self._once(body, until)
            except _Failed as failed:
                if failed.fault.kind is Kind.PASSING:
                    tries += 1
                    await self._rest(failed, tries, until)
                else:
                    form = self._other(form, failed)
            else:
                self._remember(form)
                return found
        raise GraderAway(f"the model {self.model} couldn't be asked: its server refuses every form of the request")

    async def close(self) -> None:
        """Close the connections, also those of other models behind the same address."""
        await self._sdk.close()

    # ------------------------------------------------------------------------------------------ one request

    async def _once(self, body: Mapping[str, Any], until: float) -> Completion:
        self._refuse_for(self._breaker.left())
        try:
            async with self._pace.turn(until):
                left = until - self._timing.now()
                if left <= 0:
                    raise Busy(0.0)
                self._refuse_for(self._breaker.enter())
                return await self._reported(body, max(_SHORTEST_S, min(left, self._timeout_s)))
        except Busy as exc:
            raise GraderAway(f"no request to {self.model} may begin before the deadline", max(1.0, exc.wait)) from exc

    async def _reported(self, body: Mapping[str, Any], seconds: float) -> Completion:
        """Make the request and tell the breaker how it went."""
        told = False
        try:
            found = completion(await self._post(body, seconds))
            self._breaker.worked()
            told = True
            return found
        except NoJson:
            what = "its responses aren't JSON"
            self._breaker.failed(what, _DOWN.format(self.model, what))
            told = True
            raise
        except _Failed as failed:
            self._judge(failed.fault)
            told = True
            raise
        finally:
            if not told:
                self._breaker.gave_up()

    async def _post(self, body: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The response's JSON. Raises NoJson and _Failed."""
        try:
            async with asyncio.timeout(seconds):
                raw = await self._bytes(body, seconds)
        except TimeoutError as exc:
            raise _Failed(Fault(Kind.PASSING, f"no response within {seconds:.0f} s")) from exc
        except openai.APIStatusError as exc:
            raise _Failed(self._fault(exc.status_code, exc.response.headers, exc.body)) from exc
        except openai.APITimeoutError as exc:
            raise _Failed(Fault(Kind.PASSING, f"no response within {seconds:.0f} s")) from exc
        except openai.APIError as exc:
            raise _Failed(
                Fault(Kind.PASSING, f"the connection failed ({type(exc.__cause__ or exc).__name__})")
            ) from exc
        found = decode(raw)
        if found is None:
            raise NoJson
        if (error := found.get("error")) and not found.get("choices"):  # some gateways report errors with a 200
            code = error.get("code") if isinstance(error, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 502
            raise _Failed(self._fault(status, {}, found))
        return found

    async def _bytes(self, body: Mapping[str, Any], seconds: float) -> bytes:
        create: Any = self._sdk.chat.completions.with_streaming_response.create
        raw = b""
        try:
            async with create(model=self.model, timeout=seconds, **body) as response:
                async for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > _LONGEST_BODY:
                        raise NoJson
        except (openai.APIError, NoJson):
            raise
        except Exception as exc:  # while a body is read the SDK lets its transport's own errors through
            raise _Failed(Fault(Kind.PASSING, f"the connection failed ({type(exc).__name__})")) from exc
        return raw

    def _fault(self, status: int, headers: Mapping[str, str], body: object) -> Fault:
        return fault(status, headers, body, self._timing.date())

    # ------------------------------------------------------------------------------------------ after a failure

    def _judge(self, found: Fault) -> None:
        if found.kind is Kind.PASSING and found.retry_after:
            self._pace.hold(found.retry_after)
            self._breaker.gave_up()  # it says itself when to come back
        elif found.kind is Kind.PASSING:
            self._breaker.failed(found.what, _DOWN.format(self.model, found.what))
        elif found.kind in _LASTING:
            self._breaker.failed(found.what, self._notice(found), at_once=True)
        else:
            self._breaker.worked()  # it is there, and read the request

    def _refuse_for(self, wait: float) -> None:
        if wait:
            why = (
                f"the model {self.model} is left alone for {wait:.0f} s ({self._breaker.why or 'it has been failing'})"
            )
            raise GraderAway(why, wait, self._breaker.notice)

    async def _rest(self, failed: _Failed, tries: int, until: float) -> None:
        """Wait before the next try. Raises GraderAway when there is to be none."""
        found, timing = failed.fault, self._timing
        wait = min(MOST_BACKOFF_S, BACKOFF_S * 2.0 ** (tries - 1)) * timing.chance.uniform(0.5, 1.0)
        if found.retry_after is not None:  # never sooner, and not all of those who wait at the same moment
            wait = found.retry_after + min(wait, 1.0) * 0.5
        if tries < TRIES and not self._breaker.left() and timing.now() + wait < until:
            log.info("%s: %s; tried again in %.1f s", self.model, found.what, wait)
            await timing.sleep(wait)
            return
        text = f"the model {self.model} can't be had ({found.what}) after {tries} tries"
        raise GraderAway(
            text, max(found.retry_after or 0.0, self._breaker.left()) or None, self._breaker.notice
        ) from failed

    def _other(self, form: Form, failed: _Failed) -> Form:
        """The form to ask again with at once; raises what the fault comes to when there is none."""
        found = failed.fault
        if found.kind is Kind.CONTEXT and found.in_completion and form.limit != "none":
            return form.unlimited()
        if found.kind is Kind.PARAMETER and (plainer := form.without(*found.said)):
            return plainer
        if found.kind in _LASTING:
            raise GraderAway(f"the model {self.model} refuses ({found.what})", LONG_S, self._notice(found)) from failed
        raise GraderError(_REFUSED.get(found.kind, _REFUSED[Kind.PARAMETER]).format(self.model, found.what)) from failed

    def _notice(self, found: Fault) -> str:
        return _LASTING[found.kind].format(self.model, found.what)

    def _remember(self, form: Form) -> None:
        """Keep what worked; only now, since a refusal may have had another reason than what it named."""
        if form != self._form:
            log.info("%s takes requests as %s", self.model, form)
            self._form = form


_DOWN = "The LLM provider can't be had for {0} ({1}). Replies wait, and are graded once it is back."
_LASTING = {
    Kind.KEY: "The LLM provider refuses the key for {0} ({1}). Check COACH_LLM_API_KEY.",
    Kind.QUOTA: "The quota or balance at the LLM provider is used up ({1}). Top it up or raise its limit;"
    " grading by {0} then goes on.",
    Kind.MODEL: "The LLM provider doesn't have the model {0} ({1}). Check COACH_LLM_MODEL.",
    Kind.ADDRESS: "The LLM provider doesn't serve chat completions at this address ({1}). Check COACH_LLM_BASE_URL.",
}
_REFUSED = {
    Kind.CONTEXT: "the question and the answer are too long for the model {0} ({1}: context_length_exceeded);"
    " choose one with a longer context",
    Kind.FILTER: "the provider's content filter refuses this answer ({1}); ask a person to grade it",
    Kind.PARAMETER: "the model {0} refuses the request ({1}); check that its server does chat completions",
}
