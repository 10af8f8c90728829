"""What a workspace must not lose when Slack falters: refused tokens, unread threads, short pages, crowded channels."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core.errors import PlatformAway
from bot.core.message import ParcelKind
from bot.core.model import Person, Place
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.receipts import Receipt
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_limits import parcel
from tests.contract.test_slack_rounds import full, half
from tests.e2e.slack_server import Message, User


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read again is read again at once."""
    for module in ("chat", "catchup"):
        monkeypatch.setattr(f"bot.platforms.slack.{module}.CATCH_UP_AGAIN_S", 0.05)


async def missed(here: Space, text: str) -> Message:
    """Write while the coach is away."""
    await here.stop()
    here.slack.outgoing.drop = True
    here.clock.pass_(seconds=5)
    said = here.slack.say(here.channel, here.ada, text, thread=here.question)
    here.slack.outgoing.drop = False
    return said


# ---------------------------------------------------------------------------------------------- refused tokens


@pytest.mark.usefixtures("soon")
async def test_an_answer_written_while_a_token_is_doubted_is_not_lost(here: Space) -> None:
    round_ = await here.ask()
    here.slack.outgoing.ack_s, here.slack.outgoing.factor = 0.1, 0.001
    here.slack.fail("chat.postMessage", "invalid_auth")
    here.slack.slow("auth.test", 2.0)
    with pytest.raises(PlatformAway):
        await here.chat.send(parcel(here, "1"))
    said = here.slack.say(here.channel, here.ada, full(round_.question.id), thread=here.question)
    await here.slack.settled()
    assert [delivery.acked for delivery in said.deliveries] == [False]
    await here.slack.wait_for(lambda: here.store_rows("replies"))
    await here.settle()
    assert await here.points() == {"Ada": 10}


async def test_what_is_to_be_said_while_a_token_is_doubted_waits(here: Space) -> None:
    here.slack.fail("chat.postMessage", "invalid_auth")
    here.slack.slow("auth.test", 0.5)
    for number in range(2):
        with pytest.raises(PlatformAway):
            await here.chat.send(parcel(here, str(number)))
    await here.slack.wait_for(lambda: not here.chat._workspaces.doubted)
    await here.chat.send(parcel(here, "2"))


async def test_what_is_to_be_said_waits_for_the_key_of_a_token_that_cannot_be_opened(here: Space) -> None:
    made = Installation(user_id="U1", team_id="T1", bot_token="xoxb-sealed", bot_id="B1", bot_user_id="U2")
    await Installs(here.store, here.clock, Vault([Fernet.generate_key().decode()])).async_save(made)
    workspaces = Workspaces(Installs(here.store, here.clock, Vault([Fernet.generate_key().decode()])))
    with pytest.raises(PlatformAway, match="COACH_ENCRYPTION_KEY"):
        await workspaces.get("T1")
    await workspaces.close()


@pytest.mark.parametrize("error", ["team_added_to_org", "org_login_required", "message_limit_exceeded"])
async def test_what_is_to_be_said_waits_while_a_workspace_moves_or_has_said_too_much(here: Space, error: str) -> None:
    here.slack.fail("chat.postMessage", error)
    with pytest.raises(PlatformAway):
        await here.chat.send(parcel(here, "1"))


# ---------------------------------------------------------------------------------------------- reading again


@pytest.mark.usefixtures("soon")
async def test_a_thread_that_could_not_be_read_after_a_gap_is_read_again(here: Space) -> None:
    round_ = await here.ask()
    await missed(here, half(round_.question.id))
    here.slack.fail("conversations.replies", 503, times=2)
    await here.start()
    await here.settle()
    assert await here.points() == {"Ada": 5}


async def test_a_page_with_nothing_on_it_is_not_the_end_of_a_thread(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    client = here.chat._workspaces._known[here.team.id].client
    ask, asked = client.conversations_replies, list[dict[str, Any]]()

    async def empty_first(**args: Any) -> Any:
        answer: Any = await ask(**{name: value for name, value in args.items() if value != "more"})
        asked.append(args)
        if len(asked) == 1:
            answer.data = {"messages": [], "response_metadata": {"next_cursor": "more"}}
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "conversations_replies", empty_first)
        here.chat.gap()
        await here.settle()
    assert len(asked) == 2
    assert await here.points() == {"Ada": 10}


