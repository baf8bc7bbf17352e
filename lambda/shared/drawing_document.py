"""What an index is given of a drawing: the file, how it looks, what was read on it."""

import hashlib

from drawing_ocr.search.document import DrawingDocument
from drawing_ocr.search.title_block import Facts
from shared.drawings import Drawings, StoredDrawing
from shared.embedding import Embedded

# Of one drawing, as an index takes them; of more pages the first ones are found.
MAX_REGIONS = 64


def document(
    drawings: Drawings, drawing: StoredDrawing, sequencer: str, picture: bytes, embedded: Embedded, told: Facts
) -> DrawingDocument:
    """The document of one version of a drawing.

    Args:
        drawings: the bucket.
        drawing: the version.
        sequencer: of the event that told of it; "" = older than every event.
        picture: its content.
        embedded: how it looks.
        told: what was read on it.

    Raises:
        pydantic.ValidationError: no index can hold it, as one whose name is too long.
    """
    return DrawingDocument(
        drawing_id=drawing.drawing_id,
        version=drawing.version,
        sequencer=sequencer,
        uri=drawings.uri(drawing.drawing_id),
        pages=embedded.pages,
        width=embedded.width,
        height=embedded.height,
        sha256=hashlib.sha256(picture).hexdigest(),
        number=told.number,
        title=told.title,
        material=told.material,
        revision=told.revision,
        date=told.date,
        dimensions=told.dimensions,
        text=told.text,
        size_mm=told.size_mm,
        model=embedded.model,
        regions=embedded.regions[:MAX_REGIONS],
    )
