"""What Slack would refuse, for tests of what is shown there: limits, its own models, and words of anybody's parsed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.core.message import (
    Bullets,
    Button,
    Chart,
    Code,
    Field,
    Form,
    Listing,
    Message,
    Para,
    Quote,
    Series,
    Strong,
    Table,
    When,
)
from bot.platforms.slack.blocks.markup import size
from bot.platforms.slack.blocks.show import Shown
from tests.e2e import slack_page
from tests.unit.test_render import AT

HOSTILE = (
    "*b* _i_ ~s~ `c` ```d``` > q\n> quoted <!channel> <!here> <!everyone> <@U1> <#C1> <!subteam^S1> @here"
    " <https://evil.example|bank> https://evil.example mailto:a@b.example :skull: &amp; &lt;!channel&gt; \\ \" '"
    " 😀 👩‍💻 שלום \u202eabc\u202c \u2066x\u2069 名前 e\u0301 \u0000 \u200b |"
)


def check(shown: Shown) -> None:
    """Raise AssertionError where Slack would refuse a message, or would parse what somebody wrote."""
    assert 1 <= len(shown.blocks) <= 50
    _check_blocks(shown.blocks)
    written = json.dumps(shown.blocks, ensure_ascii=False, separators=(",", ":"))
    assert len(written) + 30 * len(shown.blocks) <= 12_500
    assert 1 <= size(shown.text) <= 4_000
    assert not any(mark in shown.text for mark in ("<@", "<#", "<http", "<!date", "http://", "https://"))
    assert len(shown.files) <= 10


def check_view(view: Mapping[str, Any]) -> None:
    """Raise AssertionError where Slack would refuse a modal or a home."""
    made = View(**view)
    made.validate_json()
    _check_blocks(view["blocks"])
    assert len({block["block_id"] for block in view["blocks"] if "block_id" in block}) == sum(
        "block_id" in block for block in view["blocks"]
    )
    assert (slack_page.modal if view["type"] == "modal" else slack_page.home)(view)


def _check_blocks(blocks: Sequence[Mapping[str, Any]]) -> None:
    for block in blocks:
        parsed = Block.parse(dict(block))
        assert parsed is not None
        assert parsed.to_dict() == block
        if block["type"] == "rich_text":
            assert sum(size(text["text"]) for text in texts([block]) if text["type"] == "text") <= 3_000
    for text in texts(blocks):
        assert text["text"]
        assert text["type"] != "plain_text" or (not text["emoji"] and size(text["text"]) <= 3_000)
    actions = [part["action_id"] for part in parts(blocks) if part.get("type") == "button"]
    assert len(set(actions)) == len(actions)
    assert slack_page.blocks(blocks)


def parts(made: object) -> Iterator[Mapping[str, Any]]:
    """Every object within blocks."""
    if isinstance(made, Mapping):
        yield made
        for value in made.values():
            yield from parts(value)
    elif isinstance(made, list | tuple):
        for value in made:
            yield from parts(value)


def texts(made: object) -> Iterator[Mapping[str, Any]]:
    """Every object within blocks that shows words."""
    return (part for part in parts(made) if part.get("type") in ("text", "plain_text", "mrkdwn"))


def words(shown: Shown) -> str:
    """What a message's blocks say, without buttons."""
    blocks = [block for block in shown.blocks if block["type"] != "actions"]
    return "\n".join(str(text["text"]) for text in texts(blocks))


# ---------------------------------------------------------------------------------------------- anything at all

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
    st.sampled_from(["", " ", "\n", HOSTILE, "word " * 4_000, "😀" * 2_500, "\u0301" * 6_000, "<&>" * 2_000,
                     '"\\' * 3_000, "x" * 20_000, "שלום " * 2_000, "a\n" * 3_000, "名" * 5_000]),
)  # fmt: skip
INLINES = st.lists(
    st.one_of(TEXTS, st.builds(Strong, TEXTS), st.builds(Code, TEXTS), st.just(When(AT))), max_size=4
).map(tuple)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=12).map(tuple)
BLOCKS = st.one_of(
    st.builds(Para, INLINES),
    st.builds(Bullets, st.lists(INLINES, max_size=12).map(tuple)),
    st.builds(Quote, TEXTS),
    st.builds(Listing, TEXTS),
    st.builds(lambda rows: Table(("#", "who", "why"), rows), ROWS),
    st.builds(lambda rows: Table(("setting", "value"), tuple(row[:2] for row in rows)), ROWS),
    st.builds(lambda title: Chart(title, (Series("me", ((AT.date(), 1),)),)), TEXTS),
)
BUTTONS = st.builds(
    Button, TEXTS, st.sampled_from(["answer", "privacy", "config test"]), TEXTS.map(lambda text: text[:100]),
    st.lists(st.tuples(st.sampled_from(["what", "topic"]), TEXTS), max_size=2).map(tuple),
)  # fmt: skip
MESSAGES = st.builds(
    Message, TEXTS, st.lists(BLOCKS, max_size=6).map(tuple), st.lists(BUTTONS, max_size=30).map(tuple),
    st.one_of(TEXTS, st.sampled_from(["channel", "S0123ABC"])),
)  # fmt: skip
FIELDS = st.builds(
    Field, st.sampled_from(["answer", "time", "x" * 300]), TEXTS, TEXTS, st.booleans(), st.booleans(),
    st.integers(0, 9_000), st.lists(TEXTS, max_size=130).map(tuple),
)  # fmt: skip
FORMS = st.builds(
    Form, TEXTS, st.just("config setup"), TEXTS, st.lists(FIELDS, max_size=6).map(tuple), TEXTS, TEXTS
)  # fmt: skip
