"""What the LLM grader promises when its provider misbehaves, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import time as clock
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock
from pytest_httpserver import HTTPServer
from werkzeug import Response

from bot.core import strict
from bot.core.errors import GraderAway, GraderError
from bot.core.model import Coverage
from bot.core.ports import Grader
from bot.graders.llm import Panel
from tests.contract.llm_stand import (
    ANSWER,
    KEY,
    MODEL,
    PROMPT,
    TASK,
    HandTime,
    Stand,
    fails,
    grader_at,
    raw,
    says,
    verdict,
)

Maker = Callable[..., Grader]


@pytest.fixture(scope="module")
def provider() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture
def stand(provider: HTTPServer) -> Stand:
    provider.clear()
    return Stand(provider)


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
async def make(stand: Stand) -> AsyncIterator[Maker]:
    made: list[Grader] = []

    def maker(time: HandTime | None = None, url: str = "", **settings: Any) -> Grader:
        made.append(grader_at(url or stand.url, time, **settings))
        return made[-1]

    yield maker
    for grader in made:
        await grader.close()


async def away(grader: Grader) -> GraderAway:
    with pytest.raises(GraderAway) as found:
        await grader.grade(TASK)
    return found.value


# ---------------------------------------------------------------------------------------------- one request a grade


async def test_a_grade_takes_one_request_and_its_receipt_says_what_it_cost(stand: Stand, make: Maker) -> None:
    found = await make().grade(TASK)
    assert found.score == 7
    assert [point.coverage for point in found.points] == [Coverage.COVERED, Coverage.PARTLY]
    assert found.points[0].quote == "Docker packs the code with its dependencies"
    receipt = found.receipt
    assert (receipt.grader, receipt.model, receipt.prompt_version) == ("llm", f"{MODEL}-2026-01-01", "2")
    assert (receipt.input_tokens, receipt.cached_tokens, receipt.output_tokens) == (600, 400, 100)
    assert receipt.cost == pytest.approx((200 * 2.0 + 400 * 0.5 + 100 * 8.0) / 1e6)
    assert 0 < receipt.seconds < 10
    assert len(stand.requests) == 1


async def test_the_request_is_deterministic_structured_and_has_the_answer_last(stand: Stand, make: Maker) -> None:
    await make().grade(TASK)
    [sent] = stand.requests
    assert (sent["model"], sent["temperature"], sent["seed"], sent["max_tokens"]) == (MODEL, 0, 0, 1200)
    schema = sent["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert list(schema["schema"]["properties"]) == ["ledger", "reasons", "score"]
    system, user = sent["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert system["content"].startswith(PROMPT.text.split("[Question]")[0].strip())
    parts = [TASK.question, TASK.sample_answer, "1. Packaging: A container", "2. The same image", ANSWER]
    places = [user["content"].index(part) for part in parts]
    assert places == sorted(places)
    assert stand.seen[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_usage_that_is_missing_or_nonsense_counts_as_nothing(stand: Stand, make: Maker) -> None:
    stand.then(says(verdict(), usage=None), says(verdict(), usage={"prompt_tokens": "many", "completion_tokens": -5}))
    grader = make()
    for _ in range(2):
        receipt = (await grader.grade(TASK)).receipt
        assert (receipt.input_tokens, receipt.output_tokens, receipt.cost) == (0, 0, 0.0)


@pytest.mark.parametrize("end", ["", "/", "/chat/completions"])
async def test_azure_needs_no_more_than_its_address(provider: HTTPServer, stand: Stand, make: Maker, end: str) -> None:
    azure = Stand(provider, "/openai/deployments/examiner")
    await make(url=f"{azure.url}{end}?api-version=2024-10-21").grade(TASK)
    assert azure.seen[0].args["api-version"] == "2024-10-21"
    assert azure.seen[0].headers["api-key"] == KEY
    assert stand.requests == []


# ---------------------------------------------------------------------------------------------- what passes


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Mon, 02 Mar 2026 09:00:12 GMT"}, 12.0),
        ({"retry-after-ms": "2500", "Retry-After": "9"}, 2.5),
    ],
    ids=["seconds", "date", "milliseconds"],
)
async def test_retry_after_is_honoured(
    stand: Stand, make: Maker, time: HandTime, headers: dict[str, str], wait: float
) -> None:
    stand.then(fails(429, "slow down", headers, code="rate_limit_exceeded"))
    assert (await make(time).grade(TASK)).score == 7
    assert wait <= sum(time.slept) <= wait + 1.0


async def test_retry_after_beyond_the_deadline_is_passed_on_without_waiting(
    stand: Stand, make: Maker, time: HandTime
) -> None:
    stand.then(fails(429, headers={"Retry-After": "300"}))
    grader = make(time)
    assert (await away(grader)).retry_after == 300
    assert time.slept == []
    assert (await away(grader)).retry_after == pytest.approx(300)  # nobody else's request goes there sooner either
    assert len(stand.requests) == 1


async def test_an_absurd_retry_after_is_bounded(stand: Stand, make: Maker, time: HandTime) -> None:
    stand.then(fails(503, headers={"Retry-After": "1e12"}))
    assert (await away(make(time))).retry_after == 3600


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
async def test_server_errors_are_retried_with_growing_waits(
    stand: Stand, make: Maker, time: HandTime, status: int
) -> None:
    stand.then(*[fails(status, "oops")] * 3)
    assert (await make(time).grade(TASK)).score == 7
    assert len(stand.requests) == 4
    assert len(time.slept) == 3
    for wait, full in zip(time.slept, (0.5, 1.0, 2.0), strict=True):
        assert full / 2 <= wait <= full


async def test_retries_end_with_the_deadline(stand: Stand, make: Maker, time: HandTime) -> None:
    stand.always(fails(500))
    assert (await away(make(time, deadline_s=3))).notice == ""
    assert sum(time.slept) < 3
    assert 2 <= len(stand.requests) <= 5


async def test_a_slow_response_is_given_up_in_time(stand: Stand, make: Maker) -> None:
    def slow(_: object) -> Response:
        clock.sleep(0.6)
        return says(verdict())

    stand.always(slow)
    begun = clock.monotonic()
    error = await away(make(timeout_s=0.15, deadline_s=0.5))
    assert "no response within" in str(error)
    assert clock.monotonic() - begun < 5


async def test_a_slow_response_that_fits_is_waited_for(stand: Stand, make: Maker) -> None:
    def slow(_: object) -> Response:
        clock.sleep(0.3)
        return says(verdict())

    stand.then(slow)
    assert (await make().grade(TASK)).receipt.seconds >= 0.3


@asynccontextmanager
async def socket_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def test_a_reset_connection_is_retried(make: Maker, time: HandTime) -> None:
    calls: list[int] = []

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        calls.append(1)
        if len(calls) % 2:
            writer.transport.abort()
        else:  # half a response
            writer.write(HEAD + b'Content-Length: 500\r\n\r\n{"choices"')
            await writer.drain()

    async with socket_server(reset) as url:
        error = await away(make(time, url=url))
    assert "the connection failed" in str(error)
    assert len(calls) == 6


async def test_a_response_that_drips_for_ever_ends_with_its_time(make: Maker) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HEAD + b"Content-Length: 500\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with socket_server(drip) as url:
        begun = clock.monotonic()
        await away(make(url=url, timeout_s=0.2, deadline_s=0.5))
    assert clock.monotonic() - begun < 5


async def test_a_response_without_end_isnt_kept(make: Maker) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HEAD + b"\r\n")
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()

    async with socket_server(flood) as url:
        assert "isn't JSON" in str(await away(make(url=url, timeout_s=5)))


async def test_nobody_at_the_address_is_a_grade_that_waits(make: Maker, time: HandTime) -> None:
    async with socket_server(lambda *_: asyncio.sleep(0)) as url:
        pass
    assert "the connection failed" in str(await away(make(time, url=url)))


# ---------------------------------------------------------------------------------------------- what doesn't pass


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (fails(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), "COACH_LLM_API_KEY"),
        (fails(403, "no access", code="forbidden"), "COACH_LLM_API_KEY"),
        (fails(400, "API key not valid. Please pass a valid API key."), "COACH_LLM_API_KEY"),
        (fails(404, "The model `examiner-1` does not exist", code="model_not_found"), "COACH_LLM_MODEL"),
        (fails(400, "Model Not Exist"), "COACH_LLM_MODEL"),
        (raw("<html>nothing here</html>", 404), "COACH_LLM_BASE_URL"),
        (fails(405, "method not allowed"), "COACH_LLM_BASE_URL"),
        (fails(429, "You exceeded your current quota", {"Retry-After": "1"}, code="insufficient_quota"), "quota"),
        (fails(402, "Insufficient Balance"), "quota"),
    ],
    ids=["key", "forbidden", "key as 400", "model", "model as 400", "address", "method", "quota", "balance"],
)
async def test_what_somebody_has_to_mend_isnt_retried_and_says_so(
    stand: Stand, make: Maker, time: HandTime, answer: Response, named: str
) -> None:
    stand.always(answer)
    grader = make(time)
    error = await away(grader)
    assert named in error.notice
    assert (error.retry_after or 0) >= 600
    assert KEY not in f"{error} {error.notice}"
    assert len(stand.requests) == 1
    later = await away(grader)  # and others don't ask either, for a while
    assert named in later.notice
    assert len(stand.requests) == 1
    time.time += 700
    stand.always(says(verdict()))
    assert (await grader.grade(TASK)).score == 7


async def test_answers_and_keys_go_to_no_other_address(stand: Stand, make: Maker, provider: HTTPServer) -> None:
    elsewhere = Stand(provider, "/elsewhere")
    stand.always(Response("", 307, {"Location": f"{elsewhere.url}/chat/completions"}))
    assert "COACH_LLM_BASE_URL" in (await away(make())).notice
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        fails(400, "This model's maximum context length is 512 tokens.", code="context_length_exceeded"),
        fails(400, "the request exceeds the available context size", type="exceed_context_size_error"),
        raw("too large", 413),
    ],
    ids=["openai", "llama.cpp", "413"],
)
async def test_a_context_that_is_too_short_is_an_error_that_names_it(
    stand: Stand, make: Maker, answer: Response
) -> None:
    stand.always(answer)
    with pytest.raises(GraderError, match="context_length_exceeded") as found:
        await make().grade(TASK)
    assert not isinstance(found.value, GraderAway)
    assert len(stand.requests) == 1


async def test_room_for_the_reply_that_doesnt_fit_is_left_to_the_server(stand: Stand, make: Maker) -> None:
    words = "maximum context length is 2048. You requested 2200 tokens (1000 in the messages, 1200 in the completion)"
    stand.then(fails(400, words), fails(400, words))
    assert (await make().grade(TASK)).score == 7
    assert "max_tokens" not in stand.requests[-1]


async def test_a_content_filter_on_the_request_is_an_error_that_names_it(stand: Stand, make: Maker) -> None:
    stand.always(fails(400, "The response was filtered", code="content_filter"))
    with pytest.raises(GraderError, match="content filter"):
        await make().grade(TASK)
    assert len(stand.requests) == 1


# ---------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("refusals", "gone"),
    [
        ([fails(400, "'temperature' does not support 0 with this model", param="temperature")], {"temperature"}),
        ([raw('{"detail":[{"loc":["body","seed"],"msg":"extra fields not permitted"}]}', 422)], {"seed"}),
        (
            [
                fails(
                    400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens"
                )
            ],
            {"max_tokens"},
        ),
        (
            [
                fails(400, "Invalid schema: 'maxLength' is not permitted"),
                fails(400, "response_format.type must be 'text' or 'json_object'"),
                fails(400, "unknown field response_format"),
            ],
            {"response_format"},
        ),
        ([fails(400, "json_schema isn't supported"), fails(400, "response_format isn't either")], {"response_format"}),
        ([fails(500, "failed to parse grammar for json_schema")] * 3, {"response_format"}),
        ([fails(400, "System role not supported")], {"system"}),
    ],
    ids=["temperature", "seed", "max_tokens", "response_format", "json_schema", "grammar", "system"],
)
async def test_a_refused_parameter_is_left_out_at_once_and_for_good(
    stand: Stand, make: Maker, time: HandTime, refusals: list[Response], gone: set[str]
) -> None:
    stand.then(*refusals)
    grader = make(time)
    assert (await grader.grade(TASK)).score == 7
    assert len(stand.requests) == len(refusals) + 1
    assert time.slept == []
    await grader.grade(TASK)
    assert len(stand.requests) == len(refusals) + 2  # asked the same way again, nothing tried anew
    sent = stand.requests[-1]
    kept = {"response_format", "temperature", "seed", "max_tokens"} - gone
    assert kept <= set(sent)
    assert not gone & set(sent)
    if "max_tokens" in gone:
        assert sent["max_completion_tokens"] == 1200
    roles = [message["role"] for message in sent["messages"]]
    assert roles == (["user"] if "system" in gone else ["system", "user"])


async def test_of_an_unnamed_refusal_one_parameter_after_the_other_is_dropped(stand: Stand, make: Maker) -> None:
    stand.always(fails(400, "bad request"))
    with pytest.raises(GraderError, match="refuses the request"):
        await make().grade(TASK)
    asked = [
        (
            "seed" in sent,
            sent.get("response_format", {}).get("type"),
            "temperature" in sent,
            next((name for name in sent if name.startswith("max_")), ""),
        )
        for sent in stand.requests
    ]
    assert asked == [
        (True, "json_schema", True, "max_tokens"),
        (False, "json_schema", True, "max_tokens"),  # with bounds, then without
        (False, "json_schema", True, "max_tokens"),
        (False, "json_object", True, "max_tokens"),
        (False, None, True, "max_tokens"),
        (False, None, False, "max_tokens"),
        (False, None, False, "max_completion_tokens"),
        (False, None, False, ""),
    ]


async def test_a_refusal_that_had_other_reasons_costs_no_parameter(stand: Stand, make: Maker) -> None:
    stand.then(*[fails(400, "bad request")] * 8)
    grader = make()
    with pytest.raises(GraderError):
        await grader.grade(TASK)
    await grader.grade(TASK)
    assert "response_format" in stand.requests[-1]


# ---------------------------------------------------------------------------------------------- replies that aren't


UNUSABLE = {
    "prose": says("I'd give this a seven."),
    "empty": says(""),
    "null": says(None),
    "no choices": says("", choices=[]),
    "refusal": says(None, refusal="I can't help with that."),
    "filter": says("", finish="content_filter"),
    "truncated": says('{"ledger": {"1": {"quote": "Docker pa', finish="length"),
    "eleven": says(verdict(11)),
    "zero": says(verdict(0)),
    "half": says(verdict(6.5)),
    "true": says(verdict(True)),
    "word": says(verdict("seven")),
    "a point short": says(verdict(7, ["covered"])),
    "another verdict": says(verdict(7, ["covered", "sort of"])),
    "two verdicts": says(json.dumps(verdict(2)) + "\n" + json.dumps(verdict(9))),
    "not json": raw("<html>busy</html>"),
    "json but no object": raw("[1, 2]"),
    "lists": raw('{"choices": {"message": 1}}'),
}


@pytest.mark.parametrize("name", UNUSABLE)
async def test_what_cant_be_read_is_asked_for_once_more(stand: Stand, make: Maker, name: str) -> None:
    stand.then(UNUSABLE[name])
    found = await make().grade(TASK)
    assert found.score == 7
    first, second = stand.requests
    assert second["messages"][:2] == first["messages"]  # the provider's cache holds
    assert all(message["content"] for message in second["messages"])


@pytest.mark.parametrize("name", UNUSABLE)
async def test_what_cant_be_read_twice_is_no_grade(stand: Stand, make: Maker, name: str) -> None:
    stand.always(UNUSABLE[name])
    error = await away(make())
    assert len(stand.requests) == 2
    assert ANSWER not in str(error)
    assert error.retry_after == 900


async def test_a_repair_says_what_was_wrong_and_its_tokens_count(stand: Stand, make: Maker) -> None:
    stand.then(says(verdict(11)))
    found = await make().grade(TASK)
    _, _, reply, ask = stand.requests[1]["messages"]
    assert reply == {"role": "assistant", "content": json.dumps(verdict(11))}
    assert "the score isn't a whole number from 1 to 10" in ask["content"]
    assert (found.receipt.input_tokens, found.receipt.output_tokens) == (1200, 200)


async def test_what_was_spent_in_vain_is_told(stand: Stand, make: Maker) -> None:
    stand.always(says("no"))
    error = await away(make())
    assert error.spent is not None
    assert (error.spent.input_tokens, error.spent.output_tokens) == (1200, 200)
    assert error.spent.cost > 0


async def test_who_may_have_to_raise_the_limit_of_tokens_is_told(stand: Stand, make: Maker) -> None:
    stand.always(UNUSABLE["truncated"])
    assert "COACH_LLM_MAX_TOKENS" in (await away(make())).notice


async def test_a_truncated_reply_gets_more_room(stand: Stand, make: Maker) -> None:
    stand.then(UNUSABLE["truncated"])
    await make(max_tokens=300).grade(TASK)
    assert [sent["max_tokens"] for sent in stand.requests] == [300, 600]


@pytest.mark.parametrize(
    "reply",
    [
        says(f"```json\n{json.dumps(verdict())}\n```"),
        says(f"Here you are:\n{json.dumps(verdict())}\nHope that helps."),
        says(f"<think>{json.dumps(verdict(10))} or rather</think>{json.dumps(verdict())}"),
        says(verdict("7/10")),
        says(verdict(7.0)),
        says(verdict("7")),
        says(json.dumps(verdict()) + "\n\n\n", finish="length"),
        says("", choices=[{"message": {"content": [{"type": "text", "text": json.dumps(verdict())}]}}]),
    ],
    ids=["fence", "prose", "thoughts", "7/10", "7.0", "'7'", "cut after the end", "parts"],
)
async def test_what_is_unambiguous_is_read(stand: Stand, make: Maker, reply: Response) -> None:
    stand.then(reply)
    assert (await make().grade(TASK)).score == 7
    assert len(stand.requests) == 1


async def test_an_error_that_comes_with_a_200_is_an_error(stand: Stand, make: Maker, time: HandTime) -> None:
    stand.then(raw('{"error": {"code": 429, "message": "busy"}}'), raw('{"error": {"message": "upstream failed"}}'))
    assert (await make(time).grade(TASK)).score == 7
    assert len(time.slept) == 2


# ---------------------------------------------------------------------------------------------- calm


async def test_a_provider_that_is_down_is_left_alone_then_tried_with_one_request(
    stand: Stand, make: Maker, time: HandTime
) -> None:
    stand.always(fails(503))
    grader = make(time)
    for _ in range(5):
        error = await away(grader)
    asked = len(stand.requests)
    assert asked == 8
    assert error.retry_after
    assert error.retry_after <= 15.1
    assert "Replies wait" in error.notice  # by now the organisers should know
    time.time += 16
    await asyncio.gather(*(away(grader) for _ in range(5)))
    assert len(stand.requests) == asked + 1
    time.time += 31
    stand.always(says(verdict()))
    assert (await grader.grade(TASK)).score == 7
    assert (await grader.grade(TASK)).score == 7


async def test_so_many_at_once_and_no_more(stand: Stand, make: Maker) -> None:
    under_way: list[int] = [0, 0]

    def count(_: object) -> Response:
        under_way[0] += 1
        under_way[1] = max(under_way)
        clock.sleep(0.05)
        under_way[0] -= 1
        return says(verdict())

    stand.always(count)
    grader = make(at_once=3)
    await asyncio.gather(*(grader.grade(TASK) for _ in range(12)))
    assert under_way[1] <= 3


async def test_a_grade_that_finds_no_room_before_its_deadline_waits_for_another_day(stand: Stand, make: Maker) -> None:
    def slow(_: object) -> Response:
        clock.sleep(0.5)
        return says(verdict())

    stand.always(slow)
    grader = make(at_once=1, deadline_s=0.8)
    found = await asyncio.gather(*(grader.grade(TASK) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, GraderAway) for one in found) >= 2
    assert not [one for one in found if isinstance(one, Exception) and not isinstance(one, GraderAway)]


async def test_requests_a_minute_are_kept(stand: Stand, make: Maker, time: HandTime) -> None:
    grader = make(time, requests_per_minute=2, deadline_s=50)
    await grader.grade(TASK)
    time.time += 20
    await grader.grade(TASK)
    await grader.grade(TASK)
    assert time.slept == [pytest.approx(40)]
    await grader.grade(TASK)  # a minute after the second
    assert sum(time.slept) == pytest.approx(60)
    assert len(stand.requests) == 4


async def test_a_request_that_may_only_begin_after_the_deadline_isnt_made(
    stand: Stand, make: Maker, time: HandTime
) -> None:
    grader = make(time, requests_per_minute=1, deadline_s=30)
    await grader.grade(TASK)
    assert (await away(grader)).retry_after == pytest.approx(60)
    assert len(stand.requests) == 1
    assert time.slept == []


async def test_a_cancelled_grade_leaves_no_slot_taken(stand: Stand, make: Maker) -> None:
    def slow(_: object) -> Response:
        clock.sleep(0.3)
        return says(verdict())

    stand.then(slow)
    grader = make(at_once=1)
    task = asyncio.create_task(grader.grade(TASK))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await grader.grade(TASK)).score == 7


async def test_neither_the_key_nor_the_answer_is_logged(
    stand: Stand, make: Maker, time: HandTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"bad value {ANSWER} for {KEY}"
    stand.then(fails(500, echo), fails(400, echo, param="seed"), says(f"no verdict on {ANSWER}"), fails(401, echo))
    grader = make(time)
    error = await away(grader)
    assert "tried again" in caplog.text
    for text in (caplog.text, str(error), error.notice, repr(error), repr(grader)):
        assert KEY not in text
        assert "Docker packs" not in text


# ---------------------------------------------------------------------------------------------- panels


async def test_a_panel_of_models_gives_the_lower_median_and_all_scores(stand: Stand, make: Maker) -> None:
    def by_model(request: Any) -> Response:
        model = json.loads(request.get_data())["model"]
        return says(verdict({"a": 3, "b": 6, "c": 8}[model]), model=model)

    stand.always(by_model)
    panel = make(models=["a", "b", "c"])
    assert isinstance(panel, Panel)
    found = await panel.grade(TASK)
    assert found.receipt.scores == (3, 6, 8)
    assert (found.score, found.receipt.model) == (6, "b")
    assert found.receipt.input_tokens == 1800


async def test_a_panel_goes_on_without_a_member_whose_model_is_missing(stand: Stand, make: Maker) -> None:
    def by_model(request: Any) -> Response:
        model = json.loads(request.get_data())["model"]
        return fails(404, "model not found", code="model_not_found") if model == "b" else says(verdict(6))

    stand.always(by_model)
    assert (await make(models=["a", "b"]).grade(TASK)).receipt.scores == (6,)


async def test_repeats_ask_the_same_model_with_other_seeds(stand: Stand, make: Maker) -> None:
    found = await make(repeats=3).grade(TASK)
    assert found.receipt.scores == (7, 7, 7)
    assert sorted(sent["seed"] for sent in stand.requests) == [0, 1, 2]
    assert len({json.dumps(sent["messages"]) for sent in stand.requests}) == 1


# ---------------------------------------------------------------------------------------------- llmock's judgement


async def test_llmock_finds_nothing_wrong_with_how_rate_limits_are_met(llmock: LLMock, make: Maker) -> None:
    llmock.rate_limit(times=2, retry_after=0.2).reply(json.dumps(verdict()), times=None)
    assert (await make(url=llmock.base_url()).grade(TASK)).score == 7
    assert len(llmock.requests) == 3
    llmock.assert_resilient(strict=True)


async def test_llmock_finds_nothing_wrong_with_how_an_outage_is_met(llmock: LLMock, make: Maker) -> None:
    llmock.outage(status=500)
    await away(make(url=llmock.base_url(), deadline_s=3))
    llmock.assert_resilient()


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_llmock_finds_nothing_wrong_with_how_a_refusal_is_met(llmock: LLMock, make: Maker, status: int) -> None:
    llmock.fail(status, times=None)
    assert (await away(make(url=llmock.base_url()))).notice
    llmock.assert_resilient()


async def test_llmock_finds_nothing_wrong_with_how_a_short_context_is_met(llmock: LLMock, make: Maker) -> None:
    llmock.context_overflow(times=None)
    with pytest.raises(GraderError, match="context_length_exceeded"):
        await make(url=llmock.base_url()).grade(TASK)
    llmock.assert_resilient(strict=True)


async def test_llmocks_delay_is_a_timeout_and_then_a_grade(llmock: LLMock, make: Maker) -> None:
    llmock.delay(1.0).reply(json.dumps(verdict()), times=None)
    assert (await make(url=llmock.base_url(), timeout_s=0.3).grade(TASK)).score == 7
    llmock.assert_resilient(strict=True)


async def test_what_fits_the_schema_can_always_be_read(llmock: LLMock, make: Maker) -> None:
    found = await make(url=llmock.base_url()).grade(TASK)  # llmock makes up a value that satisfies the schema
    assert strict.enforce(TASK, found).score == 1
    assert len(llmock.requests) == 1


async def test_llmocks_small_talk_is_no_grade(llmock: LLMock, make: Maker) -> None:
    llmock.reply("Mock response: everything is working.", times=None)
    await away(make(url=llmock.base_url()))
    assert len(llmock.requests) == 2
