"""The coach's words: everything a user reads is worded here, in one voice.

Strict about answers, kind to people, short. Nothing here is escaped: platforms escape what they show.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from bot.core import rules
from bot.core.message import (
    Attachment,
    Block,
    Bullets,
    Button,
    Chart,
    Inline,
    Message,
    Para,
    ParcelKind,
    Series,
    Strong,
    Table,
    When,
)
from bot.core.model import (
    Board,
    Channel,
    Coverage,
    Grade,
    KeyPoint,
    Person,
    Podium,
    PointVerdict,
    Progress,
    Question,
    Remark,
    Round,
    Schedule,
    Standing,
)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
QUOTE_LIMIT = 160
TITLE_LIMIT = 90

# ---------------------------------------------------------------------------------------------- small pieces

_REMARKS = {
    Remark.EMPTY: "There is no answer in it.",
    Remark.DONT_KNOW: "It says that the answer isn't known, and nothing more.",
    Remark.ECHO: "It repeats the question without answering it.",
    Remark.OFF_TOPIC: "It doesn't answer this question.",
    Remark.INJECTION: "It speaks to the grader instead of answering the question.",
    Remark.KEYWORDS: "It lists terms without saying what is done with them.",
    Remark.SHUFFLED: "The words don't form sentences that can be followed.",
    Remark.CONTRADICTION: "It says the opposite of what the sample answer says.",
}
_DULL = frozenset(
    """about across after against along also among another approach because before being between both cannot consider
    consideration considerations different each ensure every example first from have help helps important include
    includes including instead into itself keep keeps like make makes many more most much must need needs only other
    over rather same several should since some such take takes than that their them then there these they thing things
    this those through under until used using various what when where whether which while whole will with within
    without would your""".split()
)


def remark(kind: Remark) -> str:
    """Why a score was held down, in a sentence."""
    return _REMARKS[kind]


def topic(point: KeyPoint) -> str:
    """What a key point is about, without what it says: its author's words, else its three most telling ones.

    Of a claim with few telling words only half are named: all of them would be the claim.
    """
    if point.topic:
        return point.topic
    words = re.findall(r"[\w][\w/+-]{2,}", point.claim)
    telling = [word for word in dict.fromkeys(words) if word.casefold() not in _DULL and len(word) > 3] or words
    longest = sorted(telling, key=len, reverse=True)[: min(3, len(telling) // 2)]
    return ", ".join(word for word in telling if word in longest) or "the rest of the sample answer"


def _lower(text: str) -> str:
    return text if text[1:2].isupper() or text[:1].isdigit() else text[:1].lower() + text[1:]


def reason(point: PointVerdict) -> str:
    """What an answer lacks on one key point, by topic only: the thread may read it before the round closes."""
    about = topic(point.point)
    match point.coverage:
        case Coverage.CONTRADICTED:
            return f"What it says on {_lower(about)} goes against the sample answer."
        case Coverage.PARTLY:
            return f"Too little on {_lower(about)}."
        case _:
            return f"Nothing on {_lower(about)}."


def _cut(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else "none"


def say(*parts: Inline, title: str = "", buttons: tuple[Button, ...] = ()) -> Message:
    """One paragraph."""
    return Message(title=title, blocks=(Para(parts),), buttons=buttons)


def problem(text: str) -> Message:
    """What went wrong and what to do, to the person who asked."""
    return Message(blocks=(Para((text,)),), refusal=True)


# ---------------------------------------------------------------------------------------------- rounds


def _answer_button(round_id: int) -> Button:
    return Button("Answer privately", "answer", str(round_id))


def question_post(round_: Round, answered: int = 0) -> Message:
    """The question as it stands in the channel."""
    asked = round_.question
    head = ["MLOps question of the day" if round_.daily else "MLOps question", asked.section]
    head += [f"level {asked.level}"] if asked.level else []
    blocks: list[Block] = [Para((Strong(asked.text),))]
    if round_.thread or not round_.message:
        blocks.append(Para(("Reply in the thread, or answer privately. Closes ", When(round_.closes_at), ".")))
    else:
        blocks.append(Para(("Answer privately. Closes ", When(round_.closes_at), ".")))
    if answered:
        blocks.append(Para((f"{_count(answered, 'person has', 'people have')} answered.",)))
    buttons = (
        _answer_button(round_.id),
        Button("Hint", "hint", str(round_.id)),
        Button("My grade", "mygrade", str(round_.id)),
    )
    return Message(" · ".join(head), tuple(blocks), buttons, round_.channel.mention)


def thread_title(question: Question) -> str:
    """What the thread under a question is called."""
    return _cut(question.title or question.text, TITLE_LIMIT)


def reveal(round_: Round, podium: Podium) -> Message:
    """The end of a round: how it went, the sample answer, the point most often missed."""
    first: list[Inline] = [Strong("Closed."), " "]
    if podium.answers:
        first.append(f"{_count(podium.answers, 'answer')}, average {podium.average:.1f}.")
        best = _list([f"{row.person.name} {row.points}" for row in podium.best])
        first.append(f" First: {best}.")
    else:
        first.append("Nobody's answer counted this time.")
    if podium.pending:
        first.append(f" {_count(podium.pending, 'answer is', 'answers are')} still being graded.")
    blocks: list[Block] = [Para(tuple(first)), Para((Strong("Sample answer"),)), Para((round_.question.sample_answer,))]
    if podium.most_missed:
        blocks.append(Para(("The point most often missed: ", _lower(topic(podium.most_missed)), ".")))
    if round_.question.follow_up:
        blocks.append(Para((Strong("To think on: "), round_.question.follow_up)))
    return Message(blocks=tuple(blocks), buttons=(Button("My grade", "mygrade", str(round_.id)),))


def hints(question: Question, round_id: int, shown: int) -> Message:
    """The first `shown` hints, and a button for one more."""
    if not question.hints:
        return say("There is no hint for this question.")
    left = len(question.hints) - shown
    more = (Button("Another hint", "hint", str(round_id), (("number", str(shown + 1)),)),) if left > 0 else ()
    return Message("Hint", (Bullets(tuple((hint,) for hint in question.hints[:shown])),), more)


def posted(round_: Round) -> Message:
    return say("Asked: ", Strong(round_.question.title), ". It appears in this channel with a thread of its own.")


def skipped(day: dt.date) -> Message:
    return say(f"No daily question on {day:%A} {day.day} {day:%B}.")


# ---------------------------------------------------------------------------------------------- grades

_STANDINGS = {
    "copy": "This is almost word for word the sample answer or somebody else's reply, so it doesn't count.",
    "practice": "The round was closed when this was written: practice, not counted.",
    "extra": "Graded for practice: another attempt of yours is the one that counts here.",
    "fallback": "Graded offline, by the simpler grader: the one that grades here otherwise was away.",
    "cut": "Only the first 6,000 characters were graded.",
}


def grade(score: Grade, reply_id: int, notes: Sequence[str] = ()) -> Message:
    """The score, and below 6 the reasons; `notes` are keys of what else the person should know about it."""
    blocks: list[Block] = [Para((Strong(f"Score: {score.score}/10"),))]
    if score.reasons:
        blocks.append(Para(("Reasons:",)))
        blocks.append(Bullets(tuple((_cut(text, 300),) for text in score.reasons)))
    blocks.extend(Para((_STANDINGS[note],)) for note in notes)
    if score.receipt.grader == "embedded (instead of llm)":
        blocks.append(Para(("Graded by the embedded grader, because the language model was away.",)))
    return Message(blocks=tuple(blocks), buttons=(Button("Key points", "points", str(reply_id)),))


def ledger(score: Grade, *, closed: bool) -> Message:
    """What the answer did with each key point: by topic while the round is open, in full after it."""
    blocks: list[Block] = []
    labels = {
        Coverage.COVERED: "Covered",
        Coverage.PARTLY: "Partly",
        Coverage.CONTRADICTED: "Against the sample answer",
        Coverage.MISSING: "Missing",
    }
    for coverage, label in labels.items():
        points = [point for point in score.points if point.coverage is coverage]
        if not points:
            continue
        blocks.append(Para((Strong(f"{label}:"),)))
        blocks.append(Bullets(tuple(_ledger_line(point, closed=closed) for point in points)))
    if not closed:
        blocks.append(Para(("The points in full come with the sample answer, at the close.",)))
    return Message(f"Key points · {score.score}/10", tuple(blocks))


def _ledger_line(point: PointVerdict, *, closed: bool) -> tuple[Inline, ...]:
    said = f" (“{_cut(point.quote, QUOTE_LIMIT)}”)" if point.quote else ""
    return ((str(point.point) if closed else topic(point.point)) + said,)


def pending() -> Message:
    return say(
        "Your answer is kept and will be graded when the grader is back. Your place on the board counts from when you"
        " wrote it."
    )


def paced(since: dt.datetime) -> Message:
    """Said once when somebody writes faster than is graded; `since` is when grading goes on for them."""
    words = f"You wrote more than {rules.PACE} answers within a minute. All are kept and graded at that pace: this one "
    return Message(blocks=(Para((words, When(since, relative=True), ".")),))


def taken(*, private: bool) -> Message:
    """The receipt of an answer that came through a form."""
    where = " Only you will see the grade." if private else ""
    return say(f"Your answer is in and is being graded.{where}")


def my_grade(score: Grade | None, reply_id: int, *, state: str, notes: Sequence[str] = ()) -> Message:
    """A person's own grade at a round, or why there is none."""
    if score:
        return grade(score, reply_id, notes)
    match state:
        case "received" if "paced" in notes:
            return say(f"Your answer is kept and waits for its turn: {rules.PACE} of yours are graded a minute.")
        case "received":
            return pending()
        case "failed":
            return say(
                "Your answer is kept, but grading it failed. The organisers see it and can have it graded again."
            )
        case "withdrawn":
            return say("You took your answer back.")
        case _:
            return say("You haven't answered this question.")


