"""What people can do, written once: Discord's command tree, Slack's verbs and the local chat are made from TABLE.

An adapter converts its platform's event into a Call, hands it to `dispatch`, and shows the Message or Form that comes
back. Whether an answer is personal and whether a form opens is fixed in the table, because Discord wants to know both
before anything runs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.coach import Coach
from bot.coach.budget import MILLIONTHS
from bot.coach.organise import SETTINGS
from bot.coach.replies import Taken
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Button, Field, Form, Message
from bot.core.model import Person, Place, Question, Reply, Round, Schedule
from bot.core.rules import NAME_LIMIT
from bot.core.text import fold, one_line

ARGUMENT_LIMIT = 6_000  # characters; the longest is a private answer
FORM_LIMIT = 4_000  # characters; Discord's text input takes no more
CHART_LINES = 5  # people at the top whose points are drawn
MOST_COMMAND_WORDS = 8  # a longer sentence that begins with a verb ("Question your data ...") is an answer
MOST_OPEN = 20  # open rounds that are looked through for those that a person can see
HOME_QUESTIONS = 3  # open rounds on a person's own page
CLOSE_MATCH = 60.0  # of 100, rapidfuzz's ratio: near enough to ask "did you mean"


class Kind(StrEnum):
    """The ways a command can be started."""

    SLASH = "slash"
    BUTTON = "button"
    MESSAGE = "message"  # on one message, from its menu
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Param:
    """An argument. `choices` are all its values; `topic` means a section of the bank; `rest` takes all words left."""

    name: str
    help: str
    required: bool = False
    choices: tuple[str, ...] = ()
    topic: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a command.

    `place.channel` is the channel (never the thread, which is in `thread`, "" outside one). `target` is what a button
    or form carries (a round's or a reply's id). `key` is unique per interaction and the same on redelivery.
    `submitted` says that a form was filled in: its fields are in `args`. `zone` is the person's IANA zone where the
    platform knows it. `written` is the message that a message command was used on, where the platform hands it over.
    """

    verb: str
    place: Place
    person: Person
    at: dt.datetime
    key: str
    organiser: bool = False
    thread: str = ""
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    submitted: bool = False
    zone: str = ""
    written: Reply | None = None

    def arg(self, name: str) -> str:
        """An argument without surrounding space; "" when it wasn't given."""
        return self.args.get(name, "").strip()


Handler = Callable[[Coach, Call], Awaitable[Message]]
MaySee = Callable[[str], Awaitable[bool]]
FormMaker = Callable[[Coach, Call], Awaitable[Form]]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb ("leaderboard", "config set"): who may use it, what it takes, who sees the answer, what runs.

    `form` makes it open a form first; the handler then runs when the form is sent.
    """

    verb: str
    help: str
    handler: Handler
    params: tuple[Param, ...] = ()
    kinds: frozenset[Kind] = frozenset({Kind.SLASH, Kind.MENTION})
    organisers: bool = False
    personal: bool = True
    form: FormMaker | None = None

    @property
    def usage(self) -> str:
        """The verb with its parameters, as typed after /mlops."""
        parts = [self.verb]
        for param in self.params:
            text = "|".join(param.choices) if param.choices else param.name
            parts.append(f"<{text}>" if param.required else f"[{text}]")
        return " ".join(parts)


# ---------------------------------------------------------------------------------------------- questions


async def _question(coach: Coach, call: Call) -> Message:
    topic = call.arg("topic")
    if topic:
        topic = await _topic(coach, call.place, topic, questions=True)
    return render.posted(await coach.rounds.ask(call.place, topic))


async def _topic(coach: Coach, place: Place, text: str, *, questions: bool = False) -> str:
    """A section as it is called in the bank; with `questions`, also words that some question is about."""
    topics = await coach.rounds.topics(place)
    wanted = fold(text)
    starting = [topic for topic in topics if fold(topic).startswith(wanted)]
    exact = [topic for topic in topics if fold(topic) == wanted]
    if exact or len(starting) == 1:
        return (exact or starting)[0]
    if questions and any(_speaks_of(question, wanted) for question in await coach.rounds.questions(place)):
        return text
    raise UsageError(f'No topic called "{text[:60]}".{_meant(text, topics)} Topics: {", ".join(topics)}.')


def _speaks_of(question: Question, wanted: str) -> bool:
    return bool(wanted) and not question.draft and wanted in fold(f"{question.title} {question.text}")


def _meant(text: str, known: Sequence[str]) -> str:
    """ " Did you mean X?" for the nearest of the known words, or nothing."""
    from rapidfuzz import process

    found = process.extractOne(text.casefold(), known, processor=str.casefold, score_cutoff=CLOSE_MATCH)
    return f" Did you mean {found[0]}?" if found else ""


async def _answer_form(coach: Coach, call: Call) -> Form:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    answer = Field("answer", "Your answer", long=True, limit=FORM_LIMIT)
    return Form("Answer privately", "answer", str(round_.id), (answer,), intro=round_.question.text)


async def _answer(coach: Coach, call: Call) -> Message:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    if not fold(call.arg("answer")):
        raise UsageError("There are no words in that answer. Write a few sentences.")
    await coach.replies.take(_private(call, round_))
    return render.taken(private=True)


def _private(call: Call, round_: Round) -> Reply:
    """A form's answer as a reply: one message a person and round, of which each sending is a revision."""
    who = hashlib.sha256(f"{call.place.community}/{call.person.id}".encode()).hexdigest()[:16]
    return Reply(
        platform=call.place.platform,
        community=call.place.community,
        channel=round_.thread or call.place.channel,
        message=f"private-{round_.id}-{who}",
        revision=call.key,
        author=call.person,
        text=call.arg("answer"),
        at=call.at,
        private=True,
        round_id=round_.id,
    )


