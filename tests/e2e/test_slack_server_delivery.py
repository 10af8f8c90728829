"""The loopback Slack delivers as Slack does: what isn't acknowledged comes again, by socket and by signed HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.e2e.slack_bot import Act, Club, never
from tests.e2e.slack_server import SlackServer
from tests.e2e.slack_server.reading import Json


@pytest.fixture
async def club() -> AsyncIterator[Club]:
    async with SlackServer(pace_s=0) as server:
        server.outgoing.factor = 0.001
        yield Club(server)


def fails(times: int) -> tuple[list[str], Act]:
    """Who hears an event but doesn't acknowledge it the first `times` times; the ids that came."""
    ids: list[str] = []

    async def refuse(body: Json, client: AsyncWebClient) -> None:
        ids.append(body["event_id"])
        if len(ids) <= times:
            raise OSError("the database is away")

    return ids, refuse


# ---------------------------------------------------------------------------------------------- what is told


async def test_a_message_event_says_what_slack_says(club: Club) -> None:
    bot = club.server.coach(club.team)
    async with club.socket():
        said = club.server.say(club.channel, club.ana, f"a < b <@{bot.id}>")
        await club.server.settled()
    bodies = {body["event"]["type"]: body for body in club.events}
    event = bodies["message"]["event"]
    assert event["text"] == f"a &lt; b <@{bot.id}>"
    assert (event["ts"], event["channel"], event["channel_type"]) == (said.ts, club.channel.id, "channel")
    assert event["blocks"][0]["elements"][0]["elements"][1] == {"type": "user", "user_id": bot.id}
    assert len(event["client_msg_id"]) == 36
    (authorization,) = bodies["message"]["authorizations"]
    assert (authorization["team_id"], authorization["user_id"]) == (club.team.id, bot.id)
    assert bodies["app_mention"]["event"]["ts"] == said.ts
    assert "channel_type" not in bodies["app_mention"]["event"]


async def test_edits_previews_broadcasts_and_deletions_are_told(club: Club) -> None:
    server = club.server
    async with club.socket():
        asked = server.say(club.channel, club.ana, "question")
        reply = server.say(club.channel, club.ana, "first", thread=asked)
        server.edit(reply, "second")
        server.unfurl(reply)
        server.broadcast(reply)
        server.delete(asked)
        server.delete(reply)
        await server.settled()
    events = [body["event"] for body in club.events]
    assert events[1]["thread_ts"] == asked.ts
    edit, preview, broadcast, tombstone, deletion = events[2:]
    assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("second", "first")
    assert edit["message"]["edited"]["user"] == club.ana.id
    assert preview["message"]["edited"] == edit["message"]["edited"], "a preview is no edit"
    assert broadcast["message"]["subtype"] == "thread_broadcast"
    assert (tombstone["message"]["subtype"], tombstone["previous_message"]["text"]) == ("tombstone", "question")
    assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", reply.ts)


async def test_only_what_is_subscribed_and_in_scope_is_told() -> None:
    async with SlackServer(events=["message.channels", "message.groups"], scopes=["channels:history"]) as server:
        club = Club(server)
        async with club.socket():
            server.say(server.channel(club.team, "p", private=True), club.ana, "no scope for private channels")
            server.say(server.dm(club.ana), club.ana, "no subscription to direct messages")
            server.say(server.channel(club.team, "out", coach=False), club.ana, "not a member")
            server.mention(club.channel, club.ana, "told as a message only")
            await server.settled()
        assert [body["event"]["channel"] for body in club.events] == [club.channel.id]


async def test_slack_connect_names_the_installations_team_and_the_authors(club: Club) -> None:
    other = club.server.team("Other", installed=False)
    eve = club.server.user(other, "Eve")
    club.server.share(club.channel, other, eve)
    async with club.socket():
        club.server.say(club.channel, eve, "hello from next door")
        await club.server.settled()
    (body,) = club.events
    assert (body["team_id"], body["authorizations"][0]["team_id"]) == (other.id, club.team.id)
    assert (body["event"]["user_team"], body["event"]["source_team"]) == (other.id, other.id)
    assert body["is_ext_shared_channel"] is True


