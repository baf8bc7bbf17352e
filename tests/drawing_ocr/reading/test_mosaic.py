from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.reading.mosaic import lay_out

SIZES = st.lists(st.tuples(st.integers(1, 1700), st.integers(1, 1700)), max_size=40)


@given(SIZES)
def test_pieces_lie_inside_their_mosaic_and_none_on_another(sizes: list[tuple[int, int]]) -> None:
    layout = lay_out(sizes, multiple=32)
    assert len(layout.places) == len(sizes)
    boxes = []
    for (width, height), place in zip(sizes, layout.places, strict=True):
        wide, tall = layout.sizes[place.mosaic]
        assert place.left + width <= wide
        assert place.top + height <= tall
        boxes.append((place.mosaic, place.left, place.top, place.left + width, place.top + height))
    for one, other in combinations(boxes, 2):
        assert (
            one[0] != other[0] or one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        )
    assert all(side % 32 == 0 for size in layout.sizes for side in size)


def test_small_pieces_fill_few_mosaics() -> None:
    layout = lay_out([(150, 60)] * 100, multiple=32)
    assert len(layout.sizes) == 1
    assert sum(width * height for width, height in layout.sizes) < 1.5 * 100 * 150 * 60


def test_a_piece_larger_than_a_mosaic_has_one_as_large_as_it_is() -> None:
    layout = lay_out([(3000, 2000), (100, 50)], multiple=32)
    assert layout.sizes[layout.places[0].mosaic] == (3008, 2016)
