"""Rarer texts of real sheets: hole and thread callouts, inches and dual units, words behind a size, marks of views.

As in `text_source`, texts are in canonical spelling and a seed fixes them.
"""

from random import Random

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.text_source import Convention, Writer

_UNIFIED = ("#4-40", "#6-32", "#8-32", "#10-24", "#10-32", "1/4-20", "1/4-28", "5/16-18", "3/8-16", "3/8-24", "1/2-13")
_PIPE = ("1/8", "1/4", "3/8", "1/2", "3/4", "1", "1 1/4")
_BEHIND = (
    "THRU",
    "THRU ALL",
    "TYP",
    "REF",
    "MAX",
    "MIN",
    "EQ SP",
    "EQS",
    "BASIC",
    "通孔",
    "均布",
    "沿圆周均布",
    "典型",
)
_TITLES = ("SECTION {0}-{0}", "DETAIL {0}", "VIEW {0}", "Schnitt {0}-{0}", "Einzelheit {0}", "Ansicht {0}", "{0}向",
           "{0}-{0}", "{0} - {0}", "局部放大图{0}", "{0}-{0}旋转", "断面{0}-{0}", "矢視{0}", "{0}部詳細")  # fmt: skip
_SCALES = ("2:1", "5:1", "1:2", "1:1", "4:1", "10:1", "20:1", "1:5", "2 : 1", "20 : 1", "1 : 1", "M 2:1", "SCALE 2:1",
           "SCALE 1:1", "(2:1)", "( 5:1 )", "1/2", "S=2:1")  # fmt: skip
_ROUGHNESS = ("0.1", "0.2", "0.4", "0.8", "1.6", "3.2", "6.3", "12.5", "25", "50", "100")
_HARDNESS = ("HRC 45-50", "58-62 HRC", "58+4 HRC", "HB 220-250", "HV 700", "60±2 HRC", "HRC58~62", "CHD 0.8+0.4")
_STANDARDS = ("ISO 2768-mK", "ISO 2768-fH", "ISO 8015", "ISO 13715", "DIN 509-E0.8×0.3", "ISO 4762", "ASME Y14.5-2018",
              "GB/T 1804-m", "GB/T 1184-K", "JIS B 0405-m", "DIN 76-A", "DIN 332-A2.5×5.3", "ISO 6411-B2.5/8",
              "EN 10025-2", "IT7/2", "ISO 128", "GB/T 4458.4")  # fmt: skip


def callout(rng: Random, how: Convention) -> str:
    """One text of any of these kinds."""
    writer: Writer = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    return writer(rng, how)


def single(rng: Random, _: Convention) -> str:
    """What stands quite alone: a digit, a zone letter, a datum, a balloon, a zero of an ordinate dimension."""
    return rng.choice((str(rng.randint(0, 9)), str(rng.randint(1, 40)), rng.choice("ABCDEFGHJKLMNPRSTXYZ"), "0"))


def dual(rng: Random, how: Convention) -> str:
    """A length in millimetres and inches."""
    inches = rng.randint(20, 9000) / 1000
    metric = text_source.length(inches * 25.4, how, rng.choice((1, 2)))
    imperial = f"{inches:.{rng.choice((2, 3))}f}"
    sign = rng.choice(("", "", "⌀", "R"))
    outer, inner = rng.choice(((metric, imperial), (imperial, metric)))
    pair = rng.choice(("[]", "[]", "()"))
    return f"{sign}{outer} {pair[0]}{rng.choice(('', sign))}{inner}{pair[1]}"


def inch(rng: Random, _: Convention) -> str:
    """A size in inches: without the zero before the point, with three or four decimals."""
    value = f"{rng.randint(10, 4000) / 1000:.{rng.choice((2, 3, 3, 4))}f}"
    value = value.removeprefix("0") if rng.random() < 0.7 else value
    tolerance = rng.choice(("", "", "±.001", "±.002", "±.005", "±.010", "±.0005"))
    return rng.choice(("", "⌀", "R", "2X ⌀")) + value + tolerance + rng.choice(("", "", '"'))


def unified_thread(rng: Random, _: Convention) -> str:
    size = rng.choice(_UNIFIED)
    kind = rng.choice(("UNC", "UNF", "UNC-2B", "UNF-2A", "UNC-3B"))
    return f"{rng.choice(('', '', '4X '))}{size} {kind}{rng.choice(('', '', f' ↧.{rng.randint(2, 9)}00'))}"


def pipe_thread(rng: Random, _: Convention) -> str:
    return rng.choice((f"G{rng.choice(_PIPE)}", f"G {rng.choice(_PIPE)} A", f"Rp {rng.choice(_PIPE)}",
                       f"{rng.choice(_PIPE)} NPT", f"Rc{rng.choice(_PIPE)}", f"R{rng.choice(_PIPE)}"))  # fmt: skip


def metric_thread(rng: Random, how: Convention) -> str:
    """A metric or trapezoidal thread with pitch, tolerance class, depth."""
    size = rng.choice((2, 2.5, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30, 36, 42, 48, 64))
    times = "x" if how.count in "xX" else "×"
    text = f"M{text_source.spell(f'{size:g}', how)}"
    if rng.random() < 0.4:
        text += f"{times}{text_source.spell(rng.choice(('0.5', '0.75', '1', '1.25', '1.5', '2')), how)}"
    if rng.random() < 0.12:
        text = f"Tr{rng.randint(8, 60)}{times}{rng.randint(2, 8)}"
    text += rng.choice(("", "", "-6H", "-6g", "-6H/6g", " - 6H", "-LH", "-5g6g", "-7H"))
    text += rng.choice(("", "", f" ↧{rng.randint(4, 40)}", f"↧{rng.randint(4, 40)}", f" 深{rng.randint(4, 40)}",
                        f"深{rng.randint(4, 40)}", f" DEEP {rng.randint(4, 40)}", f" x {rng.randint(6, 40)}",
                        f"/{rng.randint(8, 40)} tief"))  # fmt: skip
    return text_source.counted(rng, how, text) if rng.random() < 0.5 else text


