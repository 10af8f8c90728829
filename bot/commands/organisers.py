"""What organisers do: set a channel up, post, skip, regrade."""

from __future__ import annotations

from bot.coach import Coach
from bot.coach.budget import MILLIONTHS
from bot.commands.calls import Call
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Field, Form, Message
from bot.core.model import Schedule


async def setup_form(coach: Coach, call: Call) -> Form:
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


async def setup(coach: Coach, call: Call) -> Message:
    names = ("time", "zone", "weekdays", "mention", "close-after")
    await coach.organise.set(call.place, {n: call.arg(n) for n in names if n in call.args}, by=call.person)
    return await _config(coach, call, saved=True)


async def show(coach: Coach, call: Call) -> Message:
    return await _config(coach, call)


async def change(coach: Coach, call: Call) -> Message:
    await coach.organise.set(call.place, {call.arg("name"): call.arg("value")}, by=call.person)
    return await _config(coach, call, saved=True)


async def _config(coach: Coach, call: Call, *, saved: bool = False) -> Message:
    channel, posts = await coach.organise.show(call.place)
    named = await coach.organise.organisers(call.place)
    pins, community = await coach.dates.pins(call.place), await coach.community.settings(call.place)
    return render.config(channel, posts, named, pins=pins, community=community, saved=saved)


async def preview(coach: Coach, call: Call) -> Message:
    ready = [question for question in await coach.rounds.questions(call.place) if not question.draft]
    if not ready:
        raise UsageError("The bank has no question with a sample answer. Import some with mlops-coach bank import.")
    _, posts = await coach.organise.show(call.place)
    return render.preview(ready[call.at.toordinal() % len(ready)], posts[0] if posts else None)


async def post_now(coach: Coach, call: Call) -> Message:
    return render.posted(await coach.rounds.post_now(call.place, by=call.person))


async def skip(coach: Coach, call: Call) -> Message:
    return render.skipped(await coach.rounds.skip(call.place, by=call.person))


async def regrade(coach: Coach, call: Call) -> Message:
    return render.regrading(await coach.grading.regrade(call.place, call.arg("id"), by=call.person))


async def failed(coach: Coach, call: Call) -> Message:
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