async def _hint(coach: Coach, call: Call) -> Message:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    number = call.arg("number")[:3]
    shown = int(number) if number.isdecimal() else 1
    return render.hints(round_.question, round_.id, min(max(1, shown), max(1, len(round_.question.hints))))


async def _grade(coach: Coach, call: Call) -> Message:
    written = call.written  # it may be all that the platform ever lets us read of the message
    own = written is not None and written.author.id == call.person.id and written.message == call.target
    if written and own and await coach.replies.take(written, asked=True) is Taken.ANSWER:
        return render.taken(private=False)
    await coach.replies.ask(call.place, call.thread, call.target, call.person)
    return render.taken(private=False)


async def _points(coach: Coach, call: Call) -> Message:
    if not call.target.isdecimal() or len(call.target) > 15:
        raise UsageError("Only the author of an answer can open its key points.")
    own = await coach.replies.graded(int(call.target), call.place, call.person)
    if own.grade is None:
        return render.my_grade(None, own.reply_id, state=own.state)
    return render.ledger(own.grade, closed=own.round_closed)


async def _my_grade(coach: Coach, call: Call) -> Message:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    own = await coach.replies.own(round_.id, call.person)
    return render.my_grade(own.grade, own.reply_id, state=own.state, notes=own.notes)


# ---------------------------------------------------------------------------------------------- boards


async def _board(coach: Coach, call: Call) -> Message:
    message = await _shared_board(coach, call)
    share = Button("Share", "share", args=(("period", call.arg("period")), ("topic", call.arg("topic"))))
    return dataclasses.replace(message, buttons=(*message.buttons, share))


async def _shared_board(coach: Coach, call: Call) -> Message:
    topic = call.arg("topic")
    if topic:
        topic = await _topic(coach, call.place, topic)
    period = call.arg("period") or "week"
    board = await coach.standings.board(call.place, call.person, period, topic)
    drawn = [row.person.id for row in (*board.rows[:CHART_LINES], *([board.own] if board.own else []))]
    courses = await coach.standings.courses(call.place, drawn, period, topic)
    return render.board(board, call.person.id if call.verb != "share" else "", courses)


async def _me(coach: Coach, call: Call) -> Message:
    name = one_line(call.person.name, NAME_LIMIT)
    courses = await coach.standings.courses(call.place, [call.person.id], "all")
    progress = await coach.standings.progress(call.place, call.person)
    return render.progress(name, progress, courses.get(call.person.id, ()))


async def _privacy(coach: Coach, call: Call) -> Message:
    if call.arg("what") == "export":
        return render.exported(await coach.privacy.export(call.place, call.person))
    if call.arg("sure") != "yes":
        return render.confirm_delete(await coach.privacy.count(call.place, call.person))
    return render.deleted(await coach.privacy.delete(call.place, call.person))


async def _help(coach: Coach, call: Call) -> Message:
    usages = [(c.usage, c.help) for c in TABLE if Kind.SLASH in c.kinds and (call.organiser or not c.organisers)]

    async def here(channel: str) -> bool:
        return channel == call.place.channel  # others may be private: whoever asks needn't be in them

    return render.help_(usages, await _soonest(coach, call.place, here))


