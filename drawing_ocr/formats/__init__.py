"""Label files of other tools, read into and written from the regions of `drawing_ocr.annotation`."""


class FormatError(ValueError):
    """A label file that cannot be used; its text is one line that names file and line."""