async def test_pages_that_never_end_withdraw_nothing(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, full(round_.question.id))
    client, asked = here.chat._workspaces._known[here.team.id].client, list[str]()

    async def same(**args: Any) -> Any:
        asked.append(args.get("cursor", ""))
        return type("Answer", (), {"data": {"messages": [], "response_metadata": {"next_cursor": "more"}}})()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "conversations_replies", same)
        with pytest.raises(PlatformAway):
            async for _ in here.chat.history(here.place, round_.thread, here.clock.now()):
                pass
    assert asked == ["", "more"]
    assert await here.points() == {"Ada": 10}


async def test_a_grade_whose_answer_was_lost_is_found_in_a_thread_of_thousands(here: Space) -> None:
    round_ = await here.ask()
    here.slack.outgoing.drop = True
    for n in range(4_100):
        here.slack.say(here.channel, here.ben, f"Talk {n}", thread=here.question)
    here.slack.outgoing.drop = False
    here.slack.fail("chat.postMessage", 0, applied=True)
    await here.say(here.ada, full(round_.question.id))
    await here.later(minutes=10)
    assert len(here.spoken()) == 1


# ---------------------------------------------------------------------------------------------- crowded channels


async def test_many_who_press_at_once_are_answered_soon(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3", pace_s=0.5) as here:
        await here.ask()
        people = [here.person(f"Person {n}") for n in range(12)]
        began = time.monotonic()
        pressed = [here.slack.press(who, here.question, "Hint") for who in people]
        for done in pressed:
            await done.answer()
        assert time.monotonic() - began < 4
        assert all("A first hint" in here.slack.ephemerals(who)[-1].shown for who in people)


async def test_what_is_for_all_goes_before_what_is_for_one_person(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3", pace_s=0.3) as here:
        await here.ask()
        for n in range(6):
            here.slack.mention(here.channel, here.person(f"Person {n}"), "hint", thread=here.question)
        await asyncio.sleep(0.2)
        await here.chat.send(parcel(here, "1"))
        assert len(here.slack.world.ephemerals) < 4
        await here.settle()
        assert len(here.slack.world.ephemerals) == 6


async def test_a_count_that_comes_while_another_waits_is_the_one_that_stays(here: Space) -> None:
    await here.ask()
    here.slack.slow("chat.update", 0.3)
    for text in ("1 person has answered.", "2 people have answered."):
        count = dataclasses.replace(parcel(here, "1", text), kind=ParcelKind.QUESTION)
        await here.chat.amend(here.question.ts, count)
        await asyncio.sleep(0.1)
    await here.chat.idle()
    assert "2 people have answered." in here.question.shown


async def test_a_change_that_slack_asks_to_wait_with_holds_up_no_post(here: Space) -> None:
    await here.ask()
    question = here.question
    here.slack.fail("chat.update", "ratelimited", retry_after=3)
    count = dataclasses.replace(parcel(here, "1", "1 person has answered."), kind=ParcelKind.QUESTION)
    await here.chat.amend(question.ts, count)
    await here.slack.wait_for(lambda: here.slack.calls("chat.update"))
    await asyncio.wait_for(here.chat.send(parcel(here, "2")), 2.0)
    await here.chat.idle()
    assert "1 person has answered." in question.shown


# ---------------------------------------------------------------------------------------------- threads


async def test_talk_in_an_old_thread_is_taken_while_a_question_is_on_its_way(here: Space) -> None:
    old = here.slack.say(here.channel, here.ada, "Anybody for lunch?")
    here.clock.pass_(hours=1)
    here.slack.slow("chat.postMessage", 3.0)
    await here.app.coach.rounds.post_now(here.place)
    posting = asyncio.create_task(here.app.settle())
    await asyncio.sleep(0.2)
    said = here.slack.say(here.channel, here.ben, "Yes, at noon in the usual place", thread=old)
    await here.slack.settled(1.0)
    assert [delivery.attempts for delivery in said.deliveries] == [1]
    await posting


@pytest.mark.usefixtures("soon")
async def test_a_deletion_that_does_not_tell_its_thread_withdraws_too(here: Space) -> None:
    round_ = await here.ask()
    said = await here.say(here.ada, full(round_.question.id))
    send = here.slack.world.send
    here.slack.world.send = lambda body: send(
        body | {"event": {name: value for name, value in body["event"].items() if name != "previous_message"}}
    )
    here.slack.delete(said)
    await here.settle()
    await here.settle()
    assert await here.points() == {}


# ---------------------------------------------------------------------------------------------- shared channels


async def test_an_answer_in_a_shared_channel_goes_to_the_workspace_whose_coach_asked(here: Space) -> None:
    other = here.slack.team("Other")
    theirs = here.slack.installation(other)
    made = Installation(
        user_id="U1", team_id=other.id, bot_token=theirs.token, bot_id=theirs.bot.bot_id, bot_user_id=theirs.bot.id,
        custom_values={"url": other.url},
    )  # fmt: skip
    await Installs(here.store, here.clock, Vault([])).async_save(made)
    eve = here.slack.user(other, "Eve", display="Eve")
    here.slack.share(here.channel, other, eve)
    here.slack.join(here.channel, theirs.bot)
    place = Place("slack", other.id, here.channel.id)
    await here.app.coach.rounds.post_now(place)
    await here.settle()
    round_ = await here.app.coach.rounds.find(place)
    said = await here.say(eve, full(round_.question.id))
    assert said.deliveries[0].payload["authorizations"][0]["team_id"] == here.team.id, "Slack names one of the two"
    board = await here.app.coach.standings.board(place, Person("0", ""), "all")
    assert [(row.person.name, row.points) for row in board.rows] == [("Eve", 10)]
    assert await here.points() == {}, "the channel's own workspace has no part in it"
    await here.say(eve, f"<@{theirs.bot.id}> hint")
    assert "A first hint" in here.slack.ephemerals(eve)[-1].shown


async def test_the_home_shows_guests_only_the_channels_that_they_are_in(here: Space) -> None:
    round_ = await here.ask()
    gus, gil = here.person("Gus"), here.person("Gil")
    here.slack.leave(here.channel, gus)
    about = User.json
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(User, "json", lambda user: about(user) | {"is_restricted": user in (gus, gil)})
        for who in (gus, gil, here.ada):
            here.slack.open_home(who)
        await here.settle()
    shown = [(here.slack.home(who) or pytest.fail("no home")).shown for who in (gus, gil, here.ada)]
    assert [round_.question.text in home for home in shown] == [False, True, True]


async def test_the_home_of_somebody_who_had_their_data_deleted_shows_no_more_of_it(here: Space) -> None:
    round_ = await here.ask()
    await here.say(here.ada, half(round_.question.id))
    here.slack.open_home(here.ada)
    await here.settle()
    home = here.slack.home(here.ada) or pytest.fail("no home")
    assert "5 points" in home.shown
    asked = await here.press(here.ada, home, "Delete my data")
    await here.press(here.ada, asked, "Delete my data")
    home = here.slack.home(here.ada) or pytest.fail("no home")
    assert "5 points" not in home.shown


async def test_an_edit_that_is_graded_at_once_leaves_one_receipt(here: Space) -> None:
    round_ = await here.ask()
    here.grader.away = True
    said = await here.say(here.ada, half(round_.question.id))
    assert here.receipts(said) == ["eyes"]
    where = (here.team.id, round_.thread, said.ts)
    for receipt in (Receipt.SEEN, Receipt.GRADED):
        here.chat._receipts.put(where, receipt)
    await here.chat.idle()
    assert here.receipts(said) == ["white_check_mark"]
