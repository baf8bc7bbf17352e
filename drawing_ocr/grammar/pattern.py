"""The grammar as regular expressions: the pieces that the parser captures, and the whole that the annotator's page has.

ISO 129-1: an optional count, a sign of form, a number, a fit, tolerances, what the hole has besides; brackets around.
"""

from typing import Final

NUMBER: Final = r"(?:[0-9]{1,5}(?:[.,][0-9]{1,4})?|[.,][0-9]{1,4})"
_MINUTES = r"[0-9]{1,2}[′'](?:[0-9]{1,2}[″\"])?"
ARC: Final = rf"{NUMBER}°(?:{_MINUTES})?"
QUANTITY: Final = rf"(?:{ARC}|{_MINUTES}|{NUMBER})"

COUNT: Final = r"[0-9]{1,3} ?[×-] ?"
RECESS: Final = r"(?:[⌴⌵] ?)?"
FORM: Final = r"(?:(?:S?⌀|S?R|C|□|↧) ?)?"
INCH: Final = r"[\"″]?"

# ISO 286-1 leaves out the letters I, L, O, Q and W.
_ZONE = r"(?:[A-HJKMNPR-VX-Z]{1,2}|[a-hjkmnpr-vx-z]{1,2})(?:1[0-8]|[1-9])"
FIT: Final = rf"{_ZONE}(?:/{_ZONE})?"

_ZERO = r"0(?:[.,]0{1,4})?"
_SIGNED = rf"[+-] ?{QUANTITY}"
_APART = r"(?: | ?/ ?)"
_FROM_SIGN = rf"{_SIGNED}(?:{_APART}?{_SIGNED}|{_APART}{_ZERO})?"
_FROM_ZERO = rf"{_ZERO}{_APART}?{_SIGNED}"
DEVIATIONS: Final = rf"(?:{_FROM_SIGN}|{_FROM_ZERO})"
SYMMETRIC: Final = rf"± ?{QUANTITY}"
TOLERANCE: Final = rf"(?:{SYMMETRIC}|{DEVIATIONS})"
# Behind a number a zero stands apart; in brackets anything may stand.
BEHIND: Final = rf"(?: ?(?:{SYMMETRIC}|{_FROM_SIGN})| {_FROM_ZERO})"
IN_BRACKETS: Final = rf" ?\({TOLERANCE}\)"
_TOLERATED = rf"(?:{BEHIND}|{IN_BRACKETS})?"

# Two numbers of as many decimals are the limits of one size.
_D = "[0-9]{0,5}[.,][0-9]"
LIMIT_PAIR: Final = rf"(?:{_D}[ /]{_D}|{_D}{{2}}[ /]{_D}{{2}}|{_D}{{3}}[ /]{_D}{{3}}|{_D}{{4}}[ /]{_D}{{4}})"
_DIAMETERS = rf"{_D}[ /]⌀ ?{_D}|{_D}{{2}}[ /]⌀ ?{_D}{{2}}|{_D}{{3}}[ /]⌀ ?{_D}{{3}}|{_D}{{4}}[ /]⌀ ?{_D}{{4}}"
_RADII = rf"{_D}[ /]R ?{_D}|{_D}{{2}}[ /]R ?{_D}{{2}}|{_D}{{3}}[ /]R ?{_D}{{3}}|{_D}{{4}}[ /]R ?{_D}{{4}}"
SIGNED_PAIR: Final = rf"(?:⌀ ?(?:{_DIAMETERS})|R ?(?:{_RADII}))"
LIMITS: Final = rf"(?:{FORM}{LIMIT_PAIR}|{SIGNED_PAIR})"
LENGTH: Final = rf"{RECESS}{FORM}{NUMBER}{INCH}(?: ?{FIT})?{_TOLERATED}"
ANGLE: Final = rf"{ARC}{_TOLERATED}"

LEFT: Final = r"(?:[ -]?LH)?"
# ISO 965-1: 6H, 5g6g, 6H/6g
METRIC_CLASS: Final = r"[3-9][A-Za-z](?:[3-9][A-Za-z])?(?:/[3-9][A-Za-z](?:[3-9][A-Za-z])?)?"
METRIC: Final = rf"(?:M|Tr) ?{NUMBER}(?: ?× ?{NUMBER})?(?:-{METRIC_CLASS})?{LEFT}"
INCHES: Final = r"(?:[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2})"
FRACTION: Final = r"(?:[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2})"
PIPE: Final = rf"(?:(?:G|Rc|Rp) ?{INCHES}|R ?{FRACTION})(?: ?[AB])?{LEFT}"
SERIES: Final = r"(?:UNJF|UNJC|UNEF|UNC|UNF|UNS|UNR|UN|NPTF|NPT|BSW|BSF)"
UNIFIED: Final = rf"#?{INCHES}(?:-[0-9]{{1,2}})? ?{SERIES}(?:-[123][AB])?{LEFT}"
THREAD: Final = rf"(?:{METRIC}|{PIPE}|{UNIFIED})"

WORD: Final = r"(?:THRU ALL|THRU|DEEP|TYP|EQS|EQ SP|REF|BSC|BASIC|MAX|MIN|通孔|贯穿|均布|典型|深)"
# Envelope requirement (ISO 14405-1), free state (ISO 10579); others stand in tolerance frames only.
MODIFIER: Final = "[ⒺⒻ]"
_REMARK = rf" ?(?:{WORD}(?: ?{NUMBER})?|{MODIFIER})"
# What may follow by a space has a sign of its own.
_SIGNED_LENGTH = rf"(?:[⌴⌵] ?{FORM}|↧ ?){NUMBER}{INCH}(?: ?{FIT})?{_TOLERATED}"
# The same size in the other unit: 25.4 [1.000]
DUAL: Final = rf"(?:\[{FORM}{NUMBER}\]|\({FORM}{NUMBER}\))"
_ELEMENT = rf"(?:{THREAD}|{LIMITS}|{ANGLE}|{LENGTH})"
_CHAIN = rf"{_ELEMENT}(?: ?× ?{_ELEMENT}| ?{_SIGNED_LENGTH}|{_REMARK}| ?{DUAL})*"

# A bracket may be missing: it is thin, and a reader may lose it.
DIMENSION: Final = rf"[(\[]?(?:{COUNT})?{_CHAIN}(?: ?mm)?[)\]]?|{TOLERANCE}"
