from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.training.augmentation import augment


@given(height=st.integers(4, 120), width=st.integers(4, 400), seed=st.integers(0, 2**31))
def test_any_line_gives_a_picture_of_bytes_that_is_not_empty(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    kept = pixels.copy()
    changed = augment(pixels, np.random.default_rng(seed))
    assert changed.dtype == np.uint8
    assert changed.ndim == 3
    assert changed.shape[2] == 3
    assert min(changed.shape) > 0
    assert np.array_equal(pixels, kept)


def test_the_generator_alone_decides_the_changes() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 120, 3), np.uint8)
    pairs = [(augment(pixels, np.random.default_rng(s)), augment(pixels, np.random.default_rng(s))) for s in range(20)]
    assert all(np.array_equal(left, right) for left, right in pairs)
    assert len({left.tobytes() for left, _ in pairs}) > 10
