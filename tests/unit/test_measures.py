"""The measures of agreement, against values worked out by hand, and where they aren't defined."""

from __future__ import annotations

import math

import pytest

from bot import measures


def test_pearson_is_the_linear_correlation() -> None:
    assert measures.pearson([1, 2, 3], [2, 4, 6]) == pytest.approx(1.0)
    assert measures.pearson([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert measures.pearson([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)  # 4 / sqrt(5 * 5)


def test_spearman_looks_at_the_order_only_and_lets_ties_share_their_rank() -> None:
    assert measures.spearman([1, 2, 3, 4], [1, 10, 100, 1000]) == pytest.approx(1.0)
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    assert measures.spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(math.sqrt(0.9))


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert measures.ranks([5, 1, 5, 5]) == [3.0, 1.0, 3.0, 3.0]


def test_rmse_is_in_the_unit_of_the_numbers() -> None:
    assert measures.rmse([1, 2, 3], [1, 2, 3]) == 0.0
    assert measures.rmse([0, 0], [3, 4]) == pytest.approx(math.sqrt(12.5))


def test_quadratic_kappa_punishes_far_misses_more() -> None:
    assert measures.quadratic_kappa([1, 5, 10], [1, 5, 10]) == pytest.approx(1.0)
    # The squared differences make 1; all nine pairs of a left and a right score make 15, so by chance 15 / 3 = 5.
    assert measures.quadratic_kappa([1, 2, 3], [1, 3, 3]) == pytest.approx(1 - 1 / 5)
    assert measures.quadratic_kappa([1, 10], [10, 1]) == pytest.approx(-1.0)


def test_auc_is_the_chance_that_a_right_one_stands_above() -> None:
    assert measures.auc([1, 2, 3, 4], [False, False, True, True]) == 1.0
    assert measures.auc([4, 3, 2, 1], [False, False, True, True]) == 0.0
    assert measures.auc([1, 2, 2, 3], [False, True, False, True]) == pytest.approx(3.5 / 4)
    assert measures.auc([7, 7, 7], [True, False, True]) == 0.5


@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [1]), ([3, 3, 3], [1, 2, 3]), ([0.1, 0.1, 0.1], [1, 2, 3])])
def test_what_has_no_spread_has_no_correlation_rather_than_nan(a: list[float], b: list[float]) -> None:
    assert measures.pearson(a, b) is None
    assert measures.pearson(b, a) is None
    assert measures.spearman(a, b) is None


def test_without_rows_nothing_is_claimed() -> None:
    assert measures.rmse([], []) is None
    assert measures.quadratic_kappa([], []) is None
    assert measures.auc([], []) is None
    assert measures.quantile([], 0.95) is None
    assert measures.mean([]) is None


def test_kappa_of_one_score_only_and_auc_of_one_class_only_are_undefined() -> None:
    assert measures.quadratic_kappa([4, 4], [4, 4]) is None
    assert measures.auc([1, 2], [True, True]) is None


def test_a_correlation_never_leaves_its_range() -> None:
    tiny = [1e-9 * i for i in range(50)]
    found = measures.pearson(tiny, [1e9 * value for value in tiny])
    assert found is not None
    assert -1.0 <= found <= 1.0


def test_sequences_of_different_lengths_are_refused() -> None:
    for measure in (measures.pearson, measures.spearman, measures.rmse):
        with pytest.raises(ValueError, match="can't be compared"):
            measure([1.0, 2.0], [1.0])


def test_a_score_off_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        measures.quadratic_kappa([0], [1])


def test_quantiles_lie_between_neighbours_in_proportion() -> None:
    assert measures.quantile([3, 1, 2], 0.5) == 2
    assert measures.quantile([0, 10], 0.95) == pytest.approx(9.5)
    assert measures.quantile([7], 0.95) == 7


def test_grades_and_scores_translate() -> None:
    assert [measures.as_score(grade) for grade in (0.0, 0.5, 1.0)] == [1, 6, 10]
    assert measures.as_grade(10) == 1.0
    assert measures.as_grade(1) == 0.0
