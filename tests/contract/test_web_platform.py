"""The web chat keeps what a platform promises, on the real database."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.core.errors import PlatformAway, PlatformError, SettingsError, UsageError
from bot.core.message import (
    MESSAGE,
    Attachment,
    Bullets,
    Button,
    Code,
    Listing,
    Message,
    Para,
    Parcel,
    ParcelKind,
    Quote,
    Strong,
    Table,
    When,
)
from bot.core.model import Place, Reply
from bot.core.ports import Platform, Row
from bot.platforms.web import WebChat, members, units
from bot.platforms.web.basics import Member, micros
from bot.platforms.web.names import clean_name, clean_text
from bot.platforms.web.wire import Json, message_json
from bot.stores.sqlite import SqliteStore

CHANNEL = "mlops-daily"
HERE = Place("web", "local", CHANNEL)
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
WHOLE = Message(
    title="Title",
    blocks=(
        Para(("text ", Strong("strong"), " ", When(NOON), When(NOON, relative=True))),
        Bullets((("one",), (Strong("two"), Code("three")))),
        Listing("four\n  five"),
        Quote("quoted"),
        Table(("#", "who"), (("1", "Ada"), ("2", "Ben")), own=1),
        Attachment("data.json", "{}"),
    ),
    buttons=(Button("Hint", "hint", "7", (("number", "2"),)),),
    mention="@team",
)


class Chat:
    """The platform with its store, and shorthands for what people do."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.platform = WebChat(store, SystemClock())
        self._keys = 0

    async def person(self, name: str) -> Member:
        return await self.store.write(members.pick, f"browser of {name}", f"id-{name}", name, 1, open_to_all=True)

    async def thread(self) -> str:
        return (await self.platform.send(parcel(opens_thread="A question"))).thread

    async def say(self, who: Member, thread: str, text: str, at: dt.datetime = NOON) -> Reply:
        self._keys += 1
        _, reply = await self.store.write(
            units.post, who, f"key{self._keys:08}", CHANNEL, int(thread), text, micros(at)
        )
        assert reply is not None
        return reply

    async def shown(self, who: Member, thread: str = "0") -> Sequence[Row]:
        rows, _ = await self.store.read(units.page, who.id, CHANNEL, int(thread), 0, 100)
        return rows

    async def history(self, thread: str, since: dt.datetime = NOON) -> list[Reply]:
        return [reply async for reply in self.platform.history(HERE, thread, since)]


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    store = await SqliteStore.open(tmp_path / "chat.sqlite3")
    yield Chat(store)
    await store.close()


def parcel(
    key: str = "1",
    *,
    kind: ParcelKind = ParcelKind.QUESTION,
    channel: str = CHANNEL,
    thread: str = "",
    message: Message = WHOLE,
    reply_to: str = "",
    only_for: str = "",
    opens_thread: str = "",
) -> Parcel:
    return Parcel(key, kind, "web", "local", channel, thread, message, reply_to, only_for, opens_thread=opens_thread)


def as_wire(row: Row) -> Json:
    return message_json(row)


async def test_it_is_a_platform(chat: Chat) -> None:
    platform: Platform = chat.platform
    assert platform.name == "web"


async def test_a_parcel_sent_twice_is_there_once(chat: Chat) -> None:
    ada = await chat.person("Ada")
    first = await chat.platform.send(parcel(opens_thread="A question"))
    second = await chat.platform.send(parcel(opens_thread="A question"))
    assert first == second
    assert len(await chat.shown(ada)) == 1


async def test_a_thread_has_the_id_of_the_message_that_opened_it(chat: Chat) -> None:
    sent = await chat.platform.send(parcel(opens_thread="A question"))
    assert sent.thread == sent.message
    assert (await chat.platform.send(parcel("2"))).thread == ""


async def test_find_knows_what_was_sent_and_nothing_else(chat: Chat) -> None:
    sent = await chat.platform.send(parcel(opens_thread="A question"))
    assert await chat.platform.find(parcel()) == sent
    assert await chat.platform.find(parcel("2")) is None


