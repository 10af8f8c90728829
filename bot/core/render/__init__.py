"""The coach's words: everything a user reads is worded here, in one voice.

Strict about answers, kind to people, short. Nothing here is escaped: platforms escape what they show.
"""

from bot.core.render.boards import Course, board, progress
from bot.core.render.grades import grade, ledger, my_grade, paced, pending, taken
from bot.core.render.organisers import config, failed, preview, regrading, schedule_line
from bot.core.render.people import (
    UNREADABLE,
    confirm_delete,
    deleted,
    exported,
    help_,
    home_nothing,
    home_privacy,
    home_question,
    home_settings,
    shown_to_all,
    unreadable,
)
from bot.core.render.rounds import hints, posted, question_post, reveal, skipped, thread_title
from bot.core.render.words import (
    DAYS,
    QUOTE_LIMIT,
    TITLE_LIMIT,
    problem,
    reason,
    remark,
    say,
    topic,
)

__all__ = [
    "DAYS",
    "QUOTE_LIMIT",
    "TITLE_LIMIT",
    "UNREADABLE",
    "Course",
    "board",
    "config",
    "confirm_delete",
    "deleted",
    "exported",
    "failed",
    "grade",
    "help_",
    "hints",
    "home_nothing",
    "home_privacy",
    "home_question",
    "home_settings",
    "ledger",
    "my_grade",
    "paced",
    "pending",
    "posted",
    "preview",
    "problem",
    "progress",
    "question_post",
    "reason",
    "regrading",
    "remark",
    "reveal",
    "say",
    "schedule_line",
    "shown_to_all",
    "skipped",
    "taken",
    "thread_title",
    "topic",
    "unreadable",
]
