"""The grader for any OpenAI-compatible API: OpenAI, Azure, vLLM, Ollama, llama.cpp and their like.

`llm_grader` puts one together; the rest is exported for what wraps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.core.model import Price
from bot.core.ports import Grader
from bot.graders.llm.client import Client, connect
from bot.graders.llm.fallback import Fallback
from bot.graders.llm.grader import LlmGrader
from bot.graders.llm.pace import Pace
from bot.graders.llm.panel import Panel
from bot.graders.llm.timing import Timing

__all__ = ["Fallback", "LlmGrader", "Panel", "Timing", "llm_grader"]


def llm_grader(
    *,
    template: str,
    prompt_version: str,
    models: Sequence[str],
    base_url: str = "",
    api_key: str = "",
    prices: Mapping[str, Price] | None = None,
    deadline_s: float = 60.0,
    timeout_s: float = 30.0,
    max_tokens: int = 1200,
    at_once: int = 8,
    requests_per_minute: int = 0,
    repeats: int = 1,
    timing: Timing | None = None,
    measured: Callable[[Grader], Grader] | None = None,
) -> Grader:
    """One grader, or a panel of all `models`, each asked `repeats` times with a seed of its own.

    `template` is the text of a grading template. `at_once` and `requests_per_minute` (0: no limit) hold for all of the
    models together; the other numbers are LlmGrader's and Client's. Models without a price cost nothing. `measured`
    gives what is used in a member's place. Raises ValueError without a model.
    """
    timing = timing or Timing()
    sdk, pace = connect(base_url, api_key), Pace(timing, at_once, requests_per_minute)
    members: list[Grader] = [
        LlmGrader(
            client,
            template,
            prompt_version,
            timing,
            price=(prices or {}).get(client.model),
            deadline_s=deadline_s,
            max_tokens=max_tokens,
            seed=seed,
        )
        for client in [Client(sdk, model, pace, timing, timeout_s) for model in models]
        for seed in range(repeats)
    ]
    if measured:
        members = [measured(member) for member in members]
    return members[0] if len(members) == 1 else Panel(members)