async def _soonest(coach: Coach, place: Place, may_see: MaySee) -> list[tuple[str, dt.datetime]]:
    """The next daily question of each channel that somebody may see, by the channel's name, the soonest first."""
    found = await coach.rounds.next_posts(place, most=30)
    posts = [(channel, at) for channel, at in found if await may_see(channel.place.channel)]
    soonest = {channel.id: (channel.name, at) for channel, at in reversed(posts)}
    return sorted(soonest.values(), key=lambda pair: pair[1])[:5]


async def home(coach: Coach, call: Call, may_see: MaySee) -> tuple[Message, ...]:
    """A person's own page, where a platform has a place for one: open questions, standing, settings, privacy.

    Of `call` only the place's community, the person and `organiser` matter. `may_see` tells of a channel's id whether
    the person can see that channel: nothing is shown of others.
    """
    call = await _ranked(coach, call)
    open_now = await coach.rounds.open_now(call.place, most=MOST_OPEN)
    rounds = [round_ for round_ in open_now if await may_see(round_.channel.place.channel)]
    questions = [render.home_question(round_) for round_ in rounds[:HOME_QUESTIONS]]
    standing = dataclasses.replace(await _me(coach, call), buttons=_HOME_BUTTONS)
    channels = [c for c in await coach.organise.channels(call.place) if await may_see(c.place.channel)]
    named = await coach.organise.organisers(call.place)
    return (
        *(questions or [render.home_nothing(await _soonest(coach, call.place, may_see))]),
        standing,
        render.home_settings(channels, named, organiser=call.organiser),
        render.home_privacy(),
    )


async def _ranked(coach: Coach, call: Call) -> Call:
    """The call, of an organiser if its person was named as one."""
    if call.organiser or not await coach.organise.is_named(call.place, call.person.id):
        return call
    return dataclasses.replace(call, organiser=True)


# ---------------------------------------------------------------------------------------------- organisers


async def _setup_form(coach: Coach, call: Call) -> Form:
    channel, _ = await coach.organise.show(call.place)
    schedule = channel.schedule or Schedule(zone=call.zone or "UTC")
    days = ",".join(render.DAYS[day] for day in sorted(schedule.weekdays)) if len(schedule.weekdays) < 7 else "daily"
    hours = (
        f"{channel.close_after.total_seconds() / 3600:g}h"
        if channel.close_after.seconds % 3600 == 0
        else (f"{channel.close_after.total_seconds() / 60:.0f}m")
    )
    fields = (
        Field("time", "Time of the daily question, such as 09:00", f"{schedule.time:%H:%M}", limit=10),
        Field("zone", "Time zone, such as Europe/Berlin", schedule.zone, limit=60),
        Field("weekdays", "Days, such as mon-fri or daily", days, limit=60),
        Field("mention", "Role to mention, or empty", channel.mention, required=False, limit=100),
        Field("close-after", "A round closes after, such as 24h", hours, limit=10),
    )
    return Form("Daily question in this channel", "config setup", "", fields, submit="Save")


async def _setup(coach: Coach, call: Call) -> Message:
    names = ("time", "zone", "weekdays", "mention", "close-after")
    channel, posts = await coach.organise.set(call.place, {n: call.arg(n) for n in names if n in call.args})
    return render.config(channel, posts, await coach.organise.organisers(call.place), saved=True)


async def _show(coach: Coach, call: Call) -> Message:
    channel, posts = await coach.organise.show(call.place)
    return render.config(channel, posts, await coach.organise.organisers(call.place))


async def _set(coach: Coach, call: Call) -> Message:
    channel, posts = await coach.organise.set(call.place, {call.arg("name"): call.arg("value")})
    return render.config(channel, posts, await coach.organise.organisers(call.place), saved=True)


async def _test(coach: Coach, call: Call) -> Message:
    ready = [question for question in await coach.rounds.questions(call.place) if not question.draft]
    if not ready:
        raise UsageError("The bank has no question with a sample answer. Import some with mlops-coach bank import.")
    _, posts = await coach.organise.show(call.place)
    return render.preview(ready[call.at.toordinal() % len(ready)], posts[0] if posts else None)


async def _post_now(coach: Coach, call: Call) -> Message:
    return render.posted(await coach.rounds.post_now(call.place))