def worded(rng: Random, how: Convention) -> str:
    """A size with a word behind it."""
    size = rng.choice((text_source.diameter, text_source.radius, text_source.number, text_source.thread))(rng, how)
    size = text_source.counted(rng, how, size) if rng.random() < 0.5 else size
    return f"{size}{rng.choice((' ', ' ', ''))}{rng.choice(_BEHIND)}"


def fitted(rng: Random, how: Convention) -> str:
    """A fit with its limits behind it in brackets."""
    size = f"{rng.choice(('⌀', '⌀', ''))}{rng.randint(3, 180)}{rng.choice(('', ' '))}{text_source.fit(rng)}"
    upper, lower = text_source.limits(rng, how)
    return rng.choice((size, f"{size} ({upper} {lower})", f"{size}({upper}/{lower})"))


def deviations(rng: Random, how: Convention) -> str:
    """A size with its two deviations in one line."""
    size = rng.choice((text_source.number, text_source.diameter))(rng, how)
    size = text_source.counted(rng, how, size) if rng.random() < 0.2 else size
    upper, lower = text_source.limits(rng, how)
    return f"{size} {upper}{rng.choice((' ', ' / ', '/'))}{lower}"


def angle(rng: Random, how: Convention) -> str:
    degrees = rng.randint(0, 179)
    return rng.choice((
        f"{degrees}°", f"{degrees}°{rng.randint(0, 59):02d}′",
        f"{degrees}°{rng.randint(0, 59):02d}′{rng.randint(0, 59):02d}″",
        text_source.spell(f"{degrees}.{rng.randint(0, 9)}°", how), f"({degrees}°)", f"{degrees}°±{rng.randint(1, 5)}°",
        text_source.spell(f"{degrees}°±0.{rng.choice((1, 2, 5))}°", how), f"{degrees}°±{rng.choice((10, 15, 30))}′",
        text_source.counted(rng, how, f"{degrees}°"),
    ))  # fmt: skip


def surface(rng: Random, how: Convention) -> str:
    """A roughness value (ISO 21920, ISO 1302, JIS B 0601)."""
    value = text_source.spell(
        rng.choice(("0.1", "0.2", "0.4", "0.8", "1.6", "3.2", "6.3", "12.5", "25", "50", "100")), how
    )
    kind = rng.choice(("Ra", "Rz", "Rt", "Rmax", "Ra max", "Rq"))
    return rng.choice((f"{kind} {value}", f"{kind}{value}", value, f"U {kind} {value}"))


def other_form(rng: Random, how: Convention) -> str:
    """Squares, spheres, products, tapers, thicknesses, welds, ordinates."""
    n = text_source.number
    times = rng.choice(("×", " × ")) if how.count not in "xX" else rng.choice(("x", " x "))
    return rng.choice((
        f"□{n(rng, how)}", f"SR{n(rng, how)}", f"S⌀{n(rng, how)}", f"{n(rng, how)}{times}{n(rng, how)}",
        f"1:{rng.choice((5, 10, 20, 50, 100))}", f"t={rng.randint(1, 12)}", f"t{rng.randint(1, 9)}",
        f"a{rng.randint(2, 9)}", f"z{rng.randint(3, 12)}", f"s{rng.randint(2, 10)}", f"X{n(rng, how)}",
        f"Y{n(rng, how)}", f"-{n(rng, how)}",
        f"~{n(rng, how)}", f"{rng.randint(2, 12)}{times}{rng.randint(20, 90)}({rng.randint(50, 200)})",
        text_source.spell(f"{rng.choice(('0.5', '1', '1.5', '2', '0.3'))}{times}{rng.choice((15, 20, 30, 45))}°", how),
        f"{rng.randint(2, 8)}{times}{rng.randint(5, 60)}=" f"{rng.randint(40, 300)}", f"L={rng.randint(20, 900)}",
        f"{n(rng, how)} mm", f"z={rng.randint(12, 90)}", f"m={rng.randint(1, 8)}", f"h={rng.randint(2, 90)}",
    ))  # fmt: skip


def view_mark(rng: Random, _: Convention) -> str:
    """Titles of sections, details and views, and their scales."""
    letter = rng.choice("ABCDEFGHKLMNXYZ")
    title = rng.choice(_TITLES).format(letter)
    return rng.choice(
        (title, title, rng.choice(_SCALES), f"{title} {rng.choice(('(2:1)', '2:1', '1 : 1', 'SCALE 5:1'))}")
    )


def reference(rng: Random, _: Convention) -> str:
    """Standards and hardness."""
    return rng.choice((rng.choice(_HARDNESS), rng.choice(_STANDARDS)))


_KINDS: tuple[tuple[Writer, float], ...] = (
    (single, 3.0),
    (dual, 1.5),
    (inch, 1.5),
    (unified_thread, 1.0),
    (pipe_thread, 0.7),
    (metric_thread, 2.5),
    (worded, 2.0),
    (fitted, 1.5),
    (deviations, 2.0),
    (angle, 2.0),
    (surface, 1.5),
    (other_form, 2.5),
    (view_mark, 1.5),
    (reference, 0.8),
)
