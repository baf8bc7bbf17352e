"""The characteristics of a drawing, numbered: what an inspector measures, with limits where the drawing states them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from drawing_ocr.annotation import Category
from drawing_ocr.drawing import Drawing
from drawing_ocr.grammar.geometric import parse_geometric
from drawing_ocr.grammar.interpret import meaning_of
from drawing_ocr.grammar.meaning import Feature, Meaning
from drawing_ocr.grammar.parse import parse
from drawing_ocr.grammar.roughness import parse_roughness
from drawing_ocr.output.zones import Zones, zones_of
from drawing_ocr.reading.result import Prediction
from drawing_ocr.reading.structure.contract import GroupedDimension, ToleranceFrame

_MEASURED: Final = {Category.DIMENSION, Category.SYMBOL}
_DOUBTFUL: Final = 0.8  # confidence below which a person should look, as in overlays


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One thing to be measured.

    Attributes:
        number: Of its balloon; `7.2` is the second feature of the seventh text.
        balloon: Of its text, from 1 through all pages.
        item: The text.
        requirement: What has to be kept, as the drawing writes it.
        kind: What it is: `diameter`, `thread`, `geometric tolerance`; `characteristic` where the grammar does not know.
        zone: Page and field of the sheet's grid (`1/B4`), the page alone where there is no grid.
        count: How many times.
        nominal: The size, in `unit`.
        upper, lower: Deviations as written or as the fit says.
        greatest, least: Limits of size.
        unit: Where it is written.
        fit: Tolerance classes (`H7`, `H7/g6`).
        remark: What the inspector should know.
    """

    number: str
    balloon: int
    item: Prediction
    requirement: str
    kind: str
    zone: str
    count: int | None = None
    nominal: float | None = None
    upper: float | None = None
    lower: float | None = None
    greatest: float | None = None
    least: float | None = None
    unit: str | None = None
    fit: str | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Stated:
    """A text that states characteristics: a whole dimension, a tolerance frame, a symbol."""

    first: int  # position of its first line in the result, by which it is numbered
    item: Prediction
    meaning: Meaning | None = None
    frame: ToleranceFrame | None = None


def characteristics_of(drawing: Drawing) -> list[Characteristic]:
    """The dimensions, tolerance frames and symbols of a drawing in reading order, numbered through all its pages.

    Pieces of one dimension are one where the result tells its structure; otherwise each line is taken for itself.
    """
    stated = sorted(_stated(drawing), key=lambda each: each.first)
    zones = [zones_of(sheet, drawing.on_page(page)) for page, sheet in enumerate(drawing.sheets, 1)]
    return [
        characteristic
        for balloon, each in enumerate(stated, 1)
        for characteristic in _of_text(each, balloon, _zone(zones, each.item))
    ]


def _stated(drawing: Drawing) -> Iterator[_Stated]:
    structure, told = drawing.result.structure, set[int]()
    if structure is not None:
        for group in structure.dimensions:
            told.update(group.members)
            item = _as_one(group, Category.DIMENSION, group.confidence)
            yield _Stated(min(group.members, default=0), item, meaning=group.meaning)
        for frame in structure.frames:
            told.update(frame.members)
            sure = min((drawing.texts[member].confidence for member in frame.members), default=0.0)
            item = _as_one(frame, Category.SYMBOL, sure)
            yield _Stated(min(frame.members, default=0), item, frame=frame)
    for place, item in enumerate(drawing.texts):
        if item.category in _MEASURED and place not in told:
            parsed = parse(item.text) if item.category is Category.DIMENSION else None
            yield _Stated(place, item, meaning=meaning_of(parsed) if parsed else None)


def _as_one(part: GroupedDimension | ToleranceFrame, category: Category, confidence: float) -> Prediction:
    return Prediction(box=part.box, text=part.text, confidence=confidence, category=category, page=part.page)


def _zone(zones: Sequence[Zones | None], item: Prediction) -> str:
    page = item.page or 1
    grid = zones[page - 1]
    x, y = fmean(point[0] for point in item.box), fmean(point[1] for point in item.box)
    return f"{page}/{grid.at(x, y)}" if grid else str(page)


def _of_text(stated: _Stated, balloon: int, zone: str) -> Iterator[Characteristic]:
    item, meaning, frame = stated.item, stated.meaning, stated.frame
    doubt = f"read with confidence {item.confidence:.2f}: compare with the drawing" if _is_doubtful(item) else ""
    if frame is not None:
        kind = (frame.characteristic or "geometric tolerance").replace("_", " ")
        yield Characteristic(str(balloon), balloon, item, item.text, kind, zone, greatest=frame.tolerance, remark=doubt)
        return
    if meaning is None:
        yield Characteristic(str(balloon), balloon, item, item.text, _kind_of_symbol(item.text), zone, remark=doubt)
        return
    # MAX, THRU and the like say something of what they stand behind.
    measured = [feature for feature in meaning.features if feature.kind != "remark"] or list(meaning.features)
    notes = [feature.text for feature in meaning.features if feature.kind == "remark" and feature not in measured]
    for place, feature in enumerate(measured, 1):
        several = len(measured) > 1
        upper, lower = _deviations(feature)
        yield Characteristic(
            number=f"{balloon}.{place}" if several else str(balloon),
            balloon=balloon,
            item=item,
            requirement=feature.text if several else item.text,
            kind=feature.kind.replace("_", " "),
            zone=zone,
            count=meaning.count,
            nominal=feature.nominal,
            upper=upper,
            lower=lower,
            greatest=feature.greatest,
            least=feature.least,
            unit=feature.unit,
            fit="/".join(each.name for each in feature.fit) or None,
            remark=_joined(*notes, _bracket(meaning.bracket), *meaning.doubts, doubt),
        )


def _is_doubtful(item: Prediction) -> bool:
    return item.confidence < _DOUBTFUL


def _kind_of_symbol(text: str) -> str:
    if parse_geometric(text) is not None:
        return "geometric tolerance"
    return "surface texture" if parse_roughness(text) is not None else "characteristic"


def _deviations(feature: Feature) -> tuple[float | None, float | None]:
    if feature.upper is not None or feature.lower is not None or len(feature.fit) != 1:
        return feature.upper, feature.lower
    return feature.fit[0].upper, feature.fit[0].lower


def _bracket(bracket: str | None) -> str:
    return {"reference": "reference: not inspected", "basic": "theoretically exact"}.get(bracket or "", "")


def _joined(*remarks: str) -> str:
    return "; ".join(remark for remark in remarks if remark)


def balloons_of(characteristics: Sequence[Characteristic]) -> list[tuple[int, Prediction]]:
    """Number and text of each balloon."""
    return list({each.balloon: (each.balloon, each.item) for each in characteristics}.values())
