"""Two embedders beside each other: whether they differ, what the gate says of it, and the page for people."""

from __future__ import annotations

import numpy as np
import pytest

from drawing_ocr.evaluation.retrieval import (
    RetrievalEvaluation,
    RetrievalMetrics,
    RetrievalTestSet,
    RetrievalThresholds,
    parse_evaluation,
)
from drawing_ocr.evaluation.retrieval_report import ComparedQuery, render_retrieval_report
from drawing_ocr.evaluation.retrieval_significance import compare_retrieval
from drawing_ocr.search.metrics import Ranked

QUERIES = 60


def ranked(ranks: list[int]) -> Ranked:
    """One drawing belongs to each query."""
    first = np.array(ranks)
    return Ranked(average_precision=1 / first, first_rank=first, top=np.zeros(len(ranks), np.int64))


def both(now: Ranked, then: Ranked) -> RetrievalTestSet:
    def metrics(found: Ranked) -> RetrievalMetrics:
        mean = found.mean()
        return RetrievalMetrics(
            queries=mean.queries,
            mean_average_precision=mean.mean_average_precision,
            recall_at_1=mean.recall_at_1,
            recall_at_10=mean.recall_at_10,
        )

    units = [f"drawing {number // 3}" for number in range(len(now.first_rank))]
    difference = compare_retrieval(units, now, then)
    return RetrievalTestSet(drawings=99, challenger=metrics(now), champion=metrics(then), difference=difference)


@pytest.fixture
def better() -> Ranked:
    """Three of four queries found first."""
    return ranked([1 if number % 4 else 5 for number in range(QUERIES)])


@pytest.fixture
def worse() -> Ranked:
    """Half of them."""
    return ranked([1 if number % 2 else 12 for number in range(QUERIES)])


def test_a_gain_of_many_drawings_is_told_from_chance(better: Ranked, worse: Ranked) -> None:
    units = [f"drawing {number // 3}" for number in range(QUERIES)]
    found = compare_retrieval(units, better, worse)
    assert found.drawings == QUERIES // 3
    assert found.recall_at_1.value == pytest.approx(0.25)
    assert found.recall_at_1.low < 0.25 < found.recall_at_1.high
    assert found.mean_average_precision.verdict == found.recall_at_10.verdict == "better"
    assert compare_retrieval(units, worse, better).mean_average_precision.verdict == "worse"
    assert compare_retrieval(units, better, better).mean_average_precision.verdict == "noise"


def test_queries_of_one_drawing_are_one_witness(better: Ranked, worse: Ranked) -> None:
    found = compare_retrieval(["the same"] * QUERIES, better, worse)
    assert (found.drawings, found.mean_average_precision.verdict) == (1, "noise")


def test_a_refusal_says_in_one_line_how_sure_it_is(better: Ranked, worse: Ranked) -> None:
    sets = {"own": both(worse, better), "families": both(worse, better)}
    evaluation = RetrievalEvaluation.judged("a/2", sets, RetrievalThresholds(accuracy=0.1))  # type: ignore[arg-type]
    gain, drop = evaluation.gate.reasons
    assert "95% interval of the difference" in gain
    assert "may be chance" not in gain
    assert drop.startswith("mAP on drawn families fell by")
    assert "\n" not in gain + drop
    assert parse_evaluation(evaluation.to_json().encode(), where="x") == evaluation


def test_the_page_shows_both_versions_and_the_queries_that_changed_and_trusts_no_name(
    better: Ranked, worse: Ranked
) -> None:
    sets = {"own": both(better, worse), "families": both(better, worse)}
    evaluation = RetrievalEvaluation.judged("a/2", sets, RetrievalThresholds())  # type: ignore[arg-type]
    lost = ComparedQuery("s3://b/<lost>.png", "turned", b"png", 7, 1, b"now", b"then")
    found = ComparedQuery("s3://b/found.png", "cropped", b"png", 1, 9, b"now", b"then")
    page = render_retrieval_report(evaluation, [found, lost])
    assert "Passed" in page
    assert "60 queries among 99 drawings" in page
    assert "better</td>" in page
    assert page.index("Found later than before: 1") < page.index("&lt;lost&gt;") < page.index("found.png")
    assert "<lost>" not in page
