"""The grammar as one regular expression, in Python and on the annotator's page."""

from __future__ import annotations

import re
from pathlib import Path

from drawing_ocr.grammar.pattern import DIMENSION

PAGE = Path(__file__).resolve().parents[3] / "web" / "annotator" / "src" / "guideline" / "dimension.ts"
_CONSTANT = re.compile(r"const (?P<name>\w+) =\s+(?P<quote>[\"'`])(?P<body>.*)(?P=quote);")


def pattern_of_the_page() -> str:
    """The page's pattern, its template literals filled in."""
    values: dict[str, str] = {}
    for constant in _CONSTANT.finditer(PAGE.read_text("utf-8")):
        body = re.sub(r"\$\{(\w+)\}", lambda piece: values[piece[1]], constant["body"])
        # What was filled in is unescaped already: only the escapes that are written in this literal are taken off.
        values[constant["name"]] = re.sub(r"\\(?=[\\\"])", "", body) if "\\" in constant["body"] else body
    return values["DIMENSION"]


def test_the_page_of_the_annotator_has_the_same_pattern() -> None:
    assert pattern_of_the_page() == DIMENSION.replace('\\"', '"')
