"""The named crash points: every step between what happens on a platform and what the coach has said of it.

A crash point is called right after its step, or right before it where the name says so (`...received`, `...sending`,
`commit.before`). Whatever the process has done by then, a kill at any of them loses, repeats and reorders nothing.
"""

from __future__ import annotations

from typing import Final

STORE: Final = ("commit.before", "commit.after")

EVENTS: Final = (
    "reply.received",
    "reply.taken",
    "edit.received",
    "edit.taken",
    "deletion.received",
    "reply.withdrawn",
    "reply.asked",
    "history.read",
)
"""What people write, edit and delete, and reading again what was missed."""

GRADES: Final = (
    "reply.claimed",
    "reply.assessed",
    "reply.recorded",
    "reply.postponed",
    "reply.given_back",
    "reply.regraded",
)

OUTBOX: Final = (
    "outbox.claimed",
    "outbox.sending",
    "outbox.sent",
    "outbox.amended",
    "outbox.marked",
    "outbox.dropped",
    "outbox.waiting",
    "personal.sent",
)

ROUNDS: Final = (
    "round.scheduled",
    "round.skipped",
    "question.posted",
    "round.opened",
    "round.closed",
    "round.counted",
    "round.revealed",
)
"""The daily post and the one on demand, the count of answers, the close. `question.posted` has no thread yet."""

PEOPLE: Final = ("channel.saved", "rule.recounted", "person.erased", "person.forgotten")
"""What organisers change, and a person who is forgotten: first on the platform, then here."""

DECISIONS: Final = (
    "question.pinned",
    "question.unpinned",
    "grade.overridden",
    "suggestion.taken",
    "suggestion.decided",
    "bank.imported",
    "digest.posted",
)
"""What organisers decide now and then, what members suggest to them, and the weekly digest."""

DAILY: Final = (*STORE, *EVENTS, *GRADES, *OUTBOX, *ROUNDS, *PEOPLE)
"""Those that a coach comes to every day."""

STEPS: Final = (*DAILY, *DECISIONS)
"""All of them."""
