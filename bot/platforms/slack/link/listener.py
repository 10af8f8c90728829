"""What a connection to Slack hands on, whichever way it came in: a socket or signed HTTP.

The connection acknowledges an event only once the method here has returned, so whatever has to last is stored by then;
an error that is raised means "not acknowledged", and Slack sends the event again. Each method returns well within 3 s
of Slack: what takes longer goes on in the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Payload = Mapping[str, Any]
"""An event, command, press or form as Slack sends it."""


class Listener(Protocol):
    """The coach's side of a connection. `team` is always the installation's team."""

    async def message(self, team: str, event: Payload) -> None:
        """A message was written, changed or deleted, in a channel or a direct message. Raises StoreError."""
        ...

    async def mention(self, team: str, event: Payload) -> None:
        """The coach was mentioned; a message event comes as well."""
        ...

    async def command(self, team: str, payload: Payload) -> None:
        """A slash command, acknowledged without words; the answer comes through its response_url."""
        ...

    async def action(self, team: str, payload: Payload) -> None:
        """A button was pressed."""
        ...

    async def shortcut(self, team: str, payload: Payload) -> None:
        """The message shortcut "Grade this answer" was chosen on a message, which the payload holds."""
        ...

    async def submission(self, team: str, payload: Payload) -> Payload | None:
        """A form was sent: what to acknowledge it with (errors to show in it), None to close it. Raises StoreError."""
        ...

    async def home(self, team: str, event: Payload) -> None:
        """A person opened the coach's home."""
        ...

    async def joined(self, team: str) -> None:
        """A workspace installed the coach, or is connected at a start."""
        ...

    async def removed(self, team: str) -> None:
        """A workspace uninstalled the coach or revoked its token."""
        ...

    def gap(self) -> None:
        """Events may have been missed (a start, a new connection, a failed store): open threads are read again."""
        ...
