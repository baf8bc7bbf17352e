"""Label files of other tools, read into and written from `drawing_ocr.annotation.Annotation`."""
