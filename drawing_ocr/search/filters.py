"""What hits must be, beside similar.

Light: the standard library and pydantic only.
"""

import datetime
import unicodedata
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, StringConstraints, model_validator

from drawing_ocr.contract import Contract

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Choice = Annotated[tuple[Word, ...], Field(max_length=100)]
Size = Annotated[FiniteFloat, Field(ge=0)]


class FilterError(ValueError):
    """Filters that cannot be used; its text is one line with the reason."""


def keyword(text: str) -> str:
    """The form in which names are compared: width, case and spaces do not count.

    >>> keyword("  ＡlMg3   F 22 ")
    'almg3 f 22'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Filters(Contract):
    """All that is given must hold; of several values of one field one must.

    Attributes:
        category, material, revision: One of these, as `keyword` compares.
        number: One of these drawing numbers; with `*` at its end all that begin so.
        first_date, last_date: Of the drawing, both included.
        least_mm, most_mm: Of the main dimension, millimetres, both included.
    """

    fault = FilterError

    category: Choice = ()
    material: Choice = ()
    revision: Choice = ()
    number: Choice = ()
    first_date: datetime.date | None = None
    last_date: datetime.date | None = None
    least_mm: Size | None = None
    most_mm: Size | None = None

    @model_validator(mode="after")
    def _ranges_hold_something(self) -> Self:
        if self.first_date and self.last_date and self.first_date > self.last_date:
            raise ValueError(f"first_date {self.first_date} is after last_date {self.last_date}")
        if self.least_mm is not None and self.most_mm is not None and self.least_mm > self.most_mm:
            raise ValueError(f"least_mm {self.least_mm:g} is above most_mm {self.most_mm:g}")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self == Filters()
