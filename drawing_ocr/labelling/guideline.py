"""The rules of the labelling guideline that a machine can check when an answer is submitted: warnings, never refusals.

The annotator's page has the same rules in TypeScript; tests/drawing_ocr/labelling/guideline_cases.json holds both to
the same findings. So a rule uses plain arithmetic only.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import cast

from pydantic import BaseModel, ConfigDict

from drawing_ocr.annotation import Category, Polygon, polygon_fault
from drawing_ocr.dimension import is_dimension
from drawing_ocr.labelling.answer import Outlined
from drawing_ocr.text import SymbolClass, canonical, symbol_class


class Rule(StrEnum):
    """What may be wrong, in the order in which a region's findings are listed."""

    CORNERS = "corners"
    OUTSIDE_PAGE = "outside_page"
    TINY = "tiny"
    DUPLICATE = "duplicate"
    NO_INK = "no_ink"
    TEXT_MISSING = "text_missing"
    SPELLING = "spelling"
    DIMENSION = "dimension"
    CONFUSION = "confusion"
    CATEGORY = "category"
    SHAPE = "shape"


class Fix(BaseModel):
    """What one key changes of the region; what is None stays. `delete` takes the region away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Polygon | None = None
    text: str | None = None
    category: Category | None = None
    ignore: bool | None = None
    delete: bool | None = None


class Finding(BaseModel):
    """A rule that a region breaks.

    Attributes:
        rule: Which.
        region: The id of the region.
        fix: What is proposed; None where only a person can tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule
    region: str
    fix: Fix | None = None


_LOWEST, _NARROWEST = 5.0, 2.0  # pixels; no lower line can be read, and the figure 1 is narrow
_SAME_CORNER = 0.5  # of the line height: two boxes whose corners all lie nearer to each other are around the same text
_LEAST_INK = 0.005  # share of dark pixels; a full stop in its box has more
# Width of a letter over the height of its line: Latin letters and Chinese ones, which fill their square.
_NARROW, _WIDE = 0.55, 1.0
# How many times longer or shorter than expected a box may be. Frames of tolerances have cells, notes are spaced out.
_SHORTEST, _LONGEST = 0.3, 4.0
_SHORTEST_TEXT = 3  # characters; the shape of fewer says nothing

_SYMBOLS = {SymbolClass.GDT, SymbolClass.ROUGHNESS}
_DIMENSION_SIGN = re.compile("[⌀±°×□↧⌴⌵]|^S?R ?[0-9]|^M[0-9]")
# What is taken for each other on drawings: 0, O and ⌀; ° and o; 1, l and I. No number begins with 0 and a digit.
_DIAMETER_MISREAD = re.compile(r"(^|[^A-Za-z0-9.,])[OQ0](?=[0-9])")
_DEGREE_MISREAD = re.compile(r"(?<=[0-9OlI])o(?![A-Za-z0-9])")
_DIGITS_READ_AS_LETTERS = str.maketrans("OoQDlI|iSsBZz", "0000111155822")
# A text may be a word or a name ("Q235" is a steel): only what stands within a number is taken for a part of it.
_DIAMETER_IN_TEXT = re.compile(r"(^|[^A-Za-z0-9.,])[O0](?=[0-9])")
_DIGIT_IN_TEXT = re.compile(r"(?<=[0-9.,])[OolI|](?![A-Za-z])|(?<![A-Za-z0-9])[lI|](?=[0-9.,])")
_ZONE_MISREAD = re.compile(r"(?<![0-9.,])0(?=0[.,])")  # of a tolerance: ⌀0.1 read as 00.1


def check(
    regions: Sequence[Outlined], *, width: int, height: int, ink: Mapping[str, float] | None = None
) -> list[Finding]:
    """What the guideline says about an answer.

    Args:
        regions: Of the answer.
        width: Of the page, pixels.
        height: Of the page, pixels.
        ink: Share of dark pixels in the box, by region id, where somebody has looked at the picture.

    Returns:
        Findings in the order of the regions, and for each region in the order of `Rule`.
    """
    found: list[Finding] = []
    for index, region in enumerate(regions):
        findings = [
            *_of_place(region, width, height),
            *_of_neighbours(region, regions[:index]),
            *_of_ink((ink or {}).get(region.id)),
            *_of_text(region),
        ]
        found += [Finding(rule=rule, region=region.id, fix=fix) for rule, fix in findings]
    return found


_Broken = Iterator[tuple[Rule, Fix | None]]


def _of_place(region: Outlined, width: int, height: int) -> _Broken:
    if polygon_fault(region.points) is not None:
        mended = _clockwise(region.points)
        yield Rule.CORNERS, Fix(delete=True) if polygon_fault(mended) else Fix(points=mended)
        return
    if any(not (0 <= x <= width and 0 <= y <= height) for x, y in region.points):
        inside = _polygon([(min(max(x, 0.0), width), min(max(y, 0.0), height)) for x, y in region.points])
        yield Rule.OUTSIDE_PAGE, Fix(delete=True) if polygon_fault(inside) else Fix(points=inside)
    along, across = _size(region.points)
    if across < _LOWEST or along < _NARROWEST:
        yield Rule.TINY, Fix(delete=True)


def _of_neighbours(region: Outlined, earlier: Sequence[Outlined]) -> _Broken:
    if any(_same_box(region.points, other.points) for other in earlier):
        yield Rule.DUPLICATE, Fix(delete=True)


