"""Running text as paragraphs."""

from __future__ import annotations

from drawing_ocr.annotation import Category
from drawing_ocr.reading.structure.line import Line
from drawing_ocr.reading.structure.notes import notes_of
from tests.drawing_ocr.reading.structure.sheet import line


def text(words: str, left: float, top: float) -> Line:
    return line(words, left, top, category=Category.TEXT)


def test_numbered_notes_are_paragraphs_with_all_their_lines() -> None:
    found = notes_of(
        [
            text("NOTES:", 0, 0),
            text("1. Remove all burrs and break sharp edges", 0, 30),
            text("unless otherwise stated", 30, 60),
            text("2. Material as stated", 0, 90),
        ]
    )
    assert [(each.number, each.heading, each.text) for each in found] == [
        ("", True, "NOTES:"),
        ("1", False, "1. Remove all burrs and break sharp edges unless otherwise stated"),
        ("2", False, "2. Material as stated"),
    ]
    assert [each.members for each in found] == [(0,), (1, 2), (3,)]


def test_chinese_lines_go_on_without_a_space() -> None:
    found = notes_of([text("技术要求", 0, 0), text("1、未注倒角", 0, 30), text("去除毛刺", 40, 60)])
    assert [each.text for each in found] == ["技术要求", "1、未注倒角去除毛刺"]


def test_pieces_of_one_line_are_read_from_the_left() -> None:
    found = notes_of([text("burrs", 200, 31), text("1. Remove all", 0, 30), text("2. Paint", 0, 60)])
    assert found[0].text == "1. Remove all burrs"
    assert found[0].members == (1, 0)


def test_names_of_views_and_dimensions_are_no_notes() -> None:
    assert notes_of([text("SECTION A-A", 0, 0), line("120.5", 0, 400), text("Detail B", 600, 0)]) == []


def test_columns_beside_each_other_are_kept_apart() -> None:
    found = notes_of(
        [
            text("1. Paint black", 0, 0),
            text("2. Degrease", 0, 30),
            text("HINWEISE", 600, 0),
            text("1. Gratfrei", 600, 30),
        ]
    )
    assert {each.text for each in found} == {"1. Paint black", "2. Degrease", "HINWEISE", "1. Gratfrei"}
