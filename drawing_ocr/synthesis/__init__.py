"""Engineering drawings drawn from nothing, with exact labels.

`sheet.draw_sheet` draws one sheet, `line.draw_line` one text line as a detector cuts it, `batch.write_batch` a labelled
batch on disk; `python -m drawing_ocr.synthesis` does the last from the shell.
"""