async def test_other_bots_direct_messages_and_arrivals_are_told_as_what_they_are(club: Club) -> None:
    server = club.server
    helper, bo = server.bot(club.team, "Helper"), server.user(club.team, "Bo")
    async with club.socket():
        server.say(club.channel, helper, "beep")
        server.say(server.dm(club.ana), club.ana, "between us")
        server.join(club.channel, bo, inviter=club.ana)
        await club.client.chat_postMessage(channel=club.channel.id, text="my own")
        await server.settled()
    beep, direct, arrival, own = [body["event"] for body in club.events]
    assert (beep["bot_id"], beep["app_id"]) == (helper.bot_id, helper.app_id)
    assert "client_msg_id" not in beep
    assert (direct["channel_type"], direct["channel"][0]) == ("im", "D")
    assert (arrival["subtype"], arrival["user"]) == ("channel_join", bo.id)
    assert own["bot_id"] == server.coach(club.team).bot_id, "an app hears itself, too"


async def test_an_uninstalled_app_hears_of_it_and_of_nothing_more(club: Club) -> None:
    async with club.socket():
        club.server.uninstall(club.team)
        club.server.say(club.channel, club.ana, "anybody there?")
        await club.server.wait_for(lambda: len(club.server.outgoing.all) == 2)
    assert [d.payload["event"]["type"] for d in club.server.outgoing.all] == ["app_uninstalled", "tokens_revoked"]


# ---------------------------------------------------------------------------------------------- sockets


async def test_an_event_comes_again_until_it_is_acknowledged(club: Club) -> None:
    club.server.outgoing.ack_s = 0.1
    ids, club.on_event = fails(2)
    async with club.socket():
        (sent,) = club.server.say(club.channel, club.ana, "an answer").deliveries
        await club.server.settled()
    assert (sent.acked, sent.attempts, sent.reasons) == (True, 3, ["timeout", "timeout"])
    assert ids == [sent.event_id] * 3
    assert len(club.events) == 1


async def test_an_event_is_given_up_after_three_retries(club: Club) -> None:
    club.server.outgoing.ack_s = 0.05
    ids, club.on_event = fails(9)
    async with club.socket():
        sent = club.server.say(club.channel, club.ana, "an answer").deliveries
        await club.server.settled()
    assert club.server.outgoing.given_up == sent
    assert len(ids) == 4


async def test_each_envelope_goes_to_one_of_several_connections(club: Club) -> None:
    async with club.socket(), club.socket():
        sent = [club.server.say(club.channel, club.ana, f"{n}").deliveries[0] for n in range(10)]
        await club.server.settled()
    assert sorted(club.texts) == sorted(str(n) for n in range(10))
    assert {delivery.connection for delivery in sent} == {0, 1}


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_disconnect_frame_makes_the_app_reconnect(club: Club, reason: str) -> None:
    async with club.socket(ping_s=0.3):
        club.server.disconnect(reason)
        await club.server.wait_for(lambda: club.server.sockets.opened > 1 and club.server.sockets.connected)
        club.server.say(club.channel, club.ana, "still there?")
        await club.server.settled()
    assert "still there?" in club.texts


async def test_a_silent_socket_answers_nothing_and_what_it_took_comes_again(club: Club) -> None:
    club.server.outgoing.ack_s, club.server.outgoing.factor = 0.1, 0.05
    async with club.socket(ping_s=0.3):
        club.server.silence()
        (sent,) = club.server.say(club.channel, club.ana, "into the void").deliveries
        await club.server.wait_for(lambda: club.server.sockets.opened > 1, 10)
        await club.server.settled()
    assert sent.acked
    assert sent.reasons[0] == "timeout"


