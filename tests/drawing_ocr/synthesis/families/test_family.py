from __future__ import annotations

import cv2
import numpy as np

from drawing_ocr.synthesis.families.family import KINDS, draw_part
from drawing_ocr.synthesis.families.figure import Part
from drawing_ocr.synthesis.families.sheet import TURNED, UNDIMENSIONED, draw_family_sheet


def lines(part: Part) -> bytes:
    return b"".join(line.points.round(6).tobytes() for view in part.views for line in view.lines)


def test_a_part_is_decided_by_family_member_and_revision() -> None:
    assert lines(draw_part(7, 2, 1)) == lines(draw_part(7, 2, 1))


def test_members_and_revisions_of_a_family_are_all_different() -> None:
    drawn = [lines(draw_part(7, member, revision)) for member in range(4) for revision in range(3)]
    assert len(set(drawn)) == len(drawn)


def test_a_revision_moves_the_part_less_than_another_member_does() -> None:
    families = range(40)

    def change(member: int, revision: int) -> float:
        """How much of the longer side the extents of the main view change, over families."""
        changes = []
        for family in families:
            first, other = draw_part(family).views[0].bounds(), draw_part(family, member, revision).views[0].bounds()
            long = max(first[2] - first[0], first[3] - first[1])
            changes.append(np.abs(np.subtract(first, other)).max() / long)
        return float(np.mean(changes))

    assert 0 < change(0, 1) < 0.5 * change(1, 0)


def test_families_are_of_every_kind_and_no_view_is_empty() -> None:
    parts = [draw_part(family, family % 3) for family in range(120)]
    assert {part.kind for part in parts} == set(KINDS)
    for part in parts:
        for view in part.views:
            left, top, right, bottom = view.bounds()
            assert right > left
            assert bottom > top
            assert any(line.kind == "contour" for line in view.lines)


def test_a_sheet_is_decided_by_its_seed_and_differs_from_the_next() -> None:
    part = draw_part(3)
    first = draw_family_sheet(part, 1)
    np.testing.assert_array_equal(first, draw_family_sheet(part, 1))
    other = draw_family_sheet(part, 2)
    assert first.shape != other.shape or (first != other).any()


def test_a_turned_sheet_is_the_same_sheet_turned() -> None:
    part = draw_part(3)
    upright, turned = draw_family_sheet(part, 5), draw_family_sheet(part, 5, TURNED)
    assert any(np.array_equal(np.rot90(upright, quarters), turned) for quarters in (1, 2, 3))


def test_a_sheet_without_dimensions_has_less_ink() -> None:
    part = draw_part(3)
    inks = [cv2.countNonZero(np.asarray(draw_family_sheet(part, 8, how) < 128, np.uint8)) for how in (UNDIMENSIONED,)]
    dimensioned = [cv2.countNonZero(np.asarray(draw_family_sheet(part, 8) < 128, np.uint8))]
    assert inks < dimensioned
