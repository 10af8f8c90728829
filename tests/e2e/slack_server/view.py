"""A modal or a home as it is shown to one person."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.e2e.slack_server.entities import APP_ID, Installation, Team, User
from tests.e2e.slack_server.reading import Json, labels_of, texts_in


@dataclass(eq=False)
class View:
    """A modal or a home, as it is shown to one person."""

    id: str
    team: Team
    user: User
    body: Json
    bot: Installation
    root: str
    previous: str | None = None
    version: int = 0
    open: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    """What the last submission was refused with, by block id."""
    response: Json | None = None

    @property
    def hash(self) -> str:
        return f"{self.id[1:]}.{self.version}"

    @property
    def blocks(self) -> list[Json]:
        found: list[Json] = self.body.get("blocks", [])
        return found

    @property
    def shown(self) -> str:
        title = self.body.get("title", {}).get("text", "")
        return "\n".join([title, *(text for block in self.blocks for text in texts_in(block))])

    @property
    def buttons(self) -> list[str]:
        return labels_of(self.blocks)

    def json(self, values: Json | None = None) -> Json:
        empty = {"close": None, "submit": None, "callback_id": "", "private_metadata": "", "external_id": ""}
        defaults = {"clear_on_close": False, "notify_on_close": False}
        return empty | defaults | self.body | {
            "id": self.id, "team_id": self.team.id, "app_id": APP_ID, "app_installed_team_id": self.bot.team.id,
            "bot_id": self.bot.bot.bot_id, "hash": self.hash, "root_view_id": self.root,
            "previous_view_id": self.previous, "state": {"values": values or {}},
        }  # fmt: skip