async def _skip(coach: Coach, call: Call) -> Message:
    return render.skipped(await coach.rounds.skip(call.place))


async def _regrade(coach: Coach, call: Call) -> Message:
    return render.regrading(await coach.grading.regrade(call.place, call.arg("id")))


async def _failed(coach: Coach, call: Call) -> Message:
    lost, dropped = await coach.organise.failed(call.place)
    disputed = await coach.organise.disputed(call.place)
    spent = await coach.grading.spent_today(call.place)
    return render.failed(
        lost,
        dropped,
        disputed=disputed,
        notices=await coach.notices.of(call.place),
        spent=(spent.tokens, spent.cost / MILLIONTHS) if spent else None,
    )


# ---------------------------------------------------------------------------------------------- the table

_BOTH = frozenset({Kind.SLASH, Kind.MENTION, Kind.BUTTON})
_BUTTON = frozenset({Kind.BUTTON})
_HOME_BUTTONS = (
    Button("Leaderboard", "leaderboard", args=(("period", "week"),)),
    Button("How it works", "help"),
)
_PERIOD = Param("period", "which days count", choices=("week", "month", "all"))
_TOPIC = Param("topic", "a section of the bank", topic=True, rest=True)

TABLE: tuple[Command, ...] = (
    Command("question", "asks a question here and opens its thread", _question, (_TOPIC,)),
    Command("answer", "answers the newest question privately", _answer, kinds=_BOTH, form=_answer_form),
    Command("hint", "gives a hint for the newest question", _hint, kinds=_BOTH),
    Command("mygrade", "shows your grade for the newest question", _my_grade, kinds=_BOTH),
    Command("leaderboard", "shows who has the most points", _board, (_PERIOD, _TOPIC), kinds=_BOTH),
    Command("me", "shows your points, streak and latest answers", _me, kinds=_BOTH),
    Command(
        "privacy",
        "exports or deletes what is stored about you",
        _privacy,
        (Param("what", "what to do with it", required=True, choices=("export", "delete")),),
        kinds=_BOTH,
    ),
    Command("help", "shows what you can do, and when the next question comes", _help, kinds=_BOTH),
    Command("points", "shows what your answer did with each key point", _points, kinds=_BUTTON),
    Command("share", "shows a board to everybody", _shared_board, (_PERIOD, _TOPIC), kinds=_BUTTON, personal=False),
    Command("grade", "Grade this answer", _grade, kinds=frozenset({Kind.MESSAGE})),
    Command("config setup", "sets up the daily question here", _setup, kinds=_BOTH, organisers=True, form=_setup_form),
    Command("config show", "shows how this channel is set up", _show, organisers=True),
    Command(
        "config set",
        "changes one setting of this channel",
        _set,
        (
            Param("name", "which setting", required=True, choices=SETTINGS),
            Param("value", "its new value", required=True, rest=True),
        ),
        organisers=True,
    ),
    Command("config test", "previews a post, for you alone", _test, kinds=_BOTH, organisers=True),
    Command("post-now", "posts today's question without waiting", _post_now, kinds=_BOTH, organisers=True),
    Command("skip", "leaves out the next daily question", _skip, organisers=True),
    Command("regrade", "grades one reply, or all that failed, again", _regrade, (Param("id", "a reply's id"),),
            organisers=True),
    Command("failed", "lists what couldn't be graded or posted", _failed, organisers=True),
)  # fmt: skip
BY_VERB: Mapping[str, Command] = {command.verb: command for command in TABLE}


# ---------------------------------------------------------------------------------------------- running


def command_of(verb: str) -> Command:
    """The command of a verb. Raises UsageError with what was probably meant."""
    command = BY_VERB.get(verb)
    if command is None:
        raise UsageError(_unknown(verb))
    return command


async def dispatch(coach: Coach, call: Call) -> Message | Form:
    """Run a call: its answer, or the form that has to be filled in first.

    What a person got wrong comes back as a message; only errors of the coach itself are raised (StoreError, ...).
    """
    try:
        return await perform(coach, call)
    except UsageError as error:
        return render.problem(str(error))


async def perform(coach: Coach, call: Call) -> Message | Form:
    """As `dispatch`, but raises UsageError: for platforms that show it to fewer people than the answer."""
    command = command_of(call.verb)
    call = await _ranked(coach, call)
    if command.organisers and not call.organiser:
        raise UsageError(f"/mlops {command.verb} is for organisers.")
    if command.form and not call.submitted:
        return await command.form(coach, call)
    _check(command, call)
    return await command.handler(coach, call)


