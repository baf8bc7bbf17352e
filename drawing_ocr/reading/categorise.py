"""The category of a text by what it says; simple rules, measured against the labels of the dataset."""

from __future__ import annotations

import re
from typing import Final

from drawing_ocr.annotation import Category
from drawing_ocr.text import SymbolClass, symbol_class

# ISO 129-1: an optional count, a sign of form, a number, a fit, tolerances; reference dimensions stand in brackets.
_NUMBER = r"\d{1,5}(?:[.,]\d{1,4})?|[.,]\d{1,4}"
_COUNT = r"(?:\d{1,3} ?[×-] ?)?"
_FORM = r"(?:S?⌀|S?R|SR|M|C|□|⌴|⌵|↧|Tr|G)? ?"
_FIT = r"(?: ?[A-Za-z]{1,2}\d{1,2}(?:/[a-z]{1,2}\d{1,2})?)?"
_DEVIATION = rf"(?:[±+-] ?(?:{_NUMBER})°?|0)"
_DIMENSION: Final = re.compile(
    rf"[(\[]?{_COUNT}{_FORM}(?:{_NUMBER})°?'?\"?(?:{_FIT})(?: ?× ?{_FORM}(?:{_NUMBER})°?)*(?: ?{_DEVIATION}){{0,2}}"
    rf"(?: ?(?:THRU|DEEP|通孔|深) ?(?:{_NUMBER})?| ?mm)?[)\]]?|{_DEVIATION}(?: {_DEVIATION})?",
)
_SYMBOLS: Final = frozenset({SymbolClass.GDT, SymbolClass.ROUGHNESS})


def category_of(text: str) -> Category:
    """The category of a canonical text: symbol, dimension or text.

    What stands in a table or a title block is not told from its words: those categories are not predicted yet.

    >>> [str(category_of(text)) for text in ("4×⌀6.6 +0.1", "Ra 3.2", "SECTION A-A", "+0,1", "M8×1.25")]
    ['dimension', 'symbol', 'text', 'dimension', 'dimension']
    """
    if symbol_class(text) & _SYMBOLS:
        return Category.SYMBOL
    return Category.DIMENSION if _DIMENSION.fullmatch(text) else Category.TEXT
