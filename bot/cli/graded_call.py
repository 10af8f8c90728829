"""One real grade, for `mlops-coach doctor`: what it took and what it cost, or what keeps it from being had."""

from __future__ import annotations

import asyncio

from bot.coach.grading import assess
from bot.core.errors import CoachError, GraderAway
from bot.core.model import Question, Receipt
from bot.core.ports import Grader, Support
from bot.platforms.findings import Finding

ANSWER = (
    "I would begin with a simple version, write down how it is measured, and change one thing at a time, so that "
    "everybody can see whether it got better."
)
"""Short, honest and on no question in particular: whatever it is graded, the grader works."""

DEADLINE_S = 300.0
"""Longer than any grade's own deadline: only a grader that hangs is cut off."""

_AWAY = "run doctor again in a minute; if it stays so, check that the grader's address can be reached from here"
_BROKEN = (
    "check COACH_GRADER; with embedded COACH_MODEL, with llm COACH_LLM_BASE_URL, COACH_LLM_MODEL and COACH_LLM_API_KEY"
)


async def graded_call(grader: Grader, question: Question, support: Support | None = None) -> Finding:
    """Grade a short fixed answer to a question that has a sample answer, and say how it went; never raises CoachError.

    `support` checks the grader's quotes as it does for replies. One request's cost is spent, with an LLM.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            grade = await assess(grader, question, ANSWER, support)
    except GraderAway as error:
        return Finding(f"Grader {grader.name}: no grade for now: {_bare(error)}", error.notice or _AWAY)
    except CoachError as error:
        return Finding(f"Grader {grader.name}: no grade: {_bare(error)}", _BROKEN)
    except TimeoutError:
        return Finding(f"Grader {grader.name}: no grade within {DEADLINE_S:.0f} seconds", _AWAY)
    receipt = grade.receipt
    said = f"a test answer to {question.id or 'a question'} was graded {grade.score} in {receipt.seconds:.1f} s"
    if receipt.fallback:
        text = f"Grader {grader.name}: away; {said} by {receipt.grader} instead"
        return Finding(text, "check the model's address, name and key; until then the fallback grades")
    return Finding(f"Grader {grader.name}: {said}{_used(receipt)}")


def _used(receipt: Receipt) -> str:
    """Model, tokens and cost, as far as they are told."""
    parts = [receipt.model] if receipt.model else []
    if receipt.input_tokens or receipt.output_tokens:
        cached = f" ({receipt.cached_tokens} cached)" if receipt.cached_tokens else ""
        parts.append(f"{receipt.input_tokens} tokens in{cached}, {receipt.output_tokens} out")
        parts.append(f"cost {receipt.cost:.6f}" if receipt.cost else "cost unknown: COACH_LLM_PRICES doesn't list it")
    if receipt.scores:
        parts.append(f"a panel's scores {', '.join(map(str, receipt.scores))}")
    return "".join(f"; {part}" for part in parts)


def _bare(error: CoachError) -> str:
    return " ".join(str(error).split()).rstrip(".")
