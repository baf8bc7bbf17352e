"""The table of labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.csv import COLUMNS, csv_text, parse_csv
from tests.drawing_ocr.formats.examples import ANNOTATIONS, EXAMPLES
from tests.drawing_ocr.labels import annotations, readable_text

HEADING = ",".join(COLUMNS)
GOOD = "a.png,,100,80,1,2,31,2,31,12.5,1,12.5,⌀50,dimension,false"


@given(st.lists(annotations(readable_text), max_size=3, unique_by=lambda each: (each.image, each.version_id)))
def test_tables_round_trip_exactly(drawings: list[Annotation]) -> None:
    assert parse_csv(csv_text(drawings), where="labels.csv") == drawings


def test_the_example_is_what_is_written_and_read() -> None:
    content = (EXAMPLES / "labels.csv").read_bytes().decode()
    assert parse_csv(content, where="labels.csv") == ANNOTATIONS
    assert csv_text(ANNOTATIONS) == content


def test_a_table_saved_by_a_spreadsheet_is_read() -> None:
    row = GOOD.replace(",", ";").replace("12.5", "12,5")
    (drawing,) = parse_csv(f"\ufeff{HEADING.replace(',', ';')}\r\n{row}\r\n", where="x")
    assert drawing.regions[0].points[2] == (31.0, 12.5)
    (drawing,) = parse_csv(f"{HEADING}\n{GOOD.replace('false', 'FALSE')}\n\n", where="x")
    assert not drawing.regions[0].ignore


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "x.csv: the column image is missing"),
        ("image,width\na.png,3\n", "x.csv: the column height is missing"),
        (f"{HEADING}\na.png,,100\n", "x.csv line 2: 3 cells for 15 columns"),
        (f"{HEADING}\n{GOOD.replace(',31,12.5', ',far,12.5')}\n", "x.csv line 2: a corner is no number"),
        (f"{HEADING}\n{GOOD.replace(',31,12.5', ',nan,12.5')}\n", "x.csv line 2: points: degenerate polygon"),
        (f"{HEADING}\n{GOOD.replace('dimension', 'weld')}\n", "x.csv line 2: category: unknown category 'weld'"),
        (f"{HEADING}\n{GOOD.replace('false', 'perhaps')}\n", "x.csv line 2: ignore is 'perhaps'"),
        (f"{HEADING}\n{GOOD.replace('⌀50', '')}\n", "x.csv line 2: the text is empty"),
        (f"{HEADING}\n{GOOD}\n{GOOD.replace('100', '200')}\n", "x.csv line 3: a.png has another size"),
        (f"{HEADING}\n{GOOD.replace('100,80', '20,80')}\n", "x.csv: a.png: regions[0]"),
        (f"{HEADING}\n{GOOD.replace('100,80', 'wide,80')}\n", "x.csv: a.png: width"),
    ],
)
def test_a_broken_table_is_refused_by_its_line(content: str, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_csv(content, where="x.csv")
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)
