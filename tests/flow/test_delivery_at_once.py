"""However many channels have something to say at the same hour, only so many are sent to at once, first due first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.coach import delivery
from bot.core.message import Parcel
from bot.core.model import Place
from bot.core.ports import Sent
from tests.flow.world import Room, world_at

CHANNELS = 18
AT_ONCE = 5


class Counted(Room):
    """Counts how many messages are being sent at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    async def send(self, parcel: Parcel) -> Sent:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return await super().send(parcel)


async def test_many_channels_are_sent_to_a_few_at_a_time_in_the_order_in_which_they_are_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_AT_WORK", AT_ONCE)
    room = Counted()
    async with world_at(tmp_path / "c.sqlite3", room=room) as world:
        places = [Place("room", "guild", f"channel {number:02}") for number in reversed(range(CHANNELS))]
        for place in places:
            await world.app.coach.rounds.ask(place)
            world.clock.pass_(seconds=1)
        await world.app.settle()
    assert room.most == AT_ONCE
    said = [parcel.channel for _, parcel in room.sent]
    assert sorted(said) == sorted(place.channel for place in places)
    first = {place.channel for place in places[:AT_ONCE]}
    assert set(said[:AT_ONCE]) == first
