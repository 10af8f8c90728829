"""Commands, presses and forms in the loopback Slack go as they go in Slack: triggers, response_urls, time-outs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.e2e.slack_bot import Club, button, modal, plain
from tests.e2e.slack_server import Message, SlackServer
from tests.e2e.slack_server.reading import Json


@pytest.fixture
async def club() -> AsyncIterator[Club]:
    async with SlackServer(pace_s=0) as server:
        yield Club(server)


async def error(call: Any) -> str:
    """The word that a call is refused with."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def _posted(club: Club) -> Message:
    await club.client.chat_postMessage(channel=club.channel.id, text="q", blocks=[button("Open")])
    return club.server.messages(club.channel)[-1]


async def test_a_command_is_answered_through_its_response_url_five_times(club: Club) -> None:
    async with club.socket():
        told = club.server.slash(club.ana, club.channel, "leaderboard a < b")
        await told.acked()
        payload = told.delivery.payload
        assert (payload["command"], payload["text"]) == ("/mlops", "leaderboard a &lt; b")
        hook = AsyncWebhookClient(payload["response_url"])
        statuses = [(await hook.send(text=f"answer {number}")).status_code for number in range(6)]
        assert statuses == [200] * 5 + [404]
        assert [e.text for e in told.ephemerals] == [f"answer {number}" for number in range(5)]
        with pytest.raises(LookupError, match="threads"):
            club.server.slash(club.ana, club.channel, "hint", thread=club.server.say(club.channel, club.ana, "q"))
        with pytest.raises(LookupError, match="not a valid command"):
            club.server.slash(club.ana, club.channel, "/other hint")


async def test_a_form_opens_once_for_a_press_and_not_after_3_s(club: Club) -> None:
    async def open_twice(body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        assert await error(client.views_open(trigger_id=body["trigger_id"], view=modal())) == "exchanged_trigger_id"

    async def too_late(body: Json, client: AsyncWebClient) -> None:
        club.server.views.expire()
        assert await error(client.views_open(trigger_id=body["trigger_id"], view=modal())) == "expired_trigger_id"

    async with club.socket():
        message = await _posted(club)
        club.on_action = open_twice
        form = await club.server.press(club.ana, message, "Open").form()
        club.on_action = too_late
        late = club.server.press(club.ana, message, "Open")
        await late.acked()
        assert (late.opened, form.open) == (None, True)
        with pytest.raises(LookupError):
            club.server.press(club.ana, message, "Close")


async def test_a_forms_errors_are_shown_and_a_good_one_closes_it(club: Club) -> None:
    answers: list[Json | None] = [{"response_action": "errors", "errors": {"answer": "Too short."}}, None]

    async def open_it(body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata="kept"))

    async def take(body: Json, client: AsyncWebClient) -> Json | None:
        assert body["view"]["private_metadata"] == "kept"
        return answers.pop(0)

    club.on_action, club.on_view = open_it, take
    async with club.socket():
        form = await club.server.press(club.ana, await _posted(club), "Open").form()
        for text in ("", "x" * 21):
            with pytest.raises(AssertionError):
                club.server.submit(club.ana, form, {"answer": text})
        await club.server.submit(club.ana, form, {"answer": "short"}).acked()
        assert (form.errors, form.open) == ({"answer": "Too short."}, True)
        await club.server.submit(club.ana, form, {"answer": "long enough"}).acked()
        assert (form.errors, form.open) == ({}, False)


async def test_a_view_that_slack_refuses_is_refused_and_a_home_has_no_submit(club: Club) -> None:
    publish = club.client.views_publish
    home = {"type": "home", "blocks": [button("Open")]}
    await publish(user_id=club.ana.id, view=home)
    assert await error(publish(user_id=club.ana.id, view=home | {"submit": plain("Go")})) == "invalid_arguments"
    assert await error(publish(user_id=club.ana.id, view=modal())) == "invalid_arguments"
    assert await error(publish(user_id=club.ana.id, view=home, hash="old")) == "hash_conflict"
    found = club.server.home(club.ana)
    assert found is not None
    assert found.buttons == ["Open"]
    async with club.socket():
        pressed = club.server.press(club.ana, found, "Open")
        await pressed.acked()
        assert "channel" not in pressed.delivery.payload
        opened = club.server.open_home(club.ana)
        await club.server.wait_for(lambda: opened.acked)
        assert opened.payload["event"]["view"]["id"] == found.id


async def test_a_command_nobody_acknowledges_times_out_for_the_person(club: Club) -> None:
    club.server.outgoing.ack_s = 0.1

    async def slow(body: Json, client: AsyncWebClient) -> None:
        await asyncio.sleep(0.3)

    club.on_command = slow
    async with club.socket():
        told = club.server.slash(club.ana, club.channel, "me")
        with pytest.raises(AssertionError, match="operation_timeout"):
            await told.acked()
        assert told.delivery.attempts == 1, "commands aren't repeated"
    alone = club.server.slash(club.ana, club.channel, "me")
    with pytest.raises(AssertionError, match="dispatch_failed"):
        await alone.acked()


async def test_forms_lie_on_each_other_and_are_cleared_together(club: Club) -> None:
    field = modal()["blocks"][0]
    two = modal(blocks=[field, field | {"block_id": "why", "optional": True}], notify_on_close=True)
    answers: list[Json] = [{"response_action": "push", "view": two}, {"response_action": "clear"}]

    async def open_it(body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    async def take(body: Json, client: AsyncWebClient) -> Json:
        return answers.pop(0)

    club.on_action, club.on_view = open_it, take
    async with club.socket():
        form = await club.server.press(club.ana, await _posted(club), "Open").form()
        await club.server.submit(club.ana, form, {"answer": "first"}).acked()
        below, top = club.server.views.stack(club.ana)
        assert (below, top.json()["previous_view_id"]) == (form, form.id)
        sent = club.server.submit(club.ana, top, {"answer": "second"})
        await sent.acked()
        state = sent.delivery.payload["view"]["state"]["values"]
        assert (state["answer"]["value"]["value"], state["why"]["value"]["value"]) == ("second", None)
        assert not club.server.views.stack(club.ana)


async def test_an_acknowledgement_that_slack_refuses_is_a_fault(club: Club) -> None:
    async def open_it(body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    async def take(body: Json, client: AsyncWebClient) -> Json:
        return {"response_action": "errors", "errors": {"nothing": "There is no such field."}}

    club.on_action, club.on_view = open_it, take
    async with club.socket():
        form = await club.server.press(club.ana, await _posted(club), "Open").form()
        with pytest.raises(AssertionError, match="invalid_response"):
            await club.server.submit(club.ana, form, {"answer": "x"}).acked()
    (fault,) = club.server.faults
    assert "invalid_errors" in fault
    club.server.faults.clear()


async def test_an_answer_through_the_response_url_can_be_lost_after_it_was_shown(club: Club) -> None:
    async with club.socket():
        told = club.server.slash(club.ana, club.channel, "me")
        await told.acked()
    hook = AsyncWebhookClient(told.delivery.payload["response_url"], retry_handlers=[])
    club.server.fail("response_url", 0, applied=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await hook.send(text="seen")
    club.server.fail("response_url", 500)
    assert (await hook.send(text="not seen")).status_code == 500
    assert [e.text for e in told.ephemerals] == ["seen"]
    button_ = button("Open")
    assert (await hook.send(text="for all", blocks=[button_], response_type="in_channel")).status_code == 200
    assert [m.shown for m in told.messages] == ["for all\nOpen"]
