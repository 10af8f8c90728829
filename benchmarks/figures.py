"""The figures that `python -m benchmarks` reports, with their goals: each a ratio to a baseline of the same run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's name, its goal, whether more is better, its digits, and what is divided by what."""

    name: str
    goal: float
    more: bool
    digits: int
    what: str

    def met(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        return value >= self.goal if self.more else value <= self.goal

    def aim(self) -> str:
        """The goal in words."""
        return f"{'>=' if self.more else '<='} {self.goal:g}"


@dataclass(frozen=True, slots=True)
class Found:
    """A figure as it was measured: a value for each repetition."""

    figure: Figure
    values: Sequence[float]
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def line(self) -> str:
        """`name: value`."""
        return f"{self.figure.name}: {self.value:.{self.figure.digits}f}"

    def remark(self) -> str:
        """The goal, whether it is met, and how far the repetitions are apart."""
        digits = self.figure.digits
        verdict = "met" if self.figure.met(self.value) else "not met"
        spread = f"{min(self.values):.{digits}f} to {max(self.values):.{digits}f} in {len(self.values)}"
        return f"goal {self.figure.aim()}: {verdict} ({spread}; {self.figure.what}{self.note})"

    def row(self) -> str:
        """Value, goal and whether it is met, for a table."""
        met = "yes" if self.figure.met(self.value) else "no"
        return f"{self.value:.{self.figure.digits}f} | {self.figure.aim()} | {met}"

    def data(self) -> dict[str, object]:
        """For JSON."""
        met = self.figure.met(self.value)
        return {
            "value": self.value,
            "goal": self.figure.goal,
            "more_is_better": self.figure.more,
            "met": met,
            "values": list(self.values),
            "what": self.figure.what + self.note,
        }


FIGURES: Final = {
    figure.name: figure
    for figure in (
        Figure("commits_per_answer_64", 0.05, False, 4, "flushed commits per answer, 64 people at once"),
        Figure("takes_vs_single_commit_128", 15, True, 1, "stored replies a second, 128 waiting / a commit for each"),
        Figure("pipeline_vs_single_step", 50, True, 1, "answers a second, 256 at once / a transaction for each step"),
        Figure("pipeline_vs_discord_ceiling", 0.5, True, 3, "answers a second, 256 at once / discord.py's messages"),
        Figure("top10_5m_vs_1k", 2, False, 2, "processor time of the ten best"),
        Figure("my_rank_vs_group_by_5m", 1 / 500, False, 5, "processor time of one's rank / from a covering index"),
        Figure("startup_cpu_vs_sdks", 1.4, False, 2, "processor time of a coach with Discord and Slack / the SDKs'"),
        Figure("startup_rss_vs_sdks", 1.2, False, 2, "memory of the same"),
        Figure("grade_vs_bare_model", 1.3, False, 2, "processor time of an embedded grade / the model's own"),
        Figure("llm_prompt_tokens_vs_texts", 1.15, False, 3, "tokens of a prompt without schema / of its texts"),
    )
}
