"""What a search answers."""

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from drawing_ocr.search.document import DrawingRecord, RegionPlace

By = Literal["picture", "words"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Found(_Part):
    """A drawing.

    Attributes:
        id: Its key below `drawings/`.
        score: (1 + cosine) / 2, the mean over the regions looked for, each with the most similar region of this
            drawing; of the first 20 also the other way round, where a whole drawing is looked for; null = found by
            words only.
        found_by: What found it.
        region: Which of its regions is the similar one, a box of the upright page; null = found by words only.
        thumbnail: Address of its picture, for some minutes.
        uri: Of the file, for who may read the bucket.
        version: Of the file.
        number, title, material, revision, category: As read; "" = not found.
        date: Of the drawing.
        size_mm: Main dimension.
        pages, width, height: Of the file, and of its upright first page in pixels.
    """

    id: str
    score: float | None
    found_by: tuple[By, ...]
    region: RegionPlace | None
    thumbnail: str
    uri: str
    version: str
    number: str
    title: str
    material: str
    revision: str
    category: str
    date: datetime.date | None
    size_mm: float | None
    pages: int
    width: int
    height: int

    @classmethod
    def of(
        cls,
        record: DrawingRecord,
        thumbnail: str,
        *,
        score: float | None = None,
        found_by: tuple[By, ...] = (),
        region: RegionPlace | None = None,
    ) -> "Found":
        """What is shown of a record."""
        shown = cls.model_fields.keys() & DrawingRecord.model_fields.keys()
        return cls(
            id=record.drawing_id,
            score=score,
            found_by=found_by,
            region=region,
            thumbnail=thumbnail,
            **{name: getattr(record, name) for name in shown},
        )


class Part(_Part):
    """A hit: a drawing, and what else is the same part.

    Attributes:
        drawing: The most similar one.
        duplicates: Copies of it: the same file, or the same number and revision.
        revisions: Other revisions of the same number.
    """

    drawing: Found
    duplicates: tuple[Found, ...] = ()
    revisions: tuple[Found, ...] = ()


class SearchAnswer(_Part):
    """The answer of a search.

    Attributes:
        hits: Best first; fewer than asked for where there are no more.
        page, k: As asked for.
        more: Whether there is a next page.
        drawings: How many the index holds.
        model: `name/version` of the embedder of the index; null = nothing was ever indexed.
    """

    hits: tuple[Part, ...]
    page: int
    k: int
    more: bool
    drawings: int
    model: str | None
