"""What a drawing says about its part, out of what was read on it: title block fields, dimensions, main dimension.

A value stands in the cell of its caption, below it, or to its right, or behind a colon in the same text. A caption may
be in two languages: 材料/Material.

Light: the standard library and pydantic only.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from drawing_ocr.annotation import Category
from drawing_ocr.reading.result import Prediction, ReadingResult

# ISO 7200 and GB/T 10609.1, in the languages that drawings come in. A caption is the whole text or ends with a colon.
_CAPTIONS: Final = {
    "number": r"(?:drawing|dwg|part)\.? ?(?:no|nr|number|#)\.?|dwg|zeichnungs?-?(?:nr|nummer)\.?|zchn\.? ?-?nr\.?"
    r"|sach-?nr\.?|n[°º] (?:de )?plan|图号|图样代号|図番",
    "title": r"title|(?:part )?name|description|benennung|titel|bezeichnung|titre|désignation|名称|图名|品名",
    "material": r"material|werkstoff|halbzeug|matière|matériau|materiale|材料|材质|材質",
    "revision": r"rev(?:ision)?\.?|index|änd(?:erung)?\.?|indice|版本|版次",
    "date": r"date|datum|fecha|data|日期|日付",
}
_CAPTION: Final = {
    name: re.compile(rf"(?:{words})\s*(?:[:：]\s*(?P<value>.*))?", re.IGNORECASE) for name, words in _CAPTIONS.items()
}
# Other small texts of a title block, which are no values.
_OTHER_CAPTION: Final = re.compile(
    r"scale|sheet|format|size|weight|mass|drawn|checked|approved|designed|tolerances?|finish|surface|projection|company"
    r"|maßstab|blatt|gewicht|gez\.?|gepr\.?|freig\.?|oberfläche|比例|共.{0,4}张|第.{0,4}张|质量|重量|设计|审核|批准|制图|校对|工艺|标准化",
    re.IGNORECASE,
)
_ISO_DATE: Final = re.compile(r"(?P<year>(?:19|20)\d\d)[-./年](?P<month>\d{1,2})[-./月](?P<day>\d{1,2})")
_GERMAN_DATE: Final = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d\d)")
_LENGTH: Final = re.compile(r"^[(\[]?(?:\d+ ?[×x] ?)?(?P<form>⌀)? ?(?P<number>\d{1,5}(?:[.,]\d{1,4})?)(?![\d′'°])")
_REVISION: Final = re.compile(r"[A-Z0-9]{1,3}|[A-Z]\.\d{1,2}", re.IGNORECASE)
_DRAWING_NUMBER: Final = re.compile(r"(?=.*\d)[\w.\-/ ]{3,40}")
_LANGUAGES: Final = re.compile(r"\s*/\s*")
# Heights of a caption within which its value begins, below it and to its right, and the widest cell.
_BELOW: Final = 3.5
_RIGHT: Final = 12.0
_CELL: Final = 25.0
LARGEST_MM: Final = 20_000.0


@dataclass(frozen=True)
class Facts:
    """What is known of a part.

    Attributes:
        number, title, material, revision: of the title block; "" = not found.
        date: of the drawing.
        dimensions: as read, each once, in reading order.
        text: every line.
        size_mm: the greatest length among the dimensions.
    """

    number: str = ""
    title: str = ""
    material: str = ""
    revision: str = ""
    date: datetime.date | None = None
    dimensions: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    size_mm: float | None = None


@dataclass(frozen=True)
class _Text:
    """A line of a title block with the bounds of its box."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1.0)


def facts(reading: ReadingResult) -> Facts:
    """The facts of a drawing that was read."""
    block = [_placed(each) for each in reading.predictions if each.category is Category.TITLE_BLOCK]
    dimensions = tuple(dict.fromkeys(each.text for each in reading.predictions if each.category is Category.DIMENSION))
    return Facts(
        number=_value("number", block, _DRAWING_NUMBER),
        title=_value("title", block),
        material=_value("material", block),
        revision=_value("revision", block, _REVISION),
        date=next((found for text in _values("date", block) if (found := _date(text))), None),
        dimensions=dimensions,
        text=tuple(each.text for each in reading.predictions),
        size_mm=max(_lengths(dimensions), default=None),
    )


def _value(name: str, block: Sequence[_Text], form: re.Pattern[str] | None = None) -> str:
    return next((text for text in _values(name, block) if form is None or form.fullmatch(text)), "")


def _values(name: str, block: Sequence[_Text]) -> Iterator[str]:
    """Candidates for a field, the likeliest first."""
    captions = [each for each in block if _is_caption(each.text)]
    values = [each for each in block if not _is_caption(each.text)]
    for caption in block:
        match = _captioned(name, caption.text)
        if match is None:
            continue
        if match["value"]:
            yield match["value"].strip()
            continue
        for _, value in sorted(_near(caption, captions, values), key=lambda found: found[0]):
            yield value.text.strip()


def _captioned(name: str, text: str) -> re.Match[str] | None:
    stripped = text.strip()
    forms = (stripped, *_LANGUAGES.split(stripped))
    return next((match for form in forms if (match := _CAPTION[name].fullmatch(form))), None)


def _near(caption: _Text, captions: Iterable[_Text], values: Iterable[_Text]) -> Iterator[tuple[float, _Text]]:
    """Values below a caption or to its right, with their distance in heights of the caption."""
    height = caption.height
    ends = [each.left for each in captions if each.left > caption.right and _beside(caption, each)]
    end = min(ends, default=caption.left + _CELL * height)  # of its cell: where the next caption begins
    for value in values:
        down = (value.top - caption.bottom) / height
        aside = (value.left - caption.right) / height
        if -0.7 <= down <= _BELOW and caption.left - height <= value.left < end:
            yield max(down, 0.0), value
        elif 0 <= aside <= _RIGHT and value.left < end and _beside(caption, value):
            yield _BELOW + aside, value


def _beside(one: _Text, other: _Text) -> bool:
    return other.top < one.bottom and other.bottom > one.top


def _is_caption(text: str) -> bool:
    """Whether it is no value of another caption."""
    forms = (text.strip(), *_LANGUAGES.split(text.strip()))
    return any(_OTHER_CAPTION.fullmatch(form) for form in forms) or any(_captioned(name, text) for name in _CAPTION)


def _date(text: str) -> datetime.date | None:
    for form in (_ISO_DATE, _GERMAN_DATE):
        if match := form.search(text):
            try:
                return datetime.date(int(match["year"]), int(match["month"]), int(match["day"]))
            except ValueError:
                continue
    return None


def _lengths(dimensions: Iterable[str]) -> Iterator[float]:
    """Millimetres of those that are lengths or diameters: no threads, radii, angles."""
    for text in dimensions:
        if match := _LENGTH.match(text):
            value = float(match["number"].replace(",", "."))
            if 0 < value <= LARGEST_MM:
                yield value


def _placed(prediction: Prediction) -> _Text:
    xs, ys = [x for x, _ in prediction.box], [y for _, y in prediction.box]
    return _Text(prediction.text, min(xs), min(ys), max(xs), max(ys))
