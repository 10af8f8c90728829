"""What the web chat's server lets in, refuses and survives, over plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.core.errors import SettingsError
from bot.core.ports import one, rows
from bot.platforms.web import WebChat, units
from bot.platforms.web.basics import Member, micros
from bot.platforms.web.guard import OwnNames, Rates
from bot.platforms.web.live import Hub
from bot.stores.sqlite import SqliteStore
from tests.e2e.web_chat import CHANNEL, GOOD, Running, coach_at

Json = dict[str, Any]


class Client:
    """A browser without a page: keeps cookies, is one person."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.person = ""

    async def get(self, path: str, **headers: str) -> tuple[int, Json]:
        async with self.session.get(self.address + path, headers=headers) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Json]:
        async with self.session.post(self.address + path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def come_in(self, name: str) -> None:
        status, answer = await self.post("/api/people", {"name": name})
        assert status == 200, answer
        self.person = answer["person"]["id"]

    async def say(self, text: str, key: str, thread: int = 0, channel: str = CHANNEL) -> tuple[int, Json]:
        body = {"person": self.person, "key": key, "channel": channel, "thread": thread, "text": text}
        return await self.post("/api/messages", body)

    async def thread(self) -> int:
        """The thread of the first question."""
        _, page = await self.get(f"/api/messages?person={self.person}&channel={CHANNEL}")
        return int(page["messages"][0]["id"])

    async def texts(self, thread: int = 0) -> list[str]:
        _, page = await self.get(f"/api/messages?person={self.person}&channel={CHANNEL}&thread={thread}")
        return [message["text"] for message in page["messages"] if message["author"]]


@contextlib.asynccontextmanager
async def client_of(coach: Running, name: str = "") -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        client = Client(session, coach.address)
        if name:
            await client.come_in(name)
        yield client


@pytest.fixture
async def coach(tmp_path: Path) -> AsyncIterator[Running]:
    async with coach_at(tmp_path / "coach.sqlite3") as running:
        yield running


async def test_health_needs_neither_name_nor_token(tmp_path: Path) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="secret") as coach, client_of(coach) as client:
        assert await client.get("/healthz") == (200, {"status": "ok"})


# ---------------------------------------------------------------------------------------------- other sites


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[", "8.8.8.8"]
)
async def test_a_host_name_that_is_not_ours_is_refused(coach: Running, host: str) -> None:
    async with client_of(coach) as client:
        for path in ("/", "/api/start", "/healthz"):
            status, answer = await client.get(path, Host=host)
            assert (status, "error" in answer) == (421, True)


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:9", "[::1]:80", "LOCALHOST"])
async def test_a_host_name_of_this_machine_is_ours_at_any_port(coach: Running, host: str) -> None:
    async with client_of(coach) as client:
        assert (await client.get("/healthz", Host=host))[0] == 200


def test_off_loopback_addresses_and_given_names_are_ours() -> None:
    names = OwnNames("0.0.0.0", ["Coach.Example"])  # noqa: S104
    assert "10.1.2.3:8080" in names
    assert "coach.example" in names
    assert "evil.example" not in names


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_change_from_another_sites_page_is_refused(coach: Running, headers: dict[str, str]) -> None:
    async with client_of(coach, "Ada") as client:
        status, _ = await client.post("/api/people", {"name": "Mallory"}, **headers)
        assert status == 403
        assert (await client.post("/api/people", {"name": "Ben"}, Origin=coach.address))[0] == 200
        _, start = await client.get("/api/start")
        assert [person["name"] for person in start["people"]] == ["Ada", "Ben"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_a_plain_html_form_can_send_is_refused(coach: Running, content_type: str) -> None:
    async with client_of(coach) as client:
        data = b'{"name": "Mallory"}'
        headers = {"Content-Type": content_type}
        async with client.session.post(f"{coach.address}/api/people", data=data, headers=headers) as response:
            assert response.status == 415


async def test_every_response_carries_the_security_headers(coach: Running) -> None:
    async with client_of(coach) as client:
        for path in ("/", "/app.js", "/api/start", "/healthz", "/nothing-here"):
            async with client.session.get(coach.address + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert "Python" not in response.headers["Server"]


async def test_the_pages_files_are_sent_once(coach: Running) -> None:
    async with client_of(coach) as client:
        async with client.session.get(f"{coach.address}/app.js") as response:
            tag = response.headers["ETag"]
            assert response.content_type == "text/javascript"
        async with client.session.get(f"{coach.address}/app.js", headers={"If-None-Match": tag}) as response:
            assert response.status == 304
            assert not await response.read()


@pytest.mark.parametrize("path", ["/static/", "/../chat.py", "/%2e%2e/chat.py", "/chat.py", "/api"])
async def test_nothing_but_the_pages_files_is_served(coach: Running, path: str) -> None:
    async with client_of(coach) as client:
        status, answer = await client.get(path)
        assert (status, answer["error"]) == (404, "Not Found.")


# ---------------------------------------------------------------------------------------------- the token


async def test_without_the_token_nothing_is_told(tmp_path: Path) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="open sesame") as coach, client_of(coach) as client:
        for path in ("/api/start", "/api/messages", "/api/events", "/api/complete"):
            status, answer = await client.get(path)
            assert (status, answer["need"]) == (401, "token")
        for path in ("/api/people", "/api/messages", "/api/calls", "/api/messages/1/edit"):
            assert (await client.post(path, {}))[0] == 401


async def test_the_right_token_opens_for_good_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="open sesame") as coach, client_of(coach) as client:
        assert (await client.post("/api/token", {"token": "open barley"}))[0] == 401
        assert (await client.get("/api/start"))[0] == 401
        assert (await client.post("/api/token", {"token": "open sesame"}))[0] == 200
        assert (await client.get("/api/start"))[0] == 200