def _of_ink(ink: float | None) -> _Broken:
    if ink is not None and ink < _LEAST_INK:
        yield Rule.NO_INK, Fix(delete=True)


def _of_text(region: Outlined) -> _Broken:
    if region.ignore:
        return
    text = canonical(region.text)
    if not text:
        yield Rule.TEXT_MISSING, Fix(ignore=True)
        return
    misread = region.category is Category.DIMENSION and not is_dimension(text)
    if misread:
        yield Rule.DIMENSION, _as_dimension(text)
    elif text != region.text:
        yield Rule.SPELLING, Fix(text=text)
    if confused := None if misread else _confused(region.category, text):
        yield Rule.CONFUSION, confused
    elif not misread and (category := _likelier_category(region.category, text)) is not region.category:
        yield Rule.CATEGORY, Fix(category=category)
    if not polygon_fault(region.points) and not _fits(text, region.points):
        turned = _read_along_the_longer_side(region.points)
        yield Rule.SHAPE, Fix(points=turned) if _fits(text, turned) else None


def _as_dimension(text: str) -> Fix | None:
    """What makes a dimension of it: signs read as letters put right, or else the category that it has."""
    signs = _with_signs(text, _DIAMETER_MISREAD)
    if mended := _first_dimension(text, (*signs, signs[-1].translate(_DIGITS_READ_AS_LETTERS))):
        return Fix(text=mended)
    if symbol_class(text) & _SYMBOLS:
        return Fix(category=Category.SYMBOL)
    return None if re.search("[0-9]", text) else Fix(category=Category.TEXT)


def _confused(category: Category, text: str) -> Fix | None:
    """What it likely is, where a look-alike makes another text of it that can stand there as well."""
    if category is Category.SYMBOL and symbol_class(text) & _SYMBOLS:
        mended = _ZONE_MISREAD.sub("⌀", text)
        return Fix(text=mended) if mended != text else None
    if category not in (Category.DIMENSION, Category.TEXT):
        return None
    if category is Category.DIMENSION or is_dimension(text):
        likelier = _first_dimension(text, (_DIAMETER_MISREAD.sub(r"\1⌀", text),))
    else:
        signs = _with_signs(text, _DIAMETER_IN_TEXT)
        likelier = _first_dimension(text, (*signs, _DIGIT_IN_TEXT.sub(_digit, signs[-1])))
    if likelier is None:
        return None
    return Fix(text=likelier, category=None if category is Category.DIMENSION else Category.DIMENSION)


def _with_signs(text: str, diameter: re.Pattern[str]) -> tuple[str, str]:
    """The text with its diameters, and with its degrees, too."""
    with_diameter = diameter.sub(r"\1⌀", text)
    return with_diameter, _DEGREE_MISREAD.sub("°", with_diameter)


def _digit(letter: re.Match[str]) -> str:
    return letter[0].translate(_DIGITS_READ_AS_LETTERS)


def _first_dimension(text: str, candidates: Sequence[str]) -> str | None:
    """The first candidate that is a dimension and another text."""
    mended = map(canonical, candidates)
    return next((each for each in mended if each != text and is_dimension(each)), None)


def _likelier_category(category: Category, text: str) -> Category:
    # In tables and title blocks everything may stand.
    if category not in (Category.TEXT, Category.SYMBOL):
        return category
    if symbol_class(text) & _SYMBOLS:
        # A note that names a roughness is a note.
        return category if re.search("[A-Za-z]{4}|[\u3400-\u9fff]", text) else Category.SYMBOL
    return Category.DIMENSION if is_dimension(text) and _DIMENSION_SIGN.search(text) else category


def _fits(text: str, points: Polygon) -> bool:
    if len(text) < _SHORTEST_TEXT:
        return True
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    expected = wide * _WIDE + (len(text) - wide) * _NARROW
    along, across = _size(points)
    return across * expected * _SHORTEST <= along <= across * expected * _LONGEST


def _size(points: Polygon) -> tuple[float, float]:
    """Length along the text and line height, pixels."""
    a, b, c, d = points
    return (math.dist(a, b) + math.dist(d, c)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2


def _same_box(one: Polygon, other: Polygon) -> bool:
    near = _SAME_CORNER * min(*_size(one), *_size(other))
    return any(
        all(math.dist(one[corner], other[(corner + turn) % 4]) <= near for corner in range(4)) for turn in range(4)
    )


def _clockwise(points: Polygon) -> Polygon:
    """The corners around their middle, clockwise, from the same first one."""
    x, y = sum(point[0] for point in points) / 4, sum(point[1] for point in points) / 4
    first = math.atan2(points[0][1] - y, points[0][0] - x)

    def angle(corner: int) -> float:
        return (math.atan2(points[corner][1] - y, points[corner][0] - x) - first) % (2 * math.pi)

    return _polygon([points[corner] for corner in (0, *sorted((1, 2, 3), key=angle))])


def _read_along_the_longer_side(points: Polygon) -> Polygon:
    """The same box read along its other side: rightwards or, where that side is upright, upwards (ISO 129-1)."""
    (ax, ay), (bx, by) = points[1], points[2]
    right, up = bx - ax, ay - by
    turn = 1 if right > abs(up) or up >= abs(right) else 3
    return _polygon([points[(corner + turn) % 4] for corner in range(4)])


def _polygon(points: Sequence[tuple[float, float]]) -> Polygon:
    return cast(Polygon, tuple(points))