def _check(command: Command, call: Call) -> None:
    """Bound what came in: lengths, and choices where a platform doesn't enforce them."""
    if any(len(value) > ARGUMENT_LIMIT for value in call.args.values()):
        raise UsageError(f"That is too long. At most {ARGUMENT_LIMIT:,} characters fit.")
    for param in command.params:
        value = call.arg(param.name)
        if param.required and not value:
            raise UsageError(f"/mlops {command.verb} needs {param.name}. Usage: /mlops {command.usage}")
        if value and param.choices and value not in param.choices:
            known = ", ".join(param.choices)
            raise UsageError(f"{value[:60]} is not a {param.name}.{_meant(value, param.choices)} Known: {known}.")


def _unknown(verb: str) -> str:
    typed = [command.verb for command in TABLE if Kind.SLASH in command.kinds]
    return f"There is no command called {verb[:60] or 'nothing'}.{_meant(verb, typed)} /mlops help lists them."


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Read what was typed after /mlops: a verb and its arguments. Raises UsageError with what was meant.

    An optional choice may be left out: "leaderboard devops" is a topic, not a period.
    """
    words = text.split()
    if words[:1] == ["admin"]:
        words = words[1:]
    if not words:
        return "help", {}
    two = " ".join(words[:2]).casefold()
    verb = two if two in BY_VERB else words[0].casefold()
    command = BY_VERB.get(verb)
    if command is None or Kind.SLASH not in command.kinds:
        raise UsageError(_unknown(two if words[0].casefold() == "config" else verb))
    return verb, _arguments(command, words[len(verb.split()) :])


def mentioned(text: str) -> tuple[str, dict[str, str]] | None:
    """What somebody asks for who begins a message with the coach's name; None when it is no command.

    The first words have to be a verb that can be used so, or nothing at all, which asks for help: whoever addresses an
    answer to the coach wants it graded. Raises UsageError for a verb with arguments that can't be.
    """
    words = text.casefold().split()
    named = [c for c in TABLE if Kind.MENTION in c.kinds and words[: len(c.verb.split())] == c.verb.split()]
    if words and not (named or words == ["admin"]):
        return None
    if named and len(words) > MOST_COMMAND_WORDS:
        return None
    return parse(text)


def _arguments(command: Command, words: list[str]) -> dict[str, str]:
    args: dict[str, str] = {}
    for position, param in enumerate(command.params):
        if not words:
            break
        if param.choices and words[0].casefold() not in param.choices:
            later = command.params[position + 1 :]
            from rapidfuzz import fuzz, process

            meant = process.extractOne(words[0].casefold(), param.choices, scorer=fuzz.ratio, score_cutoff=75.0)
            if param.required or not later or meant:
                known = ", ".join(param.choices)
                hint = _meant(words[0], param.choices)
                raise UsageError(f"{words[0][:60]} is not a {param.name}.{hint} Known: {known}.")
            continue
        if param.rest:
            args[param.name], words = " ".join(words), []
        else:
            args[param.name], words = words[0].casefold() if param.choices else words[0], words[1:]
    if words:
        raise UsageError(f"{' '.join(words)[:60]} is too much here. Usage: /mlops {command.usage}")
    return args


async def complete(coach: Coach, place: Place, text: str, *, organiser: bool) -> list[tuple[str, str]]:
    """What may stand after /mlops, given what is typed so far: (whole text, help) pairs, at most 25."""
    words = text.split()
    found: list[tuple[str, str]] = []
    for command in TABLE:
        if Kind.SLASH not in command.kinds or (command.organisers and not organiser):
            continue
        if command.verb.startswith(text.casefold().strip()) and not text.endswith(" "):
            found.append((command.verb, command.help))
        elif " ".join(words[: len(command.verb.split())]).casefold() == command.verb:
            typed = words[len(command.verb.split()) :]
            prefix = "" if text.endswith(" ") or not typed else typed[-1].casefold()
            done = len(typed) - bool(prefix)
            for param in command.params[done:] if done == 0 else command.params[done : done + 1]:
                values = param.choices or (await coach.rounds.topics(place) if param.topic else ())
                kept = " ".join([command.verb, *typed[:done]])
                found += [(f"{kept} {v}", param.help) for v in values if v.casefold().startswith(prefix)]
    return found[:25]