# ---------------------------------------------------------------------------------------------- boards

_PERIODS = {"week": "This week", "month": "This month", "all": "All time"}


def _row(row: Standing, *, you: bool) -> tuple[str, ...]:
    rank = f"{row.rank}=" if row.tied else str(row.rank)
    who = f"{row.person.name} (you)" if you else row.person.name
    return rank, who, str(row.points), str(row.answers), f"{row.average:.1f}", str(row.streak)


Course = Sequence[tuple[dt.date, int]]
"""Points by date, oldest first."""


def _chart(title: str, lines: Sequence[Series]) -> tuple[Chart, ...]:
    """A picture, once there are two days to tell apart from the one before."""
    return (Chart(title, tuple(lines)),) if any(len(line.points) > 2 for line in lines) else ()


def board(standings: Board, asker: str, courses: Mapping[str, Course] | None = None) -> Message:
    """The board as a table; the asker's own row is marked and, from below the top, added; `courses` are drawn."""
    title = f"Leaderboard · {_PERIODS[standings.period]}" + (f" · {standings.topic}" if standings.topic else "")
    if not standings.rows:
        return say("Nobody stands here yet. The first graded answer opens the board.", title=title)
    shown = [*standings.rows, *([standings.own] if standings.own else [])]
    own = next((index for index, row in enumerate(shown) if row.person.id == asker), None)
    table = Table(
        ("#", "who", "points", "answers", "average", "streak"),
        tuple(_row(row, you=row.person.id == asker) for row in shown),
        own,
    )
    lines = [
        Series(f"{row.rank}{'=' if row.tied else ''} {row.person.name}", tuple(courses[row.person.id]), index == own)
        for index, row in enumerate(shown)
        if courses and row.person.id in courses
    ]
    return Message(title, (table, *_chart("Points over time", lines)))


