"""What is read for several at once: it comes to the same as one by one."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from bot.coach.copies import COMPARED_AT_ONCE
from bot.core.message import Parcel
from bot.core.ports import Sent
from tests.flow.test_one_reply import full, half
from tests.flow.world import Room, World, sqlite_only, world_at


def told(number: int) -> str:
    """Thirty words that nobody else would write."""
    return " ".join(sha256(f"{number} {word}".encode()).hexdigest()[:9] for word in range(30))


def reads(world: World) -> list[str]:
    """The names of the units that are read from now on."""
    names: list[str] = []
    read = world.app.store.read

    async def noted(unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        names.append(unit.__name__)
        return await read(unit, *args, **kwargs)

    world.app.store.read = noted  # type: ignore[method-assign, assignment]
    return names


# ---------------------------------------------------------------------------------------------- copies


async def test_of_two_alike_that_are_graded_together_the_later_is_the_copy(world: World) -> None:
    round_ = await world.daily()
    mine = f"{half(round_.question.id)} {told(1)}"
    for who in ("ada", "ben", "cleo"):
        await world.app.coach.replies.take(world.reply(round_, who, mine if who != "ben" else told(2)))
        world.clock.pass_(seconds=1)
    await world.app.settle()
    assert set(await world.points()) == {"Ada", "Ben"}


async def test_nobody_is_a_copy_of_what_they_wrote_themselves(world: World) -> None:
    round_ = await world.daily(rule="best")
    for extra in ("", " indeed"):
        await world.app.coach.replies.take(world.reply(round_, "ada", f"{full(round_.question.id)} {told(1)}{extra}"))
        world.clock.pass_(seconds=1)
    await world.app.settle()
    assert not any("doesn't count" in text for text in world.room.texts("grade"))
    assert await world.points() == {"Ada": 10}


async def test_a_copy_is_found_among_more_answers_than_are_compared_where_they_are_read(world: World) -> None:
    round_ = await world.daily()
    for number in range(COMPARED_AT_ONCE + 2):
        await world.app.coach.replies.take(world.reply(round_, f"p{number}", told(number)))
    world.clock.pass_(seconds=1)
    await world.app.coach.replies.take(world.reply(round_, "eve", f"{told(37)} too"))
    for _ in range(4):
        await world.app.settle()
    grades = world.room.texts("grade")
    assert len(grades) == COMPARED_AT_ONCE + 3
    assert ["doesn't count" in text for text in grades].count(True) == 1
    assert "Eve" not in await world.points()


@sqlite_only
async def test_answers_that_are_graded_together_share_one_reading_of_the_others(world: World) -> None:
    round_ = await world.daily()
    for number in range(10):
        await world.app.coach.replies.take(world.reply(round_, f"p{number}", told(number)))
    read = reads(world)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 10
    assert read.count("_compared") == 1


# ---------------------------------------------------------------------------------------------- words


async def test_the_words_of_a_channels_messages_are_read_together(world: World) -> None:
    round_ = await world.daily()
    for number in range(5):
        await world.app.coach.replies.take(world.reply(round_, f"p{number}", told(number)))
    read = reads(world)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 5
    assert read.count("_parcels") < 5
    assert "parcel_of" not in read


@sqlite_only  # where grades are recorded in the order of the answers
async def test_words_that_change_while_others_are_sent_slowly_are_read_again(tmp_path: Path) -> None:
    class Slow(Room):
        """Takes two seconds for a grade, in which the last person deletes their answer."""

        async def send(self, parcel: Parcel) -> Sent:
            if parcel.kind == "grade":
                world.clock.pass_(seconds=2)
                await world.app.coach.replies.withdraw("room", "guild", parcel.thread, "last")
            return await super().send(parcel)

    async with world_at(tmp_path / "coach.sqlite3", Slow()) as world:
        round_ = await world.daily()
        for number, message in enumerate(("first", "second", "last")):
            await world.app.coach.replies.take(world.reply(round_, f"p{number}", told(number), message=message))
            world.clock.pass_(seconds=1)
        await world.app.settle()
        graded = [parcel.reply_to for _, parcel in world.room.sent if parcel.kind == "grade"]
    assert graded == ["first", "second"]
