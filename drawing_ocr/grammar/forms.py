"""What a dimension can be made of, each with its canonical spelling as `str`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drawing_ocr.grammar.quantity import Arc, Deviation, Number, Quantity


class Form(StrEnum):
    """The sign in front of a length (ISO 129-1, ISO 15786, ASME Y14.5)."""

    LENGTH = ""
    DIAMETER = "⌀"
    RADIUS = "R"
    SPHERICAL_DIAMETER = "S⌀"
    SPHERICAL_RADIUS = "SR"
    SQUARE = "□"
    CHAMFER = "C"
    DEPTH = "↧"


class Recess(StrEnum):
    """What a hole is widened to at its mouth; stands before the form of its size."""

    NONE = ""
    COUNTERBORE = "⌴"
    COUNTERSINK = "⌵"


class Bracket(StrEnum):
    """What a dimension stands in."""

    NONE = ""
    REFERENCE = "()"  # ISO 129-1: for information
    BASIC = "[]"  # theoretically exact; drawn as a box

    def around(self, text: str) -> str:
        return f"{self.value[:1]}{text}{self.value[1:]}"


@dataclass(frozen=True, slots=True)
class Symmetric:
    """±0.1"""

    size: Quantity

    def __str__(self) -> str:
        return f"±{self.size}"


@dataclass(frozen=True, slots=True)
class Deviations:
    """Upper and lower deviation; a drawing, or a reading, may have one of them only.

    Attributes:
        upper: None = not written.
        lower: None = not written.
    """

    upper: Deviation | None
    lower: Deviation | None

    def __str__(self) -> str:
        return " ".join(str(each) for each in (self.upper, self.lower) if each)


Tolerance = Symmetric | Deviations


@dataclass(frozen=True, slots=True)
class Fit:
    """Tolerance classes of ISO 286: H7, g6, H7/g6."""

    first: str
    second: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        return (self.first, self.second) if self.second else (self.first,)

    def __str__(self) -> str:
        return "/".join(self.classes)


@dataclass(frozen=True, slots=True)
class Length:
    """A length with its sign of form, fit and tolerance: ⌀25 H7, R5 ±0.1, ⌴⌀11, ↧6."""

    number: Number
    form: Form = Form.LENGTH
    recess: Recess = Recess.NONE
    inches: bool = False
    fit: Fit | None = None
    tolerance: Tolerance | None = None

    @property
    def has_sign(self) -> bool:
        return bool(self.form or self.recess)

    def __str__(self) -> str:
        tolerance = "" if self.tolerance is None else f" ({self.tolerance})" if self.fit else f" {self.tolerance}"
        fit = f" {self.fit}" if self.fit else ""
        return f"{self.recess.value}{self.form.value}{self.number}{'″' if self.inches else ''}{fit}{tolerance}"


@dataclass(frozen=True, slots=True)
class Limits:
    """A size by its limits, the upper first: ⌀16.00 15.50."""

    upper: Number
    lower: Number
    form: Form = Form.LENGTH

    @property
    def has_sign(self) -> bool:
        return bool(self.form)

    def __str__(self) -> str:
        return f"{self.form.value}{self.upper} {self.lower}"


@dataclass(frozen=True, slots=True)
class Angle:
    """45°, 45°30′ ±0.5°"""

    arc: Arc
    tolerance: Tolerance | None = None

    @property
    def has_sign(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.arc}{'' if self.tolerance is None else f' {self.tolerance}'}"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread: M8×1-6H LH (ISO 965), Tr40×7 (ISO 2904), G1/2A (ISO 228), 1/4-20 UNC-2B (ASME B1.1), 1/2-14 NPT.

    Attributes:
        standard: `M`, `Tr`, `G`, `R`, `Rc`, `Rp`, `UNC`, `NPT`, …
        size: as written: 8, 1/4, 1 1/2, #10.
        pitch: millimetres for M and Tr, threads an inch for the inch series; None = not written.
        tolerance: class, 6H, 5g6g, 6H/6g, 2B, A; empty = not written.
        left: left-hand.
    """

    standard: str
    size: str
    pitch: Number | None = None
    tolerance: str = ""
    left: bool = False

    @property
    def has_sign(self) -> bool:
        return True

    @property
    def in_inches(self) -> bool:
        """Whether its size is a nominal size in inches."""
        return self.standard not in ("M", "Tr")

    def __str__(self) -> str:
        left = " LH" if self.left else ""
        if self.standard in ("M", "Tr"):
            pitch = f"×{self.pitch}" if self.pitch else ""
            return f"{self.standard}{self.size}{pitch}{'-' if self.tolerance else ''}{self.tolerance}{left}"
        if self.standard in ("G", "R", "Rc", "Rp"):
            return f"{self.standard}{self.size}{self.tolerance}{left}"
        pitch = f"-{self.pitch}" if self.pitch else ""
        return f"{self.size}{pitch} {self.standard}{'-' if self.tolerance else ''}{self.tolerance}{left}"


@dataclass(frozen=True, slots=True)
class Remark:
    """A word behind a size, with its number: THRU, 通孔, 深10, TYP; or a modifier of the size: Ⓔ, Ⓕ."""

    word: str
    number: Number | None = None

    @property
    def has_sign(self) -> bool:
        return True

    def __str__(self) -> str:
        return f"{self.word}{' ' if self.number and self.word.isascii() else ''}{self.number or ''}"


@dataclass(frozen=True, slots=True)
class Dual:
    """The size before it in the other unit: [1.004] behind 25.5, or (25.5) behind 1.004."""

    number: Number
    form: Form = Form.LENGTH
    bracket: Bracket = Bracket.BASIC

    @property
    def has_sign(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.bracket.around(f"{self.form.value}{self.number}")


Element = Length | Limits | Angle | Thread | Remark | Dual


@dataclass(frozen=True, slots=True)
class Part:
    """An element and how it follows the one before: by `×`, by a space, or first, by nothing."""

    joint: str
    element: Element


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension: how many times, what, in what bracket.

    Attributes:
        parts: at least one; the first is what is dimensioned.
        count: None = not written.
        count_sign: `-`, as GB/T 4458.4 has it, stays where `×` would be taken for a product: 4-10.
        bracket: reference, basic, or none.
        millimetres: whether `mm` is written.
    """

    parts: tuple[Part, ...]
    count: int | None = None
    count_sign: str = "×"
    bracket: Bracket = Bracket.NONE
    millimetres: bool = False

    @property
    def head(self) -> Element:
        return self.parts[0].element

    def __str__(self) -> str:
        count = "" if self.count is None else f"{self.count}{self.count_sign}"
        body = "".join(f"{part.joint}{part.element}" for part in self.parts)
        return self.bracket.around(f"{count}{body}{' mm' if self.millimetres else ''}")
