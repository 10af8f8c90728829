"""The use cases: rounds, replies, grading, delivery, standings, and what organisers and privacy need."""

from __future__ import annotations

from dataclasses import dataclass

from bot.coach.grading import Graders, Grading
from bot.coach.notices import Notices
from bot.coach.organise import Organise
from bot.coach.privacy import Privacy
from bot.coach.replies import Replies
from bot.coach.rounds import Rounds
from bot.coach.standings import Standings
from bot.coach.wakes import Wakes
from bot.core.ports import Clock

__all__ = ["Coach", "Graders", "Grading", "Notices", "Organise", "Privacy", "Replies", "Rounds", "Standings", "Wakes"]


@dataclass(frozen=True, slots=True)
class Coach:
    """All that a platform can ask of the coach; wired in app.py."""

    rounds: Rounds
    replies: Replies
    grading: Grading
    standings: Standings
    organise: Organise
    privacy: Privacy
    notices: Notices
    clock: Clock
