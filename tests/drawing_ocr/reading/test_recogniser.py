from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.reading.recogniser import HEIGHT, MAX_WIDTH, MIN_WIDTH, WIDTH_STEP, Recogniser


class Steps:
    """In place of a network: says the same steps for every crop and remembers what it was given."""

    def __init__(self, classes: list[int], probability: float = 0.9) -> None:
        self.batches: list[np.ndarray] = []
        self._output = np.full((len(classes), 5), (1 - probability) / 4, np.float32)
        self._output[np.arange(len(classes)), classes] = probability

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.batches.append(images)
        return np.repeat(self._output[None], len(images), axis=0)


def recogniser(network: Any, **options: int) -> Recogniser:
    return Recogniser(network, ["a", "b", "c"], **options)


@pytest.mark.parametrize(
    ("classes", "text"),
    [([0, 1, 1, 0, 1, 2], "aab"), ([3, 3, 3], "c"), ([1, 4, 2], "a b"), ([0, 0], "")],
)
def test_repetitions_and_blanks_are_dropped_and_the_last_class_is_space(classes: list[int], text: str) -> None:
    (line,) = recogniser(Steps(classes)).read([np.zeros((10, 20, 3), np.uint8)])
    assert line.text == text


def test_confidence_is_the_mean_of_the_characters_and_zero_for_nothing() -> None:
    crop = np.zeros((10, 20, 3), np.uint8)
    assert recogniser(Steps([1, 0, 2], 0.8)).read([crop])[0].confidence == pytest.approx(0.8)
    assert recogniser(Steps([0, 0], 0.8)).read([crop])[0].confidence == 0


def test_what_drawings_write_is_read_where_the_network_doubts_and_its_own_reading_is_kept_as_raw() -> None:
    steps = np.full((4, 6), 0.01, np.float32)
    steps[0, [1, 4]] = 0.6, 0.36  # 0 or ⌀
    steps[1, 2] = steps[2, 0] = steps[3, 3] = 0.96  # 4, blank, 2
    reader = Recogniser(lambda images: np.repeat(steps[None], len(images), axis=0), ["0", "4", "2", "⌀"])
    (line,) = reader.read([np.zeros((10, 20, 3), np.uint8)])
    assert (line.text, line.raw) == ("⌀42", "042")
    assert line.confidence == pytest.approx((0.6 + 0.96 + 0.96) / 3)


def test_a_line_that_the_network_is_sure_of_has_no_raw_reading() -> None:
    (line,) = recogniser(Steps([1, 0, 2], 0.95)).read([np.zeros((10, 20, 3), np.uint8)])
    assert (line.text, line.raw) == ("ab", None)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 600)), max_size=20), st.integers(1, 7))
def test_crops_of_every_size_are_read_in_batches_of_one_shape(sizes: list[tuple[int, int]], batch: int) -> None:
    network = Steps([1])
    lines = recogniser(network, batch=batch).read([np.zeros((*size, 3), np.uint8) for size in sizes])
    assert len(lines) == len(sizes)
    assert sum(len(images) for images in network.batches) == len(sizes)
    for images in network.batches:
        assert len(images) <= batch
        assert images.shape[1:3] == (3, HEIGHT)
        assert MIN_WIDTH <= images.shape[3] <= MAX_WIDTH
        assert images.shape[3] % WIDTH_STEP == 0


def test_answers_come_in_the_order_of_the_crops() -> None:
    class Brightness:
        def __call__(self, images: np.ndarray) -> np.ndarray:
            classes = [1 if image[0, 0, 0] > 0 else 2 for image in images]
            return np.eye(5, dtype=np.float32)[classes][:, None]

    crops = [np.full((10, width, 3), value, np.uint8) for width, value in ((90, 255), (20, 0), (50, 255), (10, 0))]
    assert [line.text for line in recogniser(Brightness(), batch=2).read(crops)] == ["a", "b", "a", "b"]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 600)), min_size=1, max_size=9), st.integers(1, 7))
def test_what_the_network_sees_of_a_crop_does_not_depend_on_the_other_crops(
    sizes: list[tuple[int, int]], batch: int
) -> None:
    crops = [np.full((*size, 3), 9 * number, np.uint8) for number, size in enumerate(sizes)]
    alone, together = Steps([1]), Steps([1])
    for crop in crops:
        recogniser(alone).read([crop])
    recogniser(together, batch=batch).read(crops)
    seen = sorted(image.tobytes() for images in together.batches for image in images)
    assert seen == sorted(image.tobytes() for images in alone.batches for image in images)


def test_short_crops_are_padded_with_the_middle_of_the_scale() -> None:
    network = Steps([1])
    recogniser(network).read([np.full((HEIGHT, 100, 3), 255, np.uint8)])
    (images,) = network.batches
    assert images[0, :, :, :100].min() == 1.0
    assert np.abs(images[0, :, :, 100:]).max() == 0.0
