"""Which canonical texts are dimensions, as drawings write them.

Light: the standard library only, so that it runs in a Lambda bundle. The annotator's page has the same grammar; the
cases of tests/drawing_ocr/labelling/guideline_cases.json hold both to it.
"""

import re
from typing import Final

# ISO 129-1: an optional count, a sign of form, a number, a fit, tolerances; reference dimensions stand in brackets.
_NUMBER = r"(?:[0-9]{1,5}(?:[.,][0-9]{1,4})?|[.,][0-9]{1,4})"
_COUNT = r"(?:[0-9]{1,3} ?[×-] ?)?"
_FORM = r"(?:[⌴⌵] ?)?(?:S?⌀|S?R|M|C|□|↧|Tr|G)? ?"
_UNIT = r"(?:°(?:[0-9]{1,2}[′'](?:[0-9]{1,2}[″\"])?)?)?'?\"?"
# ISO 286 (25 H7/g6; it leaves out I, L, O, Q and W) and ISO 965 (M8-6H, M8×1 LH)
_ZONE = r"(?:[A-HJKMNPR-VX-Z]{1,2}|[a-hjkmnpr-vx-z]{1,2})(?:1[0-8]|[1-9])"
_FIT = rf"(?: ?{_ZONE}(?:/{_ZONE})?|-[0-9][A-Za-z]{{1,2}}(?:[0-9][A-Za-z])?)?(?: ?LH)?"
_SIGNED = rf"[±+-] ?{_NUMBER}°?"
_DEVIATIONS = rf"(?:{_SIGNED}(?: ?(?:{_SIGNED}|0))?|0 ?{_SIGNED})"
_DIMENSION: Final = re.compile(
    rf"[(\[]?{_COUNT}{_FORM}{_NUMBER}{_UNIT}{_FIT}(?: ?[×↧] ?{_FORM}{_NUMBER}°?{_FIT})*(?: ?{_DEVIATIONS})?"
    rf"(?: ?(?:THRU|DEEP|通孔|深) ?{_NUMBER}?| ?mm)?[)\]]?|{_DEVIATIONS}"
)


def is_dimension(text: str) -> bool:
    """Whether a canonical text is a dimension: a size with what may stand before and behind it, or a deviation alone.

    >>> [is_dimension(text) for text in ("4×⌀6.6 ±0.1", "(41,5)", "45°30′", "M8×1-6H", "+0.1", "O50", "NOTES")]
    [True, True, True, True, True, False, False]
    """
    return _DIMENSION.fullmatch(text) is not None
