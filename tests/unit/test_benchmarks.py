"""What the benchmarks report is what they say: ratios, goals, baselines that do the same work, sums that add up."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import __main__ as report
from benchmarks import boards, frames, million, pipeline, plot, stage
from benchmarks.figures import FIGURES, Found
from benchmarks.measures import MEASURES
from benchmarks.progress import Progress, by_tens
from benchmarks.single import SingleStore
from bot.core.ports import Store
from bot.stores.sqlite import SqliteStore


def test_each_figure_is_measured_by_exactly_one_function() -> None:
    measured = [name for names in MEASURES.values() for name in names]
    assert sorted(measured) == sorted(FIGURES)


def test_a_line_is_a_name_and_the_median_and_a_goal_is_met_from_its_own_side() -> None:
    fast = Found(FIGURES["takes_vs_single_commit_128"], [14.0, 15.04, 90.0])
    assert fast.line() == "takes_vs_single_commit_128: 15.0"
    assert "goal >= 15: met (14.0 to 90.0 in 3" in fast.remark()
    slow = Found(FIGURES["startup_cpu_vs_sdks"], [1.3, 1.41, 1.5])
    assert "goal <= 1.4: not met" in slow.remark()
    assert slow.data()["met"] is False


def test_the_report_prints_plain_lines_or_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "llm_prompt_tokens_vs_texts"
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", name, "--quick"])
    report.main()
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    assert line.startswith(f"{name}: 1.")
    assert "goal <= 1.15: met" in printed.err
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", name, "--json"])
    report.main()
    assert json.loads(capsys.readouterr().out)[name]["value"] == pytest.approx(float(line.split(": ")[1]), abs=1e-3)


def test_a_long_run_tells_on_stderr_which_part_has_begun_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([100.0, 100.2, 131.0])
    progress = Progress(lambda: next(seconds))
    progress("attacks")
    progress("done")
    printed = capsys.readouterr()
    assert printed.err == "    0 s  attacks\n   31 s  done\n"
    assert printed.out == ""


def test_a_long_part_tells_how_far_it_is() -> None:
    told: list[str] = []
    assert list(by_tens(range(25), told.append)) == list(range(25))
    assert told == ["  10 of 25", "  20 of 25"]


async def results(store: Store, path: Path) -> list[tuple[object, ...]]:
    """What the database holds after twelve answers that were on their way at once."""
    try:
        async with stage.stage(store, at_once=12, communities=3) as on:
            await asyncio.gather(*(on.answered() for _ in range(12)))
            await on.rest()
    finally:
        await store.close()
    connection = sqlite3.connect(path)
    try:
        return connection.execute(
            """SELECT r.user_id, r.score, p.state, p.text, s.points, s.answers
            FROM results r JOIN replies p ON p.user_id = r.user_id
                JOIN standings s ON s.user_id = r.user_id AND s.topic = '' AND s.period = 'all'
            ORDER BY r.user_id"""
        ).fetchall()
    finally:
        connection.close()


async def test_the_store_with_a_transaction_for_each_step_does_the_same_work_as_the_coachs_own(tmp_path: Path) -> None:
    own = await results(await SqliteStore.open(tmp_path / "own.sqlite3"), tmp_path / "own.sqlite3")
    single = await SingleStore.open(tmp_path / "single.sqlite3")
    assert await results(single, tmp_path / "single.sqlite3") == own
    assert len(own) == 12
    assert single.commits >= 3 * 12  # a take, a record and a mark for each at least


async def test_answers_at_once_share_their_commits(tmp_path: Path) -> None:
    ran = await pipeline.grouped(tmp_path, pipeline.answers, people=32, seconds=0.05)
    assert ran.done >= 32
    assert ran.commits_each < 1.0


async def test_every_frame_reaches_on_message() -> None:
    assert await frames.rate(0.01, ["A first answer.", "A second one."]) > 0


async def test_filled_boards_are_right_by_the_log(tmp_path: Path) -> None:
    path = tmp_path / "filled.sqlite3"
    boards.fill(path, 2_000)
    async with boards.boards(path) as made:
        assert await made.top(1) > 0
        assert await made.rank(1) > 0
        assert await made.shown(1) > 0
    connection = sqlite3.connect(path)
    try:
        sums = "SELECT user_id, sum(score), count(*) FROM results GROUP BY user_id ORDER BY user_id"
        kept = "SELECT user_id, points, answers FROM standings ORDER BY user_id"
        assert connection.execute(sums).fetchall() == connection.execute(kept).fetchall()
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (2_000,)
    finally:
        connection.close()


def test_few_communities_hardly_wait_and_too_many_never_end_waiting() -> None:
    few = million.simulate(1_000, answers=5)
    assert few.posts[2] <= 1
    assert few.grades[2] == 0
    many = million.simulate(1_000_000, answers=5)
    assert many.used > 1
    assert many.posts[2] > million.DAY


def test_communities_spread_over_bots_wait_as_if_each_bot_were_alone() -> None:
    assert million.simulate(80_000, 5, bots=4) == million.simulate(20_000, 5)


def test_a_days_answers_and_zones_are_whole() -> None:
    assert sum(million.HOURS) == pytest.approx(1.0)
    assert sum(million.ZONES.values()) == 100


def test_a_curve_is_drawn_over_whole_decades() -> None:
    line = plot.Line("x", [(1.0, 0.02), (1_000_000.0, 40.0)])
    with Image.open(io.BytesIO(plot.draw("Milliseconds", "grades", [line]))) as image:
        assert image.size == (plot.WIDTH, plot.HEIGHT)
    assert [plot.short(value) for value in (5_000_000, 10_000, 1, 0.01)] == ["5M", "10k", "1", "0.01"]
