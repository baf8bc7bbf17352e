"""Tests of drawing_ocr/search/groups.py."""

from __future__ import annotations

from drawing_ocr.search.groups import grouped
from drawing_ocr.search.store import Hit
from tests.drawing_ocr.search.world import document, unit


def hit(drawing_id: str, **known: object) -> Hit:
    return Hit(document(drawing_id, unit(1), **known).record(), 0.5, None)


def test_revisions_and_copies_stand_behind_the_best_hit_of_their_part() -> None:
    hits = [
        hit("b", number="DX-1", revision="B"),
        hit("other", number="DX-2"),
        hit("a", number="dx-1", revision="A"),
        hit("copy of b", number="DX-1", revision="b"),
    ]
    first, second = grouped(hits)
    assert (first.hit, first.revisions, first.duplicates) == (hits[0], (hits[2],), (hits[3],))
    assert (second.hit, second.revisions, second.duplicates) == (hits[1], (), ())


def test_equal_files_are_copies_whatever_was_read_on_them() -> None:
    hits = [hit("a", sha256="0" * 64), hit("b", sha256="0" * 64, number="DX-9"), hit("c", sha256="1" * 64)]
    first, second = grouped(hits)
    assert first.duplicates == (hits[1],)
    assert second.hit == hits[2]


def test_drawings_without_number_and_file_are_never_grouped() -> None:
    assert len(grouped([hit("a"), hit("b"), hit("c")])) == 3
