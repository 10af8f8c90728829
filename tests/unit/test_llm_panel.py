"""Several graders at once, and a second one for when the first is away."""

from __future__ import annotations

import pytest

from bot.core.errors import GraderAway, GraderError
from bot.core.model import Coverage, KeyPoint, PointVerdict, Receipt, Task, Verdict
from bot.core.ports import Grader
from bot.graders.llm import Fallback, Panel

POINT = KeyPoint("It runs everywhere.")
TASK = Task("Why?", "It runs everywhere.", (POINT,), "it runs everywhere, they say")


class Says:
    """Gives one score with a quote, or fails."""

    name = "llm"

    def __init__(self, answer: int | Exception, quote: str = "it runs everywhere", name: str = "llm") -> None:
        self.answer, self.quote, self.name = answer, quote, name
        self.asked = 0
        self.closed = False

    async def grade(self, task: Task) -> Verdict:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        receipt = Receipt(self.name, f"model-{self.answer}", "1", 100, 10, 0.5, 40, 0.25)
        return Verdict(self.answer, (PointVerdict(task.key_points[0], Coverage.COVERED, self.quote),), receipt)

    async def close(self) -> None:
        self.closed = True


def panel(*answers: int | Exception) -> Panel:
    return Panel([Says(answer) for answer in answers])


def spent(error: GraderError) -> GraderError:
    error.spent = Receipt("llm", input_tokens=7, output_tokens=3, cost=0.5)
    return error


@pytest.mark.parametrize(
    ("scores", "median"),
    [((5,), 5), ((9, 4), 4), ((9, 4, 7), 7), ((9, 4, 7, 8), 7), ((3, 3, 10), 3), ((1, 2, 3, 4, 5), 3)],
)
async def test_the_lower_median_counts_and_all_scores_are_kept(scores: tuple[int, ...], median: int) -> None:
    found = await panel(*scores).grade(TASK)
    assert found.score == median
    assert found.receipt.scores == scores
    assert found.receipt.model == f"model-{median}"


async def test_the_receipt_is_the_sum_of_all() -> None:
    receipt = (await panel(5, 6, 7).grade(TASK)).receipt
    assert (receipt.input_tokens, receipt.output_tokens, receipt.cached_tokens, receipt.cost) == (300, 30, 120, 0.75)


async def test_a_score_that_its_quotes_dont_carry_is_no_vote() -> None:
    fooled = Says(10, quote="something else entirely")
    found = await Panel([fooled, Says(6), Says(8)]).grade(TASK)
    assert found.receipt.scores == (2, 6, 8)
    assert found.score == 6


async def test_the_rest_goes_on_when_at_least_half_answered() -> None:
    found = await panel(GraderAway("busy"), 4, spent(GraderError("too long")), 8).grade(TASK)
    assert found.receipt.scores == (4, 8)
    assert found.receipt.input_tokens == 207  # what was used in vain counts


async def test_with_fewer_than_half_the_panel_is_away() -> None:
    away = [GraderAway("busy", 30, "Raise the limit."), spent(GraderAway("down", 90, "Check the key."))]
    with pytest.raises(GraderAway) as found:
        await panel(*away, 7).grade(TASK)
    assert found.value.retry_after == 90
    assert found.value.notice == "Raise the limit. Check the key."
    assert found.value.spent
    assert found.value.spent.input_tokens == 107


async def test_when_none_ever_can_it_isnt_away() -> None:
    with pytest.raises(GraderError) as found:
        await panel(GraderError("too long"), GraderError("too long")).grade(TASK)
    assert not isinstance(found.value, GraderAway)


async def test_a_bug_in_a_member_isnt_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        await panel(5, ZeroDivisionError()).grade(TASK)


async def test_members_are_asked_once_each_and_closed() -> None:
    members = [Says(5), Says(6)]
    one = Panel(members)
    await one.grade(TASK)
    await one.close()
    assert [(member.asked, member.closed) for member in members] == [(1, True)] * 2
    with pytest.raises(ValueError, match="members"):
        Panel([])


# ---------------------------------------------------------------------------------------------- fallback


def both(first: int | Exception, second: int | Exception = 4) -> tuple[Grader, Says, Says, list[str]]:
    one, other, heard = Says(first), Says(second, name="embedded"), list[str]()
    return Fallback(one, other, heard.append), one, other, heard


async def test_the_second_isnt_asked_while_the_first_answers() -> None:
    grader, _, second, _ = both(8)
    found = await grader.grade(TASK)
    assert (found.score, found.receipt.fallback, second.asked) == (8, False, 0)


async def test_the_second_grades_while_the_first_is_away_and_the_receipt_says_so() -> None:
    grader, _, _, heard = both(spent(GraderAway("down", notice="Check the key.")))
    found = await grader.grade(TASK)
    assert (found.score, found.receipt.fallback, found.receipt.grader) == (4, True, "embedded")
    assert (found.receipt.input_tokens, found.receipt.cost) == (107, 0.75)
    assert heard == ["Check the key."]


async def test_what_passes_by_itself_isnt_told() -> None:
    grader, _, _, heard = both(GraderAway("busy", 3))
    await grader.grade(TASK)
    assert heard == []


async def test_what_will_never_do_isnt_given_to_the_second() -> None:
    grader, _, second, _ = both(GraderError("too long"))
    with pytest.raises(GraderError, match="too long"):
        await grader.grade(TASK)
    assert second.asked == 0


async def test_a_fallback_has_the_firsts_name_and_closes_both() -> None:
    grader, first, second, _ = both(8)
    assert grader.name == "llm"
    await grader.close()
    assert first.closed
    assert second.closed
