"""What may vary from sheet to sheet: size, drafting standard, languages, and what scanning does to the paper."""

from dataclasses import dataclass
from typing import Literal

Standard = Literal["ISO", "ASME", "GB"]


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """Ranges and probabilities; each sheet draws its own values from its seed.

    width: smallest and largest length of a sheet's long side in pixels (the other follows from the ISO 216 ratio √2).
    portrait: probability of an upright sheet. standards: weights of ISO, ASME and GB drafting.
    signs: probability that a free surface carries a tolerance frame, datum or roughness sign.
    table: probability of a revision or parts table. thin: probability of hair-thin lines and lettering.
    skewed, blurred, noisy, compressed, faded, bled: probabilities of a turned (up to `max_skew` degrees), blurred,
    noisy, JPEG-compressed, low-contrast scan, and of ink that ran.
    """

    width: tuple[int, int] = (1500, 1900)
    portrait: float = 0.15
    standards: tuple[tuple[Standard, float], ...] = (("ISO", 4.0), ("ASME", 2.5), ("GB", 3.5))
    signs: float = 0.75
    table: float = 0.7
    thin: float = 0.15
    skewed: float = 0.3
    max_skew: float = 0.7
    blurred: float = 0.25
    noisy: float = 0.35
    compressed: float = 0.3
    faded: float = 0.2
    bled: float = 0.12

    def __post_init__(self) -> None:
        if not 800 <= self.width[0] <= self.width[1] <= 6000:
            raise ValueError(
                f"sheet width {self.width} is out of range: give (smallest, largest) within 800 to 6000 pixels"
            )


SCANNED = SheetStyle()
# As plotted by the CAD program: no scan effects at all.
PLOTTED = SheetStyle(skewed=0, blurred=0, noisy=0, compressed=0, faded=0, bled=0)
