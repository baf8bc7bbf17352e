"""From a parse to its meaning: numbers, units, limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

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
from drawing_ocr.grammar.iso286 import limits_of
from drawing_ocr.grammar.meaning import Feature, FitClass, Kind, Meaning, Unit
from drawing_ocr.grammar.parse import Parse
from drawing_ocr.grammar.quantity import Arc, Number

_KINDS: Final[dict[Form, Kind]] = {
    Form.LENGTH: "length",
    Form.DIAMETER: "diameter",
    Form.RADIUS: "radius",
    Form.SPHERICAL_DIAMETER: "spherical_diameter",
    Form.SPHERICAL_RADIUS: "spherical_radius",
    Form.SQUARE: "square",
    Form.CHAMFER: "chamfer",
    Form.DEPTH: "depth",
}
_RECESSES: Final[dict[Recess, Kind]] = {Recess.COUNTERBORE: "counterbore", Recess.COUNTERSINK: "countersink"}
_CHAMFER_ANGLE: Final = Decimal(45)  # of C1


def meaning_of(parse: Parse) -> Meaning:
    """The meaning of a parse.

    >>> from drawing_ocr.grammar.parse import parse
    >>> meaning_of(parse("4×⌀25 H7")).features[0].greatest
    25.021
    """
    first = _meaning(parse.dimension)
    return first.model_copy(update={"alternatives": tuple(_meaning(each) for each in parse.alternatives)})


def _meaning(dimension: Dimension | Tolerance) -> Meaning:
    if not isinstance(dimension, Dimension):
        upper, lower = _deviations(dimension)
        feature = Feature(kind="tolerance", text=str(dimension), unit=_arc_unit(dimension), upper=upper, lower=lower)
        return Meaning(kind="tolerance", features=(feature,))
    unit: Unit | None = "mm" if dimension.millimetres else None
    features = tuple(_features(dimension.parts, unit))
    reference = dimension.bracket is Bracket.REFERENCE or any(each.text == "REF" for each in features)
    basic = dimension.bracket is Bracket.BASIC or any(each.text in ("BSC", "BASIC") for each in features)
    return Meaning(
        kind=features[0].kind,
        features=features,
        count=dimension.count,
        bracket="reference" if reference else "basic" if basic else None,
        doubts=tuple(_doubts(dimension)),
    )


def _features(parts: tuple[Part, ...], unit: Unit | None) -> Iterator[Feature]:
    rest = list(parts)
    while rest:
        element = rest.pop(0).element
        follower = rest[0] if rest and rest[0].joint == "×" else None
        if isinstance(element, Length) and follower is not None and isinstance(follower.element, Angle):
            rest.pop(0)
            yield _with_angle(_length(element, unit), f"{element}×{follower.element}", follower.element.arc.value)
        else:
            yield _feature(element, unit)


def _with_angle(feature: Feature, text: str, angle: Decimal) -> Feature:
    kind: Kind = "chamfer" if feature.kind == "length" else feature.kind
    return feature.model_copy(update={"kind": kind, "text": text, "angle": float(angle)})


def _feature(element: Element, unit: Unit | None) -> Feature:
    match element:
        case Length():
            return _length(element, unit)
        case Limits():
            greatest, least = float(element.upper.value), float(element.lower.value)
            return Feature(kind=_KINDS[element.form], text=str(element), unit=unit, greatest=greatest, least=least)
        case Angle():
            return _toleranced("angle", str(element), element.arc.value, "°", element.tolerance)
        case Thread():
            return _thread(element)
        case Dual():
            return Feature(kind="dual", text=str(element), nominal=float(element.number.value))
        case Remark():
            kind: Kind = "depth" if element.number and element.word in ("深", "DEEP") else "remark"
            number = element.number.value if element.number else None
            return _toleranced(kind, str(element), number, unit if number is not None else None, None)


def _length(length: Length, unit: Unit | None) -> Feature:
    kind = _RECESSES.get(length.recess) or _KINDS[length.form]
    own: Unit | None = "in" if length.inches else unit
    feature = _toleranced(kind, str(length), length.number.value, own, length.tolerance)
    if kind == "chamfer":
        feature = feature.model_copy(update={"angle": float(_CHAMFER_ANGLE)})
    if length.fit is None:
        return feature
    classes = tuple(_fit_classes(length.fit, None if length.inches else length.number.value))
    update: dict[str, object] = {"fit": classes}
    if len(classes) == 1 and length.tolerance is None and classes[0].upper is not None:
        update |= _limits(length.number.value, classes[0].upper, classes[0].lower)
    return feature.model_copy(update=update)


def _fit_classes(fit: Fit, nominal: Decimal | None) -> Iterator[FitClass]:
    for name in fit.classes:
        found = limits_of(nominal, name) if nominal is not None else None
        yield FitClass(name=name, upper=float(found.upper), lower=float(found.lower)) if found else FitClass(name=name)


def _thread(thread: Thread) -> Feature:
    return Feature(
        kind="thread",
        text=str(thread),
        nominal=_inches(thread.size) if thread.in_inches else float(Number(thread.size).value),
        unit="in" if thread.in_inches else "mm",
        pitch=float(thread.pitch.value) if thread.pitch else None,
        thread=thread.standard,
        thread_class=thread.tolerance or None,
        left_hand=thread.left or None,
    )


def _inches(size: str) -> float | None:
    """1 1/2 in inches; None for sizes by number (#10)."""
    whole, _, fraction = size.rpartition(" ") if "/" in size else (size, "", "0/1")
    over, under = fraction.split("/")
    if size.startswith("#") or int(under) == 0:
        return None
    return int(whole or 0) + int(over) / int(under)


def _toleranced(
    kind: Kind, text: str, nominal: Decimal | None, unit: Unit | None, tolerance: Tolerance | None
) -> Feature:
    upper, lower = _deviations(tolerance)
    number = None if nominal is None else float(nominal)
    feature = Feature(kind=kind, text=text, nominal=number, unit=unit, upper=upper, lower=lower)
    if nominal is None or upper is None or lower is None:
        return feature
    return feature.model_copy(update=_limits(nominal, upper, lower))


def _limits(nominal: Decimal, upper: float, lower: float | None) -> dict[str, object]:
    least = None if lower is None else float(nominal + Decimal(str(lower)))
    return {"greatest": float(nominal + Decimal(str(upper))), "least": least}


def _deviations(tolerance: Tolerance | None) -> tuple[float | None, float | None]:
    match tolerance:
        case Symmetric(size):
            return float(size.value), -float(size.value)
        case Deviations(upper, lower):
            return (float(upper.value) if upper else None), (float(lower.value) if lower else None)
        case None:
            return None, None


def _arc_unit(tolerance: Tolerance) -> Unit | None:
    sizes = (
        [tolerance.size]
        if isinstance(tolerance, Symmetric)
        else [each.size for each in (tolerance.upper, tolerance.lower) if each]
    )
    return "°" if any(isinstance(size, Arc) for size in sizes) else None


def _doubts(dimension: Dimension) -> Iterator[str]:
    for part in dimension.parts:
        element = part.element
        if isinstance(element, Length) and element.number.may_be_thousands:
            yield f"the comma of {element.number} may part thousands"
        if isinstance(element, Length | Angle) and isinstance(element.tolerance, Deviations):
            tolerance = element.tolerance
            if tolerance.upper is None or tolerance.lower is None:
                yield f"only one deviation of {element} is written"
            elif tolerance.upper.value == tolerance.lower.value:
                yield f"both deviations of {element} are the same"
