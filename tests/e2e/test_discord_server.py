"""The loopback Discord does what the real discord.py expects of one, and what the coach's promises are tested with."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
import yarl

from tests.e2e.discord_bot import Bot, Club, Open, running
from tests.e2e.discord_server import EPHEMERAL, DiscordServer
from tests.e2e.discord_server.faults import VIA
from tests.e2e.discord_server.spec import spec


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Club]:
    async with DiscordServer() as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        made = Club(server)
        async with running(made.bot, server):
            yield made


# ---------------------------------------------------------------------------------------------- messages


async def test_a_message_is_heard_answered_and_numbered(club: Club) -> None:
    async def answer(message: discord.Message) -> None:
        await message.reply(f"hello {message.author.display_name}", mention_author=False)

    club.bot.react_to = answer
    said = club.server.say(club.channel, club.ana, "anybody there?")
    (reply,) = await club.server.wait_for(lambda: club.server.replies(said))
    assert (reply.content, reply.reference, reply.pings) == ("hello Ana *bold*", said.id, set())


async def test_a_message_has_one_thread_with_its_id(club: Club) -> None:
    message = await club.place().send("question")
    thread = await message.create_thread(name="answers", auto_archive_duration=1440)
    assert thread.id == message.id
    with pytest.raises(discord.HTTPException) as refused:
        await message.create_thread(name="again")
    assert refused.value.code == 160004
    inside = club.server.world.channels[thread.id]
    club.server.say(inside, club.ana, "an answer")
    await club.server.wait_for(lambda: club.bot.texts() == ["an answer"])
    assert [m.type async for m in thread.history(oldest_first=True, limit=1)] == [
        discord.MessageType.thread_starter_message
    ]


async def test_history_pages_in_both_directions(club: Club) -> None:
    said = [club.server.say(club.channel, club.ana, f"message {number}") for number in range(230)]
    place, middle = club.place(), discord.Object(said[100].id)
    after = [m.id async for m in place.history(after=middle, limit=None)]
    before = [m.id async for m in place.history(before=middle, limit=None)]
    around = [m.id async for m in place.history(around=middle, limit=11)]
    assert after == [m.id for m in said[101:]]
    assert before == [m.id for m in reversed(said[:100])]
    assert sorted(around) == [m.id for m in said[95:106]]
    since = discord.utils.snowflake_time(said[0].id) - dt.timedelta(seconds=1)
    assert len([m async for m in place.history(after=since, limit=None)]) == 230


async def test_a_nonce_is_posted_once(club: Club) -> None:
    first = await club.place().send("grade", nonce="outbox-7")
    again = await club.place().send("grade", nonce="outbox-7")
    assert first.id == again.id
    assert len(club.server.messages(club.channel)) == 1


async def test_edits_deletions_and_previews_are_told(club: Club) -> None:
    said = club.server.say(club.channel, club.ana, "first words")
    club.server.edit(said, "second words")
    club.server.unfurl(said)
    club.server.delete(said)
    await club.server.wait_for(lambda: club.bot.deletions)
    edit, preview = club.bot.edits
    assert edit.data["content"] == preview.data["content"] == "second words"
    assert edit.data["edited_timestamp"] == preview.data["edited_timestamp"]
    assert club.bot.deletions[0].message_id == said.id


async def test_reactions_pins_files_and_edits_of_ones_own(club: Club) -> None:
    message = await club.place().send(
        embed=discord.Embed(title="Board"), file=discord.File(__file__, "board.png"), view=Open(timeout=None)
    )
    await message.add_reaction("👀")
    await message.pin()
    await message.edit(content="Later")
    kept = club.server.messages(club.channel)[0]
    assert kept.reactions == {"👀": [club.server.coach.id]}
    assert kept.id in club.channel.pins
    assert (kept.content, kept.custom_ids, list(kept.files)) == ("Later", ["open"], ["board.png"])
    assert [m.id async for m in club.place().pins()] == [message.id]


async def test_text_is_blank_without_the_intent_but_not_where_the_bot_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with DiscordServer() as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        server.grant()
        club = Club(server)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await asyncio.wait_for(club.bot.start(server.token), 10)
        await club.bot.close()
        club.bot = Bot(discord.Intents(guilds=True, guild_messages=True))
        async with running(club.bot, server):
            server.say(club.channel, club.ana, "secret")
            server.say(club.channel, club.ana, f"<@{server.coach.id}> hello")
            await server.wait_for(lambda: len(club.bot.heard) == 2)
            assert club.bot.texts() == ["", f"<@{server.coach.id}> hello"]
            assert "secret" not in [m.content async for m in club.place().history()]


async def test_what_is_missing_or_forbidden_is_refused_with_discords_codes(club: Club) -> None:
    with pytest.raises(discord.NotFound) as missing:
        await club.place().fetch_message(1)
    assert missing.value.code == 10008
    club.server.deny(club.channel, send_messages=True)
    await club.server.wait_for(lambda: not club.place().permissions_for(club.place().guild.me).send_messages)
    with pytest.raises(discord.Forbidden) as refused:
        await club.place().send("hello")
    assert refused.value.code == 50013
    club.server.deny(club.channel)
    with pytest.raises(discord.HTTPException) as long:
        await club.place().send("x" * 2001)
    assert long.value.code == 50035


# ---------------------------------------------------------------------------------------------- interactions


async def test_a_slash_command_answers_ephemerally(club: Club) -> None:
    answer = await club.server.slash(club.ana, club.channel, "ping", {"word": "hi"}).answer()
    assert (answer.content, answer.flags & EPHEMERAL) == ("hi", EPHEMERAL)
    assert club.server.messages(club.channel) == []


async def test_organisers_commands_are_hidden_and_deferred_answers_are_followed_up(club: Club) -> None:
    with pytest.raises(LookupError, match="hidden"):
        club.server.slash(club.ana, club.channel, "club topic", {"name": "drift"})
    boss = club.server.user("Boss", organiser=True)
    offered = club.server.autocomplete(boss, club.channel, "club topic", "name", "dri")
    await club.server.wait_for(lambda: offered.choices)
    done = club.server.slash(boss, club.channel, "club topic", {"name": "drift"})
    await club.server.wait_for(lambda: done.followups)
    assert [m.content for m in club.server.messages(club.channel)] == ["topic drift", "and more"]


async def test_a_button_opens_a_form_that_is_answered_to_one_person(club: Club) -> None:
    await club.place().send("question", view=Open(timeout=None))
    (question,) = club.server.messages(club.channel)
    pressed = club.server.click(club.ana, question, "open")
    assert (await pressed.form())["title"] == "Answer privately"
    sent = club.server.submit(club.ana, pressed, {"words": "canary first"})
    assert (await sent.answer()).content == "got canary first"
    assert sent.ephemeral


async def test_a_message_command_brings_the_text_along(club: Club) -> None:
    said = club.server.say(club.channel, club.ana, "grade me")
    asked = club.server.message_command(club.ana, said, "Grade this answer")
    assert (await asked.answer()).content == "about: grade me"


async def test_a_late_first_answer_is_an_unknown_interaction(club: Club) -> None:
    club.server.interactions.ack_s = 0.0
    late = club.server.slash(club.ana, club.channel, "ping")
    refused = await club.server.wait_for(lambda: [e for e in club.server.faults.exchanges if e.status == 404])
    assert refused[0].answered["code"] == 10062
    assert late.callback is None


# ---------------------------------------------------------------------------------------------- faults


async def test_a_session_is_resumed_and_nothing_is_lost(club: Club) -> None:
    for number in range(3):
        club.server.say(club.channel, club.ana, f"before {number}")
    await club.server.wait_for(lambda: len(club.bot.heard) == 3)
    club.server.drop_gateway()
    club.server.say(club.channel, club.ana, "while away")
    await club.server.wait_for(lambda: len(club.bot.heard) == 4)
    assert club.server.gateway.seen["RESUMED"] == 1
    assert club.server.gateway.seen["IDENTIFY"] == 1


@pytest.mark.parametrize(("op", "data", "again"), [(7, None, 1), (9, True, 1), (9, False, 2)])
async def test_the_client_comes_back_after_op_7_and_op_9(club: Club, op: int, data: object, again: int) -> None:
    seen = club.server.gateway.seen
    club.server.gateway.order(op, data)
    await club.server.wait_for(lambda: seen["RESUMED"] + seen["IDENTIFY"] == 2)
    await club.server.connected()
    club.server.say(club.channel, club.ana, "still there?")
    await club.server.wait_for(lambda: club.bot.texts() == ["still there?"])
    assert seen["IDENTIFY"] == again


async def test_a_session_that_cannot_be_resumed_misses_what_was_said(club: Club) -> None:
    club.server.drop_gateway(resumable=False)
    club.server.say(club.channel, club.ana, "missed")
    await club.server.connected()
    club.server.say(club.channel, club.ana, "heard")
    await club.server.wait_for(lambda: club.bot.heard)
    assert club.bot.texts() == ["heard"]


async def test_a_429_is_waited_out_with_via_and_raised_without(club: Club) -> None:
    club.server.fail_next("POST", "/messages$", 429, headers=VIA | {"Retry-After": "0.05"})
    await club.place().send("once")
    club.server.fail_next("POST", "/messages$", 429)
    with pytest.raises(discord.HTTPException) as refused:
        await club.place().send("never")
    assert refused.value.status == 429
    assert [m.content for m in club.server.messages(club.channel)] == ["once"]


async def test_a_limit_is_kept_by_the_headers(club: Club) -> None:
    club.server.limit("POST", "/messages$", 5, 0.3)
    await asyncio.gather(*(club.place().send(str(number)) for number in range(12)))
    assert len(club.server.messages(club.channel)) == 12
    refused = [e for e in club.server.faults.exchanges if e.status == 429]
    assert len(refused) <= 3


async def test_a_502_after_the_work_was_done_repeats_nothing_that_has_a_nonce(club: Club) -> None:
    lost = club.server.fail_next("POST", "/messages$", 502, applied=True)
    await club.place().send("grade", nonce="outbox-8")
    assert lost.met == 1
    assert len(club.server.messages(club.channel)) == 1


async def test_a_connection_cut_after_the_work_was_done_is_an_error(club: Club) -> None:
    club.server.fail_next("POST", "/messages$", 0, applied=True)
    with pytest.raises(aiohttp.ClientError):
        await club.place().send("grade")
    assert len(club.server.messages(club.channel)) == 1


async def test_a_silent_partition_delays_and_loses_nothing(club: Club) -> None:
    club.server.partition(0.5, silent=True)
    club.server.say(club.channel, club.ana, "meanwhile")
    await asyncio.sleep(0.2)
    assert club.bot.heard == []
    await club.server.wait_for(lambda: club.bot.texts() == ["meanwhile"])


async def test_a_partition_that_breaks_sockets_loses_what_was_said_because_the_client_identifies_anew(
    club: Club,
) -> None:
    # discord.py resumes once; when that connection is refused as well it begins a new session.
    club.server.partition(0.5)
    club.server.say(club.channel, club.ana, "meanwhile")
    await club.server.wait_for(lambda: club.server.gateway.seen["IDENTIFY"] == 2, 30)
    club.server.say(club.channel, club.ana, "afterwards")
    await club.server.wait_for(lambda: club.bot.texts() == ["afterwards"])
    assert [m.content async for m in club.place().history(oldest_first=True)] == ["meanwhile", "afterwards"]


# ---------------------------------------------------------------------------------------------- against the description


async def test_every_body_fits_discords_description(club: Club) -> None:
    checked = spec()
    message = await club.place().send(
        "question", embed=discord.Embed(title="t", description="d").add_field(name="n", value="v"),
        view=Open(timeout=None), nonce="one", allowed_mentions=discord.AllowedMentions.none(),
    )  # fmt: skip
    thread = await message.create_thread(name="answers")
    said = club.server.say(club.server.world.channels[thread.id], club.ana, "an answer")
    await thread.get_partial_message(said.id).reply("graded", mention_author=False)
    await message.edit(content="edited", embed=discord.Embed(title="t"))
    await message.add_reaction("👀")
    await message.pin()
    assert [m async for m in message.channel.pins()]
    assert [m async for m in thread.history(after=discord.Object(message.id - 1))]
    await thread.edit(archived=True, auto_archive_duration=60)
    await club.bot.application_info()
    await club.bot.fetch_channel(thread.id)
    await club.bot.fetch_channel(club.channel.id)
    await club.place().guild.fetch_member(club.ana.id)
    await club.place().guild.active_threads()
    await club.place().guild.fetch_channels()
    with pytest.raises(discord.NotFound):
        await club.place().fetch_message(1)
    await club.server.slash(club.ana, club.channel, "ping").answer()
    boss = club.server.user("Boss", organiser=True)
    offered = club.server.autocomplete(boss, club.channel, "club topic", "name", "dri")
    await club.server.wait_for(lambda: offered.choices)
    topic = club.server.slash(boss, club.channel, "club topic", {"name": "drift"})
    await club.server.wait_for(lambda: topic.followups)
    pressed = club.server.click(club.ana, club.server.messages(club.channel)[0], "open")
    await pressed.form()
    await club.server.submit(club.ana, pressed, {"words": "canary"}).answer()
    await message.delete()
    assert checked.faults(club.server.faults.exchanges) == []
