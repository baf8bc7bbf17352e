"""How well text is found."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.matching import Page, Prediction, match_page
from tests.drawing_ocr.labels import quadrilaterals, rectangle, region

Box = tuple[tuple[float, float], ...]


def page(truth: list[Box], predicted: list[Box], ignored: list[Box] | None = None) -> Page:
    regions = [region("1", box) for box in truth]
    regions += [region("1", box).model_copy(update={"ignore": True}) for box in ignored or []]
    return Page(regions, [Prediction(box) for box in predicted])


def turned(box: Box, angle: float) -> Box:
    """The box turned about its middle by degrees."""
    x, y = (sum(values) / 4 for values in zip(*box, strict=True))
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return tuple((x + c * (a - x) - s * (b - y), y + s * (a - x) + c * (b - y)) for a, b in box)


def test_precision_recall_and_hmean() -> None:
    found, missed, invented = rectangle(0, 0, 40, 10), rectangle(0, 50, 40, 10), rectangle(0, 90, 40, 10)
    metrics = evaluate_detection([page([found, missed], [found, invented]), page([found], [found])])
    assert (metrics.precision, metrics.recall, metrics.hmean) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


@pytest.mark.parametrize(("shift", "hit"), [(13, True), (14, False)])
def test_half_of_the_union_must_be_common(shift: float, hit: bool) -> None:
    # IoU of two boxes 40 wide, one shifted by s, is (40 − s) / (40 + s): 27/53 and 26/54.
    metrics = evaluate_detection([page([rectangle(0, 0, 40, 10)], [rectangle(shift, 0, 40, 10)])])
    assert metrics.hmean == (1 if hit else 0)


def test_boxes_are_compared_as_they_lie_not_by_their_upright_hulls() -> None:
    slanted = turned(rectangle(100, 100, 100, 10), 45)
    assert evaluate_detection([page([slanted], [turned(slanted, 90)])]).hmean == 0
    assert evaluate_detection([page([slanted], [slanted[2:] + slanted[:2]])]).hmean == 1


def test_two_predictions_for_one_label_are_one_hit() -> None:
    box = rectangle(0, 0, 40, 10)
    metrics = evaluate_detection([page([box], [rectangle(5, 0, 40, 10), box])])
    assert (metrics.precision, metrics.recall) == (0.5, 1)
    assert match_page(page([box], [rectangle(5, 0, 40, 10), box])).pairs == ((0, 1),)


def test_ignored_regions_and_what_is_found_in_them_do_not_count() -> None:
    box, smudge = rectangle(0, 0, 40, 10), rectangle(0, 50, 80, 30)
    inside, half_inside = rectangle(10, 55, 20, 10), rectangle(70, 50, 30, 10)
    metrics = evaluate_detection([page([box], [box, inside, smudge, half_inside], [smudge])])
    assert (metrics.precision, metrics.recall) == (0.5, 1)


def test_a_crossed_or_degenerate_prediction_is_only_a_miss() -> None:
    box = rectangle(0, 0, 40, 10)
    crossed = (box[0], box[2], box[1], box[3])
    flat = ((0.0, 0.0), (40.0, 0.0), (40.0, 0.0), (0.0, 0.0))
    metrics = evaluate_detection([page([box], [crossed, flat])])
    assert (metrics.precision, metrics.recall, metrics.hmean) == (0, 0, 0)


def test_nothing_measured_is_none_not_zero() -> None:
    metrics = evaluate_detection([page([], [])])
    assert (metrics.precision, metrics.recall, metrics.hmean) == (None, None, None)
    assert evaluate_detection([page([rectangle(0, 0, 9, 9)], [])]).recall == 0
    assert evaluate_detection([page([], [rectangle(0, 0, 9, 9)])]).precision == 0


@given(st.lists(quadrilaterals(), max_size=6), st.lists(quadrilaterals(), max_size=6))
def test_matches_are_one_to_one_and_overlap(truth: list[Box], predicted: list[Box]) -> None:
    match = match_page(page(truth, predicted))
    assert len({r for r, _ in match.pairs}) == len({p for _, p in match.pairs}) == len(match.pairs)
    assert match.regions == tuple(range(len(truth)))
    assert match.predictions == tuple(range(len(predicted)))


@given(st.lists(quadrilaterals(), min_size=1, max_size=6))
def test_the_labels_themselves_are_a_perfect_prediction(truth: list[Box]) -> None:
    # Labels may lie upon each other; each still has a prediction of its own.
    regions = [Region.model_validate({"points": box, "text": "1"}) for box in truth]
    assert evaluate_detection([Page(regions, [Prediction(box) for box in truth])]).hmean == 1
