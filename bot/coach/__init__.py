"""The use cases: rounds, replies, grading, delivery, standings, and what organisers and privacy need."""

from __future__ import annotations

from dataclasses import dataclass

from bot.coach.acts import Acts
from bot.coach.archive import Archive
from bot.coach.community import Community
from bot.coach.dates import Dates
from bot.coach.digest import Digests
from bot.coach.exchange import Exchange
from bot.coach.grading import Graders, Grading
from bot.coach.learners import Learners
from bot.coach.notices import Notices
from bot.coach.organise import Organise
from bot.coach.overrides import Overrides
from bot.coach.privacy import Privacy
from bot.coach.question_health import QuestionHealth
from bot.coach.replies import Replies
from bot.coach.rounds import Rounds
from bot.coach.standings import Standings
from bot.coach.suggestions import Suggestions
from bot.coach.wakes import Wakes
from bot.core.ports import Clock

__all__ = [
    "Acts",
    "Archive",
    "Coach",
    "Community",
    "Dates",
    "Digests",
    "Exchange",
    "Graders",
    "Grading",
    "Learners",
    "Notices",
    "Organise",
    "Overrides",
    "Privacy",
    "QuestionHealth",
    "Replies",
    "Rounds",
    "Standings",
    "Suggestions",
    "Wakes",
]


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
    archive: Archive
    acts: Acts
    dates: Dates
    overrides: Overrides
    suggestions: Suggestions
    question_health: QuestionHealth
    community: Community
    exchange: Exchange
    digests: Digests
    learners: Learners
    clock: Clock
