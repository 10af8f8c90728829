"""Boards, and what a person sees and decides about themselves."""

from __future__ import annotations

import dataclasses
import datetime as dt

from bot.coach import Coach
from bot.coach.channel_settings import read_zone
from bot.commands.calls import Call, MaySee
from bot.commands.meant import topic_of
from bot.core import render
from bot.core.message import Button, Message
from bot.core.model import Place
from bot.core.rules import NAME_LIMIT
from bot.core.text import one_line

CHART_LINES = 5  # people at the top whose points are drawn
MOST_OPEN = 20  # open rounds that are looked through for those that a person can see
MOST_CHANNELS = 5  # whose next question is told
HOME_QUESTIONS = 3  # open rounds on a person's own page


async def board(coach: Coach, call: Call) -> Message:
    message = await shared_board(coach, call)
    share = Button("Share", "share", args=(("period", call.arg("period")), ("topic", call.arg("topic"))))
    return dataclasses.replace(message, buttons=(*message.buttons, share))


async def shared_board(coach: Coach, call: Call) -> Message:
    topic = call.arg("topic")
    if topic:
        topic = await topic_of(coach, call.place, topic)
    period = call.arg("period") or "week"
    board = await coach.standings.board(call.place, call.person, period, topic)
    drawn = [row.person.id for row in (*board.rows[:CHART_LINES], *([board.own] if board.own else []))]
    courses = await coach.standings.courses(call.place, drawn, period, topic)
    return render.board(board, call.person.id if call.verb != "share" else "", courses)


async def me(coach: Coach, call: Call) -> Message:
    name = one_line(call.person.name, NAME_LIMIT)
    courses = await coach.standings.courses(call.place, [call.person.id], "all")
    progress = await coach.standings.progress(call.place, call.person)
    return render.progress(name, progress, courses.get(call.person.id, ()))


async def privacy(coach: Coach, call: Call) -> Message:
    match call.arg("what"):
        case "export":
            return render.exported(await coach.privacy.export(call.place, call.person))
        case "hide":
            await coach.learners.hide(call.place, call.person, hidden=True)
            return render.hidden()
        case "show":
            return render.shown(on_boards=await coach.learners.hide(call.place, call.person, hidden=False))
    if call.arg("sure") != "yes":
        return render.confirm_delete(await coach.privacy.count(call.place, call.person))
    return render.deleted(await coach.privacy.delete(call.place, call.person))


async def zone(coach: Coach, call: Call) -> Message:
    if call.arg("zone"):
        await coach.learners.set_zone(call.place, call.person, read_zone(call.arg("zone")))
    name, own = await coach.learners.zone(call.place, call.person)
    return render.zone(name, own=own)


_HOME_BUTTONS = (Button("Leaderboard", "leaderboard", args=(("period", "week"),)), Button("How it works", "help"))


async def soonest(coach: Coach, place: Place, may_see: MaySee) -> list[tuple[str, dt.datetime]]:
    """The next daily question of each channel that somebody may see, by the channel's name, the soonest first."""
    soonest: list[tuple[str, dt.datetime]] = []
    for channel, at in await coach.rounds.next_posts(place, most=1):
        if len(soonest) < MOST_CHANNELS and await may_see(channel.place.channel):
            soonest.append((channel.name, at))
    return soonest


async def home(coach: Coach, call: Call, may_see: MaySee) -> tuple[Message, ...]:
    """A person's own page, where a platform has a place for one: open questions, standing, settings, privacy.

    Of `call` only the place's community, the person and `organiser` matter. `may_see` tells of a channel's id whether
    the person can see that channel: nothing is shown of others.
    """
    call = await ranked(coach, call)
    open_now = await coach.rounds.open_now(call.place, most=MOST_OPEN)
    rounds = [round_ for round_ in open_now if await may_see(round_.channel.place.channel)]
    questions = [render.home_question(round_) for round_ in rounds[:HOME_QUESTIONS]]
    standing = dataclasses.replace(await me(coach, call), buttons=_HOME_BUTTONS)
    channels = [c for c in await coach.organise.channels(call.place) if await may_see(c.place.channel)]
    named = await coach.organise.organisers(call.place)
    return (
        *(questions or [render.home_nothing(await soonest(coach, call.place, may_see))]),
        standing,
        render.home_settings(channels, named, organiser=call.organiser),
        render.home_privacy(hidden=await coach.learners.is_hidden(call.place, call.person)),
    )


async def ranked(coach: Coach, call: Call) -> Call:
    """The call, of an organiser if its person was named as one."""
    if call.organiser or not await coach.organise.is_named(call.place, call.person.id):
        return call
    return dataclasses.replace(call, organiser=True)
