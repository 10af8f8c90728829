"""Where scenarios are played: a whole coach behind one face, and what people do and see there.

Everything is real but the grader, which counts words. A stage says what a person reads: markup that took effect is gone
from it, markup that was escaped is there as it was typed, and whoever would have been called is a "[call]".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simcord import Env

from bot.core.model import Round

ORGANISER = "Olga"
ROUND_HOURS = 25  # after so many, a round is over

Said = Sequence[tuple[str, str]]
"""Who says what, in order."""


class Stage(Protocol):
    """A face of the coach with people in front of it, who come in when they are first named.

    Each method returns when the coach has done all that is due. Messages are told by the face's ids. `types_commands`
    says whether a person can type a command that doesn't exist; `env` is the virtual Discord where there is one.
    """

    types_commands: bool
    env: Env | None

    async def question(self) -> Round:
        """The organiser has today's question posted; what people say from now on is in its thread."""
        ...

    def address(self, who: str) -> str:
        """How one begins a message that is directed at somebody."""
        ...

    async def say(self, who: str, said: str) -> str: ...

    async def edit(self, who: str, message: str, said: str) -> None: ...

    async def delete(self, who: str, message: str) -> None: ...

    async def graded(self, message: str) -> list[str]:
        """The coach's public replies to a message, oldest first."""
        ...

    async def command(self, who: str, line: str) -> str:
        """The answer to what stands after /mlops, as the asker reads it."""
        ...

    async def press(self, who: str, label: str) -> str:
        """Press a button of the last answer that somebody got."""
        ...

    async def private(self, who: str, said: str) -> str:
        """Fill in the form of Answer privately; what the coach says to that at once."""
        ...

    async def mygrade(self, who: str) -> str: ...

    async def thread_texts(self, who: str) -> list[str]:
        """All that somebody reads in the thread, and what was said there to them alone."""
        ...

    async def tick(self) -> None:
        """Let a second pass."""
        ...

    async def close_round(self) -> None:
        """Let the round's time pass."""
        ...

    async def restart(self, meanwhile: Said = ()) -> list[str]:
        """End the coach and start another on its database; the ids of what was written meanwhile."""
        ...
