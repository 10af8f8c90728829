"""The loopback Slack refuses what Slack refuses: tokens, scopes, membership, blocks, triggers, pace."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.e2e.slack_bot import Club, button, plain
from tests.e2e.slack_server import SlackServer
from tests.e2e.slack_server.reading import Json


@pytest.fixture
async def club() -> AsyncIterator[Club]:
    async with SlackServer(pace_s=0) as server:
        yield Club(server)


async def refusal(call: Any) -> Json:
    """What a call is refused with."""
    with pytest.raises(SlackApiError) as refused:
        await call
    response: Any = refused.value.response
    return {"status": response.status_code, "headers": response.headers} | dict(response.data)


async def error(call: Any) -> str:
    return str((await refusal(call))["error"])


# ---------------------------------------------------------------------------------------------- tokens, scopes


async def test_a_token_is_asked_for_and_must_be_of_the_right_kind(club: Club) -> None:
    url = club.server.api_url
    assert await error(AsyncWebClient(base_url=url).auth_test()) == "not_authed"
    assert await error(AsyncWebClient("xoxb-wrong", base_url=url).auth_test()) == "invalid_auth"
    assert await error(club.client.apps_connections_open(app_token=club.server.bot_token)) == "not_allowed_token_type"
    as_app = AsyncWebClient(club.server.app_token, base_url=url)
    assert await error(as_app.users_info(user=club.ana.id)) == "not_allowed_token_type"
    about = await club.client.auth_test()
    assert (about["team_id"], about["user_id"]) == (club.team.id, club.server.coach(club.team).id)
    assert "chat:write" in about.headers["x-oauth-scopes"]


async def test_a_missing_scope_is_named(club: Club) -> None:
    other = club.server.team("Poor", scopes=["users:read", "channels:read"])
    client = AsyncWebClient(club.server.token(other), base_url=club.server.api_url)
    channel = club.server.channel(other)
    said = await refusal(client.chat_postMessage(channel=channel.id, text="hello"))
    assert (said["error"], said["needed"], said["provided"]) == (
        "missing_scope",
        "chat:write",
        "channels:read,users:read",
    )
    assert await error(client.conversations_history(channel=channel.id)) == "missing_scope"
    assert await error(club.client.team_info()) == "missing_scope"


async def test_a_revoked_token_and_an_uninstalled_app_are_told_apart(club: Club) -> None:
    club.server.revoke(club.team)
    assert await error(club.client.auth_test()) == "token_revoked"
    again = club.server.reinstall(club.team)
    client = AsyncWebClient(again.token, base_url=club.server.api_url)
    assert (await client.auth_test())["user_id"] == club.server.coach(club.team).id
    club.server.uninstall(club.team)
    assert await error(client.auth_test()) == "account_inactive"


async def test_a_code_is_worth_one_installation(club: Club) -> None:
    server, other = club.server, club.server.team("Other", installed=False)
    boss = server.user(other, "Boss")
    asked = f"https://slack.com/oauth/v2/authorize?client_id={server.installs.client_id}&scope=chat:write,commands"
    back = server.install(boss, f"{asked}&state=s&redirect_uri=http://127.0.0.1/back")
    assert back.startswith("http://127.0.0.1/back?code=")
    assert back.endswith("&state=s")
    given = {"client_id": server.installs.client_id, "code": back.split("code=")[1].split("&")[0]}
    given |= {"client_secret": server.installs.client_secret, "redirect_uri": "http://127.0.0.1/back"}
    client = AsyncWebClient(base_url=server.api_url)
    access = functools.partial(client.api_call, "oauth.v2.access")
    assert await error(access(data=given | {"client_secret": "no"})) == "bad_client_secret"
    made = await access(data=given)
    assert (made["team"]["id"], made["authed_user"]["id"], made["scope"]) == (other.id, boss.id, "chat:write,commands")
    assert await error(access(data=given)) == "code_already_used"
    assert made["access_token"] == server.token(other)


async def test_what_slack_has_no_place_for_is_a_fault() -> None:
    async def misuse() -> None:
        async with SlackServer() as server:
            client = Club(server).client
            for body in ({"channel": "C1", "txt": "hello"}, {"channel": ["C1"], "text": "hello"}):
                assert await error(client.api_call("chat.postMessage", json=body)) == "invalid_arguments"
            assert await error(client.api_call("chat.sing")) == "unknown_method"

    with pytest.raises(AssertionError) as told:
        await misuse()
    assert str(told.value).splitlines()[:3] == [
        "chat.postMessage has no argument 'txt'",
        "chat.postMessage: channel must be str, not \"['C1']\"",
        "unknown method chat.sing",
    ]


# ---------------------------------------------------------------------------------------------- messages


async def test_a_bot_posts_only_where_it_may(club: Club) -> None:
    server, client = club.server, club.client
    outside, private = (
        server.channel(club.team, "out", coach=False),
        server.channel(club.team, "p", private=True, coach=False),
    )
    assert await error(client.chat_postMessage(channel=outside.id, text="hello")) == "not_in_channel"
    assert await error(client.chat_postMessage(channel=private.id, text="hello")) == "channel_not_found"
    assert await error(client.conversations_info(channel=private.id)) == "channel_not_found"
    assert await error(client.conversations_history(channel=outside.id)) == "not_in_channel"
    server.archive(club.channel)
    assert await error(client.chat_postMessage(channel=club.channel.id, text="hello")) == "is_archived"
    stranger = server.user(server.team("Other"), "Eve")
    assert await error(client.users_info(user=stranger.id)) == "user_not_visible"
    assert await error(client.conversations_open(users=server.coach(club.team).id)) == "cannot_dm_bot"
    opened = await client.conversations_open(users=[club.ana.id])
    await client.chat_postMessage(channel=opened["channel"]["id"], text="for you")
    assert [m.text for m in server.messages(server.dm(club.ana))] == ["for you"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "header", "text": plain("x" * 151)}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [button("x" * 76)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [button("One"), button("Two")]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "hologram"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": plain("y" * 3000)}] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "t", "event_payload": {"x": "y" * 9000}}}, "metadata_too_large"),
    ],
)
async def test_a_message_that_slack_refuses_is_refused(club: Club, body: Json, expected: str) -> None:
    call = club.client.api_call("chat.postMessage", json={"channel": club.channel.id} | body)
    assert await error(call) == expected
    assert not club.server.messages(club.channel)


async def test_a_thread_has_its_replies_and_shows_metadata_only_when_asked(club: Club) -> None:
    server, client, where = club.server, club.client, club.channel.id
    metadata = {"event_type": "mlops_coach", "event_payload": {"parcel": "1-2"}}
    asked = (await client.chat_postMessage(channel=where, text="question", metadata=metadata))["ts"]
    root = server.messages(club.channel)[0]
    said = [server.say(club.channel, club.ana, f"answer {n}", thread=root) for n in range(5)]
    server.say(club.channel, club.ana, "elsewhere")
    plainly = (await client.conversations_replies(channel=where, ts=asked))["messages"]
    assert [m["ts"] for m in plainly] == [asked, *(m.ts for m in said)]
    assert "metadata" not in plainly[0]
    first = await client.conversations_replies(channel=where, ts=asked, limit=3, include_all_metadata=True)
    assert first["messages"][0]["metadata"] == metadata
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_replies(channel=where, ts=asked, limit=3, cursor=cursor)
    assert [m["ts"] for m in rest["messages"]] == [asked, said[3].ts, said[4].ts]
    after = await client.conversations_replies(channel=where, ts=asked, oldest=said[2].ts, inclusive=True)
    assert [m["ts"] for m in after["messages"]] == [asked, *(m.ts for m in said[2:])]
    assert await error(client.conversations_replies(channel=where, ts="1.000001")) == "thread_not_found"
    history = (await client.conversations_history(channel=where))["messages"]
    assert [m["text"] for m in history] == ["elsewhere", "question"]
    assert history[1]["reply_count"] == 5


async def test_ts_grow_in_a_channel_though_the_clock_stands_still() -> None:
    noon = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
    async with SlackServer(now=lambda: noon) as server:
        club = Club(server)
        other = server.channel(club.team, "other")
        said = [server.say(club.channel, club.ana, "x").ts for _ in range(3)]
        assert said == ["1767614400.000000", "1767614400.000001", "1767614400.000002"]
        assert server.say(other, club.ana, "x").ts == said[0], "a ts is unique in its channel only"


async def test_reactions_and_edits_are_the_bots_own(club: Club) -> None:
    client, said = club.client, club.server.say(club.channel, club.ana, "an answer")
    one: Json = {"channel": club.channel.id, "name": "eyes", "timestamp": said.ts}
    await client.reactions_add(**one)
    assert await error(client.reactions_add(**one)) == "already_reacted"
    await client.reactions_remove(**one)
    assert await error(client.reactions_remove(**one)) == "no_reaction"
    assert await error(client.reactions_add(**one | {"timestamp": "1.000001"})) == "message_not_found"
    assert await error(client.chat_update(channel=club.channel.id, ts=said.ts, text="mine")) == "cant_update_message"
    mine = await client.chat_postMessage(channel=club.channel.id, text="one", blocks=[button("Open")])
    await client.chat_update(channel=club.channel.id, ts=mine["ts"], text="two")
    kept = club.server.messages(club.channel)[0]
    assert (kept.text, kept.buttons, kept.edited is not None) == ("two", ["Open"], True)


async def test_one_person_sees_an_ephemeral_and_no_history_does(club: Club) -> None:
    stranger = club.server.user(club.team, "Bo")
    club.server.leave(club.channel, stranger)
    where = club.channel.id
    refused = club.client.chat_postEphemeral(channel=where, user=stranger.id, text="psst")
    assert await error(refused) == "user_not_in_channel"
    await club.client.chat_postEphemeral(channel=where, user=club.ana.id, text="psst")
    assert [e.text for e in club.server.ephemerals(club.ana)] == ["psst"]
    assert not (await club.client.conversations_history(channel=where))["messages"]


async def test_a_file_is_what_was_announced_and_shared_where_it_should(club: Club) -> None:
    where = club.channel.id
    sent: Json = {"filename": "board.png", "content": b"\x89PNG", "title": "Board", "alt_txt": "The board"}
    await club.client.files_upload_v2(channel=where, **sent)
    (message,) = club.server.messages(club.channel)
    assert [(f.name, f.content, f.alt) for f in message.files] == [("board.png", b"\x89PNG", "The board")]
    url = await club.client.files_getUploadURLExternal(filename="x", length=3)
    unsent = club.client.files_completeUploadExternal(files=[{"id": url["file_id"], "title": "x"}], channel_id=where)
    assert await error(unsent) == "file_not_found"


# ---------------------------------------------------------------------------------------------- limits and faults


async def test_a_channel_takes_a_short_burst_and_then_one_message_a_second(club: Club) -> None:
    club.server.pace.seconds = 1.0
    other = club.server.channel(club.team, "other")
    for _ in range(club.server.pace.burst):
        await club.client.chat_postMessage(channel=club.channel.id, text="x")
    said = await refusal(club.client.chat_postMessage(channel=club.channel.id, text="x"))
    assert (said["status"], said["error"], said["headers"]["Retry-After"]) == (429, "ratelimited", "1")
    await club.client.chat_postMessage(channel=other.id, text="x")
    assert len(club.server.messages(club.channel)) == club.server.pace.burst


async def test_faults_befall_the_calls_that_they_are_planned_for(club: Club) -> None:
    server, where = club.server, club.channel.id
    client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
    server.fail("chat.postMessage", "restricted_action")
    server.fail("chat.postMessage", 503)
    server.fail("chat.postMessage", "ratelimited", retry_after=30)
    server.fail("chat.postMessage", 0, applied=True)
    assert await error(client.chat_postMessage(channel=where, text="a")) == "restricted_action"
    with pytest.raises(SlackApiError, match="503"):
        await client.chat_postMessage(channel=where, text="b")
    assert (await refusal(client.chat_postMessage(channel=where, text="c")))["headers"]["Retry-After"] == "30"
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=where, text="d")
    assert [m.text for m in server.messages(club.channel)] == ["d"], "stored, though the answer was lost"
    server.limit("users.info", 1, 60)
    await client.users_info(user=club.ana.id)
    assert (await refusal(client.users_info(user=club.ana.id)))["status"] == 429
