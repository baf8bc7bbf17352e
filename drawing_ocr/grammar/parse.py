"""Text to meaning: what a canonical text says as a dimension, with every other way to take it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from drawing_ocr.grammar import pattern
from drawing_ocr.grammar.forms import (
    Angle,
    Bracket,
    Deviations,
    Dimension,
    Dual,
    Element,
    Fit,
    Form,
    Length,
    Limits,
    Part,
    Recess,
    Remark,
    Symmetric,
    Thread,
    Tolerance,
)
from drawing_ocr.grammar.quantity import Arc, Deviation, Number, Quantity


@dataclass(frozen=True, slots=True)
class Parse:
    """What a text says.

    Attributes:
        dimension: the likeliest meaning; a tolerance where the text is one that stands alone.
        alternatives: the others, the likelier first: 2×45° is a chamfer, or two angles.
    """

    dimension: Dimension | Tolerance
    alternatives: tuple[Dimension, ...] = ()

    @property
    def text(self) -> str:
        """The canonical spelling, which parses to the same."""
        return str(self.dimension)


def parse(text: str) -> Parse | None:
    """The meaning of a canonical text; None where it is no dimension.

    >>> str(parse("4x⌀6.6H7".replace("x", "×")).dimension)
    '4×⌀6.6 H7'
    >>> [str(each) for each in (parse("(R12,5)").text, parse("10 -0.2/+0.1").text, parse("SECTION A-A"))]
    ['(R12,5)', '10 +0.1 -0.2', 'None']
    """
    if (tolerance := parse_tolerance(text)) is not None:
        return Parse(tolerance)
    found = sorted(dict.fromkeys(_dimensions(text)), key=_unlikelihood)
    likely = [each for each in found if _oddities(each) == _oddities(found[0])]
    return Parse(likely[0], tuple(likely[1:])) if likely else None


def parse_tolerance(text: str) -> Tolerance | None:
    """The tolerance that a text alone says: ±0.1, +0.1, +0.1 -0.2, 0 -0.2."""
    if match := _SYMMETRIC.fullmatch(text):
        return Symmetric(_quantity(match[1]))
    if not _DEVIATIONS.fullmatch(text):
        return None
    signed = [Deviation(match[1], _quantity(match[2])) for match in _DEVIATION.finditer(text)]
    if len(signed) == 1:
        return Deviations(signed[0], None) if signed[0].sign == "+" else Deviations(None, signed[0])
    upper, lower = sorted(signed, key=lambda each: each.value, reverse=True)
    return Deviations(upper, lower)


def parse_fit(text: str) -> Fit | None:
    """The fit that a text alone says: H7, g6, H7/g6."""
    return Fit(*text.split("/")) if _FIT.fullmatch(text) else None


def parse_count(text: str) -> int | None:
    """The count that a text alone says: 4×, 2-."""
    match = _COUNT_ALONE.fullmatch(text)
    return int(match[1]) if match else None


def _dimensions(text: str) -> Iterator[Dimension]:
    bracket = next((each for each in (Bracket.REFERENCE, Bracket.BASIC) if _in_bracket(text, each)), Bracket.NONE)
    body = text[1:-1] if bracket else text
    if millimetres := body.endswith("mm"):
        body = body[:-2].removesuffix(" ")
    for parts in _chains(body):
        yield Dimension(parts, bracket=bracket, millimetres=millimetres)
    if counted := _COUNT.match(body):
        for parts in _chains(body[counted.end() :]):
            sign = "×" if parts[0].element.has_sign else counted[2]
            yield Dimension(parts, int(counted[1]), sign, bracket, millimetres)


def _in_bracket(text: str, bracket: Bracket) -> bool:
    return len(text) > 2 and text[0] == bracket.value[0] and text[-1] == bracket.value[1]


def _chains(text: str) -> Iterator[tuple[Part, ...]]:
    """Every way to take a text as elements that follow one another."""
    for element, end in _elements(text, 0, _FIRST):
        yield from _continued(text, end, (Part("", element),))


def _continued(text: str, start: int, parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    if start == len(text):
        yield parts
        return
    if times := _TIMES.match(text, start):
        for element, end in _elements(text, times.end(), _FIRST):
            yield from _continued(text, end, (*parts, Part("×", element)))
    start += text.startswith(" ", start)
    for element, end in _elements(text, start, _FURTHER):
        joint = "" if _is_modifier(element) else " "
        yield from _continued(text, end, (*parts, Part(joint, element)))


_Reader = Callable[[re.Match[str]], Element]


def _elements(
    text: str, start: int, kinds: tuple[tuple[re.Pattern[str], _Reader], ...]
) -> Iterator[tuple[Element, int]]:
    """Elements that begin at a place, each with its end; of one kind the longest, and every shorter one."""
    for form, read in kinds:
        end = len(text)
        while match := form.match(text, start, end):
            yield read(match), match.end()
            end = match.end() - 1
            if end <= start:
                break


def _unlikelihood(dimension: Dimension) -> tuple[int, int]:
    """Least for the likeliest. What has a sign is counted, not multiplied: 2×⌀5 is no product, 10×20 and 1×45° are."""
    return _oddities(dimension), int(dimension.count is not None)


def _oddities(dimension: Dimension) -> int:
    odd = 0
    for before, part in zip(dimension.parts, dimension.parts[1:], strict=False):
        if part.joint == "×":
            odd += part.element.has_sign and not before.element.has_sign
            odd += isinstance(before.element, Angle)
            odd += isinstance(part.element, Thread | Limits)
            odd += (
                isinstance(before.element, Thread)
                and before.element.pitch is None
                and _is_pitch(part.element, before.element)
            )
    odd += sum(_is_a_count(part.element) for part in dimension.parts)
    odd += sum(part.joint == "×" for part in dimension.parts) > 2
    odd += sum(isinstance(part.element, Thread) and _is_odd_thread(part.element) for part in dimension.parts)
    # 2×1×45° is two chamfers.
    last = dimension.parts[-1].element
    odd += isinstance(last, Angle) and sum(part.joint == "×" for part in dimension.parts) > 1
    return int(odd)


def _is_modifier(element: Element) -> bool:
    """Such signs stand close behind what they are about: ⌀25±0.1Ⓔ."""
    return isinstance(element, Remark) and _MODIFIER.fullmatch(element.word) is not None


def _is_a_count(element: Element) -> bool:
    """4-10 is four of ten, not 4 with a deviation of -10."""
    if not isinstance(element, Length) or element.has_sign or not isinstance(element.tolerance, Deviations):
        return False
    upper, lower = element.tolerance.upper, element.tolerance.lower
    if upper is not None or lower is None or not isinstance(lower.size, Number):
        return False
    return lower.sign == "-" and not (lower.size.decimals or element.number.decimals)


def _is_odd_thread(thread: Thread) -> bool:
    """M8×25 is a screw 25 long; 32 UNF is the end of 10-32 UNF."""
    if thread.in_inches:
        return thread.pitch is None and thread.size.isdecimal() and thread.standard.startswith("UN")
    return thread.pitch is not None and not _fits(thread.pitch, thread)


def _is_pitch(element: Element, thread: Thread) -> bool:
    return isinstance(element, Length) and not thread.in_inches and _fits(element.number, thread)


def _fits(pitch: Number, thread: Thread) -> bool:
    """Whether a number can be the pitch of a metric thread: ISO 261 has none above a third of the diameter."""
    return 2 * pitch.value <= Number(thread.size).value


def _number(text: str) -> Number:
    return Number(text.strip())


def _quantity(text: str) -> Quantity:
    return _number(text) if _NUMBER.fullmatch(text) else _arc(text)


def _arc(text: str) -> Arc:
    match = _ARC.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no angle")
    degrees, minutes, seconds = match.groups()
    return Arc(
        Number(degrees) if degrees else None, int(minutes) if minutes else None, int(seconds) if seconds else None
    )


def _length(match: re.Match[str]) -> Length:
    return Length(
        Number(match["number"]),
        Form(match["form"] or ""),
        Recess(match["recess"] or ""),
        bool(match["inch"]),
        parse_fit(match["fit"]) if match["fit"] else None,
        _tolerance(match["tolerance"]),
    )


def _tolerance(text: str | None) -> Tolerance | None:
    """What stands behind a number, in brackets or not."""
    return parse_tolerance(text.strip(" ()")) if text else None


def _limits(match: re.Match[str]) -> Limits:
    return _pair(match["limits"], Form(match["form"] or ""))


def _signed_pair(match: re.Match[str]) -> Limits:
    """Limits that have the sign both: ⌀8.20 ⌀8.00."""
    return _pair(match[0], Form(match[0][0]))


def _pair(text: str, form: Form) -> Limits:
    numbers = [Number(each) for each in _NUMBER.findall(text)]
    upper, lower = sorted(numbers, key=lambda each: each.value, reverse=True)
    return Limits(upper, lower, form)


def _angle(match: re.Match[str]) -> Angle:
    return Angle(_arc(match["arc"]), _tolerance(match["tolerance"]))


def _metric(match: re.Match[str]) -> Thread:
    pitch = Number(match["pitch"]) if match["pitch"] else None
    return Thread(match["standard"], match["size"], pitch, match["class"] or "", bool(match["left"]))


def _pipe(match: re.Match[str]) -> Thread:
    standard, size = (match["g"], match["size"]) if match["g"] else ("R", match["r_size"])
    return Thread(standard, size.strip(), None, match["class"] or "", bool(match["left"]))


def _unified(match: re.Match[str]) -> Thread:
    pitch = Number(match["pitch"]) if match["pitch"] else None
    return Thread(match["standard"], match["size"], pitch, match["class"] or "", bool(match["left"]))


def _dual(match: re.Match[str]) -> Dual:
    bracket = Bracket.BASIC if match[0].startswith("[") else Bracket.REFERENCE
    return Dual(Number(match["number"]), Form(match["form"] or ""), bracket)


def _modifier(match: re.Match[str]) -> Remark:
    return Remark(match[0])


def _remark(match: re.Match[str]) -> Remark:
    return Remark(match["word"], Number(match["number"]) if match["number"] else None)


_NUMBER: Final = re.compile(pattern.NUMBER)
_ARC: Final = re.compile(rf"(?:({pattern.NUMBER})°)?(?:([0-9]{{1,2}})[′'])?(?:([0-9]{{1,2}})[″\"])?")
_FIT: Final = re.compile(pattern.FIT)
_COUNT: Final = re.compile(r"([0-9]{1,3}) ?([×-]) ?")
_COUNT_ALONE: Final = re.compile(r"([0-9]{1,3}) ?[×-]")
_TIMES: Final = re.compile(" ?× ?")
_SYMMETRIC: Final = re.compile(rf"± ?({pattern.QUANTITY})")
_DEVIATIONS: Final = re.compile(pattern.DEVIATIONS)
_DEVIATION: Final = re.compile(rf"([+-]?) ?({pattern.QUANTITY})")

_TAIL = (
    rf"(?P<number>{pattern.NUMBER})(?P<inch>{pattern.INCH})(?: ?(?P<fit>{pattern.FIT}))?"
    rf"(?P<tolerance>{pattern.BEHIND}|{pattern.IN_BRACKETS})?"
)
_LEFT = r"(?P<left>[ -]?LH)?"
_FORM = r"(?:(?P<form>S?⌀|S?R|C|□|↧) ?)?"
_LENGTH: Final = re.compile(rf"(?:(?P<recess>[⌴⌵]) ?)?{_FORM}{_TAIL}")
_FURTHER_LENGTH: Final = re.compile(rf"(?=[⌴⌵↧])(?:(?P<recess>[⌴⌵]) ?)?{_FORM}{_TAIL}")
_LIMITS: Final = re.compile(rf"{_FORM}(?P<limits>{pattern.LIMIT_PAIR})")
_SIGNED_PAIR: Final = re.compile(pattern.SIGNED_PAIR)
_ANGLE: Final = re.compile(rf"(?P<arc>{pattern.ARC})(?P<tolerance>{pattern.BEHIND}|{pattern.IN_BRACKETS})?")
_METRIC: Final = re.compile(
    rf"(?P<standard>M|Tr) ?(?P<size>{pattern.NUMBER})(?: ?× ?(?P<pitch>{pattern.NUMBER}))?"
    rf"(?:-(?P<class>{pattern.METRIC_CLASS}))?{_LEFT}"
)
_PIPE: Final = re.compile(
    rf"(?:(?P<g>G|Rc|Rp) ?(?P<size>{pattern.INCHES})|R ?(?P<r_size>{pattern.FRACTION}))(?: ?(?P<class>[AB]))?{_LEFT}"
)
_UNIFIED: Final = re.compile(
    rf"(?P<size>#?{pattern.INCHES})(?:-(?P<pitch>[0-9]{{1,2}}))? ?(?P<standard>{pattern.SERIES})"
    rf"(?:-(?P<class>[123][AB]))?{_LEFT}"
)
_REMARK: Final = re.compile(rf"(?P<word>{pattern.WORD})(?: ?(?P<number>{pattern.NUMBER}))?")
_MODIFIER: Final = re.compile(pattern.MODIFIER)
_DUAL: Final = re.compile(rf"(?=\[.*\]|\(.*\))[\[(]{_FORM}(?P<number>{pattern.NUMBER})[\])]")

_FIRST: Final = (
    (_METRIC, _metric),
    (_PIPE, _pipe),
    (_UNIFIED, _unified),
    (_LIMITS, _limits),
    (_SIGNED_PAIR, _signed_pair),
    (_ANGLE, _angle),
    (_LENGTH, _length),
)
_FURTHER: Final = ((_FURTHER_LENGTH, _length), (_REMARK, _remark), (_MODIFIER, _modifier), (_DUAL, _dual))
