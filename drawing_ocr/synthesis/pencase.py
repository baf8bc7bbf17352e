"""Which lettering a text gets: outline fonts, stroke fonts of CAD programs, the many shapes of the diameter sign."""

import math
from random import Random

from drawing_ocr.synthesis.fonts import BOLD_FACES, CHINESE_FACES, ITALIC_FACES, LATIN_FACES, OSIFONT, SERIF_FACES, Face
from drawing_ocr.synthesis.lettering import Lettering
from drawing_ocr.synthesis.signs import DiameterForm
from drawing_ocr.synthesis.stroke_face import StrokeFace
from drawing_ocr.synthesis.stroke_glyphs import ALTERNATES

_ALTERNATING = tuple(sorted(ALTERNATES))


def random_lettering(rng: Random, text: str) -> Lettering:
    """A lettering that fits a text: any face and pen, 9 to 64 pixels high, small ones as frequent as large ones."""
    eastern = has_eastern(text)
    if eastern:
        face = rng.choice(CHINESE_FACES)
    else:
        families: tuple[tuple[Face, ...], ...] = (LATIN_FACES, (OSIFONT,), ITALIC_FACES, SERIF_FACES, BOLD_FACES)
        face = rng.choice(rng.choices(families, (10, 3, 2, 1, 1))[0])
    # Fine characters need more pixels to be readable at all.
    size = round(math.exp(rng.uniform(math.log(14 if eastern else 11), math.log(62))))
    strokes = random_stroke_face(rng) if rng.random() < (0.1 if eastern else 0.42) else None
    return Lettering(
        face=face,
        size=size,
        pen=size * rng.uniform(0.035, 0.11),
        drawn_signs=strokes is not None or rng.random() < 0.5,
        diameter=random_diameter(rng),
        width_factor=rng.uniform(0.75, 1.15) if strokes is None and rng.random() < 0.4 else 1.0,
        slant=rng.uniform(0.1, 0.3) if strokes is None and rng.random() < 0.15 else 0.0,
        strokes=strokes,
    )


def has_eastern(text: str) -> bool:
    """Whether a text has Chinese or Japanese characters."""
    return any("\u3040" <= character <= "\u9fff" for character in text)


def random_stroke_face(rng: Random) -> StrokeFace:
    """A stroke font: narrow or wide, round, octagonal or boxy, upright or slanted, proportional or of one pitch."""
    width = rng.choice((rng.uniform(0.65, 0.9), 1.0, rng.uniform(0.9, 1.15), rng.uniform(1.15, 1.5)))
    pitch = 0.62 * width + rng.uniform(0.14, 0.4) if rng.random() < 0.2 else 0.0
    return StrokeFace(
        width=width,
        spacing=rng.uniform(0.12, 0.34),
        step=rng.choice((8.0, 8.0, 15.0, 30.0, 45.0)),
        square=rng.choice((2.0, 2.0, 2.0, 2.4, 3.0)),
        slant=rng.choice((0.0, 0.0, 0.0, 0.27, 0.27, rng.uniform(0.1, 0.4))),
        pitch=pitch,
        alternates=frozenset(character for character in _ALTERNATING if rng.random() < 0.35),
    )


def random_diameter(rng: Random) -> str | DiameterForm:
    """How the diameter sign is printed: the sign of a font, Ø, φ, ∅, or drawn in one of many proportions."""
    t = rng.random()
    if t < 0.2:
        return "⌀"
    if t < 0.42:
        return rng.choice("ØØØØφφΦ∅ø")
    return DiameterForm(
        ring=rng.uniform(0.5, 1.0),
        aspect=rng.choice((1.0, 1.0, rng.uniform(0.7, 1.1))),
        slash=rng.choice((rng.uniform(45, 60), rng.uniform(55, 75), rng.uniform(70, 90))),
        reach=rng.choice((1.0, rng.uniform(1.1, 1.5), rng.uniform(1.4, 2.0))),
        rise=rng.uniform(0.42, 0.56),
        gap=rng.choice((rng.uniform(-0.06, 0.08), rng.uniform(0.05, 0.3), rng.uniform(0.2, 0.6))),
    )
