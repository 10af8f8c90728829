"""Forms and the home on Slack, and ids that come back from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import render
from bot.core.message import Button, Field, Form, Message, Para
from bot.core.model import Person, Progress
from bot.platforms.slack.blocks import forms, ids
from bot.platforms.slack.blocks.show import show
from tests.contract.slack_shown import FORMS, HOSTILE, MESSAGES, TEXTS, check_view, parts
from tests.contract.test_slack_show import ADA, COURSE, REAL
from tests.unit.test_render import CHANNEL, ROUND

ANSWER = Field("answer", "Your answer", long=True, limit=4_000)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["state", "values", "answer", "value", "selected_option", "v", "t", "a", "c", "h", "of"]),
            inner,
        ),
    ),
    max_leaves=12,
)

# ---------------------------------------------------------------------------------------------- modals


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMS)
def test_no_form_is_refused_by_slack(form: Form) -> None:
    view = forms.modal(form, "C1", "C1/1.2")
    check_view(view)
    assert ("submit" in view) == bool(form.fields)


def test_a_form_asks_as_the_coach_meant_it() -> None:
    fields = (
        ANSWER,
        Field("zone", "Time zone", "Europe/Berlin", limit=60, required=False),
        Field("rule", "Which counts", "best", choices=("first", "best", "best", "latest")),
    )
    view = forms.modal(Form("Answer privately", "answer", "7", fields, intro=HOSTILE), "C1", "C1/1.2")
    check_view(view)
    assert (view["callback_id"], view["title"]["text"], view["submit"]["text"]) == ("mcf", "Answer privately", "Send")
    assert ids.form(view["private_metadata"]) == ids.Press("answer", "7", channel="C1", thread="C1/1.2")
    intro, answer, zone, rule = view["blocks"]
    assert "<!channel>" in intro["text"]["text"]  # in plain_text it calls nobody
    assert intro["text"]["type"] == "plain_text"
    assert (answer["block_id"], answer["optional"], answer["element"]["multiline"]) == ("answer", False, True)
    assert answer["element"]["max_length"] == 3_000
    assert answer["hint"]["text"] == "At most 3,000 characters."
    assert zone["element"]["initial_value"] == "Europe/Berlin"
    assert zone["optional"]
    assert [option["value"] for option in rule["element"]["options"]] == ["first", "best", "latest"]
    assert rule["element"]["initial_option"]["value"] == "best"


def test_a_title_that_is_too_long_ends_well_and_stands_in_full_below() -> None:
    view = forms.modal(Form("Daily question in this channel", "config setup", "", (ANSWER,)), "C1", "")
    assert view["title"]["text"] == "Daily question"
    assert view["blocks"][0]["text"]["text"] == "Daily question in this channel"
    assert ids.form(view["private_metadata"]) == ids.Press("config setup", channel="C1")


def test_what_was_filled_in_comes_back_by_name() -> None:
    state = {
        "answer": {"value": {"type": "plain_text_input", "value": "a\x00b"}},
        "rule": {"value": {"type": "static_select", "selected_option": {"text": {}, "value": "best"}}},
        "none": {"value": {"type": "static_select", "selected_option": None}},
        "empty": {"value": {"type": "plain_text_input", "value": None}},
        "other": {"else": {"type": "plain_text_input", "value": "x"}},
    }
    found = forms.values({"state": {"values": state}})
    assert found == {"answer": "ab", "rule": "best", "none": "", "empty": ""}


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(JSON)
def test_whatever_is_sent_back_gives_words_of_bounded_length(sent: object) -> None:
    found = forms.values(sent)
    assert all(isinstance(name, str) and isinstance(text, str) and len(text) <= 10_000 for name, text in found.items())
    assert found == {} or len(found) <= forms.MOST_FIELDS


def test_what_is_wrong_stands_under_its_field() -> None:
    said = forms.missing(["time", "zone"], "No such time." + "x" * 900)
    assert said["response_action"] == "errors"
    assert set(said["errors"]) == {"time", "zone"}
    assert len(said["errors"]["time"]) <= forms.ERROR_LIMIT


# ---------------------------------------------------------------------------------------------- the home


async def test_the_home_is_one_view_of_all_its_messages() -> None:
    messages = (
        render.home_question(ROUND),
        render.progress("Ada", Progress(ADA, ADA, 3, (("T", None),)), COURSE),
        render.home_settings([CHANNEL], [Person("B", "Ben")], organiser=True),
        render.home_privacy(),
    )
    view = await forms.home(messages, channel="C1")
    check_view(view)
    assert [block["type"] for block in view["blocks"]].count("divider") == 3
    pressed = [ids.press(part["value"]) for part in parts(view["blocks"]) if part.get("type") == "button"]
    assert [(press.verb, press.channel) for press in pressed if press] == [
        ("answer", "C1"), ("hint", "C1"), ("mygrade", "C1"), ("chart", "C1"),
        ("privacy", "C1"), ("privacy", "C1"), ("privacy", "C1"),
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(MESSAGES, max_size=5))
async def test_no_home_is_refused_by_slack(messages: list[Message]) -> None:
    check_view(await forms.home(messages))


async def test_a_button_may_say_itself_where_it_belongs() -> None:
    button = Button("Answer", "answer", "7", (("channel", "C7"), ("period", "week")))
    shown = await show(Message("T", (Para(("x",)),), (button,)), channel="C1")
    pressed = ids.press(shown.blocks[-1]["elements"][0]["value"])
    assert pressed == ids.Press("answer", "7", {"period": "week"}, channel="C7")


# ---------------------------------------------------------------------------------------------- ids


def test_a_thread_is_its_channel_and_its_ts() -> None:
    assert ids.thread_of("C1", "17.000200") == "C1/17.000200"
    assert ids.split_thread("C1/17.000200") == ("C1", "17.000200")
    for other in ("", "C1", "C1/", "/1.2", "c1/1.2", "C1/1.2/3", "C1/1", "123456", "C1/١.٢", "C1/1.2\n"):
        assert ids.split_thread(other) == ("", "")


@pytest.mark.parametrize("name", REAL)
async def test_every_button_of_the_coach_comes_back_as_it_was(name: str) -> None:
    for number, button in enumerate(REAL[name].buttons):
        action = ids.action_id(number, button.verb)
        assert ids.ACTION.match(action)
        pressed = ids.press(ids.of_button(button, "C1"))
        assert pressed == ids.Press(button.verb, button.target, dict(button.args), "C1")


def test_arguments_come_back_whatever_they_say() -> None:
    value = ids.of_button(Button("x", "share", args=(("topic", "R&D <b> \u2028 ünï 😀"),)))
    assert value is not None
    assert not set(value) & set("&<>")
    assert ids.press(value) == ids.Press("share", args={"topic": "R&D <b> \u2028 ünï 😀"})
    for long in (1_001, 1_900, 2_000):
        assert ids.of_button(Button("x", "share", args=(("topic", "x" * long),))) is None


@pytest.mark.parametrize(
    "value",
    [
        None, 7, [], {}, "", "x", "[]", "null", "7", '"me"', "[" * 2_000, "{" * 2_000, "1" * 1_999, "{}", '{"v":null}',
        '{"v":"Me"}', '{"v":"../me"}', '{"v":"me","t":7}', '{"v":"me","a":[]}', '{"v":"me","a":{"x":7}}',
        '{"v":"me","c":"<!here>"}', '{"v":"me","of":"me"}', '{"v":"chart"}', '{"v":"me","t":"a\\u0000b"}' + " " * 2_000,
        json.dumps({"v": "me", "a": {str(number): "x" for number in range(11)}}),
        json.dumps({"v": "me", "t": "x" * 201}),
    ],
)  # fmt: skip
def test_a_value_that_is_not_ours_is_none(value: Any) -> None:
    assert ids.press(value) is None


@pytest.mark.parametrize("value", [None, "", "{}", '{"v":"answer","h":"C1"}', '{"v":"answer","c":"1"}', "x" * 4_000])
def test_metadata_that_is_not_ours_is_none(value: Any) -> None:
    assert ids.form(value) is None


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(JSON)
def test_nothing_from_outside_raises(sent: object) -> None:
    for text in (sent, json.dumps(sent)):
        for found in (ids.press(text), ids.form(text)):
            assert found is None or (len(found.target) <= 200 and all(len(arg) <= 1_000 for arg in found.args.values()))