async def test_the_token_in_the_address_is_taken_and_leaves_the_address(tmp_path: Path) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="open") as coach, client_of(coach) as client:
        assert await coach.chat.address() == f"{coach.address}/?token=open"
        async with client.session.get(await coach.chat.address(), allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/")
            cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "open" not in cookie
        assert (await client.get("/api/start"))[0] == 200


async def test_guessing_the_token_is_slowed_down(tmp_path: Path) -> None:
    async with coach_at(tmp_path / "coach.sqlite3", token="open sesame") as coach, client_of(coach) as client:
        statuses = [(await client.post("/api/token", {"token": str(guess)}))[0] for guess in range(30)]
        assert statuses[0] == 401
        assert statuses[-1] == 429


async def test_behind_a_token_a_taken_name_stays_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "coach.sqlite3"
    async with coach_at(path, token="open") as coach, client_of(coach) as ada, client_of(coach) as mallory:
        for client in (ada, mallory):
            await client.post("/api/token", {"token": "open"})
        await ada.come_in("Ada")
        status, answer = await mallory.post("/api/people", {"name": "ADA"})
        assert (status, answer["error"]) == (400, "Ada is taken. Pick another name.")
        assert (await mallory.get("/api/start"))[1]["people"] == []
        await ada.come_in("Second")
        await ada.come_in("ada")


# ---------------------------------------------------------------------------------------------- people


async def test_a_browser_is_only_who_it_picked(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        ben.person = ada.person
        status, answer = await ben.say("I am Ada", "key-00000001")
        assert (status, answer["need"]) == (401, "name")
        assert await ada.texts() == []


async def test_the_cookie_is_a_secret_that_the_database_does_not_hold(coach: Running, tmp_path: Path) -> None:
    async with client_of(coach, "Ada") as ada:
        (cookie,) = list(ada.session.cookie_jar)
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert len(cookie.value) >= 40
        files = [file.read_bytes() for file in await asyncio.to_thread(lambda: list(tmp_path.glob("coach.sqlite3*")))]
        assert not any(cookie.value.encode() in content for content in files)


async def test_on_one_laptop_a_name_is_taken_up_again_with_its_history(coach: Running) -> None:
    async with client_of(coach, "Ada") as first, client_of(coach, " ada ") as second:
        assert first.person == second.person


# ---------------------------------------------------------------------------------------------- messages


async def test_a_message_that_is_sent_again_after_a_lost_response_is_there_once(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        thread = await ada.thread()
        answers = [await ada.say(GOOD, "the-same-key", thread) for _ in range(3)]
        assert {status for status, _ in answers} == {200}
        assert await ada.texts(thread) == [GOOD]
        assert len(await coach.store.read(rows, "replies_known", round_id=1, channel=str(thread))) == 1


async def test_an_answer_is_the_coachs_before_it_is_acknowledged(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        thread = await ada.thread()
        status, answer = await ada.say(GOOD, "key-00000001", thread)
        assert status == 200
        where = {"platform": "web", "community": "local", "channel": str(thread)}
        known = await coach.store.read(rows, "replies_of_message", message=str(answer["message"]["id"]), **where)
        assert len(known) == 1


async def test_talk_in_the_channel_is_no_answer(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        status, answer = await ada.say(GOOD, "key-00000001")
        assert (status, answer["message"]["receipt"]) == (200, "")
        assert await coach.store.read(rows, "replies_known", round_id=1, channel=CHANNEL) == ()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"text": " \n "}, "There is nothing to send yet."),
        ({"text": "x" * 6_001}, "That is 6,001 characters; a message holds 6,000. Shorten it and send it again."),
        ({"channel": "nowhere"}, "The web chat has no channel #nowhere."),
        ({"thread": 999}, "The web chat has no thread 999 in #mlops-daily."),
        ({"thread": "here"}, "The page and the coach don't understand each other. Reload the page."),
        ({"thread": 2**60}, "The page and the coach don't understand each other. Reload the page."),
        ({"key": "short"}, "The page and the coach don't understand each other. Reload the page."),
        ({"more": 1}, "The page and the coach don't understand each other. Reload the page."),
    ],
)
async def test_what_cannot_be_a_message_is_refused_in_one_line(coach: Running, body: Json, line: str) -> None:
    async with client_of(coach, "Ada") as ada:
        whole = {"person": ada.person, "key": "key-00000001", "channel": CHANNEL, "thread": 0, "text": "text", **body}
        status, answer = await ada.post("/api/messages", whole)
        assert (status, answer["error"]) == (400, line)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b'{"name": "\\ud800"}', b"\xff", b"[" * 60_000])