def progress(person: str, me: Progress, course: Course = ()) -> Message:
    """One person's own figures; `course` is drawn."""
    if not me.total and not me.recent:
        return say("You haven't answered yet. Reply in the thread of a question, or use /mlops answer.", title=person)
    blocks: list[Block] = []
    for label, row in (("This week", me.week), ("All time", me.total)):
        if row:
            text = f"{_count(row.points, 'point')}, {_count(row.answers, 'answer')}, average {row.average:.1f}"
            blocks.append(Para((Strong(label), f": {text}, rank {row.rank}{'=' if row.tied else ''}")))
    blocks.append(Para((Strong("Streak"), f": {_count(me.streak, 'daily question')} in a row")))
    if me.recent:
        lines = tuple(
            (f"{title}: {'not graded yet' if score is None else f'{score}/10'}",) for title, score in me.recent
        )
        blocks += [Para((Strong("Latest answers"),)), Bullets(lines)]
    blocks.extend(_chart("Your points over time", [Series("you", tuple(course), own=True)]))
    return Message(person, tuple(blocks))


# ---------------------------------------------------------------------------------------------- help and privacy


def _next_questions(posts: Sequence[tuple[str, dt.datetime]]) -> tuple[Block, ...]:
    lines = tuple((f"{name or 'here'}: ", When(at)) for name, at in posts)
    return Para((Strong("Next daily question"),)), Bullets(lines)


