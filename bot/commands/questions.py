"""What everybody can do with a question: ask for one, answer, take a hint, see a grade."""

from __future__ import annotations

import hashlib

from bot.coach import Coach
from bot.coach.replies import Taken
from bot.commands.calls import Call
from bot.commands.meant import topic_of
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Field, Form, Message
from bot.core.model import Reply, Round, RoundState
from bot.core.text import fold

FORM_LIMIT = 4_000  # characters; Discord's text input takes no more


async def question(coach: Coach, call: Call) -> Message:
    topic = call.arg("topic")
    if topic:
        topic = await topic_of(coach, call.place, topic, questions=True)
    return render.posted(await coach.rounds.ask(call.place, topic))


async def answer_form(coach: Coach, call: Call) -> Form:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    answer = Field("answer", "Your answer", long=True, limit=FORM_LIMIT)
    return Form("Answer privately", "answer", str(round_.id), (answer,), intro=render.question_words(round_.question))


async def answer(coach: Coach, call: Call) -> Message:
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


async def hint(coach: Coach, call: Call) -> Message:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    most, cost = len(round_.question.hints), round_.channel.hint_cost
    given = call.arg("number")[:3]
    number = min(max(1, int(given) if given.isdecimal() else 1), max(1, most))
    if not most or not cost or round_.state is not RoundState.OPEN:
        return render.hints(round_.question, round_.id, number)
    taken = await coach.learners.hints(round_, call.person)
    if number > taken:
        if call.arg("cost") != str(cost):  # nothing is taken before the price is named
            return render.hint_offer(round_.id, taken + 1, cost)
        taken = await coach.learners.take_hints(round_, call.person, number, cost)
    return render.hints(round_.question, round_.id, taken, cost)


async def grade(coach: Coach, call: Call) -> Message:
    written = call.written  # it may be all that the platform ever lets us read of the message
    own = written is not None and written.author.id == call.person.id and written.message == call.target
    if written and own and await coach.replies.take(written, asked=True) is Taken.ANSWER:
        return render.taken(private=False)
    await coach.replies.ask(call.place, call.thread, call.target, call.person)
    return render.taken(private=False)


async def points(coach: Coach, call: Call) -> Message:
    if not call.target.isdecimal() or len(call.target) > 15:
        raise UsageError("Only the author of an answer can open its key points.")
    own = await coach.replies.graded(int(call.target), call.place, call.person)
    if own.grade is None:
        return render.my_grade(None, own.reply_id, state=own.state)
    return render.ledger(own.grade, closed=own.round_closed)


async def my_grade(coach: Coach, call: Call) -> Message:
    round_ = await coach.rounds.find(call.place, thread=call.thread, target=call.target)
    own = await coach.replies.own(round_.id, call.person)
    return render.my_grade(own.grade, own.reply_id, state=own.state, notes=own.notes, off=own.off, changed=own.changed)