async def test_after_a_partition_what_was_said_meanwhile_is_delivered(club: Club) -> None:
    club.server.outgoing.factor = 0.02
    async with club.socket(ping_s=0.3):
        club.server.partition(0.3)
        (sent,) = club.server.say(club.channel, club.ana, "meanwhile").deliveries
        assert not club.server.sockets.connected
        await club.server.settled()
    assert (sent.acked, sent.reasons[0]) == (True, "no_connection")


async def test_an_event_that_is_replayed_keeps_its_id(club: Club) -> None:
    async with club.socket():
        (sent,) = club.server.say(club.channel, club.ana, "once").deliveries
        club.server.outgoing.again(sent)
        await club.server.settled()
    assert [body["event_id"] for body in club.events] == [sent.event_id] * 2


async def test_an_app_has_ten_connections_and_a_ticket_opens_one(club: Club) -> None:
    client = AsyncWebClient(club.server.app_token, base_url=club.server.api_url)
    async with aiohttp.ClientSession() as session:
        urls = [str((await client.apps_connections_open(app_token=club.server.app_token))["url"]) for _ in range(11)]
        opened = [await session.ws_connect(url) for url in urls]
        frames = [await socket.receive_json() for socket in opened]
        assert [frame["type"] for frame in frames] == ["hello"] * 10 + ["disconnect"]
        assert frames[-1]["reason"] == "too_many_websockets"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(urls[0])
        for socket in opened:
            await socket.close()


async def test_with_socket_mode_switched_off_nothing_connects(club: Club) -> None:
    async with club.socket(ping_s=0.1):
        club.server.disconnect("link_disabled")
        (sent,) = club.server.say(club.channel, club.ana, "hello?").deliveries
        await club.server.settled()
        assert (sent.given_up, set(sent.reasons)) == (True, {"no_connection"})


async def test_a_burst_of_2000_events_is_carried_quickly(club: Club) -> None:
    club.server.outgoing.ack_s = 30.0
    async with club.socket(ping_s=30):
        club.server.say(club.channel, club.ana, "first")  # Bolt asks whose token it has until it once was told
        await club.server.settled()
        begun = time.monotonic()
        for number in range(2000):
            club.server.say(club.channel, club.ana, f"answer {number}")
        await club.server.settled(30)
        took = time.monotonic() - begun
    assert sorted(club.texts[1:]) == sorted(f"answer {number}" for number in range(2000))
    assert took < 20


# ---------------------------------------------------------------------------------------------- signed HTTP


async def test_events_and_commands_come_signed_and_forged_ones_are_refused(club: Club) -> None:
    async with club.http():
        assert await club.server.http.verify()
        (sent,) = club.server.say(club.channel, club.ana, "hello").deliveries
        told = club.server.slash(club.ana, club.channel, "me")
        await club.server.settled()
        await told.acked()
        http, old = club.server.http, str(int(time.time()) - 301)
        assert await http.forge(sent, secret="somebody else's") == 401
        assert await http.forge(sent, timestamp=old) == 401
        assert await http.forge(sent, without="X-Slack-Signature") == 401
        assert await http.forge(sent, timestamp="yesterday") >= 400
        assert club.texts == ["hello"]
        assert await http.replay(sent) == 200, "inside the window a replay passes"
        assert club.texts == ["hello"] * 2


async def test_a_request_that_fails_is_sent_again_with_its_number(club: Club) -> None:
    ids, club.on_event = fails(2)
    async with club.http():
        (sent,) = club.server.say(club.channel, club.ana, "hello").deliveries
        await club.server.settled()
    assert (sent.reasons, ids) == (["http_error"] * 2, [sent.event_id] * 3)
    assert club.retries == [None, "1", "2"]


async def test_a_slow_app_is_asked_again_and_a_person_told(club: Club) -> None:
    club.server.outgoing.ack_s = 0.05
    club.on_event = club.on_command = never
    async with club.http():
        (sent,) = club.server.say(club.channel, club.ana, "hello").deliveries
        told = club.server.slash(club.ana, club.channel, "me")
        with pytest.raises(AssertionError, match="operation_timeout"):
            await told.acked()
        await club.server.settled()
        assert sent.reasons == ["http_timeout"] * 4
