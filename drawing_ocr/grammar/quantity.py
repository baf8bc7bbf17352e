"""Numbers and arcs as drawings write them: the spelling is kept, since 12.50 says more than 12.5."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_THOUSANDS: Final = 3  # digits behind a comma that may be thousands


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned number with a decimal point or comma, or none: `12`, `12,50`, `.5`."""

    text: str

    @property
    def value(self) -> Decimal:
        return Decimal(self.text.replace(",", "."))

    @property
    def decimals(self) -> int:
        """Digits behind the decimal sign."""
        return len(self.text.replace(",", ".").partition(".")[2])

    @property
    def may_be_thousands(self) -> bool:
        """Whether its comma may part thousands: `1,250` is 1.25 in Europe and 1250 in America."""
        whole, _, part = self.text.partition(",")
        return len(part) == _THOUSANDS and whole.lstrip("0") != ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Arc:
    """An angle: decimal degrees, or degrees, minutes and seconds.

    Attributes:
        degrees: None where minutes stand alone, as in ±30′.
        minutes: of arc; None = not written.
        seconds: of arc; None = not written.
    """

    degrees: Number | None
    minutes: int | None = None
    seconds: int | None = None

    @property
    def value(self) -> Decimal:
        """Degrees."""
        whole = self.degrees.value if self.degrees else Decimal(0)
        return whole + Decimal(self.minutes or 0) / 60 + Decimal(self.seconds or 0) / 3600

    def __str__(self) -> str:
        parts = ((self.degrees, "°"), (self.minutes, "′"), (self.seconds, "″"))
        return "".join(f"{part}{sign}" for part, sign in parts if part is not None)


Quantity = Number | Arc


@dataclass(frozen=True, slots=True)
class Deviation:
    """A signed deviation from a nominal size; zero may stand without a sign.

    Attributes:
        sign: `+`, `-`, or empty for zero.
        size: how far.
    """

    sign: str
    size: Quantity

    @property
    def value(self) -> Decimal:
        return -self.size.value if self.sign == "-" else self.size.value

    def __str__(self) -> str:
        return f"{self.sign}{self.size}"
