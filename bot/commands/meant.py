"""What somebody meant who typed something else."""

from __future__ import annotations

from collections.abc import Sequence

from bot.coach import Coach
from bot.core.errors import UsageError
from bot.core.model import Place, Question
from bot.core.text import fold

CLOSE_MATCH = 60.0  # of 100, rapidfuzz's ratio: near enough to ask "did you mean"


def meant(text: str, known: Sequence[str]) -> str:
    """ " Did you mean X?" for the nearest of the known words, or nothing."""
    from rapidfuzz import process

    found = process.extractOne(text.casefold(), known, processor=str.casefold, score_cutoff=CLOSE_MATCH)
    return f" Did you mean {found[0]}?" if found else ""


async def topic_of(coach: Coach, place: Place, text: str, *, questions: bool = False) -> str:
    """A section as it is called in the bank; with `questions`, also words that some question is about."""
    topics = await coach.rounds.topics(place)
    wanted = fold(text)
    starting = [topic for topic in topics if fold(topic).startswith(wanted)]
    exact = [topic for topic in topics if fold(topic) == wanted]
    if exact or len(starting) == 1:
        return (exact or starting)[0]
    if questions and any(_speaks_of(question, wanted) for question in await coach.rounds.questions(place)):
        return text
    raise UsageError(f'No topic called "{text[:60]}".{meant(text, topics)} Topics: {", ".join(topics)}.')


def _speaks_of(question: Question, wanted: str) -> bool:
    return bool(wanted) and not question.draft and wanted in fold(f"{question.title} {question.text}")
