"""What may vary from sheet to sheet: size, drafting standard, languages, and what scanning does to the paper."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

Standard = Literal["ISO", "ASME", "GB", "JIS"]


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """Ranges and probabilities; each sheet draws its own values from its seed.

    Attributes:
        width: Smallest and largest long side in pixels; the other side follows from the ISO 216 ratio √2.
        portrait: Probability of an upright sheet.
        standards: Weights of ISO, ASME, GB and JIS drafting.
        signs: Probability that a free surface carries a sign.
        frames: Probability that the sign is a tolerance frame and not a datum or a surface roughness.
        zone_marks: Probability of zone marks along the frame.
        title_block: Probability of a title block.
        notes: Probability of notes beside the title block.
        table: Probability of a revision or parts table with the title block.
        thin: Probability of hair-thin lines.
        skewed: Probability of a scan turned by up to `max_skew` degrees.
        max_skew: Degrees.
        blurred: Probability of a blurred scan.
        noisy: Probability of noise.
        compressed: Probability of JPEG compression.
        faded: Probability of low contrast.
        bled: Probability of ink that ran.
        stamped: Probability of a stamp.
        handwritten: Probability of a reviewer's pen over the print.
        folded: Probability of creases.
        faxed: Probability of a fax's copy, black and white.
        blueprint: Probability of light lines on dark paper.
        lettered: Whether views carry dimensions, signs and titles.
        modifiers: Probability that a size or a tolerance frame carries a modifier of `text_source.NEW_MODIFIERS` where
            it may; the shipped reader was not trained on them.
    """

    width: tuple[int, int] = (1500, 1900)
    portrait: float = 0.15
    standards: tuple[tuple[Standard, float], ...] = (("ISO", 3.6), ("ASME", 2.4), ("GB", 3.0), ("JIS", 1.0))
    signs: float = 0.75
    frames: float = 0.5
    zone_marks: float = 0.8
    title_block: float = 1.0
    notes: float = 1.0
    table: float = 0.7
    thin: float = 0.15
    skewed: float = 0.3
    max_skew: float = 0.7
    blurred: float = 0.25
    noisy: float = 0.35
    compressed: float = 0.3
    faded: float = 0.2
    bled: float = 0.12
    stamped: float = 0.05
    handwritten: float = 0.06
    folded: float = 0.06
    faxed: float = 0.03
    blueprint: float = 0.0
    lettered: bool = True
    modifiers: float = 0.0

    def __post_init__(self) -> None:
        if not 800 <= self.width[0] <= self.width[1] <= 7100:
            raise ValueError(
                f"sheet width {self.width} is out of range: give (smallest, largest) within 800 to 7100 pixels"
            )


SCANNED = SheetStyle()
# As plotted by the CAD program: no scan effects at all.
PLOTTED = SheetStyle(
    skewed=0, blurred=0, noisy=0, compressed=0, faded=0, bled=0, stamped=0, handwritten=0, folded=0, faxed=0
)
# As found in an archive, from 90 to 300 dpi of an A4 sheet: whatever can happen to paper has happened.
WORN = SheetStyle(
    width=(1050, 3500), skewed=0.6, max_skew=2.0, blurred=0.4, noisy=0.5, compressed=0.5, faded=0.4, bled=0.3,
    stamped=0.4, handwritten=0.4, folded=0.35, faxed=0.25, blueprint=0.12,
)  # fmt: skip
# Loose sheets of views, crowded with the signs that a general reader does not know, and little else to read.
DETAILS = SheetStyle(width=(1300, 1600), signs=1.0, frames=0.75, zone_marks=0.0, title_block=0.0, notes=0.0, table=0.0)
# The same, with the signs about as often as on real sheets: one line in five has a ⌀, one in sixteen is a frame.
VIEWS = replace(DETAILS, signs=0.4, frames=0.5)
# Those of a house that has signs of its own: nobody's reader knows them before it is trained on its labels.
HOUSE = replace(DETAILS, modifiers=0.85)
# Views without a single text: whatever is read on them is false.
BARE = replace(DETAILS, lettered=False, stamped=0, handwritten=0)


class StyleName(StrEnum):
    """The ready-made styles, as commands name them."""

    SCANNED = "scanned"
    PLOTTED = "plotted"
    WORN = "worn"
    VIEWS = "views"
    DETAILS = "details"
    HOUSE = "house"


STYLES = {
    StyleName.SCANNED: SCANNED,
    StyleName.PLOTTED: PLOTTED,
    StyleName.WORN: WORN,
    StyleName.VIEWS: VIEWS,
    StyleName.DETAILS: DETAILS,
    StyleName.HOUSE: HOUSE,
}
