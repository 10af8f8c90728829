"""What a look at a platform found, for `mlops-coach doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what is so, and where it isn't right what to do about it."""

    text: str
    remedy: str = ""

    @property
    def right(self) -> bool:
        """Whether nothing has to be done."""
        return not self.remedy
