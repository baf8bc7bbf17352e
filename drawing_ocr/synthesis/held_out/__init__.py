"""A second generator of drawings, for measuring only: nothing here may be used for training.

It shares no font, no renderer, no layout and no vocabulary with the rest of `synthesis`: PDFium draws PDF pages in its
own built-in faces. So a figure on it says how a reader does on drawings from elsewhere. `held_out.sheet` draws a sheet.
"""
