"""What goes wrong on Slack's side, in the coach's own errors and words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bot.core.errors import PlatformAway, PlatformError
from bot.core.text import one_line
from bot.platforms.slack.link import api
from bot.platforms.slack.link.workspaces import Workspaces

AWAY = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "team_added_to_org",  # these two: the workspace moves to an organisation
        "org_login_required",
    }
)
"""Answers of Slack that pass."""

GONE = frozenset({"message_not_found", "thread_not_found"})
"""Answers about a message that isn't there (any more)."""

OUTSIDE = frozenset({"not_in_channel", "channel_not_found", "user_not_in_channel"})
"""Answers where the coach has no say in a channel."""

_REASONS = {
    "not_in_channel": "I'm not in {where}. Write /invite @MLOps Coach there.",
    "channel_not_found": "I can't see {where}. If it is private, write /invite @MLOps Coach there.",
    "is_archived": "{where} is archived. Unarchive it, or set up another channel.",
    "restricted_action": "A setting of this workspace doesn't let me write in {where}. Ask its admins to allow apps.",
    "restricted_action_read_only_channel": "Only some people may write in {where}. Let the app post there.",
    "restricted_action_thread_only_channel": "Only threads are allowed in {where}. Ask in another channel.",
    "restricted_action_thread_locked": "A thread of {where} is locked.",
    "msg_too_long": "A message is too long for Slack. Shorten the question or its sample answer.",
    "invalid_blocks": "Slack doesn't take the form of a message. Please report it.",
    "cant_update_message": "A message of mine in {where} can't be changed: another app or token posted it.",
    "cannot_dm_bot": "An app can't be written to.",
    "user_not_found": "Slack doesn't know that person (any more).",
    "user_disabled": "That person's account is deactivated.",
    "not_allowed_token_type": "Slack wants the bot token (xoxb-) for that.",
    "message_not_found": "The message in {where} isn't there any more.",
    "thread_not_found": "The thread in {where} isn't there any more.",
}


def translated(error: Exception, where: str) -> PlatformError:
    """An SDK's or network error as the coach's: PlatformAway for what passes. `where` names the place, as in #daily."""
    code, wait = api.code(error), api.retry_after(error)
    if wait is not None:
        return PlatformAway("Slack asks to slow down", retry_after=wait)
    # A token that was refused is looked into elsewhere: what is to be said waits for the answer.
    if not code or code in AWAY or code in api.LOST or api.status(error) >= 500:
        return PlatformAway(api.reason(error))
    if code == "missing_scope":
        needed = one_line(str(api.body(error).get("needed") or "a scope"), 100)
        return PlatformError(f"I lack the scope {needed}. Add it under OAuth & Permissions and install the app again.")
    if code in _REASONS:
        reason = _REASONS[code].format(where=where)
        return PlatformError(reason[:1].upper() + reason[1:])
    return PlatformError(f"Slack refused it in {where} ({one_line(code, 60)}).")


@contextlib.contextmanager
def translating(where: str, workspaces: Workspaces | None = None, team: str = "") -> Iterator[None]:
    """Raise PlatformError or PlatformAway for what the SDK raises within; a refused token is reported."""
    try:
        yield
    except api.PASSING as error:
        if workspaces is not None and api.code(error) in api.LOST:
            workspaces.lost(team)
        raise translated(error, where) from error
