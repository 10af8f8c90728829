"""Seals tokens for the database, where keys are set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.core.errors import PlatformAway, SettingsError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet

_SEALED = "fernet:"


class KeyMissing(PlatformAway):
    """A token can't be opened with any of the keys. What is to be said waits until one is there that can."""


class Vault:
    """Seals with the first of its keys and opens with any; without keys everything stays as it is.

    `keys` are Fernet keys (44 characters of URL-safe base64), newest first. Raises SettingsError for anything else.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._newest: Fernet | None = None
        self._any: MultiFernet | None = None
        if not keys:
            return
        from cryptography.fernet import Fernet, MultiFernet  # takes 6 MiB

        try:
            made = [Fernet(key.strip()) for key in keys]
        except ValueError:
            raise SettingsError(
                "COACH_ENCRYPTION_KEY holds something that isn't a Fernet key. Make one with: python -c 'from"
                " cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'."
            ) from None
        self._newest, self._any = made[0], MultiFernet(made)

    @property
    def closed(self) -> bool:
        """Whether it seals at all."""
        return self._any is not None

    def seal(self, secret: str) -> str:
        """A secret as it is stored."""
        return f"{_SEALED}{self._newest.encrypt(secret.encode()).decode()}" if self._newest else secret

    def open(self, stored: str, whose: str) -> str:
        """The secret that was sealed. Raises KeyMissing naming `whose` it is when no key fits."""
        if not stored.startswith(_SEALED):
            return stored
        if self._any is not None:
            from cryptography.fernet import InvalidToken

            try:
                return self._any.decrypt(stored.removeprefix(_SEALED)).decode()
            except InvalidToken:
                pass
        raise KeyMissing(
            f"The token of {whose} was stored under a key that COACH_ENCRYPTION_KEY doesn't hold. Add that key at its"
            " end, or install the coach there again."
        )

    def stale(self, stored: str) -> bool:
        """Whether it should be sealed anew: it isn't sealed, or not with the newest key."""
        if self._newest is None:
            return False
        from cryptography.fernet import InvalidToken

        try:
            self._newest.decrypt(stored.removeprefix(_SEALED))
        except InvalidToken:
            return True
        return not stored.startswith(_SEALED)
