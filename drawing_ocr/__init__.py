"""What the product knows about engineering drawings: labels, datasets, models, training, evaluation, reading.

>>> import drawing_ocr
>>> drawing = drawing_ocr.read("flange.pdf")  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drawing_ocr.drawing import Drawing
    from drawing_ocr.reading.reader import Reader

__all__ = ["read"]


def read(path: Path | str, *, model: Path | str | Reader | None = None) -> Drawing:
    """Reads a picture, PDF or DXF file.

    Args:
        path: The file; its kind is told by its content.
        model: A `model.tar.gz`, the folder it was unpacked into, or a reader that is open already, which is what to
            give when many files are read; without it the standard reader.

    Raises:
        drawing_ocr.reading.image.ImageError: the file cannot be read; one line with the reason.
        drawing_ocr.models.package.PackageError: `model` is no package.
        drawing_ocr.models.standard.StandardReaderError: there is no standard reader on this machine.
    """
    # Everything at once would be half a second for those who want a small part only, Lambda functions above all.
    from drawing_ocr.drawing import read_drawing
    from drawing_ocr.models.standard import standard_reader
    from drawing_ocr.reading.reader import Reader

    reader = model if isinstance(model, Reader) else Reader.from_package(model or standard_reader())
    return read_drawing(path, reader)
