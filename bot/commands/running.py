"""From what was typed or pressed to the command that it means, and to its answer."""

from __future__ import annotations

from bot.coach import Coach
from bot.commands.calls import ARGUMENT_LIMIT, Call, Command, Kind
from bot.commands.meant import meant
from bot.commands.people import ranked
from bot.commands.table import BY_VERB, TABLE
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Form, Message
from bot.core.model import Place

MOST_COMMAND_WORDS = 8  # a longer sentence that begins with a verb ("Question your data ...") is an answer


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
    call = await ranked(coach, call)
    if call.zone:
        await coach.learners.zone_seen(call.place, call.person, call.zone)
    if command.organisers and not call.organiser:
        raise UsageError(f"/mlops {command.verb} is for organisers.")
    if call.organiser:
        await coach.community.seen(call.place, call.person)
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
            raise UsageError(f"/mlops {command.verb} needs <{param.name}>. Usage: /mlops {command.usage}")
        if value and param.choices and value not in param.choices:
            known = ", ".join(param.choices)
            raise UsageError(f"{value[:60]} is not a {param.name}.{meant(value, param.choices)} Known: {known}.")


def _unknown(verb: str) -> str:
    typed = [command.verb for command in TABLE if Kind.SLASH in command.kinds]
    return f"There is no command called {verb[:60] or 'nothing'}.{meant(verb, typed)} /mlops help lists them."


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

            near = process.extractOne(words[0].casefold(), param.choices, scorer=fuzz.ratio, score_cutoff=75.0)
            if param.required or not later or near:
                known = ", ".join(param.choices)
                hint = meant(words[0], param.choices)
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
        if command.verb.startswith(text.casefold().lstrip()):
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
