"""Socket Mode: what happens in Slack reaches the listener, whatever happens to the sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.errors import PlatformAway, PlatformError, SettingsError, StoreError
from bot.platforms.slack.link import sockets
from tests.contract.slack_ears import Line, ended, line
from tests.e2e.slack_server import Channel, SlackServer, User

PING_S = 0.6


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace_s=0) as server:
        server.outgoing.factor = 0.005
        yield server


@pytest.fixture
def general(slack: SlackServer) -> Channel:
    return slack.channel(slack.team("Acme"), "general")


@pytest.fixture
def ana(slack: SlackServer, general: Channel) -> User:
    return slack.user(general.team, "Ana")


@pytest.fixture
async def up(tmp_path: Path, slack: SlackServer, general: Channel) -> AsyncIterator[Line]:
    async with line(tmp_path, slack, ping_s=PING_S) as made:
        await slack.connected()
        yield made


async def test_everything_that_people_do_reaches_the_listener(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    said = slack.say(general, ana, "Hello there")
    slack.edit(said, "Hello you")
    slack.delete(said)
    await slack.settled()
    assert [event.get("subtype", "") for event in up.ears.of("message")] == ["", "message_changed", "message_deleted"]
    ours = slack.installation(general.team).bot
    slack.say(general, ana, f"<@{ours.id}> hint", raw=True)
    slack.open_home(ana)
    await slack.settled()
    assert len(up.ears.of("mention")) == len(up.ears.of("home")) == 1
    await slack.slash(ana, general, "me").acked()
    (command,) = up.ears.of("command")
    assert (command["command"], command["text"], command["user_id"]) == ("/mlops", "me", ana.id)
    await slack.shortcut(ana, "mc_grade", slack.say(general, ana, "Graded?")).acked()
    (shortcut,) = up.ears.of("shortcut")
    assert shortcut["message"]["text"] == "Graded?"
    assert {team for _, team, _ in up.ears.told} == {general.team.id}
    assert up.ears.teams == [("joined", general.team.id)]
    assert up.ears.gaps == 1


async def test_presses_and_forms_are_handed_on_and_a_form_can_be_refused(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    button = {"type": "button", "action_id": "mc:0:me", "text": {"type": "plain_text", "text": "Me"}, "value": "{}"}
    client = (await up.workspaces.get(general.team.id)).client
    await client.chat_postMessage(
        channel=general.id, text="x", blocks=[{"type": "actions", "elements": [button]}], metadata=None
    )
    message = list(general.messages.values())[-1]
    pressed = slack.press(ana, message, "Me")
    await pressed.acked()
    (action,) = up.ears.of("action")
    field = {"type": "plain_text_input", "action_id": "value"}
    label = {"type": "plain_text", "text": "Answer"}
    view = {"type": "modal", "callback_id": "mcf", "title": label, "submit": label, "blocks": [
        {"type": "input", "block_id": "answer", "label": label, "element": field}
    ]}  # fmt: skip
    await client.views_open(trigger_id=action["trigger_id"], view=view)
    form = await pressed.form()
    up.ears.answer = {"response_action": "errors", "errors": {"answer": "Too short."}}
    await slack.submit(ana, form, {"answer": "x"}).acked()
    still = form.open
    up.ears.answer = None
    await slack.submit(ana, form, {"answer": "long"}).acked()
    assert (still, form.open) == (True, False)
    assert len(up.ears.of("submission")) == 2


async def test_an_event_that_was_not_stored_comes_again(
    up: Line, slack: SlackServer, general: Channel, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    slack.outgoing.ack_s = 0.7
    up.ears.errors = [StoreError("the disk is full"), StoreError("the disk is full")]
    said = slack.say(general, ana, "Keep me")
    await slack.settled()
    assert up.ears.texts == ["Keep me"]
    assert said.deliveries[0].attempts == 3
    lines = [record for record in caplog.records if "the disk is full" in record.getMessage()]
    assert len(lines) == 2
    assert all(record.exc_info is None for record in lines)


async def test_an_event_is_acknowledged_only_once_the_listener_has_returned(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    up.ears.room.clear()
    said = slack.say(general, ana, "Slowly")
    await asyncio.sleep(0.2)
    assert not said.deliveries[0].acked
    up.ears.room.set()
    await slack.settled()
    assert said.deliveries[0].attempts == 1


async def test_what_nobody_listens_to_is_acknowledged(tmp_path: Path) -> None:
    events = {"message.channels", "reaction_added", "member_joined_channel", "channel_rename"}
    scopes = {"channels:history", "channels:read", "reactions:read", "commands"}
    async with SlackServer(events=events, scopes=scopes) as slack:
        general = slack.channel(slack.team("Acme"), "general")
        ana, ben = slack.user(general.team, "Ana"), slack.user(general.team, "Ben")
        async with line(tmp_path, slack) as up:
            await slack.connected()
            slack.react(slack.say(general, ana, "Hello"), ben, "eyes")
            await slack.settled()
            assert not slack.outgoing.given_up
            assert up.ears.texts == ["Hello"]
            for frame in ("[]", "null", {"type": "odd"}, {"envelope_id": "1", "type": "events_api", "payload": []}):
                slack.sockets.put_raw(frame)
            slack.say(general, ana, "Still there")
            await slack.settled()
            assert up.ears.texts[-1] == "Still there"


async def test_another_command_is_answered_with_the_right_one(tmp_path: Path) -> None:
    async with SlackServer(commands=("/coach", "/mlops")) as slack:
        general = slack.channel(slack.team("Acme"), "general")
        ana = slack.user(general.team, "Ana")
        async with line(tmp_path, slack, command="/coach") as up:
            await slack.connected()
            await slack.slash(ana, general, "/coach me").acked()
            shown = await slack.slash(ana, general, "/mlops me").answer()
            assert "/coach" in shown.text
            assert [payload["command"] for payload in up.ears.of("command")] == ["/coach"]


async def test_what_comes_for_a_workspace_that_is_not_installed_is_dropped(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    other = slack.channel(slack.team("Other"), "general")
    eve = slack.user(other.team, "Eve")
    slack.say(other, eve, "Let me in")
    told = await slack.slash(eve, other, "me").answer()
    assert "isn't installed" in told.text
    await slack.settled()
    assert up.ears.told == []
    with pytest.raises(PlatformError, match="isn't installed"):
        await up.workspaces.get(other.team.id)


async def test_a_burst_of_two_thousand_is_handed_on_in_order(
    tmp_path: Path, slack: SlackServer, general: Channel, ana: User
) -> None:
    async with line(tmp_path, slack) as up:
        await slack.connected()
        slack.outgoing.ack_s = 60.0  # on a busy processor Slack would send some again, out of order
        for number in range(2_000):
            slack.say(general, ana, f"Message {number}")
        await slack.settled(60)
        assert up.ears.texts == [f"Message {number}" for number in range(2_000)], "in order, too"
        assert max(delivery.attempts for delivery in slack.outgoing.all) == 1


# ---------------------------------------------------------------------------------------------- sockets


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refresh_loses_nothing(
    up: Line, slack: SlackServer, general: Channel, ana: User, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    up.ears.room.clear()
    slack.say(general, ana, "In flight")
    await slack.wait_for(lambda: slack.outgoing.pending == 1 and slack.sockets.live)
    await asyncio.sleep(sockets.TOO_SHORT_S + 0.1)
    slack.disconnect(reason)
    up.ears.room.set()
    await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connected)
    slack.say(general, ana, "After it")
    await slack.settled()
    assert set(up.ears.texts) == {"In flight", "After it"}
    assert up.ears.gaps == 2, "what may have been missed is read again"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_cut_socket_is_opened_again(
    up: Line, slack: SlackServer, general: Channel, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    slack.drop_sockets()
    slack.say(general, ana, "Meanwhile")
    await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connected)
    await slack.settled()
    assert up.ears.gaps == 2
    assert "connecting again in" in caplog.text
    assert "ticket" not in caplog.text


async def test_a_silent_socket_is_noticed_and_left(
    up: Line, slack: SlackServer, general: Channel, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    slack.silence()
    await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connected, 5)
    slack.say(general, ana, "Heard again")
    await slack.wait_for(lambda: "Heard again" in up.ears.texts)
    assert "silent" in caplog.text


async def test_a_quiet_socket_stays(up: Line, slack: SlackServer) -> None:
    await asyncio.sleep(4 * PING_S)
    assert slack.sockets.opened == 1


async def test_an_outage_is_waited_out(
    up: Line, slack: SlackServer, general: Channel, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    slack.partition(1.0)
    await asyncio.sleep(0.1)
    await slack.wait_for(lambda: slack.sockets.connected)
    slack.say(general, ana, "Back")
    await slack.wait_for(lambda: "Back" in up.ears.texts)
    assert not up.running.done()
    assert all("\n" not in record.getMessage() and record.exc_info is None for record in caplog.records)


async def test_a_line_that_goes_silent_is_waited_out(up: Line, slack: SlackServer, general: Channel, ana: User) -> None:
    slack.partition(1.0, silent=True)
    await slack.wait_for(lambda: slack.sockets.opened >= 2 and slack.sockets.connected)
    slack.say(general, ana, "Back")
    await slack.wait_for(lambda: "Back" in up.ears.texts)


async def test_switching_socket_mode_off_is_told_and_on_again_works(
    up: Line, slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    slack.disconnect("link_disabled")
    await slack.wait_for(lambda: "Socket Mode is switched off" in caplog.text)
    slack.sockets.enabled = True
    await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connected)


async def test_slack_asking_for_another_socket_at_once_meets_patience(
    up: Line, slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    for opened in (1, 2, 3):
        await slack.wait_for(lambda n=opened: slack.sockets.opened == n and slack.sockets.connected)  # type: ignore[misc]
        slack.disconnect("refresh_requested")
    await slack.wait_for(lambda: slack.sockets.opened == 4)
    assert caplog.text.count("connecting again in") >= 2


async def test_cancelling_ends_it_within_moments(up: Line, slack: SlackServer, general: Channel, ana: User) -> None:
    up.ears.room.clear()
    slack.say(general, ana, "In flight")
    await asyncio.sleep(0.05)
    began = time.monotonic()
    up.running.cancel()
    await asyncio.wait({up.running})
    assert time.monotonic() - began < 2
    assert up.running.cancelled()
    await slack.wait_for(lambda: not slack.sockets.live)


# ---------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"bot_token": "xoxb-wrong"}, "COACH_SLACK_BOT_TOKEN"),
        ({"app_token": "xapp-wrong"}, "COACH_SLACK_APP_TOKEN"),
        ({"bot_token": "the app token"}, "COACH_SLACK_BOT_TOKEN"),
        ({"app_token": "the bot token"}, "COACH_SLACK_APP_TOKEN"),
    ],
    ids=str,
)
async def test_a_wrong_token_ends_the_start_in_seconds(
    tmp_path: Path, slack: SlackServer, general: Channel, wrong: dict[str, str], named: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    said = {"the app token": slack.app_token, "the bot token": slack.bot_token}
    wrong = {name: said.get(value, value) for name, value in wrong.items()}
    async with line(tmp_path, slack, **wrong) as up:  # type: ignore[arg-type]
        error = await ended(up.running, 5)
    assert isinstance(error, SettingsError)
    assert named in str(error)
    assert "\n" not in str(error)
    for token in wrong.values():
        assert token not in str(error) + caplog.text


async def test_without_a_network_the_start_is_tried_again(
    tmp_path: Path, slack: SlackServer, general: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    slack.partition(60)
    async with line(tmp_path, slack) as up:
        await slack.wait_for(lambda: caplog.text.count("trying again in") >= 2)
        assert not up.running.done()
        with pytest.raises(PlatformAway):
            await up.workspaces.get(general.team.id)
        slack.heal()
        await slack.connected()
        assert up.ears.teams == [("joined", general.team.id)]


async def test_slacks_wish_to_wait_is_heeded(
    tmp_path: Path, slack: SlackServer, general: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    slack.fail("apps.connections.open", "ratelimited", retry_after=2)
    began = time.monotonic()
    async with line(tmp_path, slack):
        await slack.connected()
    assert time.monotonic() - began >= 2
    assert "connecting again in 2.0 s" in caplog.text


async def test_a_token_that_is_revoked_while_it_runs_ends_it(up: Line, slack: SlackServer, general: Channel) -> None:
    slack.revoke(general.team)
    error = await ended(up.running)
    assert isinstance(error, SettingsError)
    assert "COACH_SLACK_BOT_TOKEN" in str(error)
    assert ("removed", general.team.id) in up.ears.teams


async def test_a_refused_token_that_anybody_reports_is_looked_into(
    tmp_path: Path, general: Channel, slack: SlackServer
) -> None:
    async with line(tmp_path, slack) as up:
        await slack.connected()
        up.workspaces.lost(general.team.id)
        with pytest.raises(PlatformError):
            await up.workspaces.get(general.team.id)
        await slack.wait_for(lambda: len(slack.calls("auth.test")) == 2)
        await asyncio.sleep(0.05)
        assert (await up.workspaces.get(general.team.id)).team == general.team.id, "it was a mistake"
        slack.installation(general.team).state = "account_inactive"
        up.workspaces.lost(general.team.id)
        assert isinstance(await ended(up.running), SettingsError)


async def test_a_revoked_app_token_ends_it_at_the_next_socket(
    up: Line, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.fail("apps.connections.open", "token_revoked", times=9)
    slack.drop_sockets()
    error = await ended(up.running)
    assert isinstance(error, SettingsError)
    assert "COACH_SLACK_APP_TOKEN" in str(error)


def test_an_app_token_without_its_scope_is_told_apart() -> None:
    assert "connections:write" in sockets.refusal("missing_scope")
    assert sockets.refusal("internal_error") == sockets.refusal("ratelimited") == sockets.refusal("") == ""


async def test_sdk_variables_in_the_environment_change_nothing(
    tmp_path: Path, slack: SlackServer, general: Channel, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BOT_TOKEN", "SIGNING_SECRET", "SCOPES"):
        monkeypatch.setenv(f"SLACK_{name}", "somebody-elses")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    async with line(tmp_path, slack) as up:
        await slack.connected()
        slack.say(general, ana, "Hello")
        await slack.settled()
        assert up.ears.texts == ["Hello"]


async def test_nothing_that_is_logged_holds_texts_or_tokens(
    tmp_path: Path, slack: SlackServer, general: Channel, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with line(tmp_path, slack) as up:
        await slack.connected()
        up.ears.errors = [StoreError("no room")]
        slack.outgoing.ack_s = 0.2
        slack.say(general, ana, "A secret thought")
        await slack.slash(ana, general, "a secret wish").acked()
        await slack.settled()
        slack.drop_sockets()
        await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connected)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("asyncio", "aiosqlite"))]
    logged = "\n".join(ours)
    assert "no room" in logged
    for hidden in ("secret", slack.bot_token, slack.app_token, "ticket", "xoxb", "xapp"):
        assert hidden not in logged
    assert slack.bot_token not in repr(await up.workspaces.get(general.team.id))
    await up.workspaces.close()
