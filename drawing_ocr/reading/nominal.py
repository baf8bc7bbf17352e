"""The number that a dimension states: its nominal value, without count, sign of form, fit and tolerances.

Light: the standard library only.
"""

import re
from typing import Final

from drawing_ocr.annotation import Category

_NUMBER = r"(?:\d{1,5}(?:[.,]\d{1,4})?|[.,]\d{1,4})"
# A count is told from a product by what follows it: 4×⌀6.6 and 2-R5 are counted, 10×20 and 1×45° are not.
_COUNT = r"(?:\d{1,3} ?[×-] ?(?=S?⌀|S?R|SR|M|C|□|⌴|⌵|Tr|G))?"
_FORM = r"(?:[⌴⌵] ?)?(?:S?⌀|S?R|SR|M|C|□|⌴|⌵|↧|Tr|G)? ?"
_NOMINAL: Final = re.compile(rf"[(\[]?{_COUNT}{_FORM}(?P<number>{_NUMBER})(?!\d)(?P<rest>.*)", re.DOTALL)
_PRODUCT: Final = re.compile(rf" ?× ?{_NUMBER}(?![\d.,°])")
_THREAD: Final = re.compile(r"[(\[]?(?:\d{1,3} ?[×-] ?)?(?:M|Tr|G)")


def nominal(text: str, category: Category) -> float | None:
    """The nominal value of a dimension: millimetres, or degrees where a degree sign follows the number.

    Args:
        text: in canonical form.
        category: of the text; other texts than dimensions state no number.

    Returns:
        None where there is no single number: a deviation alone, two sides of a rectangle.

    >>> [nominal(text, Category.DIMENSION) for text in ("4×⌀6.6 +0.1", "M8×1.25", "1,5×45°", "45°", "+0.1", "10×20")]
    [6.6, 8.0, 1.5, 45.0, None, None]
    """
    if category is not Category.DIMENSION:
        return None
    found = _NOMINAL.fullmatch(text)
    if found is None or (_PRODUCT.match(found["rest"]) and not _THREAD.match(text)):
        return None
    return float(found["number"].replace(",", "."))
