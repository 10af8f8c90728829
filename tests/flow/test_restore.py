"""A backup that is put back: what was posted after it was taken isn't posted again, and nothing is taken for it."""

from __future__ import annotations

from pathlib import Path

from bot.stores import admin, open_store
from tests import postgres_server
from tests.flow.test_one_reply import full, half
from tests.flow.world import HandClock, Room, WordGrader, World, assemble_at


def silent(_: int) -> object:
    return lambda _: None


async def test_what_was_posted_after_a_backup_is_found_and_its_numbers_are_not_used_again(
    tmp_path: Path, engine: str
) -> None:
    room, clock = Room(), HandClock()
    if engine == "sqlite":
        before, after = (f"sqlite:///{tmp_path / name}.sqlite3" for name in ("before", "after"))
    else:
        before, after = [await postgres_server.server().create() for _ in range(2)]
    store = await open_store(before)
    world = World(assemble_at(store, room, clock), room, clock, WordGrader())
    round_ = await world.daily()
    await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id)))
    await world.app.coach.grading.step()
    await world.app.coach.grading.idle()
    await admin.backup(before, tmp_path / "backup.sqlite3", silent)  # type: ignore[arg-type]
    await world.app.settle()
    await world.say(round_, "ben", full(round_.question.id))
    await store.close()
    assert len(room.texts("grade")) == 2

    await admin.restore(tmp_path / "backup.sqlite3", after, silent)  # type: ignore[arg-type]
    store = await open_store(after)
    world = World(assemble_at(store, room, clock), room, clock, WordGrader())
    await world.app.settle()
    assert len(room.texts("grade")) == 2, "Ada's was posted in the meantime"
    await world.say(round_, "cleo", f"{full(round_.question.id)} and more", message="m3")
    await store.close()
    keys = [parcel.key for _, parcel in room.sent if not parcel.only_for]  # what is for one person can't be looked for
    assert len(keys) == len(set(keys)) == 4
    assert graded(room) == ["ada", "ben", "cleo"]
    if engine == "postgres":
        for url in (before, after):
            postgres_server.server().drop(url)


def graded(room: Room) -> list[str]:
    """Who got a grade, in order."""
    return [parcel.author.id for _, parcel in room.sent if parcel.kind == "grade" and parcel.author]
