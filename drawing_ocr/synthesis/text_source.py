"""What is written on drawings: a weighted grammar of dimensions, geometric tolerances, notes and title-block values.

Every function draws from a `random.Random`, so a seed fixes the texts. Texts are in canonical spelling: the diameter
sign is ⌀ whatever shape it is printed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from drawing_ocr.synthesis import vocabulary
from drawing_ocr.synthesis.general_text import general_text
from drawing_ocr.synthesis.vocabulary import Language

Writer = Callable[[Random, "Convention"], str]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a drafting standard writes numbers: decimal sign, sign of a count (`4×`, `4X`, `4-`), space after it."""

    decimal: str
    count: str
    spaced: bool


ISO = Convention(",", "×", False)
ASME = Convention(".", "X", True)
GB = Convention(".", "-", False)
CONVENTIONS = (
    ISO,
    ASME,
    GB,
    Convention(",", "x", False),
    Convention(".", "x", False),
    Convention(".", "×", False),
    Convention(",", "x", True),
    Convention(".", "x", True),
    Convention(".", "X", False),
)

GEOMETRIC_SIGNS = "⌖⏥⊥∥◎⌒⌓⌰↗⌭⏤∠⌯○"
_AXIS_SIGNS = "⌖⌖⌖⊥∥◎∠↗"
_DATUM_FREE = "⏥⏤⌭⌒○"  # form tolerances refer to no datum
# Modifiers that only sheets of `style.HOUSE` have (ISO 14405-1, ISO 10579, ASME Y14.5): of a size the envelope and the
# free state; of a tolerance the free state, the tangent plane, the unequal zone, regardless of feature size.
NEW_MODIFIERS = "ⒺⒻⓉⓊⓈ"
_DATUMS = "ABCDEFG"
_TOLERANCES = ("0.01", "0.02", "0.03", "0.05", "0.1", "0.10", "0.15", "0.2", "0.20", "0.25", "0.3", "0.4", "0.5", "1")
_FINE = ("0.005", "0.008", "0.01", "0.015", "0.02", "0.025", "0.03", "0.04", "0.05", "0.08", "0.1", "0.2")
_THREADS = {3: "0.5", 4: "0.7", 5: "0.8", 6: "1", 8: "1.25", 10: "1.5", 12: "1.75", 16: "2", 20: "2.5", 24: "3"}
_ROUGHNESS = ("0.2", "0.4", "0.8", "1.6", "3.2", "6.3", "12.5", "25")
_ANGLES = (5, 10, 15, 20, 30, 45, 60, 75, 90, 118, 120)


def spell(value: str, how: Convention) -> str:
    """A number that is written with a point, with the convention's decimal sign."""
    return value.replace(".", how.decimal)


