"""Old drawings in a fixed seeded order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.replay import replay_lines, replay_order
from drawing_ocr.dataset.split import Split, drawing_id, split_of


def page(number: int, batch: str = "old", width: int = 10) -> Annotation:
    return Annotation(image=f"s3://b/labels/{batch}/images/page-{number}.png", version_id="v", width=width, height=10)


OLD = [page(number) for number in range(40)]


def order(old: list[Annotation], new: list[Annotation], seed: int = 3) -> list[Annotation]:
    return replay_order(old, new, val_ratio=0.2, seed=seed)


@pytest.mark.parametrize(
    ("new", "ratio", "old"), [(70, 0.3, 30), (700, 0.3, 300), (100, 0.5, 100), (10, 0, 0), (0, 0.3, 0)]
)
def test_the_share_is_of_the_mix(new: int, ratio: float, old: int) -> None:
    assert replay_lines(new, ratio) == old


@pytest.mark.parametrize("ratio", [-0.1, 1.0, 1.5, float("nan")])
def test_an_impossible_share_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="not a share"):
        replay_lines(10, ratio)


@given(st.randoms(use_true_random=False))
def test_the_mix_does_not_depend_on_how_the_manifests_are_listed(shuffle: random.Random) -> None:
    shuffled = OLD[:]
    shuffle.shuffle(shuffled)
    assert order(shuffled, []) == order(OLD, [])


def test_another_seed_draws_another_mix() -> None:
    assert order(OLD, [], seed=3) != order(OLD, [], seed=4)


def test_more_old_data_keeps_the_order_of_what_was_there() -> None:
    before = order(OLD, [])
    later = order(OLD + [page(number) for number in range(40, 60)], [])
    assert [each for each in later if each in before] == before


def test_no_drawing_of_the_validation_side_is_replayed() -> None:
    drawn = {drawing_id(each.image) for each in order(OLD, [])}
    sides = {drawing_id(each.image): split_of(drawing_id(each.image), val_ratio=0.2, seed=3) for each in OLD}
    assert drawn == {drawing for drawing, side in sides.items() if side is Split.TRAIN}
    assert len(drawn) < len(OLD)


def test_a_picture_of_the_new_batch_is_not_replayed_but_another_of_the_same_name_is() -> None:
    first = order(OLD, [])[0]
    assert first not in order(OLD, [first])
    namesake = first.model_copy(update={"image": first.image.replace("/old/", "/new/")})
    assert first in order(OLD, [namesake])


def test_the_last_labels_of_a_picture_count() -> None:
    relabelled = [page(number, width=20) for number in range(40)]
    assert {each.width for each in order(OLD + relabelled, [])} == {20}
