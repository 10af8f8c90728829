"""Slack's pace and refusals: queues, waits, bursts, and what is told when something isn't allowed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.errors import PlatformAway, PlatformError
from bot.core.message import Message, Para, Parcel, ParcelKind
from bot.platforms.slack.pace import Pace
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_rounds import full, half


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


def parcel(here: Space, key: str, text: str = "Hello", *, only_for: str = "") -> Parcel:
    return Parcel(
        key, ParcelKind.REVEAL, "slack", here.team.id, here.channel.id, "", Message(blocks=(Para((text,)),)),
        only_for=only_for,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- the pace


async def test_messages_of_a_channel_go_out_at_slacks_pace_and_in_order(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3", pace_s=0.2, slack_pace_s=0.15) as here:
        here.slack.pace.burst = 1
        await here.chat.send(parcel(here, "0", "Message 0"))
        began = time.monotonic()
        await asyncio.gather(*(here.chat.send(parcel(here, str(n), f"Message {n}")) for n in range(1, 4)))
        assert time.monotonic() - began >= 0.6
        said = [message.text for message in here.slack.messages(here.channel)]
        assert said == [f"Message {n}" for n in range(4)]
        assert [call.status for call in here.slack.calls("chat.postMessage")] == [200] * 4


async def test_a_channel_that_waits_holds_up_no_other(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3", pace_s=5.0) as here:
        other = here.slack.channel(here.team, "other")
        await here.chat.send(parcel(here, "1"))
        waiting = asyncio.create_task(here.chat.send(parcel(here, "2")))
        made = Parcel("3", ParcelKind.REVEAL, "slack", here.team.id, other.id, "", Message(title="Hello"))
        await asyncio.wait_for(here.chat.send(made), 2.0)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_short_wait_that_slack_asks_for_is_waited_and_the_order_kept(here: Space) -> None:
    await here.chat.send(parcel(here, "0", "Message 0"))
    here.slack.fail("chat.postMessage", "ratelimited", retry_after=1)
    await asyncio.gather(*(here.chat.send(parcel(here, str(n), f"Message {n}")) for n in (1, 2)))
    assert [message.text for message in here.slack.messages(here.channel)] == [f"Message {n}" for n in range(3)]


async def test_a_long_wait_goes_back_to_the_outbox_with_its_length(here: Space) -> None:
    here.slack.fail("chat.postMessage", "ratelimited", retry_after=300)
    with pytest.raises(PlatformAway) as caught:
        await here.chat.send(parcel(here, "1"))
    assert caught.value.retry_after == 300


async def test_a_count_of_answers_waits_for_everything_that_is_posted() -> None:
    pace, done = Pace(0.05), list[str]()

    async def work(name: str) -> None:
        done.append(name)

    async def slow() -> None:
        await asyncio.sleep(0.05)

    key = ("T1", "C1")
    first = asyncio.create_task(pace.post(key, slow))
    await asyncio.sleep(0)
    count = asyncio.create_task(pace.change(key, lambda: work("count"), urgent=False))
    await asyncio.sleep(0)
    posts = [asyncio.create_task(pace.post(key, lambda n=n: work(n))) for n in ("one", "two")]  # type: ignore[misc]
    await asyncio.gather(first, count, *posts)
    assert done == ["one", "two", "count"]


async def test_one_that_gives_up_waiting_leaves_the_queue_to_the_others() -> None:
    pace, key = Pace(0.0), ("T1", "C1")
    gate = asyncio.Event()
    first = asyncio.create_task(pace.post(key, gate.wait))
    await asyncio.sleep(0)
    second = asyncio.create_task(pace.post(key, gate.wait))
    third = asyncio.create_task(pace.post(key, gate.wait))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    await asyncio.wait_for(asyncio.gather(first, third), 2.0)
    with pytest.raises(asyncio.CancelledError):
        await second


# ---------------------------------------------------------------------------------------------- bursts


async def test_two_thousand_answers_at_once_are_stored_before_they_are_acknowledged(here: Space) -> None:
    round_ = await here.ask()
    people = [here.person(f"Person {n}") for n in range(200)]
    here.grader.away = True
    here.slack.outgoing.ack_s = 60.0  # Slack itself runs on the same processor here; e2e tests tell how fast it is
    answer = half(round_.question.id)
    said = [here.slack.say(here.channel, people[n % 200], f"{answer} {n}", thread=here.question) for n in range(2_000)]
    await here.slack.settled(60.0)
    deliveries = [delivery for message in said for delivery in message.deliveries]
    assert [delivery.attempts for delivery in deliveries] == [1] * 2_000
    assert here.store_rows("replies") == 2_000


async def test_names_are_asked_for_once_each_and_a_few_at_a_time(here: Space) -> None:
    round_ = await here.ask()
    here.slack.limit("users.info", 5, 1.0)
    people = [here.person(f"Person{n}") for n in range(8)]
    for n, who in enumerate(people * 3):
        here.slack.say(here.channel, who, f"{full(round_.question.id)} {n}", thread=here.question)
    await here.settle()
    answered = [call for call in here.slack.calls("users.info") if call.status == 200]
    assert len(answered) == 8
    assert here.names() == {f"Person{n}" for n in range(8)}


async def test_under_load_only_the_receipt_of_the_grade_is_put(here: Space) -> None:
    round_ = await here.ask()
    people = [here.person(f"Person {n}") for n in range(3)]
    here.slack.slow("reactions.add", 0.02, times=200)
    said = [
        here.slack.say(here.channel, people[n % 3], f"{half(round_.question.id)} {n}", thread=here.question)
        for n in range(60)
    ]
    await here.settle()
    assert all(here.receipts(message) == ["white_check_mark"] for message in said)
    seen = [call for call in here.slack.calls("reactions.add") if call.args["name"] == "eyes"]
    assert len(seen) < 60


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not_in_channel", "I'm not in #mlops-daily. Write /invite @MLOps Coach there."),
        ("is_archived", "#mlops-daily is archived. Unarchive it, or set up another channel."),
        ("restricted_action", "A setting of this workspace doesn't let me write in #mlops-daily."),
        ("some_new_error", "Slack refused it in #mlops-daily (some_new_error)."),
    ],
)
async def test_a_refusal_is_told_in_words_that_help(here: Space, error: str, words: str) -> None:
    here.slack.fail("chat.postMessage", error)
    with pytest.raises(PlatformError, match="^" + words.replace("(", r"\(").replace(")", r"\)")) as caught:
        await here.chat.send(parcel(here, "1"))
    assert not isinstance(caught.value, PlatformAway)


async def test_a_missing_scope_is_named(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3") as here:
        here.slack.installation(here.team).scopes = frozenset({"chat:write", "channels:history"})
        with pytest.raises(PlatformError, match=r"I lack the scope im:write"):
            await here.chat.send(parcel(here, "1", only_for=here.ada.id))


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", 500, 503, 0])
async def test_what_passes_is_tried_again(here: Space, error: str | int) -> None:
    here.slack.fail("chat.postMessage", error)
    with pytest.raises(PlatformAway):
        await here.chat.send(parcel(here, "1"))
    await here.chat.send(parcel(here, "1"))
    assert len(here.slack.messages(here.channel)) == 1


async def test_with_a_token_that_is_refused_what_is_to_be_said_waits(here: Space) -> None:
    here.slack.revoke(here.team)
    with pytest.raises(PlatformAway):
        await here.chat.send(parcel(here, "1"))


async def test_a_question_that_may_not_be_posted_is_told_to_the_organisers(here: Space) -> None:
    await here.app.coach.rounds.post_now(here.place)
    here.slack.leave(here.channel, here.me)
    await here.settle()
    shown = await here.slash(here.olga, "failed")
    assert "question: I'm not in #mlops-daily. Write /invite @MLOps Coach there." in shown.shown


async def test_a_thread_that_is_gone_withdraws_nothing(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    here.slack.fail("conversations.replies", "thread_not_found")
    here.chat.gap()
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_a_history_of_many_pages_is_read_to_its_end(here: Space) -> None:
    round_ = await here.ask()
    await here.stop()
    here.slack.outgoing.drop = True
    people = [here.person(f"Person{n}") for n in range(450)]
    for who in people:
        here.slack.say(here.channel, who, half(round_.question.id), thread=here.question)
    here.slack.outgoing.drop = False
    here.slack.limit("conversations.replies", 2, 1.0)
    await here.start()
    await here.settle()
    assert here.store_rows("replies") == 450


# ---------------------------------------------------------------------------------------------- texts and tokens


async def test_words_of_people_and_models_call_nobody_and_link_nowhere(here: Space) -> None:
    evil = f"<!channel> <!here> <@{here.ben.id}> *b* _i_ `c` <https://example.com|x> @here &lt;!everyone&gt; "
    await here.chat.send(parcel(here, "1", evil * 3))
    (message,) = here.slack.messages(here.channel)
    assert message.pings == set()
    assert "<https" not in message.text


async def test_neither_tokens_nor_texts_are_logged(here: Space, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    round_ = await here.ask()
    here.slack.fail("chat.postMessage", 500)
    here.slack.fail("chat.postEphemeral", "internal_error")
    await here.say(here.ada, f"{full(round_.question.id)} secretword")
    await here.slash(here.ada, "hint")
    await here.slash(here.ada, "leaderboard nonsenseword")
    for secret in (here.slack.bot_token, here.slack.app_token, "secretword", "nonsenseword", "/commands/"):
        assert secret not in caplog.text