def help_(usages: Sequence[tuple[str, str]], next_posts: Sequence[tuple[str, dt.datetime]]) -> Message:
    """The commands, and when the next daily question comes."""
    blocks: list[Block] = [
        Para(("Reply to a question in its thread with at least five words and you get a strict grade from 1 to 10.",)),
        Bullets(tuple((Strong(f"/mlops {usage}"), f": {text}") for usage, text in usages)),
    ]
    if next_posts:
        blocks += _next_questions(next_posts)
    else:
        blocks.append(Para(("No daily question is scheduled here. An organiser sets it up with /mlops config setup.",)))
    blocks.append(Para(("Scores are for practice, not for hiring decisions.",)))
    return Message("MLOps Coach", tuple(blocks))


def home_question(round_: Round) -> Message:
    """An open question, on a person's own page."""
    where = f"#{round_.channel.name}" if round_.channel.name else "the channel"
    post = question_post(round_)
    closes = Para(("In ", where, ". Closes ", When(round_.closes_at), "."))
    return Message(post.title, (Para((Strong(round_.question.text),)), closes), post.buttons)


def home_nothing(next_posts: Sequence[tuple[str, dt.datetime]]) -> Message:
    """No question is open; when the next ones come."""
    title = "No question is open"
    if not next_posts:
        return say("No daily question is scheduled here yet.", title=title)
    return Message(title, _next_questions(next_posts))


def home_settings(channels: Sequence[Channel], organisers: Sequence[Person], *, organiser: bool) -> Message:
    """How the community's channels are set up; `organiser` says whether the reader may change it."""
    lines = tuple((Strong(f"#{c.name or c.place.channel}"), f": {schedule_line(c.schedule)}") for c in channels)
    blocks: list[Block] = [Bullets(lines) if lines else Para(("No channel has a daily question yet.",))]
    if organisers:
        blocks.append(Para(("Organisers beside the admins: ", _list([person.name for person in organisers]), ".")))
    if organiser:
        blocks.append(Para(("Write /mlops config setup in a channel to change its question's time, zone or days.",)))
    return Message("Settings", tuple(blocks))


def home_privacy() -> Message:
    """What can be done about one's own data."""
    return say(
        "What is stored about you: your answers, their grades, and your name as it is shown here. Scores are for"
        " practice, not for hiring decisions.",
        title="Privacy",
        buttons=(
            Button("Export my data", "privacy", args=(("what", "export"),)),
            Button("Delete my data", "privacy", args=(("what", "delete"),)),
        ),
    )


def shown_to_all() -> Message:
    """To the person who had something shown to everybody."""
    return say("Everybody here can see it now.")


UNREADABLE = (
    "I'm not allowed to read messages here, so a reply in a thread can't be graded. Use Answer privately under the"
    " question, or Grade this answer in your message's menu; both count just the same."
)


def unreadable(round_id: int) -> Message:
    """To somebody whose reply reached us without its words."""
    return say(UNREADABLE, buttons=(_answer_button(round_id),))


def exported(document: str) -> Message:
    return Message(
        "Your data",
        (Para(("All that is stored about you here, as JSON.",)), Attachment("mlops-coach-my-data.json", document)),
    )


def confirm_delete(count: int) -> Message:
    """What deleting means, before it is done."""
    return say(
        f"This deletes your name, {_count(count, 'reply', 'replies')} with their grades, and your place on every board."
        " It can't be undone.",
        buttons=(Button("Delete my data", "privacy", args=(("what", "delete"), ("sure", "yes"))),),
    )


def deleted(count: int) -> Message:
    return say(f"Deleted: your name, {_count(count, 'reply', 'replies')} and your place on every board.")


# ---------------------------------------------------------------------------------------------- organisers


def schedule_line(schedule: Schedule | None) -> str:
    """A schedule in words."""
    if schedule is None:
        return "no daily question"
    days = "every day" if len(schedule.weekdays) == 7 else _list([DAYS[day] for day in sorted(schedule.weekdays)])
    return f"{schedule.time:%H:%M} {schedule.zone}, {days}"


