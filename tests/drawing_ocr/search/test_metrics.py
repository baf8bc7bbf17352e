from __future__ import annotations

import numpy as np
import pytest

from drawing_ocr.search.metrics import evaluate


def test_average_precision_is_the_mean_of_the_precision_at_every_find() -> None:
    scores = np.array([[0.9, 0.8, 0.7, 0.6]])
    found = evaluate(scores, np.array([[True, False, True, False]]))
    assert found.mean_average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert (found.recall_at_1, found.recall_at_10) == (1.0, 1.0)


def test_equal_scores_count_against_the_searcher() -> None:
    found = evaluate(np.zeros((1, 4)), np.array([[True, False, False, False]]))
    assert found.mean_average_precision == pytest.approx(1 / 4)


def test_the_query_itself_is_left_out() -> None:
    scores = np.array([[-np.inf, 0.2, 0.1]])
    assert evaluate(scores, np.array([[True, False, True]])).mean_average_precision == pytest.approx(1 / 2)


def test_the_eleventh_is_no_find_at_10() -> None:
    relevant = np.zeros((1, 20), np.bool_)
    relevant[0, 10] = True
    found = evaluate(np.arange(20, 0, -1.0)[None], relevant)
    assert found.recall_at_10 == 0.0
    assert found.mean_average_precision == pytest.approx(1 / 11)


def test_a_query_with_nothing_to_be_found_is_refused() -> None:
    with pytest.raises(ValueError, match="query 1 has nothing to be found"):
        evaluate(np.ones((2, 2)), np.array([[True, False], [False, False]]))
