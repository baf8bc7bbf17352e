"""Which canonical texts are dimensions, as drawings write them.

Light: the standard library only, so that it runs in a Lambda bundle. The annotator's page has the same pattern
(`python -m drawing_ocr.grammar.export` writes it there); a test holds both to it.
"""

import re
from typing import Final

from drawing_ocr.grammar.pattern import DIMENSION

_DIMENSION: Final = re.compile(DIMENSION)


def is_dimension(text: str) -> bool:
    """Whether a canonical text is a dimension: a size with what may stand before and behind it, or a deviation alone.

    What `drawing_ocr.grammar.parse` understands, and that with one of its brackets lost.

    >>> [is_dimension(text) for text in ("4×⌀6.6 ±0.1", "(41,5)", "45°30′", "M8×1-6H", "+0.1", "O50", "NOTES")]
    [True, True, True, True, True, False, False]
    """
    return _DIMENSION.fullmatch(text) is not None
