"""What one request and its answer tell about the input and about the reader; no picture and no text is kept.

Light: the standard library and pydantic only at module level.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.text import SymbolClass, symbol_class

Share = Annotated[float, Field(ge=0, le=1)]
_PER_MILLION = 1e-6


class CharacterClass(StrEnum):
    """Kinds of characters that a reader confuses with each other rarely, and another font or script often."""

    DIGIT = "digit"
    LATIN = "latin letter"
    CJK = "chinese, japanese, korean"
    LETTER = "other letter"
    PUNCTUATION = "punctuation"
    SIGN = "sign"  # ⌀ ± ° × and the rest of a drawing's signs


class Observation(BaseModel):
    """One drawing as it was read.

    Attributes:
        when: Time of the answer.
        version: Of the model that read, as in the registry.
        confidences: One for each line, 0 to 1.
        lengths: Characters of each line.
        characters: How many of each class, in all lines.
        megapixels: Size of the upright first page.
        darkness: Mean darkness of the first page, 0 (white) to 1 (black).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: AwareDatetime
    version: str
    confidences: tuple[Share, ...]
    lengths: tuple[int, ...]
    characters: dict[CharacterClass, int]
    megapixels: Annotated[float, Field(ge=0)]
    darkness: Share


def observe(result: ReadingResult, *, darkness: float, when: datetime) -> Observation:
    """The observation of one answer.

    Args:
        result: The answer.
        darkness: Of the page that was read, 0 to 1 (`drawing_ocr.monitoring.darkness`).
        when: Time of the answer, with a time zone.
    """
    return Observation(
        when=when,
        version=result.model.version or "",
        confidences=tuple(round(prediction.confidence, 4) for prediction in result.predictions),
        lengths=tuple(len(prediction.text) for prediction in result.predictions),
        characters=count_classes(prediction.text for prediction in result.predictions),
        megapixels=round(result.width * result.height * _PER_MILLION, 4),
        darkness=round(darkness, 5),
    )


def count_classes(texts: Iterable[str]) -> dict[CharacterClass, int]:
    """How many characters of each class there are, spaces left out.

    >>> {str(kind): count for kind, count in count_classes(["4×⌀6.6 H7", "材料"]).items()}
    {'digit': 4, 'sign': 2, 'punctuation': 1, 'latin letter': 1, 'chinese, japanese, korean': 2}
    """
    return dict(Counter(character_class(each) for text in texts for each in text if not each.isspace()))


@lru_cache(maxsize=4096)
def character_class(character: str) -> CharacterClass:
    """The class of one character, by its general category in Unicode."""
    if SymbolClass.CJK in symbol_class(character):
        return CharacterClass.CJK
    category = unicodedata.category(character)
    if category.startswith("N"):
        return CharacterClass.DIGIT
    if category.startswith("L"):
        latin = unicodedata.name(character, "").startswith("LATIN")
        return CharacterClass.LATIN if latin else CharacterClass.LETTER
    return CharacterClass.PUNCTUATION if category.startswith("P") else CharacterClass.SIGN
