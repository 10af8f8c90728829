"""What the coach says, within Slack's limits and without a word of anybody's being parsed."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import render
from bot.core.message import Bullets, Code, Listing, Message, Para, Quote, Strong, Table, When
from bot.core.model import Board, Podium, Progress
from bot.platforms import tables
from bot.platforms.slack.blocks import ids, markup
from bot.platforms.slack.blocks.show import mentioned, show
from tests.contract.slack_shown import MESSAGES, TEXTS, check, parts, texts, words
from tests.unit.test_render import AT, CHANNEL, LOW, POINTS, QUESTION, ROUND, hostile_messages, standing

COURSE = tuple((AT.date().replace(day=day), day * 3) for day in (1, 2, 3))
ADA = standing("Ada", 1, 41, 5, 12)
REAL = {
    "question": render.question_post(ROUND, answered=12),
    "grade": render.grade(LOW, 5, ("copy", "cut")),
    "ledger": render.ledger(LOW, closed=True),
    "pending": render.pending(),
    "paced": render.paced(ROUND.closes_at),
    "taken": render.taken(private=True),
    "mine": render.my_grade(None, 0, state="failed"),
    "reveal": render.reveal(ROUND, Podium(12, 5.8, (ADA,), POINTS[0], 1)),
    "hints": render.hints(QUESTION, 7, 2),
    "board": render.board(Board("week", "", (ADA,), standing("Zoe", 17, 12, 2)), "zoe", {"ada": COURSE}),
    "no board": render.board(Board("week", "", ()), "x"),
    "progress": render.progress("Ada", Progress(ADA, ADA, 3, (("T", None), ("U", 4))), COURSE),
    "help": render.help_([("leaderboard [week]", "shows who leads")] * 18, [("daily", AT)] * 5),
    "config": render.config(CHANNEL, [AT, AT], saved=True),
    "preview": render.preview(QUESTION, AT),
    "failed": render.failed([(1, "Ada", "A question", "The grader said no")], [("grade", "no channel")]),
    "exported": render.exported('{"a": 1}'),
    "delete": render.confirm_delete(3),
    "problem": render.problem("There is no command called lederboard. Did you mean leaderboard?"),
}


@pytest.mark.parametrize("name", REAL)
async def test_everything_that_the_coach_says_is_taken_by_slacks_models(name: str) -> None:
    for personal in (False, True):
        shown = await show(REAL[name], personal=personal, verb="me")
        check(shown)
        assert not any(file.startswith("in-full") for file, _, _ in shown.files)


async def test_hostile_words_in_every_message_stay_words() -> None:
    for message in hostile_messages():
        shown = await show(message)
        check(shown)
        assert not any(text["type"] == "mrkdwn" for text in texts(shown.blocks))
        assert "<" not in shown.text
        assert "@everyone" not in shown.text


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(MESSAGES)
async def test_no_message_is_refused_by_slack(message: Message) -> None:
    shown = await show(message, personal=True, verb="me", channel="C1", about=[markup.linked("https://x", "Ada's")])
    check(shown)
    for part in parts(shown.blocks):
        if part.get("type") == "button":
            assert ids.press(part["value"]) is not None  # a button that isn't known again is left out


@given(TEXTS, st.integers(1, 60))
@settings(deadline=None)
def test_a_cut_is_never_too_long(text: str, limit: int) -> None:
    assert markup.size(markup.cut(text, limit)) <= limit
    assert markup.size(markup.fallback(text, limit)) <= limit
    assert not markup.fallback(text, limit).removesuffix("…").endswith(("&", "&a", "&am", "&l", "&lt"))


# ---------------------------------------------------------------------------------------------- what it looks like


async def test_a_question_is_a_title_its_words_the_close_in_each_readers_time_and_buttons() -> None:
    shown = await show(REAL["question"])
    kinds = [block["type"] for block in shown.blocks]
    assert kinds == ["header", "rich_text", "rich_text", "rich_text", "actions"]
    assert {"type": "text", "text": ROUND.question.text, "style": {"bold": True}} in list(parts(shown.blocks))
    (date,) = (part for part in parts(shown.blocks) if part.get("type") == "date")
    assert date["timestamp"] == int(ROUND.closes_at.timestamp())
    assert date["fallback"].endswith("09:00 UTC")
    labels = [(b["text"]["text"], b.get("style")) for b in shown.blocks[-1]["elements"]]
    assert labels == [("Answer privately", "primary"), ("Hint", None), ("My grade", None)]


async def test_reasons_stand_in_a_list_below_their_label() -> None:
    shown = await show(REAL["grade"], about=[markup.linked("https://acme.example/p1", "Ada's answer")])
    assert shown.blocks[0] == {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": "<https://acme.example/p1|Ada's answer>", "verbatim": True}],
    }
    label, listed = shown.blocks[2]["elements"]
    assert label["elements"] == [{"type": "text", "text": "Reasons:"}]
    assert (listed["type"], len(listed["elements"])) == ("rich_text_list", 3)


async def test_somebodys_words_are_a_quote_and_two_lists_stay_two() -> None:
    shown = await show(Message(blocks=(Quote("a\nb"), Bullets((("1",),)), Bullets((("2",), ("3",))))))
    kinds = [element["type"] for element in shown.blocks[0]["elements"]]
    assert kinds == ["rich_text_quote", "rich_text_list", "rich_text_list"]


async def test_code_is_shown_as_code_whatever_is_in_it() -> None:
    lines = "FROM python\n\nRUN echo `<@U1>` <!channel>"
    shown = await show(Message(blocks=(Para(("Put ", Code("*CMD* `x`"), " last.")), Listing(lines))))
    check(shown)
    said, code = shown.blocks[0]["elements"]
    assert said["elements"][1] == {"type": "text", "text": "*CMD* `x`", "style": {"code": True}}
    assert code == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": lines}]}


async def test_long_code_is_parted_at_the_ends_of_its_lines() -> None:
    lines = [f"    line {number}: do(this)" for number in range(300)]
    shown = await show(Message(blocks=(Para(("So:",)), Listing("\n".join(lines)))))
    check(shown)
    code = [part for block in shown.blocks for part in block["elements"] if part["type"] == "rich_text_preformatted"]
    assert len(code) > 1
    assert [line for part in code for line in part["elements"][0]["text"].split("\n")] == lines


async def test_the_command_goes_by_its_name_here_and_only_the_command() -> None:
    message = Message(blocks=(Para(("Use /mlops me, or ", Strong("/mlops"), ". See a/mlops/b, /mlopsx.", When(AT))),
                              Bullets((("/mlops help",),)), Quote("/mlops is mine")))  # fmt: skip
    said = words(await show(message, command="/coach"))
    assert said.split("\n") == ["Use /coach me, or ", "/coach", ". See a/mlops/b, /mlopsx.", "/coach help",
                                "/mlops is mine"]  # fmt: skip
    assert "/coach me" in (await show(message, command="/coach")).text


async def test_a_long_title_is_bold_words_and_none_is_no_block() -> None:
    shown = await show(Message("t" * 151, (Para(("x",)),)))
    assert [block["type"] for block in shown.blocks] == ["rich_text", "rich_text"]
    assert (await show(Message(" \n\u200b", (Para(("x",)),)))).blocks[0]["type"] == "rich_text"
    check(await show(Message()))


# ---------------------------------------------------------------------------------------------- calling people


@pytest.mark.parametrize(
    ("setting", "called"),
    [
        ("channel", "<!channel>"), ("@here", "<!here>"), ("Everyone", "<!everyone>"), ("<!channel>", "<!channel>"),
        ("<!here|here>", "<!here>"), ("<!subteam^S0123|@mlops>", "<!subteam^S0123>"),
        (" S0123ABC ", "<!subteam^S0123ABC>"),
        ("", None), ("@learners", None), ("STAFF", None), ("<@U1>", None), ("<!date^1^x|y>", None), ("<S0123", None),
        ("channel and <@U1>", None), ("S0123> <!channel", None), ("https://x.example", None),
    ],
)  # fmt: skip
async def test_only_what_organisers_may_mean_is_called(setting: str, called: str | None) -> None:
    assert mentioned(setting) == called
    shown = await show(dataclasses.replace(REAL["question"], mention=setting))
    front = {"type": "section", "text": {"type": "mrkdwn", "text": called}}
    assert (shown.blocks[0] == front) == (called is not None)
    assert shown.text.startswith(f"{called} MLOps" if called else "MLOps")


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("@here", "@\u2060here"),
        ("https://x.example", "https:\u2060//x.example"),
        ("*b*", "\u2060*\u2060b\u2060*\u2060"),
        ("> said", "\u2060\u2060&gt; said"),
        ("a\u202eb\u0000", "ab"),
    ],
)
def test_a_notification_shows_text_as_it_is(plain: str, shown: str) -> None:
    assert markup.escape(plain) == shown


def test_a_link_of_ours_ends_where_we_end_it() -> None:
    assert markup.linked("https://x/>|<!here>", "A|B> <!channel>*x*")["text"] == (
        "<https://x/!here|A¦B&gt; &lt;!channel&gt;\u2060*\u2060x\u2060*\u2060>"
    )
    assert markup.linked("", "Ada")["text"] == "Ada"


# ---------------------------------------------------------------------------------------------- tables


async def test_a_board_fits_a_phone_whatever_people_are_called() -> None:
    rows = (
        ("1", "Ada", "41", "5", "8.2", "12"),
        ("2=", "A name that goes on and on 名前", "33", "5", "6.6", "5"),
        ("2=", "```שלום <!channel>", "33", "4", "8.3", "0"),
        ("3", "\u0301" * 500, "1", "4", "8.3", "0"),
    )
    shown = await show(Message("Board", (Table(("#", "who", "points", "answers", "average", "streak"), rows),)))
    check(shown)
    (element,) = shown.blocks[1]["elements"]
    assert element["type"] == "rich_text_preformatted"
    lines = element["elements"][0]["text"].split("\n")
    assert len(lines) == 5
    assert all(tables.width(line) <= tables.TABLE_WIDTH for line in lines)
    assert "\u2068```שלום" in lines[3]
    assert lines[3].index("\u2069") > lines[3].index("\u2068")


async def test_a_table_of_words_becomes_lines() -> None:
    assert "1\n · who: Ada · question: A question · why: The grader said no" in words(await show(REAL["failed"]))
    said = words(await show(REAL["config"])).replace("\n", "")
    assert "rule: the first attempt counts" in said


# ---------------------------------------------------------------------------------------------- lengths


async def test_what_had_to_be_cut_is_in_a_file() -> None:
    long = " ".join(f"word{number}" for number in range(2_500))
    shown = await show(Message("T", (Para((long,)), Para(("the end",)))))
    check(shown)
    ((name, data, _),) = shown.files
    assert name == "in-full.txt"
    assert long in data.decode()
    assert words(shown).endswith("the end")


async def test_what_fits_is_shown_whole_over_as_many_blocks_as_it_takes() -> None:
    long = " ".join(f"word{number}" for number in range(1_000))
    shown = await show(Message(blocks=(Para((Strong("Sample answer"),)), Para((long,)))))
    check(shown)
    assert shown.files == ()
    assert words(shown).split() == ["Sample", "answer", *long.split()]


async def test_the_longest_part_gives_way_first() -> None:
    shown = await show(Message(blocks=(Para(("short " * 100,)), Para(("long " * 5_000,)), Bullets((("kept",),)))))
    check(shown)
    assert words(shown).count("short") == 100
    assert words(shown).count("long") > 1_500
    assert words(shown).endswith("kept")


async def test_hundreds_of_small_parts_are_fewer_blocks_and_no_more_than_fit() -> None:
    shown = await show(Message(blocks=tuple(Para((str(number),)) for number in range(500))))
    check(shown)
    assert [name for name, _, _ in shown.files] == ["in-full.txt"]
    check(await show(Message(blocks=tuple(Para((str(number),)) for number in range(45)))))


async def test_a_board_that_is_too_long_keeps_its_last_row() -> None:
    rows = tuple((str(number), "x" * 20, "1") for number in range(800))
    shown = await show(Message(blocks=(Table(("#", "who", "n"), (*rows, ("9999", "you", "1"))),)))
    check(shown)
    assert "9999 you" in words(shown)


async def test_a_message_that_shows_nothing_is_a_sign_that_it_is_there() -> None:
    for message in (
        Message(),
        Message("\u200b"),
        Message("\n", (Para((Strong("\u200b"), "")),)),
        Message(mention="here"),
    ):
        shown = await show(message)
        check(shown)
        assert "…" in words(shown)
