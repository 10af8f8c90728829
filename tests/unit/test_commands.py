"""The command table: what is typed, who may, what is bounded, and that every handler works."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.coach.organise import SETTINGS
from bot.commands import ARGUMENT_LIMIT, BY_VERB, TABLE, Call, Command, Kind, complete, dispatch, home, mentioned, parse
from bot.core.errors import UsageError
from bot.core.message import Form, Message
from bot.core.model import Person, Place
from tests.flow.test_one_reply import full, half
from tests.flow.world import MONDAY, PLACE, World, world_at


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_at(tmp_path / "coach.sqlite3") as made:
        yield made


TYPED = [command for command in TABLE if Kind.SLASH in command.kinds]
ORGANISERS = [command.verb for command in TABLE if command.organisers]


def shown(answer: Message | Form) -> str:
    assert isinstance(answer, Message)
    return answer.text


# ---------------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
def test_every_command_has_a_line_of_help_and_a_usage(command: Command) -> None:
    assert 5 < len(command.help) <= 100
    assert command.usage.startswith(command.verb)
    assert command.kinds
    assert all(param.help for param in command.params)
    assert not any(param.rest for param in command.params[:-1])
    assert BY_VERB[command.verb] is command


def test_no_verb_hides_another() -> None:
    assert len(BY_VERB) == len(TABLE)
    assert not any(other.verb.startswith(f"{one.verb} ") for one in TABLE for other in TABLE)


# ---------------------------------------------------------------------------------------------- typing


@pytest.mark.parametrize("command", TYPED, ids=lambda command: command.verb)
def test_every_verb_is_read_with_and_without_admin_in_any_case(command: Command) -> None:
    words = {p.name: p.choices[0] if p.choices else "words" for p in command.params}
    for line in (
        " ".join([command.verb, *words.values()]),
        f"admin  {command.verb.upper()}  " + " ".join(words.values()),
    ):
        assert parse(line) == (command.verb, words)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ("help", {})),
        ("admin", ("help", {})),
        ("leaderboard", ("leaderboard", {})),
        ("leaderboard WEEK", ("leaderboard", {"period": "week"})),
        ("leaderboard all data drift", ("leaderboard", {"period": "all", "topic": "data drift"})),
        ("leaderboard devops", ("leaderboard", {"topic": "devops"})),
        ("leaderboard scaling out", ("leaderboard", {"topic": "scaling out"})),
        ("leaderboard allocation", ("leaderboard", {"topic": "allocation"})),
        ("question  Delivery   pipelines", ("question", {"topic": "Delivery pipelines"})),
        ("config set time 9:30 pm", ("config set", {"name": "time", "value": "9:30 pm"})),
    ],
)
def test_arguments(typed: str, expected: tuple[str, dict[str, str]]) -> None:
    assert parse(typed) == expected


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("leaderbord", "Did you mean leaderboard?"),
        ("config", "Did you mean config"),
        ("config sett", "Did you mean config set?"),
        ("leaderboard wek", "Did you mean week?"),
        ("privacy exprt", "Did you mean export?"),
        ("privacy", None),
        ("privacy delete now", "too much here. Usage: /mlops privacy <hide|show|export|delete>"),
        ("config set tme 9", "Did you mean time?"),
        ("points", "There is no command called points"),
        ("grade", "There is no command called grade"),
        ("x" * 5000, "/mlops help lists them"),
        ("😀 \u202e `x`", "/mlops help lists them"),
    ],
)
def test_what_cannot_be_read_says_what_was_meant(typed: str, says: str | None) -> None:
    if says is None:
        assert parse(typed) == ("privacy", {})
        return
    with pytest.raises(UsageError) as error:
        parse(typed)
    assert says in str(error.value)
    assert len(str(error.value)) < 300
    assert "\n" not in str(error.value)


async def test_suggestions_follow_what_is_typed(world: World) -> None:
    coach = world.app.coach

    async def texts(text: str, *, organiser: bool = False) -> list[str]:
        return [found for found, _ in await complete(coach, PLACE, text, organiser=organiser)]

    assert "leaderboard" in await texts("")
    assert not set(ORGANISERS) & set(await texts(""))
    assert "config set" in await texts("config", organiser=True)
    assert await texts("lead") == ["leaderboard"]
    assert await texts("leaderboard w") == ["leaderboard week"]
    assert await texts("leaderboard week ") == ["leaderboard week Alpha", "leaderboard week Beta"]
    assert await texts("question b") == ["question Beta"]
    assert await texts("config set r", organiser=True) == ["config set rule"]
    assert await texts("nothing like it ") == []
    assert len(await texts("", organiser=True)) <= 25
    assert await texts("x" * 5000) == []


# ---------------------------------------------------------------------------------------------- dispatch


@pytest.mark.parametrize("verb", ORGANISERS)
async def test_organisers_commands_are_refused_to_others(world: World, verb: str) -> None:
    for args in ({}, {"name": "rule", "value": "best", "id": "1", "time": "10:00"}):
        answer = await world.call(verb, organiser=False, **args)
        assert shown(answer) == f"/mlops {verb} is for organisers."
    assert world.room.sent == []
    assert await world.app.coach.rounds.next_posts(PLACE) == []


async def test_an_unknown_verb_is_answered(world: World) -> None:
    assert "Did you mean leaderboard?" in shown(await world.call("leaderbord"))
    assert "no command called nothing" in shown(await world.call(""))


@pytest.mark.parametrize(
    ("verb", "args", "says"),
    [
        ("leaderboard", {"period": "decade"}, "decade is not a period."),
        ("share", {"period": "x" * 5_000}, "is not a period."),
        ("leaderboard", {"topic": "x" * (ARGUMENT_LIMIT + 1)}, "That is too long."),
        ("question", {"topic": "Alhpa"}, "Did you mean Alpha?"),
        ("question", {"topic": "!!!"}, 'No topic called "!!!"'),
        ("privacy", {"what": ""}, "needs <what>."),
        ("config set", {"name": "colour", "value": "red"}, "colour is not a name."),
        ("config set", {"name": "time"}, "needs <value>."),
        ("config set", {"name": "time", "value": "25:00"}, "is not a time of day"),
        ("config set", {"name": "zone", "value": "Berlln"}, "Did you mean Europe/Berlin?"),
        ("config set", {"name": "zone", "value": "x" * 5_000}, "too long"),
        ("config set", {"name": "grace", "value": "9" * 5_000}, "too long"),
        ("config set", {"name": "weekdays", "value": "noday"}, "is not a day"),
        ("config set", {"name": "close-after", "value": "0m"}, "at least a minute"),
        ("config set", {"name": "close-after", "value": "15d"}, "at most 14d"),
        ("config set", {"name": "rule", "value": "worst"}, "Rules: first, best, latest"),
        ("regrade", {"id": "x"}, "not a reply's id"),
        ("regrade", {"id": "9" * 15}, "no reply"),
        ("answer", {"answer": " ... "}, "no words"),
    ],
)
async def test_bad_values_are_answered_with_what_is_possible(
    world: World, verb: str, args: dict[str, str], says: str
) -> None:
    await world.daily()
    text = shown(await world.call(verb, organiser=True, **args))
    assert says in text
    assert len(text) < 400


@pytest.mark.parametrize("target", ["", "0", "-1", "999", "x", "1" * 400, "١", "²", "' OR 1=1 --", "\x00", "\ud800"])
@pytest.mark.parametrize("verb", ["hint", "mygrade", "answer", "points", "grade"])
async def test_forged_targets_are_answered_and_break_nothing(world: World, verb: str, target: str) -> None:
    await world.daily()
    if target == "\ud800" and verb == "grade":
        return  # no chat has such a message id
    call = Call(verb, PLACE, Person("eve", "Eve"), MONDAY, "k", target=target, thread="t1")
    assert isinstance(await dispatch(world.app.coach, call), Message | Form)


@pytest.mark.parametrize("number", ["0", "-1", "2", "99", "9" * 5_000, "²", "two"])
async def test_a_hint_button_with_any_number_shows_hints(world: World, number: str) -> None:
    await world.daily()
    assert shown(await world.call("hint", number=number)).startswith("Hint\n- A first hint.")


async def test_before_any_question_commands_say_that_there_is_none(world: World) -> None:
    for verb in ("hint", "mygrade", "answer"):
        assert "There is no question here yet." in shown(await world.call(verb))


# ---------------------------------------------------------------------------------------------- every handler


async def test_a_question_on_demand_by_topic(world: World) -> None:
    assert shown(await world.call("question", topic="bet")).startswith("Asked: Question")
    await world.app.settle()
    (text,) = world.room.texts("question")
    assert text.startswith("MLOps question · Beta · level 2")


async def test_a_private_answer_by_form_is_graded_for_its_author_alone(world: World) -> None:
    round_ = await world.daily()
    form = await world.call("answer")
    assert isinstance(form, Form)
    assert (form.verb, form.target, form.intro) == ("answer", str(round_.id), round_.question.text)
    assert "Only you" in shown(await world.call("answer", target=form.target, answer=full(round_.question.id)))
    await world.app.settle()
    assert [parcel.only_for for _, parcel in world.room.sent if parcel.kind == "grade"] == ["ada"]
    assert shown(await world.call("mygrade")) == "Score: 10/10"


async def test_mygrade_and_points_are_for_the_author(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    own = await world.call("mygrade")
    assert isinstance(own, Message)
    target = own.buttons[0].target
    assert shown(await world.call("points", target=target)).startswith("Key points · 5/10")
    assert "Only the author" in shown(await world.call("points", "eve", target=target))
    assert "haven't answered" in shown(await world.call("mygrade", "eve"))


async def test_ones_own_talk_has_no_key_points_to_show(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", "hm, alpha?")
    assert "haven't answered" in shown(await world.call("points", target="1"))


async def test_the_board_is_personal_and_share_is_public_without_a_you(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    board = await world.call("leaderboard", period="all")
    assert isinstance(board, Message)
    assert "Ada (you)" in board.text
    share = board.buttons[-1]
    public = await world.call(share.verb, organiser=False, **dict(share.args))
    assert "Ada" in shown(public)
    assert "(you)" not in shown(public)
    assert not BY_VERB[share.verb].personal
    assert "Leaderboard · This week · Alpha" in shown(await world.call("leaderboard", topic="alpha"))


async def test_me_help_and_privacy(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    assert "10 points, 1 answer" in shown(await world.call("me"))
    text = shown(await world.call("help"))
    assert "daily: Tuesday 03 March 2026 09:00 UTC" in text
    assert not any(f"/mlops {verb}" in text for verb in ORGANISERS)
    text = shown(await world.call("help", organiser=True))
    assert all(f"/mlops {verb}" in text for verb in ORGANISERS if Kind.SLASH in BY_VERB[verb].kinds)
    assert "1 reply with" in shown(await world.call("privacy", what="delete"))
    assert await world.points() == {"Ada": 10}
    assert "Deleted" in shown(await world.call("privacy", what="delete", sure="yes"))
    assert await world.points() == {}


async def test_setup_by_form_shows_what_was_saved(world: World) -> None:
    form = await world.call("config setup", organiser=True)
    assert isinstance(form, Form)
    values = {field.name: field.value for field in form.fields} | {"time": "18:00", "weekdays": "mon-fri"}
    text = shown(await world.call("config setup", organiser=True, **values))
    assert "18:00 UTC, Mon, Tue, Wed, Thu and Fri" in text
    assert text.count("18:00 UTC") == 4  # the setting and three posts
    assert shown(await world.call("config show", organiser=True)).splitlines()[1:] == text.splitlines()[1:]
    assert "This is how a post looks" in shown(await world.call("config test", organiser=True))


@pytest.mark.parametrize("name", SETTINGS)
async def test_every_setting_can_be_set(world: World, name: str) -> None:
    values = {"time": "7", "zone": "berlin", "weekdays": "weekends", "grace": "2h", "rule": "BEST", "pin": "on"}
    values |= {"organisers": "<@U1|Ada>", "hint-cost": "2", "digest": "on"}
    values["organisers-on-boards"] = "off"
    value = values.get(name, "@all" if name == "mention" else "1d")
    assert shown(await world.call("config set", organiser=True, name=name, value=value)).startswith("Saved")


async def test_post_now_skip_regrade_and_failed(world: World) -> None:
    await world.daily()
    assert "already there" in shown(await world.call("post-now", organiser=True))
    assert shown(await world.call("skip", organiser=True)) == "No daily question on Tuesday 3 March."
    assert shown(await world.call("regrade", organiser=True)) == "Nothing to grade again."
    assert shown(await world.call("failed", organiser=True)) == "Nothing failed."


async def test_a_community_never_reaches_anothers_rounds_and_replies(world: World, tmp_path: Path) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    other = dataclasses.replace(PLACE, community="elsewhere")
    for verb in ("hint", "mygrade", "answer", "points", "grade"):
        for target in (str(round_.id), "1"):
            call = Call(verb, other, Person("ada", "Ada"), MONDAY, "k", target=target, thread=round_.thread)
            answer = await dispatch(world.app.coach, call)
            assert isinstance(answer, Message)
            assert round_.question.text not in answer.text
            assert "/10" not in answer.text
    async with world_at(tmp_path / "empty.sqlite3") as empty:
        assert shown(await empty.call("me")).startswith("Ada\nYou haven't")


# ---------------------------------------------------------------------------------------------- mentions


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ("help", {})),
        ("hint", ("hint", {})),
        ("Leaderboard month", ("leaderboard", {"period": "month"})),
        ("config show", ("config show", {})),
        ("I would compare the distributions of each feature first", None),
        ("question your data before you question the model, then look at what was deployed", None),
        ("share", None),
        ("hello there", None),
    ],
)
def test_a_mention_is_a_command_only_when_it_reads_like_one(said: str, meant: object) -> None:
    assert mentioned(said) == meant


# ---------------------------------------------------------------------------------------------- the own page


async def everything(_: str) -> bool:
    return True


async def nothing(_: str) -> bool:
    return False


async def page(world: World, who: str, *, organiser: bool = False) -> list[Message]:
    call = Call("home", PLACE, Person(who, who.title()), world.clock.now(), "", organiser)
    return list(await home(world.app.coach, call, everything))


async def test_the_own_page_tells_what_is_open_how_one_stands_and_what_is_stored(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    question, standing, settings, privacy = await page(world, "ada")
    assert round_.question.text in question.text
    assert [button.target for button in question.buttons] == [str(round_.id)] * 3
    assert "10 points, 1 answer" in standing.text
    assert "#daily: 09:00 UTC" in settings.text
    assert "/mlops config setup" not in settings.text
    assert [button.verb for button in privacy.buttons] == ["privacy"] * 3


async def test_the_own_page_shows_nothing_of_channels_that_the_person_cannot_see(world: World) -> None:
    round_ = await world.daily()
    call = Call("home", PLACE, Person("ada", "Ada"), world.clock.now(), "")
    shown = "\n".join(message.text for message in await home(world.app.coach, call, nothing))
    assert round_.question.text not in shown
    assert "daily:" not in shown
    assert "No channel has a daily question yet." in shown


async def test_the_own_page_says_when_the_next_question_comes_while_none_is_open(world: World) -> None:
    first, *_ = await page(world, "ada")
    assert first.text == "No question is open\nNo daily question is scheduled here yet."
    await world.app.coach.organise.set(PLACE, {"time": "10:00", "zone": "UTC"})
    first, *_ = await page(world, "ada")
    assert "10:00 UTC" in first.text


# ---------------------------------------------------------------------------------------------- named organisers


async def test_whom_an_organiser_names_may_do_what_organisers_do(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ben", half(round_.question.id))
    assert "is for organisers" in shown(await world.call("config show", "ben"))
    told = shown(await world.call("config set", organiser=True, name="organisers", value="<@U7|Cleo> @Ben"))
    assert "Ben and Cleo" in told
    assert "Settings" in shown(await world.call("config show", "ben"))
    assert "Settings" in shown(await world.call("config show", "U7"))
    assert "/mlops config setup" in (await page(world, "ben"))[2].text
    shown(await world.call("config set", organiser=True, name="organisers", value="nobody"))
    assert "is for organisers" in shown(await world.call("config show", "ben"))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Ada", "Mention the people"),
        ("@Nobody", "Nobody called Nobody has written here."),
        ("<@U1> and his cat", "Mention the people"),
        (" ".join(f"<@U{number}>" for number in range(26)), "at most 25"),
    ],
)
async def test_organisers_are_named_by_mention_and_a_wrong_name_changes_nothing(
    world: World, value: str, problem: str
) -> None:
    await world.call("config set", organiser=True, name="organisers", value="<@U9|Zoe>")
    assert problem in shown(await world.call("config set", organiser=True, name="organisers", value=value))
    assert [person.name for person in await world.app.coach.organise.organisers(PLACE)] == ["Zoe"]


async def test_a_named_organiser_who_is_forgotten_is_none_any_more(world: World) -> None:
    await world.call("config set", organiser=True, name="organisers", value="<@ada|Ada>")
    assert await world.app.coach.organise.is_named(PLACE, "ada")
    await world.app.coach.privacy.delete(PLACE, Person("ada", "Ada"))
    assert not await world.app.coach.organise.is_named(PLACE, "ada")


async def test_help_tells_when_the_next_question_comes_here_and_nothing_of_other_channels(world: World) -> None:
    await world.app.coach.rounds.channel(Place("room", "guild", "secret"), "reorganisation")
    await world.app.coach.organise.set(Place("room", "guild", "secret"), {"time": "09:00", "zone": "UTC"})
    told = shown(await world.call("help"))
    assert "reorganisation" not in told
    assert "No daily question is scheduled here." in told
    await world.app.coach.organise.set(PLACE, {"time": "10:00", "zone": "UTC"})
    assert "10:00 UTC" in shown(await world.call("help"))