async def test_a_body_that_is_no_object_is_refused(coach: Running, raw: bytes) -> None:
    async with client_of(coach) as client:
        headers = {"Content-Type": "application/json"}
        async with client.session.post(f"{coach.address}/api/people", data=raw, headers=headers) as response:
            assert response.status == 400
            assert "error" in await response.json()


async def test_a_body_of_more_than_64_kb_is_refused(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        status, answer = await ada.say("x" * 70_000, "key-00000001")
        assert (status, answer["error"]) == (413, "That is more than 64 KB. Shorten it and send it again.")


async def test_a_flood_is_slowed_down_and_says_for_how_long(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        answers = [await ada.say("text", f"key-{number:08}") for number in range(75)]
        assert answers[0][0] == 200
        assert answers[-1][0] == 429
        assert answers[-1][1]["error"].startswith("That was too much at once. Try again in ")
        assert (await ben.say("text", "key-00000001"))[0] == 200


def test_a_rate_comes_back_with_time_and_remembers_a_bounded_number_of_keys() -> None:
    rates = Rates(burst=2, per_second=1)
    assert [rates.wait("a", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert rates.wait("a", 1.0) == 0.0
    for number in range(5_000):
        rates.wait(str(number), 2.0)
    assert len(rates._buckets) == 4_096


async def test_only_the_author_edits_and_deletes(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        _, answer = await ada.say("mine", "key-00000001")
        path = f"/api/messages/{answer['message']['id']}"
        for what, body in (("edit", {"person": ben.person, "text": "yours"}), ("delete", {"person": ben.person})):
            status, refused = await ben.post(f"{path}/{what}", body)
            assert (status, refused["error"]) == (400, "Only its author can change a message.")
        assert await ada.texts() == ["mine"]


async def test_a_deleted_answer_is_withdrawn(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        thread = await ada.thread()
        _, answer = await ada.say(GOOD, "key-00000001", thread)
        message = answer["message"]["id"]
        for _ in range(2):  # the second is a retry
            status, gone = await ada.post(f"/api/messages/{message}/delete", {"person": ada.person})
            assert (status, gone["message"]) == (
                200,
                {"id": message, "change": gone["message"]["change"], "deleted": True},
            )
        where = {"platform": "web", "community": "local", "channel": str(thread), "message": str(message)}
        assert [row["state"] for row in await coach.store.read(rows, "replies_of_message", **where)] == ["withdrawn"]


async def test_a_database_that_is_gone_is_one_line_and_a_retry(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        await coach.store.close()
        status, answer = await ada.say("text", "key-00000001")
        assert status == 503
        assert answer["error"].startswith("The coach can't save or read anything for now")
        assert "sqlite" not in json.dumps(answer)


# ---------------------------------------------------------------------------------------------- live


async def events(client: Client, since: int, count: int, last_id: str = "") -> list[Json]:
    """The next `count` messages of the stream."""
    found: list[Json] = []
    headers = {"Last-Event-ID": last_id} if last_id else {}
    url = f"{client.address}/api/events?person={client.person}&since={since}"
    async with asyncio.timeout(10), client.session.get(url, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        kind = ""
        async for raw in response.content:
            name, _, value = raw.decode().strip().partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind == "message":
                found.append(json.loads(value))
                if len(found) == count:
                    return found
    return found


async def test_a_reconnect_misses_nothing(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        _, start = await ada.get("/api/start")
        await ada.say("one", "key-00000001")
        (first,) = await events(ada, start["change"], 1)
        await ada.say("two", "key-00000002")
        await ada.say("three", "key-00000003")
        again = await events(ada, start["change"], 2, last_id=str(first["change"]))
        assert [first["text"], *(message["text"] for message in again)] == ["one", "two", "three"]


async def test_a_long_absence_is_caught_up_with_in_full(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada:
        _, start = await ada.get("/api/start")
        member = Member(ada.person, "Ada", True)
        for number in range(450):
            await coach.store.write(units.post, member, f"key-{number:08}", CHANNEL, 0, f"text {number}", number)
        found = await events(ada, start["change"], 450)
        assert [message["text"] for message in found] == [f"text {number}" for number in range(450)]


async def test_what_is_personal_is_not_in_another_persons_stream(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        call: Json = {"person": ada.person, "key": "key-00000001", "channel": CHANNEL, "verb": "answer", "target": "1"}
        _, form = await ada.post("/api/calls", call)
        assert form["form"]["title"] == "Answer privately"
        call |= {"key": "key-00000002", "args": {"answer": "My private words on it"}, "submitted": True}
        await ada.post("/api/calls", call)
        (grade,) = [event for event in await events(ada, 0, 2) if event["personal"]]
        assert "Score" in json.dumps(grade["message"])
        await ben.say("the end", "key-00000003")
        seen = await events(ben, 0, 2)
        assert seen[-1]["text"] == "the end"
        assert "private words" not in json.dumps(seen)
        assert not any(event["personal"] for event in seen)


async def test_a_public_answer_to_a_command_is_stored_once_for_all(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        call = {"person": ada.person, "key": "key-00000001", "channel": CHANNEL, "verb": "share"}
        answers = [await ada.post("/api/calls", call) for _ in range(2)]
        assert answers[0][1]["posted"]["id"] == answers[1][1]["posted"]["id"]
        _, page = await ben.get(f"/api/messages?person={ben.person}&channel={CHANNEL}")
        (shared,) = [message for message in page["messages"] if message["asked"]]
        assert shared["asked"] == {"name": "Ada", "line": "/mlops share"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/mlops leaderbord", "Did you mean leaderboard?"),
        ("/mlops", "/mlops leaderboard"),
        ("/mlops-admin config show", "Settings"),
        ("/mlops admin config show", "Settings"),
        ("/mlopsy", "Commands begin with /mlops."),
        ("/mlops leaderboard " + "x" * 5_000, "No topic called"),
    ],
)
async def test_a_typed_command_is_answered_or_explained(coach: Running, line: str, words: str) -> None:
    async with client_of(coach, "Ada") as ada:
        call = {"person": ada.person, "key": "key-00000001", "channel": CHANNEL, "line": line}
        status, answer = await ada.post("/api/calls", call)
        assert status == 200
        assert words in json.dumps(answer["answer"])


async def test_words_to_the_coach_are_a_command_and_an_answer_to_it_is_an_answer(coach: Running) -> None:
    async with client_of(coach, "Ada") as client:
        thread = await client.thread()
        _, answer = await client.say("@coach leaderboard all", "key-00000001")
        assert answer["answer"]["title"].startswith("Leaderboard")
        _, answer = await client.say("@MLOps Coach: leaderbord", "key-00000002")
        assert answer["message"]["text"] == "@MLOps Coach: leaderbord"  # no verb: talk
        _, answer = await client.say("@coach leaderboard weak", "key-00000003")
        assert "Did you mean week?" in answer["answer"]["blocks"][0]["parts"][0]
        assert answer["answer"]["refusal"]
        _, answer = await client.say(f"@coach {GOOD}", "key-00000004", thread)
        assert answer["message"]["thread"] == thread
        assert await client.texts(thread) == [f"@coach {GOOD}"]


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("/", "/mlops leaderboard"),
        ("/mlops config ", "/mlops config setup"),
        ("/mlops admin pau", "/mlops admin pause"),
        ("/mlops-admin sk", "/mlops-admin skip"),
        ("/mlops leaderboard m", "/mlops leaderboard month"),
    ],
)
async def test_a_line_is_completed_wherever_it_stands(coach: Running, line: str, option: str) -> None:
    async with client_of(coach, "Ada") as client:
        params = f"person={client.person}&channel={CHANNEL}&line={line}"
        _, answer = await client.get(f"/api/complete?{params}")
        assert option in [found["line"] for found in answer["options"]]


async def test_a_channel_is_added_by_an_organiser_once_and_by_nobody_else(coach: Running) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach, "Ben") as ben:
        status, answer = await ben.post("/api/channels", {"person": ben.person, "name": "design"})
        assert (status, answer["error"]) == (403, "This page is for organisers.")
        assert await ada.post("/api/channels", {"person": ada.person, "name": " #System  Design"}) == (
            200,
            {"channel": "system-design"},
        )
        for name in ("system-design", "", "näme", "x" * 41, "../a"):
            status, answer = await ada.post("/api/channels", {"person": ada.person, "name": name})
            assert status == 400, name
        _, start = await ada.get(f"/api/start?person={ada.person}")
        assert start["channels"] == [CHANNEL, "system-design"]


@pytest.mark.parametrize("path", ["board", "me", "answers", "archive", "archive/1", "days", "organise"])
async def test_pages_are_for_those_who_came_in(coach: Running, path: str) -> None:
    async with client_of(coach, "Ada") as ada, client_of(coach) as stranger:
        status, answer = await stranger.get(f"/api/{path}?person={ada.person}")
        assert (status, answer["need"]) == (401, "name")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("board?period=year", "year is not a period. Known: week, month, all."),
        (f"board?topic={'x' * 201}", "topic holds at most 200 characters."),
        (f"archive?search={'x' * 201}", "search holds at most 200 characters."),
        ("archive?before=-1", "before has to be a number."),
        ("archive/1", "That question isn't in the archive: it comes there once its round is closed."),
    ],
)
async def test_a_page_that_is_asked_for_wrongly_says_so(coach: Running, path: str, words: str) -> None:
    async with client_of(coach, "Ada") as client:
        status, answer = await client.get(f"/api/{path}{'&' if '?' in path else '?'}person={client.person}")
        assert (status, answer["error"]) == (400, words)


async def test_organisers_commands_are_not_for_the_second_to_come(coach: Running) -> None:
    async with client_of(coach, "Ada"), client_of(coach, "Ben") as ben:
        call = {"person": ben.person, "key": "key-00000001", "channel": CHANNEL, "line": "/mlops config show"}
        _, answer = await ben.post("/api/calls", call)
        assert "is for organisers" in json.dumps(answer)
        _, found = await ben.get(f"/api/complete?person={ben.person}&channel={CHANNEL}&line=/mlops%20con")
        assert found["options"] == []


async def test_open_streams_are_bounded_and_those_that_left_make_room() -> None:
    hub = Hub(limit=3, per_person=2)
    gone: set[int] = set()
    with contextlib.ExitStack() as stack:
        for number in range(2):
            stack.enter_context(hub.listen("ada", lambda number=number: number in gone))  # type: ignore[misc]
        with pytest.raises(Exception, match="Too many pages"), hub.listen("ada", lambda: False):
            pass
        gone.add(0)
        stack.enter_context(hub.listen("ada", lambda: False))


# ---------------------------------------------------------------------------------------------- starting


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "coach.sqlite3")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            await WebChat(store, SystemClock(), port=port).run()
    await store.close()
    assert str(caught.value) == f"Port {port} is taken on 127.0.0.1. Set COACH_WEB_PORT to another one."


async def test_an_address_that_is_not_this_machines_is_one_clear_line(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "coach.sqlite3")
    with pytest.raises(SettingsError, match=r"^The web chat can't listen at 192\.0\.2\.1:0 .*COACH_WEB_HOST"):
        await WebChat(store, SystemClock(), host="192.0.2.1", port=0, token="secret").run()
    await store.close()


async def test_what_was_stored_but_not_taken_before_a_crash_is_taken_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "coach.sqlite3"
    async with coach_at(path) as coach, client_of(coach, "Ada") as ada:
        thread = await ada.thread()
        member = Member(ada.person, "Ada", True)
        at = micros(SystemClock().now())
        await coach.store.write(units.post, member, "key-00000001", CHANNEL, thread, GOOD, at)
    async with coach_at(path) as coach:
        for _ in range(100):
            receipt = await coach.store.read(one, "chat_message", id=thread + 1)
            if receipt and receipt["receipt"] == "graded":
                break
            await asyncio.sleep(0.05)
        assert receipt is not None
        assert receipt["receipt"] == "graded"
