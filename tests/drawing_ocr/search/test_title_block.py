"""What a title block says: values in the cells of their captions, in one language or two."""

from __future__ import annotations

import datetime

from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.search.title_block import facts

# As the reader reads docs/images/sheet.png: text, left, top, right, bottom.
BILINGUAL = [
    ("设计/Drawn", 999, 884, 1063, 898),
    ("日期/Date", 1133, 884, 1187, 898),
    ("名称/Title", 1243, 884, 1296, 898),
    ("M. Schulz", 1002, 904, 1074, 918),
    ("2019/11/02", 1135, 904, 1214, 917),
    ("压板", 1367, 899, 1411, 922),
    ("日期/Date", 1133, 981, 1187, 995),
    ("图号/Drawing No.", 1242, 981, 1334, 994),
    ("23.02.2018", 1135, 1000, 1226, 1014),
    ("V_66.8", 1354, 996, 1424, 1014),
    ("材料/Material", 999, 1030, 1071, 1044),
    ("比例/Scale", 1159, 1029, 1219, 1043),
    ("版本/Rev.", 1413, 1030, 1464, 1044),
    ("张次/Sheet", 1481, 1029, 1532, 1042),
    ("AISI 304", 1001, 1049, 1069, 1063),
    ("1:5", 1161, 1049, 1186, 1063),
    ("D", 1416, 1048, 1427, 1062),
    ("2/2", 1482, 1047, 1511, 1064),
]


def reading(lines: list[tuple[str, int, int, int, int]], category: str = "title_block") -> ReadingResult:
    predictions = [
        {
            "box": [[left, top], [right, top], [right, bottom], [left, bottom]],
            "text": text,
            "confidence": 0.9,
            "category": category,
        }
        for text, left, top, right, bottom in lines
    ]
    document = {"predictions": predictions, "width": 1600, "height": 1130, "model": {"name": "reader"}}
    return ReadingResult.model_validate(document)


def test_values_are_found_in_the_cells_of_bilingual_captions() -> None:
    found = facts(reading(BILINGUAL))
    assert (found.number, found.title, found.material, found.revision) == ("V_66.8", "压板", "AISI 304", "D")
    assert found.date == datetime.date(2019, 11, 2)
    assert len(found.text) == len(BILINGUAL)


def test_values_stand_beside_their_captions_or_behind_a_colon_too() -> None:
    lines = [("Material", 0, 0, 60, 12), ("AlMg3", 90, 0, 130, 12), ("DWG NO: DX-4711", 0, 40, 120, 52)]
    found = facts(reading(lines))
    assert (found.material, found.number) == ("AlMg3", "DX-4711")


def test_an_empty_cell_has_no_value_of_its_neighbour() -> None:
    lines = [("Title", 0, 0, 30, 10), ("Material", 100, 0, 160, 10), ("C45", 102, 14, 130, 26)]
    found = facts(reading(lines))
    assert (found.title, found.material) == ("", "C45")


def test_the_main_dimension_is_the_greatest_length_and_no_thread_radius_or_angle() -> None:
    lines = [
        (text, 0, 20 * row, 50, 20 * row + 10) for row, text in enumerate(("⌀34,5", "M64", "R90", "117.8", "120°"))
    ]
    found = facts(reading(lines, "dimension"))
    assert found.size_mm == 117.8
    assert found.dimensions[0] == "⌀34,5"


def test_a_drawing_without_text_has_no_facts() -> None:
    found = facts(reading([]))
    assert (found.number, found.date, found.size_mm, found.text) == ("", None, None, ())
