"""What operators see of a coach at work: every figure from what people really did."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as families

from bot.app import assemble
from bot.coach import Graders
from bot.core.errors import GraderAway, GraderError, PlatformError
from bot.core.model import Receipt, Task, Verdict
from bot.core.ports import no_crash, one
from bot.graders.llm import Fallback, Panel
from bot.ops.health import Beats, Health, Parts
from bot.ops.meters import MeteredGrader
from bot.ops.metrics import Metrics
from bot.ops.reading import Reading
from bot.ops.watch import Watched
from bot.stores import schema_version
from tests.flow.world import BANK, HandClock, Room, WordGrader, World, sqlite_only, store_at

FULL = "alpha{0} one and beta{0} two and gamma{0} three and delta{0} four, at some length"


class Seen:
    """A world whose figures can be read as Prometheus reads them."""

    def __init__(self, world: World, metrics: Metrics, reading: Reading, health: Health, beats: Beats) -> None:
        self.world, self.health, self.beats = world, health, beats
        self._metrics, self._reading = metrics, reading

    async def figures(self) -> Mapping[str, float]:
        """Every sample by its name and labels, such as `coach_takes_total{outcome=answer,platform=room}`."""
        return read(self._metrics.text(await self._reading.figures()))


def read(text: bytes) -> dict[str, float]:
    found = {}
    for family in families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@asynccontextmanager
async def seen(
    path: Path, graders: Graders | None = None, now: Callable[[], float] = time.monotonic
) -> AsyncIterator[Seen]:
    """A coach in a room that is watched as `run` watches it, but by a clock turned by hand."""
    clock, room, grader, beats = HandClock(), Room(), WordGrader(), Beats(now)
    metrics, health = Metrics("all"), Health(beats)
    watch, reading = Watched(metrics, beats, health), Reading(health, beats, clock)
    store = watch.store(await store_at(path, watch.crash(no_crash)))
    try:
        app = assemble(
            store,
            graders or Graders(watch.grader(grader)),
            BANK,
            [room],
            clock=clock,
            rng=random.Random(7),
            watch=watch,
        )
        health.attach(Parts(store, [room], schema_version()))
        yield Seen(World(app, room, clock, grader), metrics, reading, health, beats)
    finally:
        await reading.stop()
        await health.detach()
        await store.close()


async def test_a_day_in_a_channel_is_counted(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        number = round_.question.id.removeprefix("q")
        reply = await world.say(round_, "ada", FULL.format(number))
        await world.app.coach.replies.take(reply)
        await world.say(round_, "bob", round_.question.sample_answer)
        await world.say(round_, "cy", "who knows?")
        found = await it.figures()
    assert found["coach_takes_total{outcome=answer,platform=room}"] == 2
    assert found["coach_takes_total{outcome=known,platform=room}"] == 1
    assert found["coach_takes_total{outcome=discussion,platform=room}"] == 1
    assert found["coach_grades_total{grader=words,outcome=graded}"] == 1
    assert found["coach_grades_total{grader=contract,outcome=settled}"] == 1
    assert found["coach_grading_seconds_count{grader=words,outcome=answered}"] == 1
    assert found["coach_messages_total{kind=question,outcome=sent,platform=room}"] == 1
    assert found["coach_messages_total{kind=grade,outcome=sent,platform=room}"] == 2
    assert found["coach_delivery_seconds_count{platform=room}"] == 2
    assert found["coach_delivery_seconds_sum{platform=room}"] == 2, "a second passes between an answer and its grade"
    assert 0 < found["coach_store_commits_total"] <= found["coach_store_writes_total{outcome=done}"]
    assert found["coach_store_write_seconds_count"] == found["coach_store_writes_total{outcome=done}"]
    assert (found["coach_replies_pending"], found["coach_outbox_waiting{platform=room}"]) == (0, 0)
    assert (found["coach_store_up"], found["coach_ready"], found["coach_store_writes_waiting"]) == (1, 1, 0)


async def test_a_grader_that_is_away_shows_as_answers_that_wait_and_how_long(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        world.grader.away = True
        await world.say(round_, "ada", FULL.format(1))
        world.clock.pass_(seconds=89)
        found = await it.figures()
        assert found["coach_grades_total{grader=words,outcome=postponed}"] == 1
        assert found["coach_grading_seconds_count{grader=words,outcome=away}"] == 1
        assert (found["coach_replies_pending"], found["coach_replies_pending_oldest_seconds"]) == (1, 90)
        world.grader.away = False
        world.clock.pass_(minutes=10)
        await world.app.settle()
        found = await it.figures()
    assert (found["coach_replies_pending"], found["coach_replies_pending_oldest_seconds"]) == (0, 0)
    assert found["coach_delivery_seconds_sum{platform=room}"] == 90 + 600


async def test_a_grader_that_fails_shows_as_answers_given_up(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        world.grader.error = GraderError("off the menu")
        await world.say(round_, "ada", FULL.format(1))
        for _ in range(3):
            world.clock.pass_(minutes=10)
            await world.app.settle()
        found = await it.figures()
    assert found["coach_grades_total{grader=words,outcome=retried}"] == 2
    assert found["coach_grades_total{grader=words,outcome=failed}"] == 1
    assert found["coach_grading_seconds_count{grader=words,outcome=refused}"] == 3
    assert found["coach_replies_failed"] == 1


async def test_a_grade_that_an_edit_overtook_is_not_counted_as_one(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", FULL.format(1), message="7"))
        await world.app.coach.grading.step()
        await world.app.coach.replies.withdraw("room", "guild", round_.thread, "7")
        await world.app.coach.grading.idle()
        found = await it.figures()
    assert found["coach_grades_total{grader=words,outcome=overtaken}"] == 1
    assert found["coach_grades_total{grader=words,outcome=graded}"] == 0


async def test_messages_that_wait_or_are_dropped_show(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", FULL.format(1)))
        await world.app.coach.grading.step()
        await world.app.coach.grading.idle()
        world.clock.pass_(seconds=45)
        found = await it.figures()
        assert found["coach_outbox_waiting{platform=room}"] >= 1
        assert found["coach_outbox_oldest_seconds{platform=room}"] == 45
        world.room.failure = lambda _: PlatformError("no permission")
        await world.app.settle()
        found = await it.figures()
    assert found["coach_messages_total{kind=grade,outcome=dropped,platform=room}"] == 1
    assert found["coach_outbox_waiting{platform=room}"] == 0


async def test_a_question_whose_count_is_brought_up_to_date_is_no_old_message(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        world.clock.pass_(hours=5)
        await world.say(round_, "ada", FULL.format(1))
        world.clock.pass_(minutes=5)
        await world.app.coach.rounds.step()
        world.clock.pass_(seconds=3)
        found = await it.figures()
        assert found["coach_outbox_waiting{platform=room}"] == 1
        assert found["coach_outbox_oldest_seconds{platform=room}"] == 3
        await world.app.settle()
        found = await it.figures()
    assert found["coach_messages_total{kind=question,outcome=amended,platform=room}"] >= 1
    assert found["coach_delivery_seconds_count{platform=room}"] == 1, "an amendment is no delivery"


class Model:
    """A grader that costs something."""

    name = "llm"

    def __init__(self, model: str, error: GraderError | None = None) -> None:
        self._receipt = Receipt("llm", model, input_tokens=100, output_tokens=20, cached_tokens=60, cost=0.25)
        self._error = error
        self._words = WordGrader()

    async def grade(self, task: Task) -> Verdict:
        if self._error:
            self._error.spent = self._receipt
            raise self._error
        verdict = await self._words.grade(task)
        return Verdict(verdict.score, verdict.points, self._receipt)

    async def close(self) -> None:
        return None


async def test_tokens_and_costs_are_those_of_each_model_also_for_what_was_asked_in_vain(tmp_path: Path) -> None:
    metrics = Metrics()
    members = [MeteredGrader(model, metrics) for model in (Model("a"), Model("b"), Model("c", GraderAway("busy")))]
    graders = Graders(Fallback(Panel(members), WordGrader()))
    async with seen(tmp_path / "c.sqlite3", graders) as it:
        round_ = await it.world.daily()
        await it.world.say(round_, "ada", FULL.format(1))
    found = read(metrics.text())
    for model in "abc":
        spent = [
            found[f"coach_llm_tokens_total{{direction={kind},model={model}}}"] for kind in ("input", "cached", "output")
        ]
        assert spent == [40, 60, 20]
        assert found[f"coach_llm_cost_total{{model={model}}}"] == 0.25
    assert found["coach_grading_seconds_count{grader=llm,outcome=away}"] == 1


@sqlite_only
async def test_models_that_a_provider_names_at_will_do_not_add_up_without_end() -> None:
    metrics = Metrics()
    task = Task("What?", "This.", (), "That.")
    for number in range(200):
        model = Model(f"model-{number}", GraderAway("busy"))
        try:
            await MeteredGrader(model, metrics).grade(task)
        except GraderAway:
            continue
    assert metrics.text().count(b"coach_llm_cost_total{") <= 51


async def test_the_sums_of_the_day_are_read_from_the_database(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        day = it.world.clock.now().astimezone(dt.UTC).date().isoformat()
        store = it.world.app.store
        for community in ("a", "b"):
            await store.write(
                one, "usage_add", day=day, platform="room", community=community, tokens=1_000, cost=500_000
            )
        found = await it.figures()
    assert (found["coach_usage_today_tokens"], found["coach_usage_today_cost"]) == (2_000, 1.0)


async def test_a_loop_of_a_running_coach_that_is_stuck_is_named_and_the_others_are_not(tmp_path: Path) -> None:
    now, stuck, never = [0.0], asyncio.Event(), asyncio.Event()

    async def hang() -> float:
        stuck.set()
        await never.wait()
        return 1.0

    async with seen(tmp_path / "c.sqlite3", now=lambda: now[0]) as it:
        app = it.world.app
        app.coach.grading.step = hang  # type: ignore[method-assign]
        running = asyncio.create_task(app.run())
        await stuck.wait()
        async with asyncio.timeout(60):
            for _ in range(10):  # 10 minutes in which all others are rung for and step
                now[0] += 60.0
                for bell in (app.coach.rounds.bell, *(delivery.bell for delivery in app.deliveries)):
                    bell.hear()
                while it.beats.late()["rounds"] or it.beats.late()["delivery to room"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        late = await it.health.live()
        found = await it.figures()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "grading" in late
    assert not {"rounds", "delivery to room"} & set(late)
    assert found["coach_loop_late_seconds{loop=grading}"] == 600
    assert found["coach_ready"] == 0
    assert {name for name in found if "loop_late" in name} == {
        f"coach_loop_late_seconds{{loop={name}}}"
        for name in ("grading", "grading leases", "rounds", "recounts", "delivery to room", "delivery to room, leases")
    }


async def test_answers_over_their_authors_pace_are_held_and_do_not_count_as_late(tmp_path: Path) -> None:
    async with seen(tmp_path / "c.sqlite3") as it:
        world = it.world
        round_ = await world.daily()
        for number in range(60):
            await world.app.coach.replies.take(world.reply(round_, "ada", f"{FULL.format(1)}, try {number}"))
        await world.app.settle()
        found = await it.figures()
        assert found["coach_replies_held"] == found["coach_replies_pending"] == 40
        assert found["coach_replies_pending_oldest_seconds"] == 0
        world.clock.pass_(seconds=61)
        found = await it.figures()
        assert (found["coach_replies_held"], found["coach_replies_pending"]) == (20, 40)
        assert 0 <= found["coach_replies_pending_oldest_seconds"] <= 61
        world.clock.pass_(minutes=5)
        for _ in range(3):
            await world.app.settle()
        found = await it.figures()
    assert (found["coach_replies_held"], found["coach_replies_pending"]) == (0, 0)
