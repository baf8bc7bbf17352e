"""Tests of drawing_ocr/search/fusion.py."""

from __future__ import annotations

import pytest

from drawing_ocr.search.document import RegionKind, RegionPlace
from drawing_ocr.search.fusion import fuse
from drawing_ocr.search.store import Hit
from tests.drawing_ocr.search.world import BOX, document, unit


def hits(ids: str, region: RegionPlace | None = None) -> list[Hit]:
    return [Hit(document(each, unit(1)).record(), 0.5, region) for each in ids]


def test_what_both_rankings_hold_comes_before_what_one_holds() -> None:
    fused = fuse({"picture": hits("abc"), "words": hits("xbz")})
    assert [each.hit.drawing_id for each in fused] == ["b", "a", "x", "c", "z"]
    assert fused[0].ranks == {"picture": 2, "words": 2}
    assert fused[0].score == pytest.approx(2 / 62)


def test_the_first_ranking_says_what_is_shown() -> None:
    place = RegionPlace(kind=RegionKind.VIEW, box=BOX)
    (fused,) = fuse({"picture": hits("a", place), "words": hits("a")})
    assert fused.hit.region == place


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse({"picture": [], "words": []}) == []
    assert [each.hit.drawing_id for each in fuse({"picture": [], "words": hits("ba")})] == ["b", "a"]
