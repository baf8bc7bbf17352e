"""Feature control frames and surface texture."""

from __future__ import annotations

from random import Random

import pytest

from drawing_ocr.grammar.geometric import parse_geometric
from drawing_ocr.grammar.roughness import parse_roughness
from drawing_ocr.synthesis import text_source
from drawing_ocr.text import canonical


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("⌖ ⌀0.05Ⓜ A BⓂ C", ("⌖", "⌀0.05Ⓜ", "A", "BⓂ", "C")),
        ("⌖|⌀0.1|A-B", ("⌖", "⌀0.1", "A-B")),
        ("⊥0.02A", ("⊥", "0.02", "A")),
        ("⏥ 0,02/100", ("⏥", "0,02/100")),
        ("◯ 0.01", ("○", "0.01")),
    ],
)
def test_a_frame_is_read_cell_by_cell_however_its_cells_are_parted(text: str, cells: tuple[str, ...]) -> None:
    found = parse_geometric(text)
    assert found is not None
    assert found.cells == cells
    assert parse_geometric(str(found)) == found


def test_frames_of_drawn_sheets_are_understood() -> None:
    rng = Random(3)
    for _ in range(200):
        cells = [canonical(cell) for cell in text_source.frame_cells(rng, text_source.ISO)]
        found = parse_geometric(" ".join(cells))
        assert found is not None
        assert [cell.replace("◯", "○") for cell in cells] == list(found.cells)


@pytest.mark.parametrize("text", ["⌖", "A", "0.1 A", "⌖ A", "⊥ 0.1 A B C D", "12"])
def test_what_is_no_frame_is_none(text: str) -> None:
    assert parse_geometric(text) is None


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Ra3.2", "Ra 3.2"),
        ("√Rz 25 max", "Rz 25 max"),
        ("√0,8", "√0,8"),
        ("U Ra 1.6", "U Ra 1.6"),
        ("Rmax 6.3", "Rmax 6.3"),
    ],
)
def test_a_surface_texture_has_one_spelling(text: str, spelled: str) -> None:
    found = parse_roughness(text)
    assert found is not None
    assert str(found) == spelled
    assert parse_roughness(spelled) == found


@pytest.mark.parametrize("text", ["3.2", "R3.2", "U √3.2", "Ra", ""])
def test_what_names_no_parameter_and_has_no_sign_is_no_surface_texture(text: str) -> None:
    assert parse_roughness(text) is None