def number(rng: Random, how: Convention, low: int = 1, high: int = 300) -> str:
    """A length in millimetres with zero, one or two decimals."""
    t = rng.random()
    whole = rng.randint(low, high if rng.random() < 0.5 else max(low, high // 4))
    if t < 0.4:
        return str(whole)
    if t < 0.7:
        return spell(f"{whole}.{rng.randint(0, 9)}", how)
    if t < 0.96:
        return spell(f"{whole}.{rng.randint(0, 99):02d}", how)
    return spell(f"{whole}.{rng.randint(1, 999):03d}", how)


def length(value: float, how: Convention, decimals: int) -> str:
    """A measured length, rounded to `decimals` places in the convention's spelling."""
    return spell(f"{value:.{decimals}f}", how)


def tolerance(rng: Random, how: Convention) -> str:
    return spell(rng.choice(_TOLERANCES), how)


def fit(rng: Random) -> str:
    """A fit of ISO 286: H7, g6, H7/g6."""
    hole, shaft = (
        rng.choice("HHHGJKNPDEF") + str(rng.randint(6, 12)),
        rng.choice("ghfkmnpjred") + str(rng.randint(5, 11)),
    )
    t = rng.random()
    return hole if t < 0.45 else shaft if t < 0.85 else f"{hole}/{shaft}"


def limits(rng: Random, how: Convention) -> tuple[str, str]:
    """Upper and lower deviation as printed above each other; one of them may be the bare 0."""
    upper, lower = f"+{tolerance(rng, how)}", f"-{tolerance(rng, how)}"
    t = rng.random()
    zero = rng.choice(("0", "0", spell("0.00", how)))
    if t < 0.3:
        return upper, zero
    if t < 0.6:
        return zero, lower
    if t < 0.7:
        high, low = sorted(rng.sample(_FINE, 2), key=float, reverse=True)
        return f"+{spell(high, how)}", f"+{spell(low, how)}"
    return upper, lower


def counted(rng: Random, how: Convention, text: str) -> str:
    return f"{rng.randint(2, 12)}{how.count}{' ' if how.spaced else ''}{text}"


def diameter(rng: Random, how: Convention) -> str:
    return f"⌀{number(rng, how)}"


def with_tolerance(rng: Random, how: Convention, text: str) -> str:
    return f"{text}{rng.choice(('', '', ' '))}±{tolerance(rng, how)}"


def with_fit(rng: Random, text: str) -> str:
    return f"{text}{rng.choice(('', ' ', ' '))}{fit(rng)}"


def radius(rng: Random, how: Convention) -> str:
    return f"R{number(rng, how, 0, 120)}"


def angle(rng: Random, how: Convention) -> str:
    t = rng.random()
    if t < 0.6:
        return f"{rng.choice(_ANGLES)}°"
    if t < 0.85:
        return spell(f"{rng.randint(0, 179)}.{rng.randint(0, 9)}°", how)
    return f"{rng.randint(1, 89)}°{rng.choice((15, 30, 45))}′"


def chamfer(rng: Random, how: Convention) -> str:
    size = spell(rng.choice(("0.5", "1", "1.5", "2", "2.5", "3")), how)
    t = rng.random()
    if t < 0.6:
        return f"{size}{'x' if how.count in 'xX' else '×'}45°"
    return f"C{size}" if t < 0.9 else counted(rng, how, f"C{size}")


def thread(rng: Random, how: Convention) -> str:
    size = rng.choice(tuple(_THREADS))
    text = f"M{size}"
    if rng.random() < 0.55:
        text += f"{'x' if how.count in 'xX' else '×'}{spell(rng.choice((_THREADS[size], '1', '0.75')), how)}"
    if rng.random() < 0.25:
        text += rng.choice(("-6H", "-6g", " LH"))
    return text


def roughness(rng: Random, how: Convention) -> str:
    value = spell(rng.choice(_ROUGHNESS), how)
    return rng.choice((f"Ra {value}", f"Ra{value}", f"Rz {value}", value))


def _one_limit(rng: Random, how: Convention) -> str:
    return rng.choice(limits(rng, how))


# Weights follow what crowds a sheet: plain lengths and diameters, then everything else.
_DIMENSIONS: Sequence[tuple[float, Writer]] = (
    (14, diameter),
    (10, lambda r, h: with_tolerance(r, h, diameter(r, h))),
    (9, lambda r, h: counted(r, h, diameter(r, h))),
    (3, lambda r, h: counted(r, h, with_tolerance(r, h, diameter(r, h)))),
    (7, lambda r, h: with_fit(r, diameter(r, h))),
    (3, lambda r, h: with_fit(r, counted(r, h, diameter(r, h)))),
    (14, number),
    (8, lambda r, h: with_tolerance(r, h, number(r, h))),
    (6, radius),
    (2, lambda r, h: counted(r, h, radius(r, h))),
    (2, lambda r, h: with_tolerance(r, h, radius(r, h))),
    (5, angle),
    (1, lambda r, h: with_tolerance(r, h, angle(r, h)) + "°"),
    (3, chamfer),
    (5, thread),
    (2, lambda r, h: counted(r, h, thread(r, h))),
    (3, lambda r, h: f"({number(r, h)})"),
    (1, lambda r, h: f"({diameter(r, h)})"),
    (8, _one_limit),
    (3, roughness),
    (2, lambda r, h: with_fit(r, number(r, h))),
    (1, lambda r, h: f"S⌀{number(r, h)}"),
    (1, lambda r, h: f"SR{number(r, h)}"),
    (1, lambda r, h: f"{number(r, h, 1, 20)}{'x' if h.count in 'xX' else '×'}{number(r, h, 1, 20)}"),
    (1, lambda r, _: f"{r.randint(1, 4)}{r.choice((':', ' : '))}{r.randint(1, 10)}"),
    (1, lambda r, _: "-".join([r.choice(_DATUMS)] * 2)),
)


def dimension(rng: Random, how: Convention) -> str:
    """One dimension text of any kind that conventional drawings carry."""
    return _weighted(rng, _DIMENSIONS)(rng, how)


def size_modifier(rng: Random) -> str:
    """One of `NEW_MODIFIERS` that stands behind a size."""
    return rng.choice("ⒺⒺⒺⒻ")


def _tolerance_modifier(sign: str) -> str:
    """The one of `NEW_MODIFIERS` that a tolerance of this characteristic may have."""
    return "Ⓣ" if sign in "⊥∥∠" else "Ⓤ" if sign in "⌒⌓" else "Ⓢ" if sign in "⌖◎" else "Ⓕ"


def frame_cells(rng: Random, how: Convention, *, of_axis: bool = False, modifiers: float = 0.0) -> list[str]:
    """Cells of a feature control frame (ISO 1101): characteristic, tolerance with modifiers, datums.

    of_axis: only characteristics that the axis of a hole can have. modifiers: as in `SheetStyle`.
    """
    sign = rng.choice(_AXIS_SIGNS if of_axis else GEOMETRIC_SIGNS)
    zone = "⌀" if sign in "⌖◎⊥∥⏤" and rng.random() < 0.6 else ""
    modifier = rng.choice("ⓂⓁⓅ") if sign in "⌖⊥∥∠◎" and rng.random() < 0.35 else ""
    if modifiers and rng.random() < modifiers:
        modifier = _tolerance_modifier(sign)
    cells = [sign, f"{zone}{spell(rng.choice(_FINE), how)}{modifier}"]
    if sign not in _DATUM_FREE:
        datums = rng.sample(_DATUMS, rng.choice((1, 1, 1, 2, 2, 3)))
        cells += [d + (rng.choice("ⓂⓁ") if rng.random() < 0.1 else "") for d in sorted(datums)]
    return cells


def control_frame(rng: Random, how: Convention) -> str:
    """A feature control frame read as one line, cells apart by a space."""
    return " ".join(frame_cells(rng, how))


def counterbore(rng: Random, how: Convention) -> str:
    return f"⌴⌀{number(rng, how, 5, 60)}" + (f" ↧{number(rng, how, 1, 30)}" if rng.random() < 0.7 else "")


def countersink(rng: Random, how: Convention) -> str:
    return f"⌵⌀{number(rng, how, 5, 40)}{'x' if how.count in 'xX' else '×'}{rng.choice((82, 90, 120))}°"


def deep_hole(rng: Random, how: Convention) -> str:
    hole = diameter(rng, how) if rng.random() < 0.6 else thread(rng, how)
    return f"{counted(rng, how, hole) if rng.random() < 0.5 else hole} ↧{number(rng, how, 2, 60)}"


_SIGN_TEXTS: Sequence[tuple[float, Writer]] = (
    (7, control_frame),
    (1.5, counterbore),
    (1.5, countersink),
    (2, deep_hole),
)


def sign_text(rng: Random, how: Convention) -> str:
    """A text with the signs of geometric tolerancing and hole callouts, which general readers do not know."""
    return _weighted(rng, _SIGN_TEXTS)(rng, how)


def phrase(rng: Random, language: Language) -> str:
    """A few words or a sentence of general text that training may see."""
    if language == "english" and rng.random() < 0.45:
        words = " ".join(rng.choice(vocabulary.ENGLISH_WORDS) for _ in range(rng.randint(1, 4)))
        if not vocabulary.is_held_out(words):
            return rng.choice((words.upper(), words.capitalize(), words))
    text = general_text(rng, language)
    return text.upper() if language == "english" and rng.random() < 0.3 else text


def tolerance_note(rng: Random, language: Language, how: Convention) -> str:
    """The note that says which tolerance a bare dimension has."""
    value = tolerance(rng, how)
    return {
        "english": f"General tolerance ±{value}",
        "german": f"Allgemeintoleranz ±{value}",
        "chinese": f"未注尺寸公差±{value}",
        "japanese": f"指示なき寸法公差は±{value}",
    }[language]


def drawing_number(rng: Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXZ") for _ in range(rng.randint(1, 3)))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(3, 5)))
    return rng.choice(
        (f"{letters}-{digits}", f"{letters}{digits}", f"{letters}_{digits[:2]}.{digits[2:]}", f"{digits}-{letters}")
    )


def date(rng: Random) -> str:
    year, month, day = rng.randint(2012, 2026), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (f"{year}-{month:02d}-{day:02d}", f"{day:02d}.{month:02d}.{year}", f"{year}/{month:02d}/{day:02d}")
    )


def scale(rng: Random) -> str:
    return rng.choice(("1:1", "1:2", "2:1", "1:5", "1:10", "5:1"))


def weight(rng: Random, how: Convention) -> str:
    return f"{spell(f'{rng.uniform(0.05, 40):.2f}', how)} kg"


_TITLE_VALUES: Sequence[tuple[float, Writer]] = (
    (3, lambda r, _: drawing_number(r)),
    (2, lambda r, _: date(r)),
    (1, lambda r, _: scale(r)),
    (1, weight),
    (2, lambda r, _: r.choice(vocabulary.MATERIALS)),
    (2, lambda r, _: r.choice(vocabulary.NAMES)),
    (2, lambda r, _: r.choice(r.choice(vocabulary.PART_NAMES))),
    (1, lambda r, _: r.choice(vocabulary.COMPANIES)),
    (3, lambda r, _: r.choice(r.choice(tuple(vocabulary.CAPTIONS.values())))),
)


def title_value(rng: Random, how: Convention) -> str:
    """A caption or a value of a title block."""
    return _weighted(rng, _TITLE_VALUES)(rng, how)


def words(rng: Random, how: Convention) -> str:
    """General text of a sheet: notes and title-block values in English, Chinese, German and Japanese."""
    if rng.random() < 0.35:
        return title_value(rng, how)
    languages: tuple[Language, ...] = ("english", "chinese", "german", "japanese")
    return phrase(rng, rng.choices(languages, (5, 4, 2, 1))[0])


def _weighted(rng: Random, writers: Sequence[tuple[float, Writer]]) -> Writer:
    return rng.choices([w for _, w in writers], [p for p, _ in writers])[0]
