"""A circuit breaker: a provider that is down is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 8
"""So many requests in a row have to fail: more than one grade makes, so that a single one doesn't open it."""

FIRST_S, MOST_S = 15.0, 300.0
_PROBE_S = 2.0


class Breaker:
    """Open after `failures` failed requests in a row, for `first` seconds, then twice as long each time up to `most`.

    When that time is over one request is let through (half-open): if it works all is forgotten, if it fails the
    breaker opens again. Every request asks `wait` first and reports by one of `worked`, `failed` and `gave_up`.
    """

    def __init__(
        self, now: Callable[[], float], *, failures: int = FAILURES, first: float = FIRST_S, most: float = MOST_S
    ) -> None:
        self._now, self._limit, self._first, self._most = now, failures, first, most
        self._failures = 0
        self._openings = 0
        self._until = 0.0
        self._probing = False
        self.why = ""
        self.notice = ""

    @property
    def is_open(self) -> bool:
        """Whether requests are being held back, or one is being let through to see."""
        return self._openings > 0

    def left(self) -> float:
        """Seconds for which no request is let through; 0.0 when one is."""
        if not self.is_open:
            return 0.0
        left = self._until - self._now()
        return left if left > 0 else _PROBE_S if self._probing else 0.0

    def enter(self) -> float:
        """As `left`; when that is 0.0 the caller makes a request now, and while half-open it is the only one."""
        left = self.left()
        if not left and self.is_open:
            self._probing = True
        return left

    def worked(self) -> None:
        """A request was answered by the model, or refused for what was asked of it."""
        self._failures = self._openings = 0
        self._probing = False
        self.why = self.notice = ""

    def failed(self, why: str, notice: str = "", *, at_once: bool = False) -> None:
        """A request failed for the provider's reasons; `at_once` opens the breaker whatever came before."""
        self._failures += 1
        if not (at_once or self._probing or self._failures >= self._limit):
            return
        if self.is_open and not self._probing:
            return  # one that was under way when it opened
        self._until = self._now() + min(self._most, self._first * 2.0 ** min(self._openings, 20))
        self._openings += 1
        self._probing = False
        self.why, self.notice = why, notice

    def gave_up(self) -> None:
        """A request was cancelled before it said anything: another may be the one that is let through."""
        self._probing = False