async def test_every_block_arrives_as_it_was(chat: Chat) -> None:
    ada = await chat.person("Ada")
    await chat.platform.send(parcel())
    wire = as_wire((await chat.shown(ada))[0])
    kinds = [block["kind"] for block in wire["message"]["blocks"]]
    assert kinds == ["para", "bullets", "listing", "quote", "table", "attachment"]
    assert MESSAGE.validate_json(json.dumps(wire["message"])) == WHOLE
    assert wire["message"]["blocks"][0]["parts"][3]["at"] == "2026-03-02T12:00:00Z"
    assert wire["message"]["buttons"][0]["args"] == [["number", "2"]]


async def test_a_message_for_one_person_is_shown_to_that_person_only(chat: Chat) -> None:
    ada, ben = await chat.person("Ada"), await chat.person("Ben")
    await chat.platform.send(parcel(only_for=ada.id))
    assert len(await chat.shown(ada)) == 1
    assert not await chat.shown(ben)
    changed, _, _ = await chat.store.read(units.changed, ben.id, 0, 100)
    assert not changed


async def test_a_receipt_goes_from_seen_to_graded_and_never_back(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    reply = await chat.say(ada, thread, "An answer of some words")
    receipts = [(await chat.shown(ada, thread))[0]["receipt"]]
    await chat.platform.acknowledge(reply)
    receipts.append((await chat.shown(ada, thread))[0]["receipt"])
    await chat.platform.send(parcel("2", kind=ParcelKind.GRADE, thread=thread, reply_to=reply.message))
    receipts.append((await chat.shown(ada, thread))[0]["receipt"])
    await chat.platform.acknowledge(reply)
    receipts.append((await chat.shown(ada, thread))[0]["receipt"])
    assert receipts == ["", "seen", "graded", "graded"]


async def test_a_receipt_is_not_put_on_a_text_that_was_edited_meanwhile(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    reply = await chat.say(ada, thread, "An answer of some words")
    await chat.store.write(units.edit, ada, int(reply.message), "Another answer", micros(NOON) + 5)
    await chat.platform.acknowledge(reply)
    assert (await chat.shown(ada, thread))[0]["receipt"] == ""


async def test_amending_shows_the_new_words_in_the_old_place(chat: Chat) -> None:
    ada = await chat.person("Ada")
    sent = await chat.platform.send(parcel())
    await chat.platform.amend(sent.message, parcel(message=Message(title="New")))
    shown = await chat.shown(ada)
    assert [as_wire(row)["message"]["title"] for row in shown] == ["New"]


async def test_history_gives_each_message_at_its_present_revision(chat: Chat) -> None:
    ada, ben, thread = await chat.person("Ada"), await chat.person("Ben"), await chat.thread()
    first = await chat.say(ada, thread, "First")
    await chat.say(ben, thread, "Second", NOON + dt.timedelta(seconds=1))
    gone = await chat.say(ada, thread, "Third", NOON + dt.timedelta(seconds=2))
    await chat.store.write(units.edit, ada, int(first.message), "First, edited", micros(NOON) + 5)
    await chat.store.write(units.delete, ada, int(gone.message))
    await chat.platform.send(parcel("2", kind=ParcelKind.GRADE, thread=thread, reply_to=first.message))
    found = await chat.history(thread)
    assert [(reply.author.name, reply.text, bool(reply.revision)) for reply in found] == [
        ("Ada", "First, edited", True),
        ("Ben", "Second", False),
    ]
    assert {(reply.platform, reply.community, reply.channel) for reply in found} == {("web", "local", thread)}


async def test_history_begins_at_the_time_that_is_asked_for(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    await chat.say(ada, thread, "Early")
    await chat.say(ada, thread, "Late", NOON + dt.timedelta(hours=1))
    found = await chat.history(thread, NOON + dt.timedelta(minutes=1))
    assert [reply.text for reply in found] == ["Late"]


async def test_history_is_whole_beyond_one_batch(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    for number in range(205):
        await chat.say(ada, thread, f"Answer {number}")
    assert [reply.text for reply in await chat.history(thread)] == [f"Answer {number}" for number in range(205)]


async def test_revisions_grow_however_fast_the_edits_come(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    reply = await chat.say(ada, thread, "First")
    revisions = [reply.revision]
    for text in ("Second", "Third", "Fourth"):
        _, edited = await chat.store.write(units.edit, ada, int(reply.message), text, micros(NOON))
        assert edited is not None
        assert edited.at >= reply.at
        revisions.append(edited.revision)
    assert revisions == sorted(set(revisions))


async def test_an_edit_that_changes_no_word_is_no_revision(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    reply = await chat.say(ada, thread, "The same")
    _, again = await chat.store.write(units.edit, ada, int(reply.message), "The same", micros(NOON) + 5)
    assert again == reply


@pytest.mark.parametrize(
    ("text", "addressed"),
    [
        ("@Ben what do you think of it", True),
        ("@ben, what do you think", True),
        ("@BEN", True),
        ("@Benjamin what do you think", False),
        ("@Ada I talk to myself here", False),
        ("@ada lovelace what do you think", True),
        ("I agree with @Ben on all of it", False),
        ("@nobody here is called that", False),
        ("@%", False),
    ],
)
async def test_a_message_that_begins_with_anothers_name_is_addressed_to_them(
    chat: Chat, text: str, addressed: bool
) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    await chat.person("Ben")
    await chat.person("Ada Lovelace")
    assert (await chat.say(ada, thread, text)).addressed is addressed


async def test_only_the_author_changes_a_message(chat: Chat) -> None:
    ada, ben, thread = await chat.person("Ada"), await chat.person("Ben"), await chat.thread()
    reply = await chat.say(ada, thread, "Mine")
    with pytest.raises(UsageError, match="Only its author"):
        await chat.store.write(units.edit, ben, int(reply.message), "Yours", micros(NOON))
    with pytest.raises(UsageError, match="Only its author"):
        await chat.store.write(units.delete, ben, int(reply.message))
    assert [reply.text for reply in await chat.history(thread)] == ["Mine"]


async def test_the_first_person_to_come_is_the_organiser(chat: Chat) -> None:
    assert [(await chat.person(name)).organiser for name in ("Ada", "Ben")] == [True, False]
    assert (await chat.person("ADA")).organiser


async def test_a_person_who_is_forgotten_leaves_no_word(chat: Chat, tmp_path: Path) -> None:
    ada, ben, thread = await chat.person("Ada Unforgettable"), await chat.person("Ben"), await chat.thread()
    await chat.say(ada, thread, "Words to be forgotten")
    kept = await chat.say(ben, thread, "Words that stay")
    personal = Message(title="A personal remark")
    await chat.platform.send(parcel("2", message=personal, only_for=ada.id))
    await chat.store.write(units.answer, "call:1", ada, "/mlops share", CHANNEL, 0, "{}", micros(NOON))
    await chat.platform.forget("local", ada.id)
    assert await chat.history(thread) == [kept]
    assert not await chat.store.read(members.session_people, "browser of Ada Unforgettable")
    rows, _, _ = await chat.store.read(units.changed, ben.id, 0, 100)
    everything = str([dict(row) for row in rows])
    for word in ("Unforgettable", "forgotten", "personal remark", "/mlops share", ada.id):
        assert word not in everything


async def test_what_is_on_its_way_to_somebody_who_was_forgotten_is_refused(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    said = await chat.say(ada, thread, "An answer of some words")
    grade = parcel("2", kind=ParcelKind.GRADE, thread=thread, reply_to=said.message)
    await chat.platform.forget("local", ada.id)
    for late in (parcel("3", only_for=ada.id), dataclasses.replace(grade, author=said.author)):
        with pytest.raises(PlatformError) as caught:
            await chat.platform.send(late)
        assert not isinstance(caught.value, PlatformAway)
        assert await chat.platform.find(late) is None


async def test_an_export_has_all_that_the_chat_keeps_of_a_person_and_nothing_of_others(chat: Chat) -> None:
    ada, ben, thread = await chat.person("Ada"), await chat.person("Ben"), await chat.thread()
    await chat.say(ada, thread, "Words of Ada")
    await chat.say(ben, thread, "Words of Ben")
    for who, key in ((ada, "2"), (ben, "3")):
        await chat.platform.send(parcel(key, message=Message(title=f"A remark to {who.name}"), only_for=who.id))
    await chat.store.write(units.answer, "call:1", ada, "/mlops share", CHANNEL, 0, "{}", micros(NOON))
    found = await chat.platform.export("local", ada.id)
    assert (found["name"], found["organiser"], found["browsers"]) == ("Ada", True, 1)
    told = [(message["by"], message["asked"] or message["text"]) for message in found["messages"]]
    assert told == [("you", "Words of Ada"), ("the coach", "A remark to Ada"), ("the coach", "/mlops share")]
    assert "Ben" not in json.dumps(found)
    assert await chat.platform.export("another", ada.id) == {}


async def test_another_communitys_person_is_not_forgotten(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    await chat.say(ada, thread, "Words that stay")
    await chat.platform.forget("elsewhere", ada.id)
    assert len(await chat.history(thread)) == 1


@pytest.mark.parametrize(
    ("channel", "thread"), [("nowhere", ""), (CHANNEL, "999"), (CHANNEL, "no-number"), ("other", "1")]
)
async def test_a_place_that_is_not_there_is_refused_for_good(chat: Chat, channel: str, thread: str) -> None:
    await chat.thread()
    await chat.platform.add_channel("other")
    with pytest.raises(PlatformError) as caught:
        await chat.platform.send(parcel("2", channel=channel, thread=thread))
    assert not isinstance(caught.value, PlatformAway)


async def test_a_database_that_cannot_be_used_is_a_platform_that_is_away(chat: Chat) -> None:
    ada, thread = await chat.person("Ada"), await chat.thread()
    reply = await chat.say(ada, thread, "An answer of some words")
    await chat.store.close()
    with pytest.raises(PlatformAway):
        await chat.platform.send(parcel("2"))
    with pytest.raises(PlatformAway):
        await chat.platform.find(parcel("2"))
    with pytest.raises(PlatformAway):
        await chat.history(thread)
    await chat.platform.acknowledge(reply)  # best effort


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "coach.example", "::"])  # noqa: S104
async def test_a_chat_open_to_others_needs_a_token(chat: Chat, host: str) -> None:
    with pytest.raises(SettingsError, match=r"^COACH_WEB_TOKEN is not set\."):
        WebChat(chat.store, SystemClock(), host=host)
    WebChat(chat.store, SystemClock(), host=host, token="secret")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("A\u202eda\u200b", "Ada"),
        ("\x00\x1b[31mAda", "[31mAda"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("\ud800Ada", "Ada"),
        ("名前", "名前"),
    ],
)
def test_a_name_is_what_can_be_seen_of_it(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@pytest.mark.parametrize("raw", ["", " \n", "\u200b\u202e", "\u3164", "\u0301", "x" * 41, "MLOps Coach", "ＣＯＡＣＨ"])
def test_a_name_that_cannot_be_told_apart_is_refused(raw: str) -> None:
    with pytest.raises(UsageError):
        clean_name(raw)


def test_a_text_keeps_its_lines_and_loses_what_no_screen_shows() -> None:
    assert clean_text(" one\r\n\ttwo\x00\x07\ud800 \n") == "one\n\ttwo"
    assert len(clean_text("x" * 6_000)) == 6_000
    with pytest.raises(UsageError, match="6,001 characters"):
        clean_text("x" * 6_001)
    with pytest.raises(UsageError):
        clean_text(" \x00 ")
