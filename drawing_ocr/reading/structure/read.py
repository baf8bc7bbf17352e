"""The structure of a page out of its lines and its ruling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drawing_ocr.reading.layout import Layout
from drawing_ocr.reading.result import Prediction
from drawing_ocr.reading.structure.contract import Structure
from drawing_ocr.reading.structure.dimensions import group_dimensions
from drawing_ocr.reading.structure.frames import frames_of
from drawing_ocr.reading.structure.line import Line
from drawing_ocr.reading.structure.notes import notes_of
from drawing_ocr.reading.structure.tables import tables_of
from drawing_ocr.reading.structure.title_block import title_fields


def structure_of(layout: Layout, predictions: Sequence[Prediction]) -> Structure:
    """What belongs together on a page.

    Args:
        layout: of the page, for the texts of `predictions` (`layout.layout_of`).
        predictions: all that was read on the page; members are positions in it.
    """
    lines = [Line(each.text, np.array(each.box), each.category, each.confidence) for each in predictions]
    if not lines:
        return Structure()
    return Structure(
        dimensions=tuple(group_dimensions(lines)),
        frames=tuple(frames_of(lines, layout.zones)),
        tables=tuple(tables_of(lines, layout.zones)),
        title_block=tuple(title_fields(lines, layout.zones)),
        notes=tuple(notes_of(lines)),
    )
