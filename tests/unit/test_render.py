"""What people read: the sketches, what is kept back until the close, and hostile texts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bot.core import render
from bot.core.errors import Fault
from bot.core.message import MESSAGE, Message, Strong, Table
from bot.core.model import (
    Board,
    Changed,
    Channel,
    CommunitySettings,
    CountingRule,
    Coverage,
    Digest,
    Grade,
    KeyPoint,
    Person,
    Place,
    Podium,
    PointVerdict,
    Progress,
    Question,
    Receipt,
    Remark,
    Round,
    RoundState,
    Schedule,
    Standing,
    Week,
)
from bot.core.quality import quality

AT = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
POINTS = (
    KeyPoint("Compare input distributions with the training baseline once an hour", "input distributions"),
    KeyPoint("Roll back to the last good version before looking for the cause"),
    KeyPoint("Kubernetes"),
    KeyPoint("canary releases"),
)
QUESTION = Question(
    "q", "Monitoring", "A third worse overnight", "A model's accuracy fell by a third overnight. Why?",
    "Compare the inputs, roll back, then segment.", POINTS, ("One.", "Two.", "Three."), "And the week after?", 2,
)  # fmt: skip
CHANNEL = Channel(1, Place("room", "guild", "daily"), "daily", Schedule(zone="Europe/Berlin"), "@learners")
ROUND = Round(7, CHANNEL, True, AT.date(), QUESTION, RoundState.OPEN, AT)
COVERAGES = (Coverage.COVERED, Coverage.PARTLY, Coverage.MISSING, Coverage.CONTRADICTED)
VERDICTS = tuple(PointVerdict(p, c, "my own words") for p, c in zip(POINTS, COVERAGES, strict=True))
LOW = Grade(4, tuple(render.reason(verdict) for verdict in VERDICTS[1:]), VERDICTS, Receipt("test"))
HOSTILE = "@everyone <script>*x*</script> | `a` \n# not a heading\u202e"


def standing(
    name: str, rank: int = 1, points: int = 9, answers: int = 1, streak: int = 0, tied: bool = False
) -> Standing:
    return Standing(rank, tied, Person(name.lower(), name), points, answers, streak)


def test_the_daily_question() -> None:
    message = render.question_post(ROUND, answered=12)
    assert message.text == (
        "MLOps question of the day · Monitoring · level 2\n"
        "A model's accuracy fell by a third overnight. Why?\n"
        "Reply in the thread, or answer privately. Closes Tuesday 03 March 2026 09:00 UTC.\n"
        "12 people have answered."
    )
    assert [(button.label, button.target) for button in message.buttons] == [
        ("Answer privately", "7"),
        ("Hint", "7"),
        ("My grade", "7"),
    ]
    assert message.mention == "@learners"
    assert "1 person has answered." in render.question_post(ROUND, answered=1).text


def test_a_post_without_a_thread_does_not_speak_of_one() -> None:
    lone = Round(7, CHANNEL, False, AT.date(), QUESTION, RoundState.OPEN, AT, message="m")
    assert "thread" not in render.question_post(lone).text


def test_a_grade_of_six_or_more_is_its_score() -> None:
    assert render.grade(Grade(7, (), VERDICTS, Receipt("test")), 5).text == "Score: 7/10"


def test_a_grade_below_six_gives_its_reasons_by_topic() -> None:
    assert render.grade(LOW, 5).text == (
        "Score: 4/10\nReasons:\n- Too little on version, looking, cause.\n"
        "- Nothing on the rest of the sample answer.\n- What it says on releases goes against the sample answer."
    )


@pytest.mark.parametrize("number", range(len(POINTS)))
def test_nothing_before_the_close_holds_the_full_text_of_a_key_point(number: int) -> None:
    seen = [
        render.grade(LOW, 5), render.my_grade(LOW, 5, state="graded"), render.ledger(LOW, closed=False),
        render.question_post(ROUND), render.hints(QUESTION, 7, 3), render.preview(QUESTION, AT),
    ]  # fmt: skip
    claim = POINTS[number].claim.casefold()
    assert not any(claim in message.text.casefold() for message in seen)
    assert set(claim.split()) - set(render.topic(POINTS[number]).casefold().replace(",", "").split())
    assert not any(QUESTION.sample_answer in message.text for message in seen)


def test_no_message_to_students_shows_the_alternatives_of_a_key_point() -> None:
    point = replace(POINTS[0], alternatives=("watch the features for drift",))
    judged = PointVerdict(point, Coverage.MISSING)
    graded = Grade(2, (render.reason(judged),), (judged,), Receipt("test"))
    round_ = replace(ROUND, question=replace(QUESTION, key_points=(point,)))
    messages = (
        render.question_post(round_), render.grade(graded, 5), render.my_grade(graded, 5, state="graded"),
        render.ledger(graded, closed=False), render.ledger(graded, closed=True),
        render.reveal(round_, Podium(1, 2.0, most_missed=point)), render.home_question(round_),
        render.hints(round_.question, round_.id, 3),
    )  # fmt: skip
    assert not any("drift" in str(message) for message in messages)


def test_the_ledger_is_by_topic_while_open_and_in_full_after_the_close() -> None:
    assert render.ledger(LOW, closed=False).text.splitlines()[:3] == [
        "Key points · 4/10", "Covered:", "- input distributions (“my own words”)",
    ]  # fmt: skip
    closed = render.ledger(LOW, closed=True).text
    assert all(str(point) in closed for point in POINTS)
    assert "at the close" not in closed


def test_the_close() -> None:
    best = (standing("Ada"), standing("Ben", 2, 8, tied=True), standing("Cleo", 2, 8, tied=True))
    message = render.reveal(ROUND, Podium(12, 5.8, best, POINTS[0], 1))
    assert message.text == (
        "Closed. 12 answers, average 5.8. First: Ada 9, Ben 8 and Cleo 8. 1 answer is still being graded.\n"
        "Sample answer\nCompare the inputs, roll back, then segment.\n"
        "The point most often missed: input distributions.\nTo think on: And the week after?"
    )
    assert "Nobody's answer counted" in render.reveal(ROUND, Podium(0, 0.0)).text
    assert "1 answer, average" in render.reveal(ROUND, Podium(1, 9.0, best[:1])).text


def test_the_board_marks_ties_and_the_own_row() -> None:
    rows = (
        standing("Ada", 1, 41, 5, 12),
        standing("Ben", 2, 33, 5, 5, tied=True),
        standing("Cleo", 2, 33, 4, tied=True),
    )
    message = render.board(Board("week", "DevOps", rows, standing("Zoe", 17, 12, 2, 2)), "zoe")
    (table,) = message.blocks
    assert isinstance(table, Table)
    assert message.title == "Leaderboard · This week · DevOps"
    assert table.rows[1:] == (
        ("2=", "Ben", "33", "5", "6.6", "5"), ("2=", "Cleo", "33", "4", "8.2", "0"),
        ("17", "Zoe (you)", "12", "2", "6.0", "2"),
    )  # fmt: skip
    assert table.own == 3
    assert "opens the board" in render.board(Board("all", "", ()), "x").text


@pytest.mark.parametrize(
    ("me", "expected"),
    [
        (Progress(None, None, 0), "You haven't answered yet"),
        (Progress(None, standing("A", points=1), 1), "1 point, 1 answer, average 1.0, rank 1"),
        (Progress(None, standing("A", 2, 10, 2, tied=True), 2), "10 points, 2 answers, average 5.0, rank 2="),
        (Progress(None, None, 1, (("T", None), ("U", 4))), "T: not graded yet"),
        (Progress(None, None, 1, (("T", None),)), "Streak: 1 daily question in a row"),
    ],
)
def test_progress_in_numbers_and_plurals(me: Progress, expected: str) -> None:
    assert expected in render.progress("Ada", me).text


def test_every_remark_and_note_has_its_words() -> None:
    assert all(render.remark(kind).endswith(".") for kind in Remark)
    notes = ("copy", "practice", "extra", "cut")
    assert len(render.grade(LOW, 5, notes).blocks) == len(render.grade(LOW, 5).blocks) + len(notes)


@pytest.mark.parametrize(
    ("state", "words"),
    [("received", "will be graded"), ("failed", "organisers"), ("withdrawn", "took"), ("", "haven't answered")],
)
def test_where_there_is_no_grade_it_says_why(state: str, words: str) -> None:
    assert words in render.my_grade(None, 0, state=state).text


def test_hints_come_one_at_a_time() -> None:
    first = render.hints(QUESTION, 7, 1)
    assert first.text == "Hint\n- One."
    assert first.buttons[0].args == (("number", "2"),)
    assert render.hints(QUESTION, 7, 3).buttons == ()
    assert "no hint" in render.hints(Question("q", "s", "t", "?"), 7, 1).text


def hostile_messages() -> list[Message]:
    bad = Question("q", HOSTILE, HOSTILE, HOSTILE, HOSTILE, (KeyPoint(HOSTILE, HOSTILE),), (HOSTILE,), HOSTILE, 1)
    round_ = Round(7, CHANNEL, True, AT.date(), bad, RoundState.OPEN, AT)
    grade = Grade(1, (HOSTILE,), (PointVerdict(bad.key_points[0], Coverage.PARTLY, HOSTILE),), Receipt(HOSTILE))
    row = standing(HOSTILE)
    return [
        render.question_post(round_), render.reveal(round_, Podium(1, 1.0, (row,), bad.key_points[0])),
        render.grade(grade, 1), render.ledger(grade, closed=True), render.board(Board("week", HOSTILE, (row,)), "x"),
        render.progress(HOSTILE, Progress(row, row, 1, ((HOSTILE, 1),))), render.problem(HOSTILE),
        render.failed([(1, HOSTILE, HOSTILE, HOSTILE)], [("grade", HOSTILE)]), render.preview(bad, AT),
        render.config(CHANNEL, [AT]), render.help_([(HOSTILE, HOSTILE)], [(HOSTILE, AT)]), render.hints(bad, 1, 1),
        *hostile_to_organisers(bad, grade),
    ]  # fmt: skip


def hostile_to_organisers(bad: Question, grade: Grade) -> list[Message]:
    week = Week(1, 1, 1.0)
    measured = quality(bad, [1] * 5, [], 2)
    return [
        render.grade(grade, 1, changed=Changed(5, HOSTILE)), render.pinned(AT.date(), bad, False),
        render.graded_list([(1, HOSTILE, HOSTILE, 5, True, False)], True),
        render.audit([(1, AT, HOSTILE, HOSTILE, HOSTILE)], True),
        render.suggestion(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, credited=True, open_=2), render.approved(bad, 1),
        render.suggestion_decided(HOSTILE, approved=False, reason=HOSTILE),
        render.own_suggestions([(HOSTILE, "declined", HOSTILE)]),
        render.weekly(Digest(AT.date(), week, week, ((HOSTILE, 1, 1.0),), ((bad.key_points[0], 1),))),
        render.health([measured]), render.question_health(measured),
        render.bank_exported(HOSTILE, 1), render.bank_imported([HOSTILE], [HOSTILE], [], 1),
        render.not_imported([Fault(HOSTILE, 1, HOSTILE, HOSTILE)], HOSTILE),
        render.config(CHANNEL, [AT], pins=[(AT.date(), HOSTILE)], community=CommunitySettings(False, CHANNEL.place)),
        render.reveal(Round(7, CHANNEL, True, AT.date(), bad, RoundState.OPEN, AT), Podium(0, 0.0), HOSTILE),
    ]  # fmt: skip


def test_hostile_texts_stay_strings_that_platforms_escape() -> None:
    for message in hostile_messages():
        assert MESSAGE.validate_json(MESSAGE.dump_json(message)) == message
        assert message.mention in ("", "@learners")  # only organisers' own choice is ever called


def test_long_things_are_cut() -> None:
    long = "word " * 5_000
    grade = Grade(1, (long,), (PointVerdict(POINTS[0], Coverage.PARTLY, long),), Receipt("test"))
    assert len(render.grade(grade, 1).text) < 400
    assert len(render.ledger(grade, closed=False).text) < 500
    assert len(render.thread_title(Question("q", "s", "", long))) <= render.TITLE_LIMIT
    assert len(render.failed([(1, "Ada", long, long)], [("grade", long)]).text) < 900


def test_settings_in_words() -> None:
    weekdays = Schedule(dt.time(8, 30), "Europe/Berlin", frozenset({0, 1, 4}))
    assert render.schedule_line(weekdays) == "08:30 Europe/Berlin, Mon, Tue and Fri"
    assert render.schedule_line(Schedule()) == "09:00 UTC, every day"
    assert render.schedule_line(None) == "no daily question"
    text = render.config(Channel(1, CHANNEL.place, rule=CountingRule.BEST), []).text
    assert "the best attempt counts (of three)" in text
    assert "this channel" in text
    assert render.regrading(1).text == "1 reply goes back to the grader."
    assert render.regrading(2).text == "2 replies go back to the grader."
    assert Strong("Closed.") in render.reveal(ROUND, Podium(0, 0.0)).blocks[0].parts  # type: ignore[union-attr]
