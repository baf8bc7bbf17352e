"""What a search asks for, checked in this order: its size, that it is JSON, its form."""

import base64
import binascii
import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from drawing_ocr.search.document import DrawingId
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.store import MAX_HITS
from shared.json_api import parse
from shared.refusal import Refused

# Lambda takes 6 MB of a request; a picture grows by a third in base64.
MAX_BODY = 5_800_000
MAX_K = 100
# Of words: signs that no drawing's text needs and that begin markup, and what cannot be seen.
_MARKUP = re.compile(r"[<>\x00-\x08\x0b-\x1f\x7f]")

Pixel = Annotated[int, Field(ge=0, le=1_000_000)]


class Rectangle(BaseModel):
    """A part of the upright first page, in its pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: Pixel
    y: Pixel
    width: Annotated[Pixel, Field(ge=16)]
    height: Annotated[Pixel, Field(ge=16)]


class SearchBody(BaseModel):
    """A search: by picture, by a drawing that is indexed, by words, or by words and one of the others together.

    Attributes:
        image: An image file in base64: PNG, JPEG, TIFF, BMP, WebP or PDF.
        id: Key of a drawing below `drawings/`.
        region: The part of `image` or of the drawing `id` that is looked for; without it the whole sheet and its views.
        words: In number, title, material, dimensions or text.
        k: Parts on a page.
        page: From 1.
        min_score: Least score of a picture, 0 to 1; what only words have found is left out above 0.
        filters: What the drawings must be.
        group: Whether copies and revisions of a part are one hit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str | None = None
    id: DrawingId | None = None
    region: Rectangle | None = None
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = None
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    page: Annotated[int, Field(ge=1)] = 1
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    filters: Filters = Filters()
    group: bool = True

    @field_validator("words")
    @classmethod
    def _is_no_markup(cls, words: str | None) -> str | None:
        if words and _MARKUP.search(words):
            raise ValueError("words hold no markup and no control characters: leave out < and >")
        return words

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.image is not None and self.id is not None:
            raise ValueError("image and id exclude each other: send one of them")
        if self.image is None and self.id is None and self.words is None:
            raise ValueError("there is nothing to look for: send image, id or words")
        if self.region and self.image is None and self.id is None:
            raise ValueError("region is a part of a drawing: send image or id with it")
        if self.page * self.k > MAX_HITS:
            raise ValueError(f"a search gives {MAX_HITS} drawings at most: ask for fewer pages, or use filters")
        return self

    @classmethod
    def read(cls, body: str | None) -> Self:
        """From the request's text.

        Raises:
            Refused: it is too large, no JSON, or of another form.
        """
        return parse(cls, body, limit=MAX_BODY, remedy="send a smaller picture")

    def picture(self) -> bytes | None:
        """The image file; None where none was sent.

        Raises:
            Refused: it is not in base64.
        """
        if self.image is None:
            return None
        text = self.image.partition(",")[2] if self.image.startswith("data:") else self.image
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Refused(400, "bad_image", "image is not base64: encode the bytes of an image file") from None
