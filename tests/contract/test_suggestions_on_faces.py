"""A suggestion from its form to the word to its author, on Discord and on Slack."""

from __future__ import annotations

from pathlib import Path

from simcord import Env

from tests.contract.discord_world import labels, server, text
from tests.contract.slack_world import workspace
from tests.e2e.slack_server import Ephemeral

FORM = {
    "question": "How is *drift* told?",
    "sample-answer": "By comparing the live inputs with those of the training set.",
    "section": "",
    "credit": "no",
}


async def test_on_slack_its_author_is_told_by_a_direct_message_once(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3") as here:
        form = await here.form(here.ada, "suggest")
        await here.submit(here.ada, form, **{name.replace("-", "_"): value for name, value in FORM.items() if value})
        shown = await here.slash(here.olga, "suggestions")
        assert "How is *drift* told?" in shown.shown
        assert isinstance(shown, Ephemeral)
        assert shown.buttons == ["Approve", "Decline"]
        done = await here.press(here.olga, shown, "Approve")
        assert "is in the bank as suggested-1" in done.shown
        await here.settle()
        (told,) = here.direct(here.ada)
        assert "is in the bank now and will be asked" in told.shown
        assert here.direct(here.olga) == []
        assert "is in the bank" in (await here.slash(here.ada, "suggested")).shown


async def test_on_slack_an_organiser_declines_by_a_form(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3") as here:
        form = await here.form(here.ada, "suggest")
        await here.submit(here.ada, form, **{name.replace("-", "_"): value for name, value in FORM.items() if value})
        shown = await here.slash(here.olga, "suggestions")
        reason = await here.form(here.olga, shown, "Decline")
        await here.submit(here.olga, reason, reason="There is one like it.")
        (told,) = here.direct(here.ada)
        assert "was not taken into the bank: There is one like it." in told.shown


async def test_on_discord_its_author_is_told_alone_and_can_look_it_up(tmp_path: Path) -> None:
    async with server(tmp_path / "coach.sqlite3") as here:
        env: Env = here.env
        with env.time_context():
            form = await here.ada.slash(here.channel, "mlops suggest")
            sent = await here.ada.submit_modal(form, {**FORM, "credit": ["no"]})
            assert sent.ephemeral
            shown = await here.olga.slash(here.channel, "mlops-admin suggestions")
            assert "How is" in text(shown)
            assert shown.response
            assert labels(shown.response.message) == ["Approve", "Decline"]
            done = await here.olga.click(shown.response, label="Approve")
            assert "is in the bank as suggested" in text(done)
            await here.settle()
            assert any("is in the bank now" in text(said) for said in sent.followups)
            assert "is in the bank" in text(await here.ada.slash(here.channel, "mlops suggested"))
            assert here.spoken(here.channel) == []