def _hours(span: dt.timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    return _count(hours // 24, "day") if hours % 24 == 0 else _count(hours, "hour")


def config(
    channel: Channel, next_posts: Sequence[dt.datetime], organisers: Sequence[Person] = (), *, saved: bool = False
) -> Message:
    """How a channel is set up, and its next three posts; `organisers` are those of the whole community."""
    hours = channel.close_after.total_seconds() / 3600
    rows = [
        ("time", schedule_line(channel.schedule)),
        ("grace", f"{channel.schedule.grace.total_seconds() / 60:.0f} minutes" if channel.schedule else "-"),
        ("mention", channel.mention or "nobody"),
        ("rule", f"the {channel.rule} attempt counts" + (" (of three)" if channel.rule == "best" else "")),
        ("close after", f"{hours:g} hours, or at the next daily question"),
        ("pin", "the open question" if channel.pin else "nothing"),
        ("archive", f"a thread without a word for {_hours(channel.archive_after)}"),
    ]
    if organisers:
        rows.append(("organisers", _list([person.name for person in organisers])))
    blocks: list[Block] = [Table(("setting", "value"), tuple(rows))]
    if next_posts:
        blocks.append(Para((Strong("Next posts"),)))
        blocks.append(Bullets(tuple((When(at),) for at in next_posts)))
    buttons = (Button("Post one now", "post-now"), Button("Preview", "config test")) if saved else ()
    return Message(f"{'Saved' if saved else 'Settings'} · {channel.name or 'this channel'}", tuple(blocks), buttons)


def preview(question: Question, next_post: dt.datetime | None) -> Message:
    """How the next post will look, to the organiser alone."""
    level = f" · level {question.level}" if question.level else ""
    blocks: list[Block] = [Para((Strong(question.text),))]
    if next_post:
        blocks.append(Para(("The next daily question comes ", When(next_post), ".")))
    blocks.append(Para(("This is how a post looks. Which question comes is drawn when it is posted.",)))
    return Message(f"MLOps question of the day · {question.section}{level}", tuple(blocks))


def failed(
    replies: Sequence[tuple[int, str, str, str]],
    dropped: Sequence[tuple[str, str]],
    *,
    disputed: Sequence[tuple[int, str, Sequence[int]]] = (),
    notices: Sequence[tuple[str, dt.datetime]] = (),
    spent: tuple[int, float] | None = None,
) -> Message:
    """What organisers have to look after.

    What couldn't be graded (id, name, question, why), what couldn't be posted (kind, why), on which answers graders
    disagree (id, name, scores), what has to be known (text, since), and today's tokens and cost.
    """
    blocks: list[Block] = [Para((Strong(text), " Since ", When(since), ".")) for text, since in notices]
    blocks += _not_graded(replies) + _not_posted(dropped) + _disputed(disputed)
    if not blocks:
        blocks.append(Para(("Nothing failed.",)))
    if spent:
        blocks.append(Para((f"Grading today (UTC): {spent[0]:,} tokens, cost {spent[1]:.2f}.",)))
    title = "Failed" if replies or dropped or disputed or notices else ""
    return Message(title, tuple(blocks))


def _not_graded(replies: Sequence[tuple[int, str, str, str]]) -> list[Block]:
    if not replies:
        return []
    rows = tuple((str(id_), name, _cut(title, 40), _cut(why, 120)) for id_, name, title, why in replies)
    return [
        Para(("Not graded; /mlops regrade with an id, or without one for all, tries again.",)),
        Table(("id", "who", "question", "why"), rows),
    ]


def _not_posted(dropped: Sequence[tuple[str, str]]) -> list[Block]:
    if not dropped:
        return []
    words = {ParcelKind.QUESTION: "question", ParcelKind.GRADE: "grade", ParcelKind.REVEAL: "reveal"}
    lines = tuple((f"{words.get(ParcelKind(kind), kind)}: {_cut(why, 160)}",) for kind, why in dropped)
    return [Para(("Not posted, or not as it was meant to be:",)), Bullets(lines)]


def _disputed(disputed: Sequence[tuple[int, str, Sequence[int]]]) -> list[Block]:
    if not disputed:
        return []
    rows = tuple((str(id_), name, ", ".join(map(str, scores))) for id_, name, scores in disputed)
    return [
        Para(("The graders disagree; the lower middle score counts. /mlops regrade with an id asks again.",)),
        Table(("id", "who", "scores"), rows),
    ]


def regrading(count: int) -> Message:
    return say(
        f"{_count(count, 'reply goes', 'replies go')} back to the grader." if count else "Nothing to grade again."
    )
