"""Each drawing's side is decided for the drawing alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.dataset.split import Split, drawing_id, position, split_drawings, split_of

names = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=30)


def test_a_drawing_is_its_file_name_in_whatever_batch() -> None:
    assert drawing_id("s3://b/labels/1/images/A-100.png") == drawing_id("/data/A-100.tiff") == "A-100"


@given(names, names, st.integers())
def test_adding_drawings_moves_no_old_one(old: list[str], new: list[str], seed: int) -> None:
    before = {name: split_of(name, val_ratio=0.3, seed=seed) for name in old}
    if set(before.values()) != set(Split):
        return  # one-sided by chance: see below
    after = split_drawings([*new, *old], val_ratio=0.3, seed=seed)
    assert {name: after[name] for name in old} == before


@given(names.filter(lambda each: len(each) >= 2), st.integers(), st.floats(0.01, 0.99))
def test_both_sides_are_filled_and_at_most_one_drawing_moves_for_it(
    drawings: list[str], seed: int, ratio: float
) -> None:
    alone = {name: split_of(name, val_ratio=ratio, seed=seed) for name in drawings}
    sides = split_drawings(drawings, val_ratio=ratio, seed=seed)
    assert set(sides.values()) == set(Split)
    assert sum(sides[name] is not alone[name] for name in drawings) == (len(set(alone.values())) == 1)


def test_the_share_is_kept_and_the_seed_decides() -> None:
    drawings = [f"drawing-{number}" for number in range(5000)]
    first = split_drawings(drawings, val_ratio=0.2, seed=1)
    assert sum(side is Split.VAL for side in first.values()) / 5000 == pytest.approx(0.2, abs=0.02)
    assert first == split_drawings(drawings[::-1], val_ratio=0.2, seed=1)
    assert first != split_drawings(drawings, val_ratio=0.2, seed=2)


def test_the_order_is_the_same_on_every_machine() -> None:
    # The first eight bytes of SHA-256 of "7\nA-100", as `printf '7\nA-100' | sha256sum` has them.
    assert position("A-100", 7) == 0xABF34BCA2AFE8D9B / 2**64


@pytest.mark.parametrize("ratio", [0, 1, -0.1, 1.5])
def test_a_ratio_that_empties_a_side_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_drawings(["a", "b"], val_ratio=ratio, seed=0)
